"""Counts as JSON values."""

from fractions import Fraction
from typing import Any

from civicvote.domain.pabulib import PabulibFile
from civicvote.domain.pabulib.numbers import written
from civicvote.domain.tally import Amount, Completion, Method, Outcome, Rule, Step
from civicvote.domain.tally.why import Why


def as_data(outcome: Outcome, file: PabulibFile | None = None) -> dict[str, Any]:
    """The outcome as JSON values. `file` is given where its own rule was taken."""
    rule = outcome.rule
    shares = rule.method is Method.EQUAL_SHARES
    completion = rule.completion if shares else Completion.NONE
    data: dict[str, Any] = {"rule": rule.name, "completion": completion.value}
    if file is not None:
        data["declared"] = file.meta.get("rule", "")
    data |= {
        "budget": value(outcome.budget),
        "selected": list(outcome.selected),
        "spent": value(outcome.spent),
        "rejected": [
            {"id": reason.project, "reason": reason.code.value, **{k: value(v) for k, v in reason.facts.items()}}
            for reason in outcome.rejected
        ],
        "voters": outcome.voters,
        "void": outcome.void,
        "threshold": value(rule.threshold),
        "tie": "recorded" if file is not None and rule.tie.lot else str(rule.tie),
        "ties": [list(pair) for pair in outcome.ties],
    }
    data |= _limits(rule)
    if shares:
        data |= {
            "utility": rule.utility.value,
            "step": value(rule.step),
            "exhaustive_stop": rule.exhaustive_stop,
            "endowment": str(outcome.endowment),
            "rounds": outcome.rounds,
            "comparison": rule.comparison,
            "greedy_adopted": outcome.adopted,
        }
    data["steps"] = [_step(step) for step in outcome.steps]
    return data


def _limits(rule: Rule) -> dict[str, Any]:
    """What narrows the choice, where anything does."""
    caps = [
        {"title": cap.title, "projects": sorted(cap.projects), "max": cap.most, "max_cost": value(cap.budget)}
        for cap in rule.caps
    ]
    told = {
        "threshold_share": value(rule.threshold_share),
        "quorum": rule.quorum,
        "excluded": sorted(rule.withdrawn),
        "conflicts": [sorted(group) for group in rule.exclusive],
        "caps": caps,
        "locked": list(rule.locked),
    }
    return {name: what for name, what in told.items() if what}


def _step(step: Step) -> dict[str, Any]:
    data: dict[str, Any] = {
        "id": step.project,
        "cost": value(step.cost),
        "votes": step.votes,
        "score": value(step.score),
        "paid": value(step.paid),
        "left": value(step.left),
    }
    data |= {"price": str(step.price), "emptied": step.emptied} if step.price is not None else {}
    return data | {name: True for name in ("completion", "locked") if getattr(step, name)}


def value(given: Amount | str | None) -> int | float | str | None:
    """Numbers as JSON writes them; decimals keep their digits."""
    if not isinstance(given, int | Fraction):
        return given
    return int(given) if given == int(given) else float(written(given))


def figures(one: Why) -> dict[str, Any]:
    """What is known of one project; what does not apply is left out."""
    told: dict[str, Any] = {
        "place": one.place,
        "rank": one.rank,
        "kept": value(one.kept),
        "left": value(one.left),
        "support": one.support,
        "held": value(one.held),
        "paid_for": {project: value(amount) for project, amount in one.paid_for} or None,
        "more_supporters": one.supporters,
        "largest_cost": value(one.cost),
    }
    told = {name: what for name, what in told.items() if what is not None}
    return told if one.code is None else told | {"basis": one.basis.value, "confirmed": one.confirmed}
