"""The kinds of events people are told about, and how each reaches them by mail."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from civicvote.domain.messages import Message, msg


class NoticeKind(StrEnum):
    """One kind of event; a person chooses for each how it comes by mail."""

    THRESHOLD_REACHED = "threshold-reached"
    DEPARTMENT_ASSIGNED = "department-assigned"
    ANSWERED = "answered"
    OVERDUE = "overdue"
    DUE_EXTENDED = "due-extended"
    CLOSED_BELOW = "closed-below"
    MERGED = "merged"
    FORWARDED = "forwarded"
    INVITED = "invited"
    COMMENTED = "commented"
    REPLIED = "replied"
    MENTIONED = "mentioned"
    HIDDEN = "hidden"
    RELEASED = "released"
    APPEAL_ASKED = "appeal-asked"
    APPEAL_DECIDED = "appeal-decided"
    ROUND_OPENED = "round-opened"
    ROUND_CLOSES_TOMORROW = "round-closes-tomorrow"
    ROUND_EXTENDED = "round-extended"
    CONCLUDED = "concluded"
    ANNOUNCEMENT = "announcement"
    PROOF_CONFIRMED = "proof-confirmed"
    FOLLOWED_CHANGED = "followed-changed"
    WORK_WAITS = "work-waits"


class MailMode(StrEnum):
    """How a kind comes by mail; the inbox has everything anyway."""

    IMMEDIATE = "immediate"
    DIGEST = "digest"
    OFF = "off"


MAIL_MODES: dict[MailMode, Message] = {
    MailMode.IMMEDIATE: msg("바로 받기"),
    MailMode.DIGEST: msg("하루에 한 번 모아 받기"),
    MailMode.OFF: msg("받지 않기"),
}


class Group(StrEnum):
    """Where a kind stands among a person's choices."""

    MINE = "mine"
    TALK = "talk"
    MEASURES = "measures"
    FORUMS = "forums"
    FOLLOWED = "followed"
    WORK = "work"


GROUPS: dict[Group, Message] = {
    Group.MINE: msg("내 제안"),
    Group.TALK: msg("댓글과 대화"),
    Group.MEASURES: msg("내 글에 대한 운영 조치"),
    Group.FORUMS: msg("공론장과 캠페인"),
    Group.FOLLOWED: msg("소식 받기를 누른 것"),
    Group.WORK: msg("맡은 일"),
}


@dataclass(frozen=True, slots=True)
class Sort:
    """What holds for a kind.

    `needed`: it tells somebody of a decision about themselves, so its mail can be gathered but not switched off.
    `asked`: the person waits for exactly this because they asked for it, so that it may come at night.
    """

    label: Message
    group: Group
    default: MailMode
    needed: bool = False
    asked: bool = False


_AT_ONCE, _DAILY = MailMode.IMMEDIATE, MailMode.DIGEST
K = NoticeKind

SORTS: Final[dict[NoticeKind, Sort]] = {
    K.THRESHOLD_REACHED: Sort(msg("공감 기준을 채웠을 때"), Group.MINE, _AT_ONCE),
    K.DEPARTMENT_ASSIGNED: Sort(msg("담당 부서가 정해졌을 때"), Group.MINE, _AT_ONCE),
    K.ANSWERED: Sort(msg("답변이 공개되었을 때"), Group.MINE, _AT_ONCE),
    K.OVERDUE: Sort(msg("답변 기한이 지났을 때"), Group.MINE, _DAILY),
    K.DUE_EXTENDED: Sort(msg("답변 기한이 늦춰졌을 때"), Group.MINE, _DAILY),
    K.CLOSED_BELOW: Sort(msg("공감 기준을 채우지 못하고 마감되었을 때"), Group.MINE, _AT_ONCE),
    K.MERGED: Sort(msg("같은 내용의 글과 합쳐졌을 때"), Group.MINE, _AT_ONCE),
    K.FORWARDED: Sort(msg("민원 창구로 넘겨졌을 때"), Group.MINE, _AT_ONCE),
    K.INVITED: Sort(msg("함께 쓰자는 초대를 받았을 때"), Group.MINE, _AT_ONCE),
    K.COMMENTED: Sort(msg("내 제안에 댓글이 달렸을 때"), Group.TALK, _DAILY),
    K.REPLIED: Sort(msg("내 글에 답글이 달렸을 때"), Group.TALK, _DAILY),
    K.MENTIONED: Sort(msg("누군가 나를 언급했을 때"), Group.TALK, _DAILY),
    K.HIDDEN: Sort(msg("내 글이 숨겨졌을 때"), Group.MEASURES, _AT_ONCE, needed=True),
    K.RELEASED: Sort(msg("확인을 기다리던 내 글이 공개되었을 때"), Group.MEASURES, _DAILY),
    K.APPEAL_DECIDED: Sort(msg("내 이의제기의 결과가 나왔을 때"), Group.MEASURES, _AT_ONCE, needed=True, asked=True),
    K.ROUND_OPENED: Sort(msg("참여 기간이 시작되었을 때"), Group.FORUMS, _DAILY),
    K.ROUND_CLOSES_TOMORROW: Sort(msg("참여 마감 하루 전"), Group.FORUMS, _AT_ONCE),
    K.ROUND_EXTENDED: Sort(msg("참여 기간이 늘어났을 때"), Group.FORUMS, _DAILY),
    K.CONCLUDED: Sort(msg("결론이 공개되었을 때"), Group.FORUMS, _AT_ONCE),
    K.ANNOUNCEMENT: Sort(msg("진행자가 공지를 올렸을 때"), Group.FORUMS, _AT_ONCE),
    K.PROOF_CONFIRMED: Sort(msg("내 실천 인증이 확인되었을 때"), Group.FORUMS, _DAILY),
    K.FOLLOWED_CHANGED: Sort(msg("진행 상황이 바뀌었을 때"), Group.FOLLOWED, _DAILY),
    K.APPEAL_ASKED: Sort(msg("이의제기가 들어왔을 때"), Group.WORK, _AT_ONCE),
    K.WORK_WAITS: Sort(msg("처리할 일이 생겼을 때"), Group.WORK, _AT_ONCE),
}

#: Kinds whose mail may come at night.
ASKED_FOR: Final = frozenset(kind for kind, sort in SORTS.items() if sort.asked)


def choices(kind: NoticeKind) -> list[MailMode]:
    """How a kind may come by mail: what tells of a decision about oneself can't be switched off."""
    return [mode for mode in MailMode if mode is not MailMode.OFF or not SORTS[kind].needed]
