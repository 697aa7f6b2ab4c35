"""What people are told about, in which words, and when it may reach them by mail."""

from civicvote.domain.notices.kinds import (
    ASKED_FOR,
    GROUPS,
    MAIL_MODES,
    SORTS,
    Group,
    MailMode,
    NoticeKind,
    Sort,
    choices,
)
from civicvote.domain.notices.sentences import Sentence, sentence

__all__ = [
    "ASKED_FOR",
    "GROUPS",
    "MAIL_MODES",
    "SORTS",
    "Group",
    "MailMode",
    "NoticeKind",
    "Sentence",
    "Sort",
    "choices",
    "sentence",
]
