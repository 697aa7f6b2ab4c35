"""The engine against the definitions: random contests, every rule, and changes that may change nothing.

2,000 contests in the suite; CIVICVOTE_TEST_CONTESTS asks for another number.
"""

import os
from dataclasses import replace
from fractions import Fraction

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from civicvote.domain.tally import Cap, Completion, Election, Method, Project, Rule, Tie, TieKey, Utility, tally
from tests.domain.reference.contest import Contest
from tests.domain.reference.greedy import greedy
from tests.domain.reference.phragmen import phragmen
from tests.domain.reference.shares import equal_shares
from tests.domain.reference.welfare import welfare

EACH = int(os.environ.get("CIVICVOTE_TEST_CONTESTS", "2000")) // 8
"""Contests for each of the eight kinds of rule."""

many = settings(
    derandomize=True, deadline=None, max_examples=EACH, database=None, suppress_health_check=list(HealthCheck)
)
STEP = Fraction(1, 2)


@st.composite
def contests(draw: st.DrawFn) -> Contest:
    """Up to 7 projects and 9 voters, small costs, so that ties, exact fits and empty purses are the rule."""
    names = [f"p{number}" for number in range(draw(st.integers(1, 7)))]
    costs = {name: Fraction(draw(st.integers(0 if number == 6 else 1, 12))) for number, name in enumerate(names)}
    most = draw(st.sampled_from([1, 1, 1, 3]))
    ballot = st.dictionaries(st.sampled_from(names), st.integers(1, most), max_size=5)
    contest = Contest(
        costs,
        Fraction(draw(st.integers(1, 40))),
        draw(st.lists(ballot, min_size=1, max_size=9)),
        list(draw(st.permutations(names))),
    )
    if draw(st.booleans()):
        _bind(draw, contest, names)
    return contest


def _bind(draw: st.DrawFn, contest: Contest, names: list[str]) -> None:
    groups = st.sets(st.sampled_from(names), min_size=1, max_size=4)
    contest.threshold = draw(st.integers(0, 2))
    contest.share = draw(st.sampled_from([Fraction(0), Fraction(1, 4)]))
    contest.quorum = draw(st.sampled_from([0, 0, 0, 0, 0, 4]))
    contest.withdrawn = draw(st.sets(st.sampled_from(names), max_size=1))
    contest.exclusive = [group for group in draw(st.lists(groups, max_size=2)) if len(group) > 1]
    caps = st.tuples(groups, st.none() | st.integers(1, 2), st.none() | st.integers(5, 20).map(Fraction))
    contest.caps = [cap for cap in draw(st.lists(caps, max_size=2)) if cap[1:] != (None, None)]
    locked = draw(st.sampled_from([*names, None, None, None, None]))
    if locked and locked not in contest.withdrawn and contest.costs[locked] < contest.budget:
        contest.locked = [locked] if contest.allowed([locked]) else []


def elected(contest: Contest) -> Election:
    scored = any(points > 1 for ballot in contest.ballots for points in ballot.values())
    projects = [Project(name, int(cost)) for name, cost in contest.costs.items()]
    ballots = contest.ballots if scored else [list(ballot) for ballot in contest.ballots]
    return Election.of(projects, int(contest.budget), ballots)


def ruled(contest: Contest, method: Method, **more: object) -> Rule:
    return Rule(
        method,
        tie=Tie((TieKey.LOT,), tuple(contest.order)),
        threshold=contest.threshold,
        threshold_share=contest.share,
        quorum=contest.quorum,
        withdrawn=frozenset(contest.withdrawn),
        exclusive=tuple(frozenset(group) for group in contest.exclusive),
        caps=tuple(Cap(frozenset(group), most, None if won is None else int(won)) for group, most, won in contest.caps),
        locked=tuple(contest.locked),
        **more,  # type: ignore[arg-type]
    )


def winners(contest: Contest, method: Method, **more: object) -> list[str]:
    return list(tally(elected(contest), ruled(contest, method, **more)).selected)


@many
@given(contests())
def test_greedy(contest: Contest) -> None:
    assert winners(contest, Method.GREEDY) == greedy(contest)


@many
@given(contests(), st.booleans())
def test_greedy_that_stops(contest: Contest, most_of_it: bool) -> None:  # noqa: FBT001
    method, last = (Method.GREEDY_POZNAN, Fraction(4, 5)) if most_of_it else (Method.GREEDY_NO_SKIP, Fraction(2))
    assert winners(contest, method) == greedy(contest, skip=False, last=last)


@many
@given(contests())
def test_greedy_by_votes_per_won(contest: Contest) -> None:
    assert winners(contest, Method.GREEDY_PER_COST) == greedy(contest, per_cost=True)


@many
@given(contests())
def test_maximum_welfare(contest: Contest) -> None:
    assert set(winners(contest, Method.WELFARE)) == welfare(contest)


@many
@given(contests(), st.booleans(), st.booleans(), st.booleans())
def test_equal_shares(contest: Contest, by_cost: bool, utilitarian: bool, comparison: bool) -> None:  # noqa: FBT001
    completion = Completion.UTILITARIAN if utilitarian else Completion.NONE
    expected = equal_shares(contest, completion, STEP, by_cost=by_cost, stop=True, comparison=comparison)
    utility = Utility.COST if by_cost else Utility.CARDINALITY
    assert (
        winners(contest, Method.EQUAL_SHARES, utility=utility, completion=completion, comparison=comparison) == expected
    )


@many
@given(contests(), st.booleans(), st.booleans(), st.booleans())
def test_add1(contest: Contest, by_cost: bool, stop: bool, then_greedy: bool) -> None:  # noqa: FBT001
    completion = Completion.ADD1U if then_greedy else Completion.ADD1
    expected = equal_shares(contest, completion, STEP, by_cost=by_cost, stop=stop)
    utility = Utility.COST if by_cost else Utility.CARDINALITY
    more = {"utility": utility, "completion": completion, "step": STEP, "exhaustive_stop": stop}
    assert winners(contest, Method.EQUAL_SHARES, **more) == expected


@many
@given(contests(), st.booleans())
def test_phragmen(contest: Contest, drop: bool) -> None:  # noqa: FBT001
    method = Method.PHRAGMEN_SKIP if drop else Method.PHRAGMEN
    assert winners(contest, method) == phragmen(contest, drop=drop)


Options = dict[str, object]
RULES: list[Options] = [Options(method=method) for method in Method]
RULES += [
    {"method": Method.EQUAL_SHARES, "completion": Completion.ADD1, "step": 1},
    {"method": Method.EQUAL_SHARES, "utility": Utility.CARDINALITY, "completion": Completion.ADD1U, "step": 1},
]
rules = st.sampled_from(RULES)


def result(contest: Contest, rule: Options, **more: object) -> list[str]:
    return winners(contest, **{**rule, **more})  # type: ignore[arg-type]


def shuffled(contest: Contest) -> Contest:
    """The same ballots in another order."""
    return replace(contest, ballots=contest.ballots[::-1])


def renamed(contest: Contest) -> Contest:
    """Names that sort the other way round."""

    def name(old: str) -> str:
        return f"사업-{9 - int(old[1:])}"

    return Contest(
        {name(one): cost for one, cost in reversed(contest.costs.items())},
        contest.budget,
        [{name(one): points for one, points in ballot.items()} for ballot in contest.ballots],
        [name(one) for one in contest.order],
        contest.threshold,
        contest.share,
        contest.quorum,
        {name(one) for one in contest.withdrawn},
        [{name(one) for one in group} for group in contest.exclusive],
        [({name(one) for one in group}, most, won) for group, most, won in contest.caps],
        [name(one) for one in contest.locked],
    )


def dearer(contest: Contest) -> Contest:
    """All money counted in another unit."""
    return replace(
        contest,
        costs={name: cost * 1000 for name, cost in contest.costs.items()},
        budget=contest.budget * 1000,
        caps=[(group, most, None if won is None else won * 1000) for group, most, won in contest.caps],
    )


def with_a_wallflower(contest: Contest) -> Contest:
    """One more project that nobody wants."""
    return replace(contest, costs={**contest.costs, "z": Fraction(1)}, order=["z", *contest.order])


@many
@given(contests(), rules)
def test_what_must_not_matter_does_not(contest: Contest, rule: Options) -> None:
    before = result(contest, rule)
    assert result(shuffled(contest), rule) == before
    assert result(with_a_wallflower(contest), rule) == before
    step = {"step": 1000} if "step" in rule else {}
    assert result(dearer(contest), rule, **step) == before
    there = dict(zip(contest.order, renamed(contest).order, strict=True))
    assert result(renamed(contest), rule) == [there[one] for one in before]


@settings(parent=many, max_examples=EACH // 4)
@given(contests(), rules, st.integers(2, 4))
def test_merged_and_split_ballots_count_the_same(contest: Contest, rule: Options, times: int) -> None:
    """Groups of equal ballots, whole or row by row, are the same election."""
    assume(contest.ballots)
    many_voters = replace(contest, ballots=contest.ballots * times)
    election = elected(many_voters)
    rows = election.rows
    assert int(rows.people.sum()) == len(many_voters.ballots)
    split = _split(election)
    setting = ruled(many_voters, **rule)  # type: ignore[arg-type]
    assert tally(split, setting).selected == tally(election, setting).selected


def _split(election: Election) -> Election:
    """Every ballot a row of its own."""
    rows = election.rows
    indptr, picks = [0], list[int]()
    points = list[int]()
    for number, people in enumerate(rows.people.tolist()):
        for _ in range(people):
            part = slice(int(rows.indptr[number]), int(rows.indptr[number + 1]))
            picks.extend(rows.picks[part].tolist())
            points.extend([] if rows.points is None else rows.points[part].tolist())
            indptr.append(len(picks))
    return Election.from_rows(
        election.projects,
        election.budget,
        indptr,
        picks,
        None if rows.points is None else points,
        [1] * (len(indptr) - 1),
        voters=election.voters,
        point_unit=election.point_unit,
    )
