"""The engine of Equal Shares from inside: arrays, bounds, exact settlement, and steps skipped only where proven."""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from civicvote.domain.errors import InvalidError
from civicvote.domain.tally import Completion, Election, Method, Project, Rule, Utility, tally
from civicvote.domain.tally.completion import equal_shares
from civicvote.domain.tally.rows import Ballot, Rows
from civicvote.domain.tally.screen import screen
from civicvote.domain.tally.shares import Market, Run, Trace, auction, ledger, market, run, steady, trace

SHARES = Method.EQUAL_SHARES
PLAIN = Rule(SHARES)
PROJECTS = [Project(name, 10) for name in "abc"]


# --- Ballots as arrays


def test_rows_become_regular() -> None:
    rows = Rows.of([0, 3, 3, 5], [2, 0, 2, 1, 0], [5, 0, 7, 1, 1], [1, 4, 2])
    assert rows.ballots() == (Ballot((2,), (5,)), Ballot((), (), 4), Ballot((0, 1), (1, 1), 2))
    assert Rows.from_ballots(rows.ballots(), scored=True) == rows
    assert hash(Rows.from_ballots(rows.ballots(), scored=True)) == hash(rows)
    assert rows != Rows.of([0, 1, 1, 3], [2, 0, 1], None, [1, 4, 2])
    with pytest.raises(ValueError, match="read-only"):
        rows.picks[0] = 1


def test_identical_rows_are_merged_where_that_pays() -> None:
    few = Rows.from_ballots(
        [Ballot((0, 1)), Ballot((0,)), Ballot((0, 1), count=3), Ballot((0, 1)), Ballot(())], scored=False
    )
    assert few.merged().ballots() == (Ballot((0, 1), count=5), Ballot((0,)), Ballot(()))
    many = Rows.from_ballots([Ballot((0,)), Ballot((1,)), Ballot((0,)), Ballot((2,))], scored=False)
    assert many.merged() is many  # 3 of 4 would be left
    points = Rows.from_ballots(
        [Ballot((0,), (1,)), Ballot((0,), (2,)), Ballot((0,), (1,)), Ballot((0,), (1,))], scored=True
    )
    assert points.merged().ballots() == (Ballot((0,), (1,), 3), Ballot((0,), (2,)))


def test_strangers_with_one_fingerprint_are_not_merged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Rows, "_fingerprints", lambda self: np.zeros(len(self), dtype=np.uint64))
    rows = Rows.from_ballots([Ballot((0,)), Ballot((1,)), Ballot((1,)), Ballot((1,))], scored=False)
    assert rows.merged() is rows
    longer = Rows.from_ballots([Ballot((0,)), Ballot((0, 1))], scored=False)
    assert longer.merged() is longer


def test_columns_are_the_transpose() -> None:
    election = Election.from_rows(PROJECTS, 9, [0, 2, 3, 5], [0, 2, 2, 0, 2], [1, 2, 3, 4, 5], [1, 2, 3], voters=6)
    columns = election.columns
    assert [columns.of(project).tolist() for project in range(3)] == [[0, 2], [], [0, 1, 2]]
    assert [column.tolist() for project in range(3) if (column := columns.points_of(project)) is not None] == [
        [1, 4],
        [],
        [2, 3, 5],
    ]
    assert election.votes == (4, 0, 6)
    assert election.scores == (13, 0, 23)


def test_scores_beyond_64_bits_are_exact() -> None:
    most = 2**62
    election = Election.from_rows(PROJECTS, 9, [0, 1, 2], [0, 0], [most, most - 1], [3, 2], voters=5)
    assert election.raw_scores == (5 * most - 2, 0, 0)
    with pytest.raises(InvalidError, match="점수"):
        tally(Election(tuple(Project(one.id, 1) for one in PROJECTS), 9, election.rows, 5), Rule(SHARES))


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        (([0, 1], [0], None, [1, 1]), "길이"),
        (([0, 2], [0], None, [1]), "길이"),
        (([0, 1], [0], [1, 1], [1]), "길이"),
        (([0, 1], [0], None, [0]), "투표지의 수"),
        (([0, 1], [0], [-1], [1]), "점수"),
        (([0, 1], [0], [2**64], [1]), "점수"),
        (([0, 1], [3], None, [1]), "없는 사업"),
        (([0, 1], [-1], None, [1]), "없는 사업"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(arrays: tuple[Any, Any, Any, Any], words: str) -> None:
    with pytest.raises(InvalidError, match=words):
        Election.from_rows(PROJECTS, 9, *arrays, voters=1)


def test_projects_can_be_left_out() -> None:
    election = Election.of(PROJECTS, 9, [{"a": 1, "c": 2}, {"a": 3}, {"b": 1}])
    less = election.without({"a"})
    assert [project.id for project in less.projects] == ["b", "c"]
    assert less.ballots == (Ballot((1,), (2,)), Ballot((), ()), Ballot((0,), (1,)))
    assert (less.voters, election.without({"x"})) == (3, election)


# --- Runs


def random_election(seed: int, *, voters: int = 400, projects: int = 14, scored: bool = False) -> Election:
    """Popular and unpopular projects of very different cost; about half of them can be paid."""
    dice = Random(seed)
    weights = [dice.lognormvariate(0, 1) for _ in range(projects)]
    listed = [Project(str(number), dice.randint(1, 400) * 25) for number in range(projects)]
    ballots: list[Any] = []
    for _ in range(voters):
        picks = dict.fromkeys(dice.choices([one.id for one in listed], weights, k=dice.randint(1, 5)))
        ballots.append({pick: dice.randint(1, 7) for pick in picks} if scored else list(picks))
    return Election.of(listed, sum(one.cost for one in listed) // 2, ballots)


def stand(election: Election, rule: Rule = PLAIN) -> tuple[Market, Fraction]:
    area = screen(election, rule)
    made = Market(election, area.candidates, rule.utility, area.ranks, area.limits, area.pool)
    return made, Fraction(area.pool, election.voters)


def counted(result: Run) -> list[tuple[object, ...]]:
    return [(one.project, one.rho, one.price, one.emptied) for one in result.purchases]


@pytest.mark.parametrize("scored", [False, True])
@pytest.mark.parametrize("utility", list(Utility))
def test_what_floats_can_tell_does_not_matter(
    monkeypatch: pytest.MonkeyPatch, utility: Utility, *, scored: bool
) -> None:
    """With bounds a trillion times wider, everything is settled exactly, with the same record in the end."""
    for seed in range(4):
        place, endowment = stand(random_election(seed, scored=scored), Rule(SHARES, utility))
        by_floats = run(place, endowment)
        with monkeypatch.context() as patch:
            for module in (ledger, market, auction):
                patch.setattr(module, "ULP", 2.0**-12)
            blurred, _ = stand(place.election, Rule(SHARES, utility))
            exactly = run(blurred, endowment)
        assert counted(exactly) == counted(by_floats)
        assert exactly.held == by_floats.held
        assert len(by_floats.purchases) > 3


@pytest.mark.parametrize("scored", [False, True])
def test_the_money_adds_up(*, scored: bool) -> None:
    """Everyone's money exactly, ballot by ballot, from the record of the run."""
    place, endowment = stand(random_election(7, scored=scored))
    result, election = run(place, endowment), place.election
    held = dict.fromkeys(range(len(election.ballots)), endowment)
    for purchase in result.purchases:
        paid, emptied = Fraction(0), 0
        for row, ballot in enumerate(election.ballots):
            if purchase.project in ballot.picks:
                points = ballot.points[ballot.picks.index(purchase.project)] if scored else 1
                share = min(held[row], points * purchase.price)
                emptied += ballot.count if held[row] and share == held[row] else 0
                held[row] -= share
                paid += share * ballot.count
        assert paid == election.costs[purchase.project]
        assert emptied == purchase.emptied
    for project, money in result.held.items():
        rows = [row for row, ballot in enumerate(election.ballots) if project in ballot.picks]
        assert money == sum(held[row] * election.ballots[row].count for row in rows)


def test_merged_ballots_count_as_many() -> None:
    single = random_election(3, voters=120, projects=6)
    ballots = single.rows.ballots() * 3
    merged = Election.from_rows(
        single.projects,
        single.budget * 3,
        np.cumsum([0, *(len(ballot.picks) for ballot in ballots)]),
        [pick for ballot in ballots for pick in ballot.picks],
        None,
        [ballot.count for ballot in ballots],
        voters=single.voters * 3,
    )
    apart = Election(merged.projects, merged.budget, Rows.from_ballots(ballots, scored=False), merged.voters)
    assert len(merged.rows) < len(apart.rows)
    assert counted(run(*stand(merged))) == counted(run(*stand(apart)))


def test_an_exact_price_outside_of_its_bounds_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    place, endowment = stand(random_election(1))
    monkeypatch.setattr(ledger.Bid, "high", property(lambda bid: bid.low, lambda *_: None))
    with pytest.raises(ArithmeticError):
        run(place, endowment)


def test_exactly_enough_is_enough() -> None:
    """Seven voters with 20/7 each can pay 20; nobody notices in floats."""
    election = Election.of([Project("a", 20), Project("b", 1)], 20, [["a"]] * 6 + [["a", "b"]])
    assert tally(election, Rule(SHARES)).selected == ("a",)
    short = Election.of([Project("a", 20), Project("b", 1)], 20 - Fraction(1, 10**9), [["a"]] * 6 + [["a", "b"]])
    assert tally(short, Rule(SHARES)).selected == ("b",)


# --- add1


def scan(place: Market, base: Fraction, step: Fraction) -> Iterator[tuple[int, ...] | None]:
    """The purchases at every endowment in turn."""
    number = 0
    while True:
        found = trace(place, base + number * step)
        yield found.projects if found else None
        number += 1


def by_scanning(place: Market, base: Fraction, step: Fraction, *, stop: bool) -> tuple[Sequence[int], int]:
    """add1 as it is defined: every endowment in turn."""
    costs = place.election.costs
    before: tuple[int, tuple[int, ...]] = (0, ())
    for number, bought in enumerate(scan(place, base, step)):
        if bought is None:
            return before[1], before[0]
        left = place.pool - sum(costs[one] for one in bought)
        rest = set(place.candidates) - set(bought) - place.limits.shut(bought)
        if not rest or (stop and all(costs[one] > left for one in rest)):
            return bought, number
        before = number, bought
    raise AssertionError


@settings(derandomize=True, deadline=None, max_examples=60)
@given(
    seed=st.integers(0, 10**6),
    scored=st.booleans(),
    stop=st.booleans(),
    utility=st.sampled_from(Utility),
    exclusive=st.sets(st.integers(0, 7), max_size=3),
)
def test_skipping_steps_changes_nothing(
    seed: int, utility: Utility, exclusive: set[int], *, scored: bool, stop: bool
) -> None:
    election = random_election(seed, voters=60, projects=8, scored=scored)
    groups = (frozenset(map(str, exclusive)),) if len(exclusive) > 1 else ()
    rule = Rule(SHARES, utility, Completion.ADD1, step=Fraction(7, 2), exhaustive_stop=stop, exclusive=groups)
    done = equal_shares(screen(election, rule), rule)
    assert (done.run.projects, done.rounds) == by_scanning(*stand(election, rule), Fraction(7, 2), stop=stop)


def test_what_is_certain_between_two_endowments_is_so() -> None:
    """Wherever `steady` says that nothing changes between two endowments, nothing does at any of those between."""
    shown = 0
    for seed in range(6):
        place, base = stand(random_election(seed, voters=80, projects=8))
        before = trace(place, base)
        assert before is not None
        for reach in (1, 3, 9, 27):
            after = trace(place, base + reach, before)
            if after and steady(place, before, after):
                shown += 1
                between = [trace(place, base + Fraction(reach * part, 8)) for part in range(1, 9)]
                assert all(one is not None and one.projects == before.projects for one in between)
    assert shown > 3


def test_a_tie_that_stays_does_not_keep_steps_from_being_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    """a and b have the same supporters and cost, so their ρ is the same at every endowment."""
    election = Election.of(
        [Project("a", 300), Project("b", 300), Project("c", 5000)], 8000, [["a", "b"]] * 10 + [["c"]] * 3 + [[]] * 7
    )
    calls: list[Fraction] = []

    def counting(place: Market, endowment: Fraction, below: Trace | None = None) -> Trace | None:
        calls.append(endowment)
        return trace(place, endowment, below)

    monkeypatch.setattr("civicvote.domain.tally.completion.trace", counting)
    outcome = tally(election, Rule(SHARES, completion=Completion.ADD1))
    assert outcome.selected == ("a", "b", "c")
    assert outcome.rounds == 1267  # 5,000 / 3 voters less 8,000 / 20
    assert len(calls) < 40
