"""A count as it is kept and shown: per pool who won at which price, who did not and why, and what the other rule would say."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

from civicvote.domain import tally
from civicvote.domain.ballots import contests
from civicvote.domain.ballots.counting import Opened
from civicvote.domain.ballots.rules import Notice
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


#: Facts that name a project; all others are numbers.
_NAMES = {"by", "stopped"}


def read_reason(document: Mapping[str, Any], money: Callable[[tally.Amount], Any] | None = None) -> Message:
    """The sentence that tells why a project was not chosen. `money` writes amounts, in a currency; else bare figures."""
    facts = {key: value if key in _NAMES else exact(value) for key, value in document["facts"].items()}
    reason = tally.Reason(document["project"], tally.Code(document["code"]), facts)
    return tally.explain(reason, money) if money else tally.explain(reason)


def exact(value: Any) -> Any:
    """A number as `_fact` wrote it: int, or the Fraction its text says."""
    return Fraction(value) if isinstance(value, str) else value


def _other(rule: tally.Rule) -> tally.Rule:
    """The rule to compare with: greedy for Equal Shares, Equal Shares with add1 for greedy."""
    if rule.method is tally.Method.EQUAL_SHARES:
        return replace(rule, method=tally.Method.GREEDY)
    return replace(rule, method=tally.Method.EQUAL_SHARES, completion=tally.Completion.ADD1)


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


def result(notice: Notice, opened: Opened, withdrawn: Collection[str]) -> dict[str, Any]:
    """Only what gets published and signed: the second count."""
    return _result(notice, opened, contests.outcomes(notice, opened.ballots, withdrawn))


def _result(notice: Notice, opened: Opened, counted: Mapping[str, tally.Outcome]) -> dict[str, Any]:
    selected = {pool: outcome.selected for pool, outcome in counted.items()}
    return contests.result_document(notice, opened.ballots, selected)


def document(notice: Notice, opened: Opened, withdrawn: Collection[str]) -> dict[str, Any]:
    """Everything a count says: `result` is what gets published and signed, the rest what the pages explain.

    `papers`: how many ballots were counted, how many of them are valid, and the reasons of the others.
    """
    ballots = opened.ballots
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
    return {
        "result": _result(notice, opened, counted),
        "contests": shown,
        "papers": {"counted": opened.total, "valid": len(ballots), "invalid": opened.reasons()},
    }
