"""What may happen to something somebody said: held, hidden, brought back, merged, taken back."""

from enum import StrEnum

from civicvote.domain.messages import msg
from civicvote.domain.permissions import Permission as P
from civicvote.domain.workflow import Workflow, row


class PostState(StrEnum):
    """Whether others read a post."""

    SHOWN = "shown"
    #: Waits for a moderator before anybody else reads it.
    HELD = "held"
    #: Reported by several verified people: out of sight until a moderator has looked.
    VEILED = "veiled"
    HIDDEN = "hidden"
    MERGED = "merged"
    WITHDRAWN = "withdrawn"


S = PostState

POST = Workflow(
    "post",
    S.SHOWN,
    (
        row("hold", {S.SHOWN}, S.HELD, P.TIME_PASSES, msg("확인 대기")),
        row("veil", {S.SHOWN}, S.VEILED, P.TIME_PASSES, msg("신고로 가림")),
        row("release", {S.HELD, S.VEILED}, S.SHOWN, P.POST_MODERATE, msg("공개"), tone="primary"),
        row(
            "hide",
            {S.SHOWN, S.HELD, S.VEILED},
            S.HIDDEN,
            P.POST_MODERATE,
            msg("숨기기"),
            needs_reason=True,
            tone="danger",
        ),
        row("restore", {S.HIDDEN}, S.SHOWN, P.APPEAL_DECIDE, msg("숨김 해제"), needs_reason=True),
        row("merge", {S.SHOWN}, S.MERGED, P.POST_MODERATE, msg("같은 글로 합치기")),
        row("withdraw", {S.SHOWN, S.HELD, S.VEILED}, S.WITHDRAWN, P.POST_WITHDRAW, msg("지우기")),
    ),
    {
        S.SHOWN: msg("공개"),
        S.HELD: msg("확인 대기"),
        S.VEILED: msg("신고로 가림"),
        S.HIDDEN: msg("숨김"),
        S.MERGED: msg("합침"),
        S.WITHDRAWN: msg("지움"),
    },
)

#: States whose text everybody reads.
READABLE_POST_STATES = frozenset({S.SHOWN})
