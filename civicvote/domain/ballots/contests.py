"""From opened ballots to the result of every contest: the notice's rules, run by `domain.tally`."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from civicvote.domain import tally
from civicvote.domain.ballots.rules import Amount, Contest, Notice, amount
from civicvote.domain.ballots.sealing import Ballot

RESULT_FORMAT = "civicvote-result/1"


def election(notice: Notice, ballots: Iterable[Ballot], pool: str) -> tally.Election:
    """The pool's contest as `domain.tally` takes it; only ballots that take part are in it."""
    contest = _contest(notice, pool)
    rows = contest_ballots(notice, ballots, pool)
    scored = contest["measure"] == "points"
    projects = [
        tally.Project(one["id"], tally_amount(one["cost"]), one["title"])
        for one in notice["projects"]
        if one["pool"] == pool
    ]
    budget = tally_amount(contest["budget"])
    return tally.Election.of(projects, budget, [row if scored else list(row) for row in rows])


def rule(notice: Notice, pool: str, withdrawn: Collection[str] = ()) -> tally.Rule:
    """The pool's rule as `domain.tally` takes it; `withdrawn`: ids of the board's `withdraw` entries."""
    contest = _contest(notice, pool)
    ids = {one["id"] for one in notice["projects"] if one["pool"] == pool}
    gone = {one["id"] for one in notice["projects"] if one["withdrawn"]} | set(withdrawn)
    keys = (*(tally.TieKey(key) for key in contest["tie_by"]), tally.TieKey.LOT)
    return tally.Rule(
        tally.Method(contest["rule"]),
        utility=tally.Utility(contest["utility"]),
        completion=tally.Completion(contest["completion"]),
        step=tally_amount(contest["step"]),
        exhaustive_stop=contest["exhaustive_stop"],
        tie=tally.Tie(keys, tuple(contest["ties"])),
        threshold=contest["threshold"],
        withdrawn=frozenset(gone & ids),
    )


def outcomes(notice: Notice, ballots: Sequence[Ballot], withdrawn: Collection[str] = ()) -> dict[str, tally.Outcome]:
    """Pool → counted contest, with the reasons for every project, in the notice's order."""
    return {
        one["pool"]: tally.tally(election(notice, ballots, one["pool"]), rule(notice, one["pool"], withdrawn))
        for one in notice["contests"]
    }


def contest_ballots(notice: Notice, ballots: Iterable[Ballot], pool: str) -> list[dict[str, int]]:
    """The ballots that take part in the pool's contest, as {project id: points} (1 for an approval).

    Withdrawn projects are still in: a ballot that chose only such a one keeps its share of the money (see
    `rules.Contest`). Drop them from the projects, not from the ballots.
    """
    contest = _contest(notice, pool)
    ids = {project["id"] for project in notice["projects"] if project["pool"] == pool}
    rows = []
    for ballot in ballots:
        points = ballot.points or (1,) * len(ballot.picks)
        row = {pick: point for pick, point in zip(ballot.picks, points, strict=True) if pick in ids}
        if row or contest["empty_ballots"]:
            rows.append(row)
    return rows


def result_document(notice: Notice, ballots: Sequence[Ballot], selected: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """result.json from `selected`: pool → ids in the order of their selection.

    Per contest: `pool`, `ballots` (how many took part), `votes` (project → supporters), `selected`, `spent`.
    """
    costs = {project["id"]: amount(project["cost"]) for project in notice["projects"]}
    contests = []
    for contest in notice["contests"]:
        rows = contest_ballots(notice, ballots, contest["pool"])
        votes = Counter(pick for row in rows for pick in row)
        chosen = list(selected[contest["pool"]])
        ids = [project["id"] for project in notice["projects"] if project["pool"] == contest["pool"]]
        contests.append(
            {
                "pool": contest["pool"],
                "ballots": len(rows),
                "votes": {one: votes[one] for one in ids},
                "selected": chosen,
                "spent": _plain(sum(costs[one] for one in chosen)),
            }
        )
    return {"format": RESULT_FORMAT, "vote": notice["vote"], "contests": contests}


def _plain(total: Any) -> Amount:
    """Whole amounts as int, others as the shortest decimal text."""
    if total == int(total):
        return int(total)
    places = 1
    while (total * 10**places).denominator != 1:
        places += 1
    digits = str(int(total * 10**places)).rjust(places + 1, "0")
    return f"{digits[:-places]}.{digits[-places:]}"


def tally_amount(value: Amount) -> tally.Amount:
    """An amount of the notice, as `domain.tally` takes it: int where it is whole."""
    exact = amount(value)
    return int(exact) if exact.denominator == 1 else exact


def _contest(notice: Notice, pool: str) -> Contest:
    return next(one for one in notice["contests"] if one["pool"] == pool)
