"""The words of a notice: one sentence that says what happened, and lines with what else is known.

What the sentence needs comes in a payload that others wrote; something missing or unknown makes it plainer, never wrong.
Places may hold messages, moments and days: whoever shows the sentence puts them into the reader's language.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final

from civicvote.domain.deliberation import REFLECTIONS, Reflection
from civicvote.domain.discussion import HIDE_REASONS, HideReason
from civicvote.domain.lifecycles import CAMPAIGN, COMMITMENT, FORUM, POST, PROJECT, PROPOSAL
from civicvote.domain.messages import Message, msg
from civicvote.domain.notices.kinds import SORTS, NoticeKind
from civicvote.domain.proposals import VERDICTS, Verdict
from civicvote.domain.workflow import Workflow

K = NoticeKind
Payload = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Sentence:
    """What happened, and lines beside it; `quote`: the reason somebody wrote; `said`: what they announced."""

    text: Message
    lines: tuple[Message, ...] = ()
    quote: str = ""
    said: str = ""


#: The plain sentence of each kind: it needs the title alone.
_PLAIN: Final[dict[NoticeKind, Message]] = {
    K.THRESHOLD_REACHED: msg("「%(title)s」에 공감이 모여 기준을 채웠습니다."),
    K.DEPARTMENT_ASSIGNED: msg("「%(title)s」의 담당 부서가 정해졌습니다."),
    K.ANSWERED: msg("「%(title)s」의 답변이 공개되었습니다."),
    K.OVERDUE: msg("「%(title)s」의 답변 기한이 지났습니다."),
    K.DUE_EXTENDED: msg("「%(title)s」의 답변 기한이 늦춰졌습니다."),
    K.CLOSED_BELOW: msg(
        "「%(title)s」의 공감 기간이 기준을 채우지 못하고 끝났습니다. 내용을 다듬어 다시 올리실 수 있습니다."
    ),
    K.MERGED: msg("같은 내용의 글을 하나로 합쳤습니다: 「%(title)s」"),
    K.FORWARDED: msg("「%(title)s」의 내용을 민원 창구로 넘겼습니다."),
    K.INVITED: msg("함께 쓰자는 초대를 받으셨습니다: 「%(title)s」"),
    K.COMMENTED: msg("「%(title)s」에 새 댓글이 달렸습니다."),
    K.REPLIED: msg("「%(title)s」에 쓰신 글에 답글이 달렸습니다."),
    K.MENTIONED: msg("「%(title)s」의 대화에서 회원님을 언급한 글이 있습니다."),
    K.HIDDEN: msg(
        "쓰신 글을 운영 원칙에 따라 숨겼습니다: 「%(title)s」 동의하지 않으시면 한 번 이의를 신청하실 수 있습니다."
    ),
    K.RELEASED: msg("「%(title)s」에 쓰신 글을 확인하고 공개했습니다."),
    K.APPEAL_ASKED: msg("이의제기가 들어왔습니다: 「%(title)s」"),
    K.APPEAL_DECIDED: msg("숨긴 글에 대한 이의제기의 결과가 나왔습니다: 「%(title)s」"),
    K.ROUND_OPENED: msg("「%(title)s」의 참여 기간이 시작되었습니다."),
    K.ROUND_CLOSES_TOMORROW: msg("「%(title)s」의 참여 기간이 내일 끝납니다."),
    K.ROUND_EXTENDED: msg("「%(title)s」의 참여 기간이 늘어났습니다."),
    K.CONCLUDED: msg("「%(title)s」의 결론이 공개되었습니다."),
    K.ANNOUNCEMENT: msg("「%(title)s」에 새 공지가 있습니다."),
    K.PROOF_CONFIRMED: msg("「%(title)s」에 올리신 실천 인증을 확인했습니다."),
    K.FOLLOWED_CHANGED: msg("「%(title)s」에 새 소식이 있습니다."),
    K.WORK_WAITS: msg("처리를 기다리는 일이 있습니다: 「%(title)s」"),
}
#: The same where one thing more is known, by the name of that thing; the first that is known is taken.
_FULLER: Final[dict[NoticeKind, tuple[tuple[str, Message], ...]]] = {
    K.THRESHOLD_REACHED: (
        ("forum", msg("「%(title)s」에 공감이 모여 시민토론이 열렸습니다.")),
        ("count", msg("「%(title)s」에 %(count)s명이 공감하여 기준을 채웠습니다.")),
    ),
    K.DEPARTMENT_ASSIGNED: (("department", msg("「%(title)s」의 담당 부서가 정해졌습니다: %(department)s")),),
    K.ANSWERED: (("verdict", msg("「%(title)s」의 답변이 공개되었습니다: %(verdict)s")),),
    K.CONCLUDED: (("verdict", msg("「%(title)s」의 결과가 공개되었습니다: %(verdict)s")),),
    K.HIDDEN: (
        (
            "veiled",
            msg(
                "「%(title)s」에 쓰신 글이 여러 번 신고되어, 모더레이터가 확인할 때까지 다른 사람에게 보이지 않습니다."
            ),
        ),
    ),
    K.INVITED: (("name", msg("%(name)s 님이 함께 쓰자고 초대했습니다: 「%(title)s」")),),
    K.COMMENTED: (("name", msg("%(name)s 님이 「%(title)s」에 댓글을 남겼습니다.")),),
    K.REPLIED: (("name", msg("%(name)s 님이 「%(title)s」에 쓰신 글에 답글을 남겼습니다.")),),
    K.MENTIONED: (("name", msg("%(name)s 님이 「%(title)s」의 대화에서 회원님을 언급했습니다.")),),
    K.ROUND_OPENED: (("round", msg("「%(title)s」의 ‘%(round)s’ 참여 기간이 시작되었습니다.")),),
    K.ROUND_CLOSES_TOMORROW: (("round", msg("「%(title)s」의 ‘%(round)s’ 참여 기간이 내일 끝납니다.")),),
    K.ROUND_EXTENDED: (("round", msg("「%(title)s」의 ‘%(round)s’ 참여 기간이 늘어났습니다.")),),
    K.FOLLOWED_CHANGED: (("state", msg("「%(title)s」의 상태가 바뀌었습니다: %(state)s")),),
}
#: What is to be done, by the move or the work that waits.
_WORK: Final[dict[str, Message]] = {
    "assign": msg("담당 부서를 정해 주십시오: 「%(title)s」"),
    "answer": msg("답변을 올려 주십시오: 「%(title)s」"),
    "publish-answer": msg("답변이 준비되었습니다. 확인하고 공개해 주십시오: 「%(title)s」"),
    "submit": msg("승인을 기다리고 있습니다: 「%(title)s」"),
    "round-over": msg("참여 기간이 끝났습니다. 결과를 정리해 주십시오: 「%(title)s」"),
    "moderator": msg("진행을 맡으셨습니다: 「%(title)s」"),
    "expert": msg("전문가로 초대되셨습니다: 「%(title)s」"),
}
#: Names under which a moment comes.
_MOMENTS: Final = ("due", "due_at", "closes_at")
#: What it means.
_DUE: Final[dict[NoticeKind, Message]] = {
    K.DEPARTMENT_ASSIGNED: msg("답변 기한: %(due)s"),
    K.OVERDUE: msg("답변 기한: %(due)s"),
    K.DUE_EXTENDED: msg("새 답변 기한: %(due)s"),
    K.ROUND_OPENED: msg("참여 마감: %(due)s"),
    K.ROUND_CLOSES_TOMORROW: msg("참여 마감: %(due)s"),
    K.ROUND_EXTENDED: msg("새 참여 마감: %(due)s"),
    K.WORK_WAITS: msg("처리 기한: %(due)s"),
}
_APPEALS: Final[dict[bool, Message]] = {
    True: msg("이의제기를 받아들여 글을 다시 공개했습니다."),
    False: msg("이의제기를 받아들이지 않았습니다."),
}
#: Tables of states by the beginning of the address of what they are about; two tables may use one word differently.
_FLOWS: Final[tuple[tuple[str, Workflow], ...]] = (
    ("/proposals", PROPOSAL),
    ("/commitments", COMMITMENT),
    ("/campaigns", CAMPAIGN),
    ("/projects", PROJECT),
    ("/posts", POST),
    ("/forums", FORUM),
    ("/themes", FORUM),
    ("/questions", FORUM),
)


def sentence(kind: NoticeKind, payload: Payload, path: str = "") -> Sentence:
    """The words for a notice that leads to `path`."""
    title = _text(payload, "title")
    words = _said(kind, title, payload, path) if title else SORTS[kind].label
    return Sentence(words, _lines(kind, payload), _text(payload, "reason"), _text(payload, "text"))


def _said(kind: NoticeKind, title: str, payload: Payload, path: str) -> Message:
    for name, fuller in _FULLER.get(kind, ()):
        value = _value(name, payload, path)
        if value is not None:
            return Message(fuller.text, {"title": title, name: value})
    plain = _PLAIN[kind]
    if kind is K.WORK_WAITS:
        plain = _WORK.get(_text(payload, "work") or _text(payload, "move"), plain)
    return Message(plain.text, {"title": title})


def _lines(kind: NoticeKind, payload: Payload) -> tuple[Message, ...]:
    lines = []
    upheld, code, days = payload.get("upheld"), _text(payload, "code"), payload.get("days")
    if kind is K.APPEAL_DECIDED and isinstance(upheld, bool):
        lines.append(_APPEALS[upheld])
    if kind is K.HIDDEN and code in set(HideReason):
        lines.append(HIDE_REASONS[HideReason(code)])
    if kind is K.HIDDEN and isinstance(days, int) and days > 0:
        lines.append(msg("이의제기는 %(days)s일 안에 하실 수 있습니다.", days=days))
    due = next((moment for name in _MOMENTS if (moment := _moment(payload.get(name)))), None)
    if due is not None and kind in _DUE:
        lines.append(Message(_DUE[kind].text, {"due": due}))
    return tuple(lines)


def _text(payload: Payload, name: str) -> str:
    value = payload.get(name)
    return value.strip() if isinstance(value, str) else ""


def _value(name: str, payload: Payload, path: str) -> Any:
    """What stands in the place called `name`; None where nothing sensible is known."""
    if name == "state":
        return _state(_text(payload, name), _text(payload, "move"), path)
    if name == "verdict":
        return _member(VERDICTS, Verdict, payload) or _member(REFLECTIONS, Reflection, payload)
    if name == "veiled":
        return payload.get(name) is True or None
    if name == "count":
        count = payload.get(name)
        return f"{count:,}" if isinstance(count, int) and not isinstance(count, bool) and count > 0 else None
    return _text(payload, name) or None


def _member(words: Mapping[Any, Message], kind: type[StrEnum], payload: Payload) -> Message | None:
    """A verdict by its code, or by its Korean word."""
    value = _text(payload, "verdict")
    if value in set(kind):
        return words[kind(value)]
    return next((word for word in words.values() if word.text == value), None)


def _state(value: str, move: str, path: str) -> Message | None:
    """The word for a state, or for where a move leads: by the address where it is known, else where all tables agree on it."""
    for start, flow in _FLOWS:
        if path.startswith(start):
            return _label(flow, value) or _target(flow, move)
    found = {label.text: label for _start, flow in _FLOWS if (label := _label(flow, value))}
    return next(iter(found.values())) if len(found) == 1 else None


def _target(flow: Workflow, move: str) -> Message | None:
    return next((flow.labels[row.target] for row in flow.moves if row.name == move), None)


def _label(flow: Workflow, value: str) -> Message | None:
    return next((label for state, label in flow.labels.items() if state.value == value), None)


def _moment(value: Any) -> datetime | date | None:
    """A moment or a day, as a payload carries it; None for anything else."""
    if not isinstance(value, str):
        return None
    try:
        if len(value) == len("2026-01-01"):
            return date.fromisoformat(value)
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None
