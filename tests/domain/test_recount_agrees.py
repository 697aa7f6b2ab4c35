"""The stand-alone verifier and the platform, which share no code, count the same and call the same ballots valid."""

import random
from collections.abc import Sequence
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from civicvote.domain.ballots import contests, rules, sealing
from tests.domain.ballot_factory import a_contest, a_notice, recounter

RECOUNTER = recounter()


@st.composite
def _elections(draw: st.DrawFn) -> tuple[rules.Notice, list[sealing.Ballot], list[str]]:
    count = draw(st.integers(1, 7))
    ids = [f"p{n}" for n in range(count)]
    costs: dict[str, Any] = {one: draw(st.sampled_from([0, 1, 2, 3, 5, 8, 8, 13, "2.5", 40])) for one in ids}
    scored = draw(st.booleans())
    contest = a_contest(
        "p",
        draw(st.permutations(ids)),
        budget=draw(st.sampled_from([1, 7, 20, 33, "12.75"])),
        rule=draw(st.sampled_from(["greedy", "equal-shares", "equal-shares"])),
        utility=draw(st.sampled_from(["cost", "cardinality"])),
        completion=draw(st.sampled_from(["none", "add1"])),
        step=draw(st.sampled_from([1, "0.25", 3])),
        exhaustive_stop=draw(st.booleans()),
        measure="points" if scored else "votes",
        threshold=draw(st.sampled_from([0, 0, 2])),
        empty_ballots=draw(st.booleans()),
        tie_by=draw(st.lists(st.sampled_from(["votes", "cost", "cost-desc"]), max_size=2, unique=True)),
    )
    form: dict[str, Any] = {"min": 0, "max": None, "points": {"max": 5, "sum": None} if scored else None}
    picks = st.dictionaries(st.sampled_from(ids), st.integers(1, 3), max_size=count)
    rows = draw(st.lists(picks, max_size=9))
    ballots = [sealing.make_ballot(row if scored else list(row)) for row in rows]
    return a_notice([contest], {"p": costs}, **form), ballots, draw(st.lists(st.sampled_from(ids), max_size=1))


def _counted_by_both(notice: rules.Notice, ballots: Sequence[sealing.Ballot], gone: Sequence[str]) -> tuple[Any, Any]:
    selected = {pool: one.selected for pool, one in contests.outcomes(notice, ballots, gone).items()}
    ours = contests.result_document(notice, ballots, selected)["contests"][0]
    costs = {one["id"]: RECOUNTER.Fraction(one["cost"]) for one in notice["projects"]}
    theirs = RECOUNTER.recount(notice["contests"][0], costs, [one.document() for one in ballots], set(gone))
    return {**ours, "spent": RECOUNTER.Fraction(ours["spent"])}, theirs


@given(_elections())
@settings(derandomize=True, max_examples=300, deadline=None)
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
    picks = draw(st.dictionaries(st.sampled_from([*ids, "x"] if draw(st.booleans()) else ids), st.integers(1, 4)))
    notice = a_notice([a_contest("p", ids)], {"p": costs}, **part(), groups=groups, points=points)
    return notice, sealing.make_ballot(picks if draw(st.booleans()) == (points is not None) else list(picks))


@given(_ballots())
@settings(derandomize=True, max_examples=400, deadline=None)
def test_it_calls_the_same_ballots_valid_for_the_same_reasons(drawn: tuple[rules.Notice, sealing.Ballot]) -> None:
    notice, ballot = drawn
    it = RECOUNTER.Bundle.__new__(RECOUNTER.Bundle)
    it.form, it.costs = notice["ballot"], {one["id"]: RECOUNTER.Fraction(one["cost"]) for one in notice["projects"]}
    problem = rules.Rules(notice).problem(ballot)
    assert it.fault(ballot.document()) == (problem.code if problem else "")
    raw = ballot.plaintext().ljust(notice["ballot"]["length"])
    assert it.parse(raw) == (ballot.document() if sealing.parse(raw, it.form["length"]) else None)


def test_a_few_thousand_ballots_take_seconds() -> None:
    rng = random.Random(1)
    ids = [f"p{n}" for n in range(40)]
    costs = {one: rng.randrange(20, 300) * 1_000_000 for one in ids}
    contest = a_contest("p", ids, budget=2_000_000_000, rule="equal-shares", completion="add1", step=5000)
    notice = a_notice([contest], {"p": costs}, max=5)
    ballots = [sealing.make_ballot(rng.sample(ids, rng.randint(1, 5))) for _ in range(3000)]
    ours, theirs = _counted_by_both(notice, ballots, [])
    assert ours == theirs
    assert len(theirs["selected"]) > 5
