"""From opened ballots to the result of every contest: the notice's rules, run by `domain.tally`."""

from array import array
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from civicvote.domain import tally
from civicvote.domain.ballots.rules import Amount, Contest, Notice, amount
from civicvote.domain.ballots.sealing import Ballot
from civicvote.domain.tally.rules import Cap

RESULT_FORMAT = "civicvote-result/2"


def election(notice: Notice, ballots: Iterable[Ballot], pool: str, more: tally.Amount = 0) -> tally.Election:
    """The pool's contest as `domain.tally` takes it; only ballots that take part are in it.

    `more`: money that flowed in from earlier contests. Withdrawn projects are still in (see `rules.Contest`): the rule
    leaves them out, and a ballot that chose only such a one keeps its share of the money.
    """
    contest = _contest(notice, pool)
    projects = [
        tally.Project(one["id"], tally_amount(one["cost"]), one["title"])
        for one in notice["projects"]
        if one["pool"] == pool
    ]
    place = {project.id: number for number, project in enumerate(projects)}
    starts, picks, points = array("q", [0]), array("i"), array("q")
    for ballot in ballots:
        rows = [row for row, pick in enumerate(ballot.picks) if pick in place]
        if rows or contest["empty_ballots"]:
            picks.extend(place[ballot.picks[row]] for row in rows)
            points.extend(ballot.points[row] if ballot.points else 1 for row in rows)
            starts.append(len(picks))
    voters = len(starts) - 1
    scored = points if contest["measure"] == "points" else None
    budget = tally_amount(contest["budget"]) + more
    return tally.Election.from_rows(projects, budget, starts, picks, scored, array("q", [1]) * voters, voters=voters)


def rule(notice: Notice, pool: str, withdrawn: Collection[str] = ()) -> tally.Rule:
    """The pool's rule as `domain.tally` takes it; `withdrawn`: ids of the board's `withdraw` entries."""
    contest = _contest(notice, pool)
    ids = {one["id"] for one in notice["projects"] if one["pool"] == pool}
    gone = ids & ({one["id"] for one in notice["projects"] if one["withdrawn"]} | set(withdrawn))
    keys = (*(tally.TieKey(key) for key in contest["tie_by"]), tally.TieKey.LOT)
    return tally.Rule(
        tally.Method(contest["rule"]),
        utility=tally.Utility(contest["utility"]),
        completion=tally.Completion(contest["completion"]),
        step=tally_amount(contest["step"]),
        exhaustive_stop=contest["exhaustive_stop"],
        comparison=contest.get("comparison", False),
        tie=tally.Tie(keys, tuple(contest["ties"])),
        threshold=contest["threshold"],
        threshold_share=amount(contest.get("threshold_share", "0")),
        quorum=contest.get("quorum", 0),
        withdrawn=frozenset(gone),
        exclusive=tuple(frozenset(group) for group in contest.get("exclusive", [])),
        caps=_caps(contest),
        locked=tuple(one for one in contest.get("locked", []) if one not in gone),
    )


def _caps(contest: Contest) -> tuple[Cap, ...]:
    return tuple(
        Cap(
            frozenset(cap["projects"]),
            cap["max"],
            None if cap["max_cost"] is None else tally_amount(cap["max_cost"]),
            cap["title"],
        )
        for cap in contest.get("caps", [])
    )


def outcomes(notice: Notice, ballots: Sequence[Ballot], withdrawn: Collection[str] = ()) -> dict[str, tally.Outcome]:
    """Pool → counted contest, with the reasons for every project, in the notice's order.

    What a contest leaves is added to the money of the one it flows to.
    """
    found: dict[str, tally.Outcome] = {}
    flowed = defaultdict[str, tally.Amount](int)
    for contest in notice["contests"]:
        pool = contest["pool"]
        found[pool] = tally.tally(election(notice, ballots, pool, more=flowed[pool]), rule(notice, pool, withdrawn))
        if onward := contest.get("leftover_to"):
            flowed[onward] += found[pool].left
    return found


def result_document(notice: Notice, counted: Mapping[str, tally.Outcome]) -> dict[str, Any]:
    """result.json from what `outcomes` found.

    Per contest: `pool`, `budget` (with what flowed in), `ballots` (how many took part), `void`, `votes` (project →
    supporters), `points` (project → points, where the contest measures them), `selected` in order, `spent`.
    """
    contests = []
    for contest in notice["contests"]:
        outcome = counted[contest["pool"]]
        points = {"points": dict(outcome.scores)} if contest["measure"] == "points" else {}
        contests.append(
            {
                "pool": contest["pool"],
                "budget": plain(outcome.budget),
                "ballots": outcome.voters,
                "void": outcome.void,
                "votes": dict(outcome.votes),
                **points,
                "selected": list(outcome.selected),
                "spent": plain(outcome.spent),
            }
        )
    return {"format": RESULT_FORMAT, "vote": notice["vote"], "contests": contests}


def plain(total: tally.Amount) -> Amount:
    """Whole amounts as int, others as the shortest decimal text."""
    exact = Fraction(total)
    if exact.denominator == 1:
        return int(exact)
    places = 1
    while (exact * 10**places).denominator != 1:
        places += 1
    digits = str(int(exact * 10**places)).rjust(places + 1, "0")
    return f"{digits[:-places]}.{digits[-places:]}"


def tally_amount(value: Amount) -> tally.Amount:
    """An amount of the notice, as `domain.tally` takes it: int where it is whole."""
    exact = amount(value)
    return int(exact) if exact.denominator == 1 else exact


def _contest(notice: Notice, pool: str) -> Contest:
    return next(one for one in notice["contests"] if one["pool"] == pool)
