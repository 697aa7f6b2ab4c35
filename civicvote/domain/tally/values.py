"""Parts of a count as JSON values: fractions as text, money as numbers or text with all digits."""

from fractions import Fraction
from typing import Any

from civicvote.domain.tally.outcome import Reason, Step
from civicvote.domain.tally.rules import Rule


def value(number: object) -> Any:
    """Fractions as "p/q": JSON has no exact numbers but whole ones."""
    return str(number) if isinstance(number, Fraction) else number


def step_values(step: Step) -> dict[str, Any]:
    """A step as JSON values."""
    return {
        "project": step.project,
        "cost": value(step.cost),
        "votes": step.votes,
        "score": value(step.score),
        "left": value(step.left),
        "paid": value(step.paid),
        "price": value(step.price),
        "emptied": step.emptied,
        "completion": step.completion,
        "locked": step.locked,
    }


def reason_values(reason: Reason) -> dict[str, Any]:
    """Why a project was not funded, as JSON values."""
    return {
        "project": reason.project,
        "code": reason.code.value,
        "facts": {name: value(fact) for name, fact in reason.facts.items()},
    }


def rule_values(rule: Rule) -> dict[str, Any]:
    """A rule as JSON values."""
    return {
        "method": rule.method.value,
        "utility": rule.utility.value,
        "completion": rule.completion.value,
        "step": value(rule.step),
        "exhaustive_stop": rule.exhaustive_stop,
        "comparison": rule.comparison,
        "tie": [key.value for key in rule.tie.keys],
        "lot": list(rule.tie.lot),
        "threshold": value(rule.threshold),
        "threshold_share": value(rule.threshold_share),
        "quorum": rule.quorum,
        "withdrawn": sorted(rule.withdrawn),
        "exclusive": [sorted(group) for group in rule.exclusive],
        "caps": [
            {"title": cap.title, "projects": sorted(cap.projects), "most": cap.most, "budget": value(cap.budget)}
            for cap in rule.caps
        ],
        "locked": list(rule.locked),
    }
