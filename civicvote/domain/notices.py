"""What people are told about, and how it reaches them."""

from enum import StrEnum

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
