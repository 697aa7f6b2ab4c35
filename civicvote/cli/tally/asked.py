"""What a count is asked to do: options of the command line as a rule."""

import hashlib
import hmac
import re
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from civicvote.cli.tally.electorates import fits
from civicvote.domain.errors import InvalidError
from civicvote.domain.messages import msg
from civicvote.domain.pabulib import Notice, PabulibError, PabulibFile, declared
from civicvote.domain.pabulib.numbers import amount
from civicvote.domain.tally import Amount, Cap, Completion, Election, Method, Rule, Tie, TieKey, Utility
from civicvote.domain.tally.electorates import Combined

DECLARED = "declared"
_MONEY = ("원", "won")


@dataclass(frozen=True, slots=True)
class Asked:
    """The options as typed; None and empty ones leave the rule as it is."""

    utility: str | None = None
    completion: str | None = None
    step: str | None = None
    exhaustive_stop: bool | None = None
    comparison: bool = False
    tie: str | None = None
    lot: str | None = None
    threshold: str | None = None
    quorum: int | None = None
    cap: tuple[str, ...] = ()
    lock: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    conflict: tuple[str, ...] = ()


def rule_of(name: str, asked: Asked, contest: Election, file: PabulibFile | None) -> tuple[Rule, tuple[Notice, ...]]:
    """The rule asked for: the file's own or a named one, with what the options say on top."""
    notices: tuple[Notice, ...] = ()
    if name == DECLARED:
        if file is None:
            raise InvalidError(msg("여러 선거인단을 합쳐 셀 때에는 --rule로 규칙을 정해 주십시오."), field="rule")
        said = declared(file)
        rule, notices = said.rule, said.notices
    else:
        rule = Rule(Method(name), utility=Utility.usual(contest))
        if isinstance(contest, Combined) and not fits(rule.method):
            raise InvalidError(msg("여러 선거인단을 합쳐 셀 때에는 득표순 규칙(greedy…)을 써 주십시오."), field="rule")
    rule = _limited(_shares(rule, asked), asked)
    if asked.tie or asked.lot:
        rule = replace(rule, tie=_tie(asked, contest))
    conflicts = tuple(frozenset(map(str.strip, text.split(","))) for text in asked.conflict)
    return replace(
        rule,
        withdrawn=rule.withdrawn | frozenset(asked.exclude),
        exclusive=(*rule.exclusive, *conflicts),
        caps=tuple(cap for text in asked.cap for cap in _caps(text, file)),
        locked=asked.lock,
    ), notices


def _shares(rule: Rule, asked: Asked) -> Rule:
    """What Equal Shares needs to know; other rules pass it over."""
    if asked.utility:
        rule = replace(rule, utility=Utility(asked.utility))
    if asked.completion:
        rule = replace(rule, completion=Completion(asked.completion))
    if asked.step is not None:
        rule = replace(rule, step=_amount(asked.step, "--step"))
    if asked.exhaustive_stop is not None:
        rule = replace(rule, exhaustive_stop=asked.exhaustive_stop)
    return replace(rule, comparison=rule.comparison or asked.comparison)


def _limited(rule: Rule, asked: Asked) -> Rule:
    if asked.threshold is not None and asked.threshold.endswith("%"):
        share = Fraction(_amount(asked.threshold.removesuffix("%").strip(), "--threshold")) / 100
        rule = replace(rule, threshold_share=share)
    elif asked.threshold is not None:
        rule = replace(rule, threshold=_amount(asked.threshold, "--threshold"))
    return rule if asked.quorum is None else replace(rule, quorum=asked.quorum)


def _amount(text: str, name: str) -> Amount:
    try:
        return amount(text, 0, name)
    except PabulibError as error:
        raise InvalidError(error.reason) from None


def _tie(asked: Asked, contest: Election) -> Tie:
    """The criteria; a lot is a list of ids, a file with one per line, or `seed:TEXT`."""
    tie = Tie.parse(asked.tie) if asked.tie else Tie((TieKey.LOT,))
    if not asked.lot:
        if TieKey.LOT in tie.keys:
            raise InvalidError(msg("추첨 순서를 --lot으로 알려 주십시오."), field="lot")
        return tie
    keys = tie.keys if TieKey.LOT in tie.keys else (*tie.keys, TieKey.LOT)
    return Tie(keys, _lot(asked.lot, contest))


def _lot(text: str, contest: Election) -> tuple[str, ...]:
    kind, _, value = text.partition(":")
    if kind == "seed":
        return drawn(value, [project.id for project in contest.projects])
    if text.startswith("@"):
        try:
            listed = Path(text[1:]).read_text("utf-8-sig").split("\n")
        except (OSError, ValueError):
            raise InvalidError(msg("추첨 순서 파일을 읽을 수 없습니다: %(path)s", path=text[1:])) from None
    else:
        listed = text.split(",")
    ids = tuple(one for one in map(str.strip, listed) if one)
    for one in ids:
        if one not in contest.index:
            raise InvalidError(msg("이 선거에 없는 사업입니다: %(id)s", id=one), field="lot")
    return ids


def drawn(seed: str, ids: list[str]) -> tuple[str, ...]:
    """The order a seed draws: by HMAC-SHA256 of the id under the seed, so that anyone can draw it again."""
    return tuple(sorted(ids, key=lambda one: hmac.digest(seed.encode(), one.encode(), hashlib.sha256)))


_CAP = re.compile(r"([^=:]+)(?:=(.*))?:\s*([0-9.,]+)\s*(원|won)?", re.DOTALL)


def _caps(text: str, file: PabulibFile | None) -> list[Cap]:
    """`category=공원:2`, `district:1` (each of them), `category=공원:500000원`, `id=3,7,9:1`."""
    match = _CAP.fullmatch(text)
    if match is None:
        raise InvalidError(
            msg("상한은 '열=값:수' 또는 '열=값:금액원'으로 적어 주십시오: %(text)s", text=text), field="cap"
        )
    name, value, limit, unit = (part.strip() if part else None for part in match.groups())
    assert name is not None
    assert limit is not None
    groups = _groups(name, value, file)
    number = _amount(limit, "--cap")
    if unit is None and number != int(number):
        raise InvalidError(msg("사업 수의 상한은 정수여야 합니다: %(text)s", text=text), field="cap")
    return [
        Cap(projects, budget=number, title=title) if unit else Cap(projects, most=int(number), title=title)
        for title, projects in groups.items()
    ]


def _groups(name: str, value: str | None, file: PabulibFile | None) -> dict[str, frozenset[str]]:
    """Title → projects: those named, or those whose column says so (several values in one cell: `a,b`)."""
    if name == "id":
        ids = frozenset(one for one in map(str.strip, (value or "").split(",")) if one)
        return {", ".join(sorted(ids)): ids}
    column = file.projects.column(name.lower()) if file else None
    if file is None or column is None:
        raise InvalidError(msg("사업에 '%(column)s' 열이 없습니다.", column=name), field="cap")
    groups: dict[str, set[str]] = {}
    for project, cell in zip(file.projects.column("project_id") or [], column, strict=True):
        for part in filter(None, map(str.strip, cell.split(","))):
            groups.setdefault(part, set()).add(project)
    if value is not None and value not in groups:
        raise InvalidError(
            msg("'%(column)s' 열에 '%(value)s'인 사업이 없습니다.", column=name, value=value), field="cap"
        )
    return {title: frozenset(ids) for title, ids in groups.items() if value in {None, title}}
