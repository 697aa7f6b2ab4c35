"""A count as it is kept and shown: per pool who won at which price, who did not and why, and what the other rule would say."""

from collections.abc import Collection, Mapping, Sequence
from fractions import Fraction
from typing import Any

from civicvote.domain import tally
from civicvote.domain.ballots import contests
from civicvote.domain.ballots.rules import Notice
from civicvote.domain.ballots.sealing import Ballot
from civicvote.domain.messages import Message


def _fact(value: object) -> Any:
    """Fractions as text: JSON has no exact numbers but whole ones."""
    return str(value) if isinstance(value, Fraction) else value


def _step(step: tally.Step) -> dict[str, Any]:
    return {
        "project": step.project,
        "cost": _fact(step.cost),
        "votes": step.votes,
        "score": _fact(step.score),
        "left": _fact(step.left),
        "price": _fact(step.price) if step.price is not None else None,
        "emptied": step.emptied,
        "completion": step.completion,
    }


def _reason(reason: tally.Reason) -> dict[str, Any]:
    return {
        "project": reason.project,
        "code": reason.code.value,
        "facts": {key: _fact(value) for key, value in reason.facts.items()},
    }


def read_reason(document: Mapping[str, Any]) -> Message:
    """The sentence that tells why a project was not chosen."""
    facts = {key: _exact(value) for key, value in document["facts"].items()}
    return tally.explain(tally.Reason(document["project"], tally.Code(document["code"]), facts))


def _exact(value: Any) -> Any:
    """Numbers written as text by `_fact` are fractions again; other text (ids) stays."""
    if isinstance(value, str) and "/" in value:
        top, _, bottom = value.partition("/")
        if top.isdigit() and bottom.isdigit():
            return Fraction(int(top), int(bottom))
    return value


def _other(rule: tally.Rule) -> tally.Rule:
    """The rule to compare with: greedy for Equal Shares, Equal Shares with add1 for greedy."""
    common = {"tie": rule.tie, "threshold": rule.threshold, "withdrawn": rule.withdrawn, "exclusive": rule.exclusive}
    if rule.method is tally.Method.EQUAL_SHARES:
        return tally.Rule(tally.Method.GREEDY, **common)  # type: ignore[arg-type]  # fields of the same rule
    return tally.Rule(
        tally.Method.EQUAL_SHARES,
        utility=rule.utility,
        completion=tally.Completion.ADD1,
        step=rule.step if rule.step > 1 else 1000,
        **common,  # type: ignore[arg-type]
    )


def _beside(election: tally.Election, outcome: tally.Outcome) -> dict[str, Any]:
    other = tally.tally(election, _other(outcome.rule))
    mine, theirs = tally.compare(election, outcome, other), tally.compare(election, other, outcome)
    return {
        "rule": other.rule.name,
        "selected": list(other.selected),
        "with_one": [mine.with_one, theirs.with_one],
        "mean": [round(float(mine.mean), 3), round(float(theirs.mean), 3)],
        "prefer": [mine.prefer, theirs.prefer],
    }


def document(notice: Notice, ballots: Sequence[Ballot], withdrawn: Collection[str]) -> dict[str, Any]:
    """Everything a count says: `result` is what gets published and signed, `contests` what the pages explain."""
    counted = contests.outcomes(notice, ballots, withdrawn)
    shown = []
    for contest in notice["contests"]:
        pool = contest["pool"]
        outcome = counted[pool]
        shown.append(
            {
                "pool": pool,
                "title": contest["title"],
                "budget": contest["budget"],
                "rule": contest["rule"],
                "utility": contest["utility"],
                "completion": contest["completion"],
                "voters": outcome.voters,
                "endowment": _fact(outcome.endowment) if outcome.endowment is not None else None,
                "rounds": outcome.rounds,
                "votes": dict(outcome.votes),
                "steps": [_step(step) for step in outcome.steps],
                "rejected": [_reason(reason) for reason in outcome.rejected],
                "ties": [list(pair) for pair in outcome.ties],
                "other": _beside(contests.election(notice, ballots, pool), outcome),
            }
        )
    selected = {pool: outcome.selected for pool, outcome in counted.items()}
    return {"result": contests.result_document(notice, ballots, selected), "contests": shown}
