"""A 공론장's way from draft to its published conclusion and the department's answer, and a 실천캠페인's."""

from enum import StrEnum

from civicvote.domain.messages import msg
from civicvote.domain.permissions import Permission as P
from civicvote.domain.workflow import Workflow, row


class ForumState(StrEnum):
    """What people have decided about a forum. Whether one of its rounds is open is asked of the clock."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    OPEN = "open"
    CONCLUDED = "concluded"
    ANSWERED = "answered"
    CANCELLED = "cancelled"


S = ForumState

FORUM = Workflow(
    "forum",
    S.DRAFT,
    (
        row("submit", {S.DRAFT}, S.SUBMITTED, P.FORUM_DRAFT, msg("승인 요청"), tone="primary"),
        row("return", {S.SUBMITTED}, S.DRAFT, P.FORUM_APPROVE, msg("돌려보내기"), needs_reason=True),
        row("approve", {S.SUBMITTED}, S.OPEN, P.FORUM_APPROVE, msg("승인·공개"), tone="primary"),
        row("open", {S.DRAFT}, S.OPEN, P.FORUM_APPROVE, msg("공개하기"), tone="primary"),
        row("conclude", {S.OPEN}, S.CONCLUDED, P.FORUM_MODERATE, msg("결론 공개"), tone="primary"),
        row("answer", {S.CONCLUDED}, S.ANSWERED, P.FORUM_ANSWER, msg("반영 결과 공개"), tone="primary"),
        row(
            "cancel",
            {S.DRAFT, S.SUBMITTED, S.OPEN},
            S.CANCELLED,
            P.FORUM_APPROVE,
            msg("공론장 취소"),
            needs_reason=True,
            tone="danger",
        ),
    ),
    {
        S.DRAFT: msg("작성 중"),
        S.SUBMITTED: msg("승인 대기"),
        S.OPEN: msg("진행"),
        S.CONCLUDED: msg("결론 공개"),
        S.ANSWERED: msg("반영 결과 공개"),
        S.CANCELLED: msg("취소"),
    },
)

FORUM_TONES: dict[ForumState, str] = {
    S.DRAFT: "neutral",
    S.SUBMITTED: "warning",
    S.OPEN: "info",
    S.CONCLUDED: "success",
    S.ANSWERED: "success",
    S.CANCELLED: "neutral",
}

PUBLIC_FORUM_STATES = frozenset({S.OPEN, S.CONCLUDED, S.ANSWERED, S.CANCELLED})


class CampaignState(StrEnum):
    """What people have decided about a campaign; whether proofs are taken is asked of the clock."""

    DRAFT = "draft"
    OPEN = "open"
    ENDED = "ended"


C = CampaignState

CAMPAIGN = Workflow(
    "campaign",
    C.DRAFT,
    (
        row("open", {C.DRAFT}, C.OPEN, P.CAMPAIGN_MANAGE, msg("캠페인 공개"), tone="primary"),
        row("end", {C.OPEN}, C.ENDED, P.CAMPAIGN_MANAGE, msg("캠페인 마무리"), needs_reason=True),
    ),
    {C.DRAFT: msg("준비"), C.OPEN: msg("진행"), C.ENDED: msg("마무리")},
)

CAMPAIGN_TONES: dict[CampaignState, str] = {C.DRAFT: "neutral", C.OPEN: "info", C.ENDED: "success"}

PUBLIC_CAMPAIGN_STATES = frozenset({C.OPEN, C.ENDED})
