"""A rule in META's words. Pabulib has names for a few rules; the rest, and every figure, stands in the comment:

rule;unknown
comment;#1: civicvote {"method": "equal-shares", "completion": "add1", "step": 1000}

Only what differs from `Rule()` is written. `declared` reads it back, so that a file counts by its own rule exactly.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

from civicvote.domain.errors import InvalidError
from civicvote.domain.messages import msg
from civicvote.domain.pabulib.numbers import amount, written
from civicvote.domain.pabulib.problems import PabulibError
from civicvote.domain.tally.rules import Cap, Completion, Method, Rule, Tie, TieKey, Utility

_OURS = re.compile(r"#(\d+): civicvote (\{.*?\})(?=\s#\d+: |\s*$)", re.DOTALL)
_NEXT = re.compile(r"#(\d+): ")
_GREEDY = {
    Method.GREEDY: "greedy",
    Method.GREEDY_NO_SKIP: "greedy-no-skip",
    Method.GREEDY_POZNAN: "greedy-custom",
    Method.GREEDY_PER_COST: "greedy-custom",
}


def stated(rule: Rule, comment: str = "", *, tied: bool = False) -> dict[str, str]:
    """META's keys for a rule: its name, threshold and comment ("" where there is none); `comment`: what it said so far.

    `tied`: ties decided. Pabulib has no word for how; readers who count for themselves must not take it for a mistake.
    """
    values = _values(rule)
    name = _name(rule) if not tied else "greedy-custom" if rule.method in _GREEDY else "unknown"
    said = _OURS.sub("", comment).strip()
    if values != _values(_plain(name, rule)):
        number = max([0, *map(int, _NEXT.findall(said))]) + 1
        said = f"{said} #{number}: civicvote {json.dumps(values, ensure_ascii=False)}".strip()
    return {
        "rule": name,
        "min_project_score_threshold": written(rule.threshold) if rule.threshold else "",
        "comment": said,
    }


def read(comment: str, line: int) -> Rule | None:
    """The rule that a comment states, None without one. Raises `PabulibError` for one nobody can read."""
    match = _OURS.search(comment[:100_000])
    if match is None:
        return None
    try:
        return _rule(json.loads(match[2], parse_float=str))
    except (ValueError, TypeError, KeyError, AttributeError, InvalidError, RecursionError):
        raise PabulibError(line, msg("설명에 적힌 집계 규칙을 읽을 수 없습니다.")) from None


def _name(rule: Rule) -> str:
    """Pabulib's name where its checker would count the same."""
    limited = rule.caps or rule.locked or rule.quorum or rule.threshold_share or rule.withdrawn
    if rule.method in _GREEDY:
        if rule.method is not Method.GREEDY:
            return "greedy-custom" if limited or rule.exclusive or rule.threshold else _GREEDY[rule.method]
        if limited:
            return "greedy-custom"
        return "greedy-exclusive" if rule.exclusive else "greedy-threshold" if rule.threshold else "greedy"
    if rule.method is not Method.EQUAL_SHARES or limited or rule.exclusive or rule.threshold:
        return "unknown"
    one = rule.step == 1 and not rule.exhaustive_stop
    add1 = {Completion.NONE: "", Completion.ADD1: "/add1" if one else None}.get(rule.completion)
    if add1 is None or rule.utility is not Utility.COST:
        return "unknown"
    return f"equalshares{add1}{'-comparison' if rule.comparison else ''}"


def _plain(name: str, rule: Rule) -> Rule:
    """What Pabulib's name says of itself, with the threshold that META has a key for."""
    method = {"greedy-no-skip": Method.GREEDY_NO_SKIP}.get(name, Method.GREEDY)
    if name.startswith("equalshares"):
        plain = Rule(Method.EQUAL_SHARES, comparison=name.endswith("comparison"))
        return plain if "add1" not in name else replace(plain, completion=Completion.ADD1, exhaustive_stop=True)
    return replace(Rule(method), threshold=rule.threshold) if name != "greedy-custom" else Rule()


def _values(rule: Rule) -> dict[str, Any]:
    """What differs from `Rule()`, as JSON values. What a method does not know is left out."""
    values = {
        "method": rule.method.value,
        "tie": [key.value for key in rule.tie.keys],
        "lot": list(rule.tie.lot),
        "threshold": written(rule.threshold),
        "threshold_share": str(rule.threshold_share),
        "quorum": rule.quorum,
        "withdrawn": sorted(rule.withdrawn),
        "exclusive": [sorted(group) for group in rule.exclusive],
        "caps": [_cap(cap) for cap in rule.caps],
        "locked": list(rule.locked),
    }
    if rule.method is Method.EQUAL_SHARES:
        values |= {"utility": rule.utility.value, "completion": rule.completion.value, "comparison": rule.comparison}
        if rule.completion in {Completion.ADD1, Completion.ADD1U}:
            values |= {"step": written(rule.step), "exhaustive_stop": rule.exhaustive_stop}
    return {name: value for name, value in values.items() if value != _DEFAULTS[name]}


def _cap(cap: Cap) -> dict[str, Any]:
    limit = None if cap.budget is None else written(cap.budget)
    return {"title": cap.title, "projects": sorted(cap.projects), "max": cap.most, "max_cost": limit}


_DEFAULTS: Mapping[str, Any] = {
    "method": "", "utility": "cost", "completion": "none", "step": "", "exhaustive_stop": "", "comparison": False,
    "tie": ["id"], "lot": [], "threshold": "0", "threshold_share": "0", "quorum": 0, "withdrawn": [], "exclusive": [],
    "caps": [], "locked": [],
}  # fmt: skip


def _rule(values: Mapping[str, Any]) -> Rule:
    """The rule of `_values`; raises for what is none."""
    if set(values) - set(_DEFAULTS):
        raise ValueError(values)
    given = {name: type(default)(values.get(name, default)) for name, default in _DEFAULTS.items() if default != ""}
    return Rule(
        Method(values["method"]),
        utility=Utility(given["utility"]),
        completion=Completion(given["completion"]),
        step=amount(str(values.get("step", 1)), 0, "step"),
        exhaustive_stop=bool(values.get("exhaustive_stop", True)),
        comparison=given["comparison"],
        tie=Tie(tuple(TieKey(key) for key in given["tie"]), tuple(map(str, given["lot"]))),
        threshold=amount(given["threshold"], 0, "threshold"),
        threshold_share=Fraction(given["threshold_share"]),
        quorum=given["quorum"],
        withdrawn=frozenset(map(str, given["withdrawn"])),
        exclusive=tuple(frozenset(map(str, group)) for group in given["exclusive"]),
        caps=tuple(_read_cap(cap) for cap in given["caps"]),
        locked=tuple(map(str, given["locked"])),
    )


def _read_cap(cap: Mapping[str, Any]) -> Cap:
    limit = cap.get("max_cost")
    return Cap(
        frozenset(map(str, cap["projects"])),
        None if cap.get("max") is None else int(cap["max"]),
        None if limit is None else amount(str(limit), 0, "max_cost"),
        str(cap.get("title", "")),
    )
