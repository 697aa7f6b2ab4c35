"""A 시민제안's way from draft to answer, and a commitment's from plan to done."""

from enum import StrEnum

from civicvote.domain.messages import msg
from civicvote.domain.permissions import Permission as P
from civicvote.domain.workflow import Workflow, row


class ProposalState(StrEnum):
    """Where a citizen's proposal stands. Whether it takes 공감 is asked of the clock as well."""

    DRAFT = "draft"
    PUBLISHED = "published"
    AWAITING_DEPARTMENT = "awaiting_department"
    IN_REVIEW = "in_review"
    ANSWERED = "answered"
    CLOSED = "closed"
    FORWARDED = "forwarded"
    WITHDRAWN = "withdrawn"
    MERGED = "merged"


S = ProposalState

PROPOSAL = Workflow(
    "proposal",
    S.DRAFT,
    (
        row("publish", {S.DRAFT}, S.PUBLISHED, P.PROPOSAL_EDIT, msg("공개하기"), tone="primary"),
        row("reach", {S.PUBLISHED}, S.AWAITING_DEPARTMENT, P.TIME_PASSES, msg("부서 검토 공감 수 달성")),
        row("step-back", {S.AWAITING_DEPARTMENT}, S.PUBLISHED, P.TIME_PASSES, msg("공감 수 미달로 되돌아감")),
        row("close", {S.PUBLISHED}, S.CLOSED, P.TIME_PASSES, msg("공감마감")),
        row("assign", {S.AWAITING_DEPARTMENT, S.IN_REVIEW}, S.IN_REVIEW, P.PROPOSAL_ASSIGN, msg("담당 부서 지정")),
        row("answer", {S.IN_REVIEW}, S.ANSWERED, P.ANSWER_PUBLISH, msg("답변 공개"), tone="primary"),
        row(
            "forward",
            {S.PUBLISHED, S.AWAITING_DEPARTMENT},
            S.FORWARDED,
            P.PROPOSAL_TRIAGE,
            msg("민원으로 이송"),
            needs_reason=True,
        ),
        row(
            "merge",
            {S.PUBLISHED, S.AWAITING_DEPARTMENT, S.CLOSED},
            S.MERGED,
            P.PROPOSAL_MERGE,
            msg("같은 제안으로 합치기"),
            needs_reason=True,
        ),
        row(
            "withdraw",
            {S.PUBLISHED, S.AWAITING_DEPARTMENT, S.IN_REVIEW},
            S.WITHDRAWN,
            P.PROPOSAL_WITHDRAW,
            msg("제안 철회"),
            needs_reason=True,
            tone="danger",
        ),
    ),
    {
        S.DRAFT: msg("작성 중"),
        S.PUBLISHED: msg("공감 모으는 중"),
        S.AWAITING_DEPARTMENT: msg("담당 부서 지정 대기"),
        S.IN_REVIEW: msg("부서 검토 중"),
        S.ANSWERED: msg("답변 완료"),
        S.CLOSED: msg("공감마감"),
        S.FORWARDED: msg("민원으로 이송"),
        S.WITHDRAWN: msg("철회"),
        S.MERGED: msg("다른 제안에 합침"),
    },
)

#: Tone of each state's badge.
PROPOSAL_TONES: dict[ProposalState, str] = {
    S.DRAFT: "neutral",
    S.PUBLISHED: "info",
    S.AWAITING_DEPARTMENT: "warning",
    S.IN_REVIEW: "info",
    S.ANSWERED: "success",
    S.CLOSED: "neutral",
    S.FORWARDED: "neutral",
    S.WITHDRAWN: "neutral",
    S.MERGED: "neutral",
}

#: What everybody may see; a draft belongs to its authors alone. (Hiding by a moderator is a fact beside the state.)
PUBLIC_PROPOSAL_STATES = frozenset(set(ProposalState) - {S.DRAFT})

#: Nobody answers it yet: it can be sorted as a complaint, and falls back when its 공감 do.
UNASSIGNED_STATES = frozenset({S.PUBLISHED, S.AWAITING_DEPARTMENT})

#: States that may take 공감 while the window is open: until the answer, so that a quick department doesn't keep
#: a proposal from its forum.
ENDORSABLE_STATES = UNASSIGNED_STATES | {S.IN_REVIEW}


class CommitmentState(StrEnum):
    """How far the city is with what it accepted."""

    PLANNED = "planned"
    UNDER_WAY = "under_way"
    DONE = "done"
    DROPPED = "dropped"


C = CommitmentState

COMMITMENT = Workflow(
    "commitment",
    C.PLANNED,
    (
        row("begin", {C.PLANNED}, C.UNDER_WAY, P.COMMITMENT_WRITE, msg("추진 시작"), tone="primary"),
        row("complete", {C.PLANNED, C.UNDER_WAY}, C.DONE, P.COMMITMENT_WRITE, msg("이행 완료"), tone="primary"),
        row(
            "drop",
            {C.PLANNED, C.UNDER_WAY},
            C.DROPPED,
            P.COMMITMENT_WRITE,
            msg("추진 중단"),
            needs_reason=True,
            tone="danger",
        ),
        row("resume", {C.DROPPED, C.DONE}, C.UNDER_WAY, P.COMMITMENT_WRITE, msg("다시 추진"), needs_reason=True),
    ),
    {
        C.PLANNED: msg("계획"),
        C.UNDER_WAY: msg("추진 중"),
        C.DONE: msg("이행 완료"),
        C.DROPPED: msg("추진 중단"),
    },
)

COMMITMENT_TONES: dict[CommitmentState, str] = {
    C.PLANNED: "info",
    C.UNDER_WAY: "info",
    C.DONE: "success",
    C.DROPPED: "danger",
}
