"""The rule a file says it was counted by."""

import re
from dataclasses import dataclass, replace

from civicvote.domain.messages import msg
from civicvote.domain.pabulib.model import PabulibFile
from civicvote.domain.pabulib.numbers import amount, shorten
from civicvote.domain.pabulib.problems import Notice, PabulibError
from civicvote.domain.pabulib.stated import read
from civicvote.domain.tally.rules import Completion, Method, Rule, Tie, TieKey, Utility

_RULES: dict[str, Rule] = {
    "greedy": Rule(),
    "greedy-threshold": Rule(),
    "greedy-exclusive": Rule(),
    "greedy-no-skip": Rule(Method.GREEDY_NO_SKIP),
    "equalshares": Rule(Method.EQUAL_SHARES),
    "equalshares-comparison": Rule(Method.EQUAL_SHARES, comparison=True),
    "equalshares/add1": Rule(Method.EQUAL_SHARES, completion=Completion.ADD1),
    # Wieliczka's official result of 2023, the rule's namesake, goes on after nothing fits any more.
    "equalshares/add1-comparison": Rule(
        Method.EQUAL_SHARES, completion=Completion.ADD1, exhaustive_stop=False, comparison=True
    ),
}


@dataclass(frozen=True, slots=True)
class Declared:
    """The rule, and what was read from the file's own words to arrive at it."""

    rule: Rule
    notices: tuple[Notice, ...] = ()


def declared_rule(file: PabulibFile) -> Rule:
    """`declared(file).rule`."""
    return declared(file).rule


def declared(file: PabulibFile) -> Declared:
    """The file's rule with its threshold, ties as it records them, and exclusions as its comment tells them.

    A file of this platform states its rule in full (`stated`). No other says how ties were broken, only who won: among
    equals, projects it marks as selected come first.
    Raises `PabulibError` for a rule that is unknown or not described (`unknown`, `greedy-custom` but for Poznań).
    """
    own = read(file.meta.get("comment", ""), file.meta_lines.get("comment", 1))
    if own is not None:
        return Declared(own)
    name = file.meta.get("rule", "").lower()
    line = file.meta_lines.get("rule", 1)
    rule = _RULES.get(name)
    if name == "greedy-custom" and file.meta.get("unit", "").lower() in {"poznań", "poznan"}:
        rule = Rule(Method.GREEDY_POZNAN)
    if not name or name == "unknown":
        raise PabulibError(line, msg("이 파일은 집계 규칙을 밝히지 않았습니다. --rule로 규칙을 정해 주십시오."))
    if rule is None:
        raise PabulibError(line, msg("알 수 없는 집계 규칙입니다: '%(rule)s'", rule=shorten(name)))
    limit = file.meta.get("min_project_score_threshold")
    threshold = amount(limit, file.meta_lines.get("min_project_score_threshold", line), "threshold") if limit else 0
    utility = Utility.CARDINALITY if file.scored else Utility.COST
    rule = replace(rule, utility=utility, threshold=threshold, tie=_recorded(file))
    return _exclusive(file, rule) if name == "greedy-exclusive" else Declared(rule)


def _recorded(file: PabulibFile) -> Tie:
    """Selected projects first; each of the two halves in the order of the ids."""
    winners = file.winners
    if winners is None:
        return Tie()
    chosen = set(winners)
    ids = file.projects.column("project_id") or []
    return Tie((TieKey.LOT,), (*sorted(chosen), *sorted(set(ids) - chosen)))


_TOGETHER = re.compile(
    r"projects ([^\s,;]+(?:, (?:and )?[^\s,;]+| and [^\s,;]+)+) .{0,200}?could not (?:all )?be implemented",
    re.IGNORECASE,
)
_RETAINED = re.compile(r"retained project ([^\s,;]+?)[,.;]?(?:\s|$)", re.IGNORECASE)


def _exclusive(file: PabulibFile, rule: Rule) -> Declared:
    """Exclusive groups are told in the comment's words: "projects A and B … could not be implemented …".

    Where it also says that one of them was retained, the others count as withdrawn, whoever has more votes.
    """
    comment, line = file.meta.get("comment", "")[:20_000], file.meta_lines.get("comment", 0)
    known = set(file.projects.column("project_id") or [])
    groups: list[frozenset[str]] = []
    withdrawn: set[str] = set()
    for match in _TOGETHER.finditer(comment):
        group = frozenset(part for part in re.split(r", and |, | and ", match[1]) if part in known)
        if len(group) < 2:
            continue
        retained = _RETAINED.search(comment, match.end())
        if retained and retained[1] in group:
            withdrawn |= group - {retained[1]}
        else:
            groups.append(group)
    if not groups and not withdrawn:
        told = msg("함께 시행할 수 없는 사업을 설명에서 읽지 못했습니다. --conflict로 정해 주십시오.")
        return Declared(rule, (Notice(line, told),))
    notices = [
        Notice(line, msg("설명에 따라 함께 시행할 수 없는 사업: %(ids)s", ids=", ".join(sorted(group))))
        for group in groups
    ]
    if withdrawn:
        notices.append(Notice(line, msg("설명에 따라 집계에서 제외한 사업: %(ids)s", ids=", ".join(sorted(withdrawn)))))
    return Declared(replace(rule, exclusive=tuple(groups), withdrawn=frozenset(withdrawn)), tuple(notices))
