"""The stand-alone verifier and the platform, which share no code, count the same and call the same ballots valid."""

import random
from collections.abc import Sequence
from fractions import Fraction
from typing import Any, get_args

from hypothesis import given, settings
from hypothesis import strategies as st

from civicvote.domain.ballots import contests, rules, sealing
from tests.domain.ballot_factory import a_contest, a_notice, recounter

RULES, BALLOTS = recounter("recount_rules"), recounter("recount_ballots")
METHODS = [*get_args(rules.MethodName), "equal-shares", "equal-shares", "equal-shares"]


@st.composite
def _limits(draw: st.DrawFn, ids: Sequence[str], costs: dict[str, Any]) -> dict[str, Any]:
    """Locked-in projects, alternatives and caps that a notice may declare together."""
    some = st.lists(st.sampled_from(ids), min_size=1, max_size=4, unique=True)
    groups = draw(st.lists(some.filter(lambda group: len(group) > 1), max_size=2)) if len(ids) > 1 else []
    locked = draw(st.lists(st.sampled_from(ids), max_size=1))
    least = sum(rules.amount(costs[one]) for one in locked)
    caps = [
        {
            "title": "상한",
            "projects": draw(some),
            "max": draw(st.sampled_from([None, 1, 2])),
            "max_cost": str(int(least) + draw(st.integers(1, 20))),
        }
        for _ in range(draw(st.integers(0, 2)))
    ]
    return {"exclusive": groups, "caps": caps, "locked": locked}


@st.composite
def _contest(draw: st.DrawFn, pool: str, costs: dict[str, Any], *, scored: bool) -> rules.Contest:
    ids = list(costs)
    limits = draw(_limits(ids, costs)) if draw(st.booleans()) else {}
    least = sum(rules.amount(costs[one]) for one in limits.get("locked", []))
    amounts: list[rules.Amount] = [1, 7, 20, 33, "12.75"]
    budget = draw(st.sampled_from(amounts))
    return a_contest(
        pool,
        draw(st.permutations(ids)),
        budget=budget if rules.amount(budget) >= least else int(least) + 7,
        rule=draw(st.sampled_from(METHODS)),
        utility=draw(st.sampled_from(["cost", "cardinality"])),
        completion=draw(st.sampled_from(["none", "add1", "add1u", "utilitarian"])),
        comparison=draw(st.booleans()),
        step=draw(st.sampled_from([1, "0.25", 3])),
        exhaustive_stop=draw(st.booleans()),
        measure="points" if scored else "votes",
        threshold=draw(st.sampled_from([0, 0, 2])),
        threshold_share=draw(st.sampled_from(["0", "0.2", "0.5"])),
        quorum=draw(st.sampled_from([0, 0, 3])),
        empty_ballots=draw(st.booleans()),
        tie_by=draw(st.lists(st.sampled_from(["votes", "cost", "cost-desc"]), max_size=2, unique=True)),
        **limits,
    )


@st.composite
def _elections(draw: st.DrawFn) -> tuple[rules.Notice, list[sealing.Ballot], list[str]]:
    prices = st.sampled_from([0, 1, 2, 3, 5, 8, 8, 13, "2.5", 40])
    pools = {
        name: {f"{name}{n}": draw(prices) for n in range(draw(st.integers(1, 6)))}
        for name in "pq"[: draw(st.integers(1, 2))]
    }
    scored = draw(st.booleans())
    some = [draw(_contest(pool, costs, scored=scored)) for pool, costs in pools.items()]
    if len(some) > 1 and draw(st.booleans()):
        some[0]["leftover_to"] = "q"
    form: dict[str, Any] = {"min": 0, "max": None, "points": {"max": 5, "sum": None} if scored else None}
    ids = [one for costs in pools.values() for one in costs]
    rows = draw(st.lists(st.dictionaries(st.sampled_from(ids), st.integers(1, 3), max_size=len(ids)), max_size=9))
    ballots = [sealing.make_ballot(row if scored else list(row)) for row in rows]
    return a_notice(some, pools, **form), ballots, draw(st.lists(st.sampled_from(ids), max_size=1))


def _counted_by_both(notice: rules.Notice, ballots: Sequence[sealing.Ballot], gone: Sequence[str]) -> tuple[Any, Any]:
    ours = contests.result_document(notice, contests.outcomes(notice, ballots, gone))["contests"]
    theirs, flowed = [], {one["pool"]: Fraction(0) for one in notice["contests"]}
    for one in BALLOTS.checked(notice)["contests"]:
        costs = {p["id"]: BALLOTS.amount(p["cost"]) for p in notice["projects"] if p["pool"] == one["pool"]}
        it = RULES.Contest(one, costs, set(gone))
        assert it.sound()
        for ballot in ballots:
            it.take(list(ballot.picks), ballot.points and list(ballot.points))
        it.budget += flowed[one["pool"]]
        it.add_up()
        found, left = it.result(it.count())
        theirs.append(found)
        if (later := one["leftover_to"]) is not None:
            flowed[later] += left
    return ours, theirs


@given(_elections())
@settings(derandomize=True, max_examples=500, deadline=None)
def test_it_counts_as_the_platform_does(election: tuple[rules.Notice, list[sealing.Ballot], list[str]]) -> None:
    rules.check_notice(election[0])
    ours, theirs = _counted_by_both(*election)
    assert ours == theirs


@st.composite
def _ballots(draw: st.DrawFn) -> tuple[rules.Notice, sealing.Ballot]:
    ids, limit = list("abcdef"), st.one_of(st.none(), st.integers(1, 5))
    costs = {one: draw(st.integers(0, 9)) for one in ids}

    def part() -> dict[str, Any]:
        low, high = draw(st.integers(0, 2)), draw(limit)
        return {"min": low, "max": high and max(high, low), "max_cost": draw(st.sampled_from([None, 12, "20.5"]))}

    groups = [{"id": "g", "title": "g", "projects": ids[:3], **part()}] if draw(st.booleans()) else []
    points = {"max": draw(limit), "sum": draw(limit)} if draw(st.booleans()) else None
    form = part()
    ranked = points is not None and form["max"] is not None and draw(st.booleans())
    picks = draw(st.dictionaries(st.sampled_from([*ids, "x"] if draw(st.booleans()) else ids), st.integers(1, 4)))
    notice = a_notice([a_contest("p", ids)], {"p": costs}, **form, groups=groups, points=points, ranking=ranked)
    return notice, sealing.make_ballot(picks if draw(st.booleans()) == (points is not None) else list(picks))


@given(_ballots())
@settings(derandomize=True, max_examples=400, deadline=None)
def test_it_calls_the_same_ballots_valid_for_the_same_reasons(drawn: tuple[rules.Notice, sealing.Ballot]) -> None:
    notice, ballot = drawn
    rules.check_notice(notice)
    form = BALLOTS.checked(notice)["ballot"]
    costs = {one["id"]: BALLOTS.amount(one["cost"]) for one in notice["projects"]}
    problem = rules.Rules(notice).problem(ballot)
    assert BALLOTS.fault(ballot.document(), form, costs) == (problem.code if problem else "")


def test_a_few_thousand_ballots_take_seconds() -> None:
    rng = random.Random(1)
    ids = [f"p{n}" for n in range(40)]
    costs = {one: rng.randrange(20, 300) * 1_000_000 for one in ids}
    contest = a_contest("p", ids, budget=2_000_000_000, rule="equal-shares", completion="add1", step=5000)
    notice = a_notice([contest], {"p": costs}, max=5)
    ballots = [sealing.make_ballot(rng.sample(ids, rng.randint(1, 5))) for _ in range(3000)]
    ours, theirs = _counted_by_both(notice, ballots, [])
    assert ours == theirs
    assert len(theirs[0]["selected"]) > 5
