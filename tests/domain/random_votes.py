"""Whole votes under random notices: every rule, ballot type and limit, and everything that happens on a board."""

import random
from collections.abc import Sequence
from typing import Any, get_args

from civicvote.domain.ballots import board, rules, sealing
from tests.domain.ballot_factory import Vote, a_contest, a_notice

METHODS = get_args(rules.MethodName)
TYPES = ("approval", "groups", "knapsack", "cumulative", "score", "ranking")


def random_vote(seed: int) -> Vote:
    """Deterministic. People cast, cast again, are voided, vote on paper; some ballots break the rules; projects leave."""
    rng = random.Random(seed)
    vote = Vote(_notice(rng), pooled=rng.random() < 0.1)
    _cast(vote, rng)
    if rng.random() < 0.5:
        _desk(vote, rng)
    ids = [project["id"] for project in vote.notice["projects"]]
    for project in rng.sample(ids, rng.choice([0, 0, 1])):
        vote.append([("withdraw", {"project": project, "reason": "제안자 철회"})])
    if rng.random() < 0.3:
        vote.append([("note", {"text": "투표소 한 곳의 운영 시간을 바로잡습니다."})])
    return vote


def _notice(rng: random.Random) -> rules.Notice:
    kind = rng.choice(TYPES)
    costs: dict[str, dict[str, Any]] = {
        pool: {f"{pool}{n}": rng.choice([0, 1, 2, 3, 5, 8, 8, 13, "2.5", 40]) for n in range(rng.randint(1, 7))}
        for pool in "abc"[: rng.randint(1, 3)]
    }
    ids = [one for some in costs.values() for one in some]
    some = [_contest(rng, pool, of, scored=kind in {"cumulative", "score", "ranking"}) for pool, of in costs.items()]
    for place, contest in enumerate(some):
        contest["leftover_to"] = rng.choice([None, *[later["pool"] for later in some[place + 1 :]]])
    form: dict[str, Any] = {"min": rng.randint(0, 1), "max": rng.randint(2, 5)}
    if kind == "groups":
        form["groups"] = [
            {"id": pool, "title": pool, "projects": list(of), "min": 0, "max": 2, "max_cost": rng.choice([None, 20])}
            for pool, of in costs.items()
        ]
    more: dict[str, dict[str, Any]] = {
        "knapsack": {"max": None, "max_cost": 30},
        "cumulative": {"points": {"max": None, "sum": 10}},
        "score": {"points": {"max": 5, "sum": None}},
        "ranking": {"points": {"max": None, "sum": None}, "ranking": True, "max": min(len(ids), 4)},
    }
    return a_notice(some, costs, **(form | more.get(kind, {})))


def _contest(rng: random.Random, pool: str, costs: dict[str, Any], *, scored: bool) -> rules.Contest:
    ids = list(costs)
    budgets: list[rules.Amount] = [7, 20, 33, "12.75", 60]
    budget = rng.choice(budgets)
    locked = [one for one in rng.sample(ids, rng.choice([0, 0, 1])) if rules.amount(costs[one]) <= rules.amount(budget)]
    return a_contest(
        pool,
        rng.sample(ids, len(ids)),
        budget=budget,
        rule=rng.choice([*METHODS, "equal-shares", "equal-shares"]),
        utility=rng.choice(["cost", "cardinality"]),
        completion=rng.choice(["none", "add1", "add1u", "utilitarian"]),
        comparison=rng.random() < 0.3,
        step=rng.choice([1, "0.25", 3]),
        exhaustive_stop=rng.random() < 0.5,
        measure=rng.choice(["votes", "points"]) if scored else "votes",
        threshold=rng.choice([0, 0, 2]),
        threshold_share=rng.choice(["0", "0", "0.1"]),
        quorum=rng.choice([0, 0, 0, 5]),
        empty_ballots=rng.random() < 0.5,
        tie_by=rng.sample(["votes", "cost", "cost-desc"], rng.randint(0, 1)),
        exclusive=[rng.sample(ids, 2)] if len(ids) > 1 and rng.random() < 0.3 else [],
        caps=[{"title": "상한", "projects": ids, "max": 3, "max_cost": 50}] if rng.random() < 0.3 else [],
        locked=locked,
    )


def _picks(notice: rules.Notice, rng: random.Random) -> Any:
    """Whatever somebody may choose, by the rules or against them."""
    ids = [project["id"] for project in notice["projects"]]
    most = min(notice["ballot"]["max"] or len(ids), len(ids))
    some = rng.sample(ids, rng.randint(0, most))
    if notice["ballot"]["points"] is None:
        return some
    top = notice["ballot"]["max"] if notice["ballot"].get("ranking") else None
    return {one: (top - place if top else rng.randint(1, 4)) for place, one in enumerate(some)}


def _good(notice: rules.Notice, rng: random.Random, number: int) -> Sequence[Any]:
    check, found = rules.Rules(notice), list[Any]()
    for _ in range(200):
        picks = _picks(notice, rng)
        if len(found) < number and check.problem(sealing.make_ballot(picks)) is None:
            found.append(picks)
    return found


def _cast(vote: Vote, rng: random.Random) -> None:
    people = _good(vote.notice, rng, rng.choice([0, 1, 12, 20]))
    for number, picks in enumerate(people):
        vote.cast(f"person {number}", picks)
    for number in range(rng.choice([0, 0, 2])):
        vote.cast(f"rebel {number}", _picks(vote.notice, rng))
    if people and rng.random() < 0.5:
        vote.cast("person 0", people[-1])
    vote.append(board.ballot_rows(receipt.tracker for receipt in vote.given))
    if people and rng.random() < 0.3:
        vote.void("person 0")


def _desk(vote: Vote, rng: random.Random) -> None:
    for _ in range(rng.randint(1, 2)):
        vote.desk(_good(vote.notice, rng, rng.randint(0, 4)), blank=rng.randint(0, 2), void=rng.randint(0, 2))
