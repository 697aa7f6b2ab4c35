"""A count as it is kept and shown: per pool who won at which price, who did not and why, and what other rules would say."""

from collections.abc import Callable, Collection, Mapping
from fractions import Fraction
from typing import Any

from civicvote.domain import tally
from civicvote.domain.ballots import contests
from civicvote.domain.ballots.counting import Opened
from civicvote.domain.ballots.rules import Contest, Notice
from civicvote.domain.messages import Message
from civicvote.domain.tally.explain import explain_step
from civicvote.domain.tally.values import reason_values, step_values, value
from civicvote.domain.tally.why import Basis, Fresh, Why, figures
from civicvote.services.counting import analysis

Money = Callable[[tally.Amount], Any]


#: Facts that name something; all others are numbers.
_NAMES = {"by", "stopped", "cap", "unit"}


def exact(written: Any) -> Any:
    """A number as it was written: int, or the Fraction its text says."""
    return Fraction(written) if isinstance(written, str) else written


def read_reason(
    document: Mapping[str, Any], money: Money | None = None, titles: Mapping[str, str] | None = None
) -> Message:
    """The sentence that tells why a project was not chosen. `money` writes amounts, in a currency; else bare figures.

    `titles` by project id; without them a project is named by its id.
    """
    names = titles or {}
    facts = {key: names.get(fact, fact) if key in _NAMES else exact(fact) for key, fact in document["facts"].items()}
    reason = tally.Reason(document["project"], tally.Code(document["code"]), facts)
    return tally.explain(reason, money) if money else tally.explain(reason)


def read_step(document: Mapping[str, Any], place: int, rule: str, money: Money) -> Message:
    """The sentence that tells why a project was chosen. Runs of older versions lack some of the keys."""
    step = tally.Step(
        document["project"],
        exact(document["cost"]),
        document["votes"],
        exact(document.get("score", document["votes"])),
        exact(document["left"]),
        exact(document.get("paid", document["cost"])),
        price=exact(document["price"]),
        emptied=document["emptied"],
        completion=document.get("completion", False),
        locked=document.get("locked", False),
    )
    return explain_step(step, place, money, load=rule.startswith("phragmen"))


def read_figures(
    document: Mapping[str, Any], project: str, code: str | None, votes: int, money: Money, titles: Mapping[str, str]
) -> list[Message]:
    """The sentences behind a reason; none for runs of older versions."""
    if not document:
        return []
    again = document.get("anew")
    told = Why(
        project,
        votes,
        document["rank"],
        code=None if code is None else tally.Code(code),
        kept=exact(document.get("kept")),
        support=document.get("support"),
        paid_for=tuple((other, exact(paid)) for other, paid in document.get("paid_for", [])),
        supporters=document.get("supporters"),
        cost=exact(document.get("cost")),
        basis=Basis(document["basis"]),
        confirmed=document["confirmed"],
        anew=None if again is None else Fresh(again["supporters"], exact(again["cost"])),
    )
    return figures(told, money, lambda one: titles.get(one, one))


def result(notice: Notice, opened: Opened, withdrawn: Collection[str]) -> dict[str, Any]:
    """Only what gets published and signed: the second count."""
    return contests.result_document(notice, contests.outcomes(notice, opened.ballots, withdrawn))


def document(
    notice: Notice, opened: Opened, withdrawn: Collection[str], districts: Mapping[str, Collection[str]] | None = None
) -> dict[str, Any]:
    """Everything a count says: `result` is what gets published and signed, the rest what the pages explain.

    `papers`: how many ballots were counted, how many of them are valid, and the reasons of the others. `reached` and
    `areas`: by contest and by district (code → numbers of its projects), who got nothing at all.
    """
    counted = contests.outcomes(notice, opened.ballots, withdrawn)
    pools = {
        contest["pool"]: [one["id"] for one in notice["projects"] if one["pool"] == contest["pool"]]
        for contest in notice["contests"]
    }
    return {
        "result": contests.result_document(notice, counted),
        "contests": [_contest(notice, contest, opened, counted[contest["pool"]]) for contest in notice["contests"]],
        "papers": {"counted": opened.total, "valid": len(opened.ballots), "invalid": opened.reasons()},
        "reached": analysis.reached(opened.ballots, counted, pools),
        "areas": analysis.reached(opened.ballots, counted, districts or {}),
    }


def _contest(notice: Notice, contest: Contest, opened: Opened, outcome: tally.Outcome) -> dict[str, Any]:
    more = outcome.budget - contests.tally_amount(contest["budget"])
    election = contests.election(notice, opened.ballots, contest["pool"], more)
    return {
        "pool": contest["pool"],
        "title": contest["title"],
        "budget": contests.plain(outcome.budget),
        "more": contests.plain(more),
        "leftover_to": contest.get("leftover_to"),
        "rule": contest["rule"],
        "utility": contest["utility"],
        "completion": contest["completion"],
        "voters": outcome.voters,
        "endowment": value(outcome.endowment),
        "rounds": outcome.rounds,
        "adopted": outcome.adopted,
        "void": outcome.void,
        "votes": dict(outcome.votes),
        "scores": {key: value(score) for key, score in outcome.scores.items()} if election.scored else None,
        "steps": [step_values(step) for step in outcome.steps],
        "rejected": [reason_values(reason) for reason in outcome.rejected],
        "ties": [list(pair) for pair in outcome.ties],
        **analysis.explained(election, outcome),
    }
