"""A budget project's way from draft to completion, and a budget cycle's from draft to result."""

from enum import StrEnum

from civicvote.domain.messages import msg
from civicvote.domain.permissions import Permission as P
from civicvote.domain.workflow import Workflow, row


class ProjectState(StrEnum):
    """Where a budget project stands."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    ASSIGNED = "assigned"
    IN_REVIEW = "in_review"
    SUPPLEMENT = "supplement"
    ELIGIBLE = "eligible"
    INELIGIBLE = "ineligible"
    ON_BALLOT = "on_ballot"
    SELECTED = "selected"
    NOT_SELECTED = "not_selected"
    EXECUTING = "executing"
    COMPLETED = "completed"
    WITHDRAWN = "withdrawn"


S = ProjectState
_OPEN = {S.SUBMITTED, S.ASSIGNED, S.IN_REVIEW, S.SUPPLEMENT, S.ELIGIBLE}

PROJECT = Workflow(
    "project",
    S.DRAFT,
    (
        row("submit", {S.DRAFT}, S.SUBMITTED, P.PROJECT_EDIT, msg("제출"), tone="primary"),
        row("withdraw", _OPEN, S.WITHDRAWN, P.PROJECT_WITHDRAW, msg("제안 철회"), needs_reason=True, tone="danger"),
        row("assign", {S.SUBMITTED, S.ASSIGNED}, S.ASSIGNED, P.PROJECT_ASSIGN, msg("부서 배정")),
        row("start-review", {S.ASSIGNED}, S.IN_REVIEW, P.REVIEW_WRITE, msg("검토 시작"), tone="primary"),
        row("request-supplement", {S.IN_REVIEW}, S.SUPPLEMENT, P.REVIEW_WRITE, msg("보완 요청"), needs_reason=True),
        row("supplement", {S.SUPPLEMENT}, S.IN_REVIEW, P.PROJECT_SUPPLEMENT, msg("보완 제출"), tone="primary"),
        row("supplement-lapsed", {S.SUPPLEMENT}, S.IN_REVIEW, P.TIME_PASSES, msg("보완 기한 경과")),
        row("accept", {S.IN_REVIEW}, S.ELIGIBLE, P.REVIEW_WRITE, msg("적격"), needs_reason=True, tone="primary"),
        row("refuse", {S.IN_REVIEW}, S.INELIGIBLE, P.REVIEW_WRITE, msg("부적격"), needs_reason=True, tone="danger"),
        row("reopen", {S.ELIGIBLE, S.INELIGIBLE}, S.ASSIGNED, P.PROJECT_REOPEN, msg("재검토"), needs_reason=True),
        row("list", {S.ELIGIBLE}, S.ON_BALLOT, P.CYCLE_APPROVE, msg("투표안건 확정")),
        row("unlist", {S.ON_BALLOT}, S.ELIGIBLE, P.CYCLE_APPROVE, msg("투표안건 해제"), needs_reason=True),
        row(
            "exclude", {S.ON_BALLOT}, S.WITHDRAWN, P.PROJECT_EXCLUDE, msg("안건 제외"), needs_reason=True, tone="danger"
        ),
        row("select", {S.ON_BALLOT}, S.SELECTED, P.COUNT_APPROVE, msg("선정")),
        row("pass-over", {S.ON_BALLOT}, S.NOT_SELECTED, P.COUNT_APPROVE, msg("미선정")),
        row("execute", {S.SELECTED}, S.EXECUTING, P.EXECUTION_WRITE, msg("집행 시작"), tone="primary"),
        row("complete", {S.EXECUTING}, S.COMPLETED, P.EXECUTION_WRITE, msg("집행 완료"), tone="primary"),
    ),
    {
        S.DRAFT: msg("작성 중"),
        S.SUBMITTED: msg("접수"),
        S.ASSIGNED: msg("부서 배정"),
        S.IN_REVIEW: msg("검토 중"),
        S.SUPPLEMENT: msg("보완 요청"),
        S.ELIGIBLE: msg("적격"),
        S.INELIGIBLE: msg("부적격"),
        S.ON_BALLOT: msg("투표안건"),
        S.SELECTED: msg("선정"),
        S.NOT_SELECTED: msg("미선정"),
        S.EXECUTING: msg("집행 중"),
        S.COMPLETED: msg("집행 완료"),
        S.WITHDRAWN: msg("철회·제외"),
    },
)

#: Two ways out of a vote, by move: the author takes the proposal back, or staff take it off the ballot.
WAYS_OUT = {"withdraw": msg("철회"), "exclude": msg("안건 제외")}

#: Tone of each state's badge.
PROJECT_TONES: dict[ProjectState, str] = {
    S.DRAFT: "neutral",
    S.SUBMITTED: "info",
    S.ASSIGNED: "info",
    S.IN_REVIEW: "info",
    S.SUPPLEMENT: "warning",
    S.ELIGIBLE: "success",
    S.INELIGIBLE: "danger",
    S.ON_BALLOT: "info",
    S.SELECTED: "success",
    S.NOT_SELECTED: "neutral",
    S.EXECUTING: "success",
    S.COMPLETED: "success",
    S.WITHDRAWN: "neutral",
}

#: What everybody may see; a draft belongs to its author alone.
PUBLIC_PROJECT_STATES = frozenset(set(ProjectState) - {S.DRAFT})


class CycleState(StrEnum):
    """What people have decided about a cycle. Whether a window is open is asked of the clock instead."""

    DRAFT = "draft"
    ANNOUNCED = "announced"
    LIST_REQUESTED = "list_requested"
    LISTED = "listed"
    SEALED = "sealed"
    COUNTED = "counted"
    PUBLISHED = "published"


C = CycleState

CYCLE = Workflow(
    "cycle",
    C.DRAFT,
    (
        row("announce", {C.DRAFT}, C.ANNOUNCED, P.CYCLE_MANAGE, msg("공고"), tone="primary"),
        row("request-list", {C.ANNOUNCED}, C.LIST_REQUESTED, P.CYCLE_MANAGE, msg("투표안건 승인 요청"), tone="primary"),
        row(
            "return-list",
            {C.LIST_REQUESTED},
            C.ANNOUNCED,
            P.CYCLE_APPROVE,
            msg("투표안건 돌려보내기"),
            needs_reason=True,
        ),
        row("approve-list", {C.LIST_REQUESTED}, C.LISTED, P.CYCLE_APPROVE, msg("투표안건 승인·공고"), tone="primary"),
        row("seal", {C.LISTED}, C.SEALED, P.COUNT_RUN, msg("투표함 봉인"), tone="primary"),
        row("count", {C.SEALED}, C.COUNTED, P.COUNT_RUN, msg("개표"), tone="primary"),
        row("discard-count", {C.COUNTED}, C.SEALED, P.COUNT_APPROVE, msg("개표 결과 반려"), needs_reason=True),
        row("publish", {C.COUNTED}, C.PUBLISHED, P.COUNT_APPROVE, msg("결과 승인·공표"), tone="primary"),
    ),
    {
        C.DRAFT: msg("준비"),
        C.ANNOUNCED: msg("공고"),
        C.LIST_REQUESTED: msg("투표안건 승인 대기"),
        C.LISTED: msg("투표안건 공고"),
        C.SEALED: msg("투표함 봉인 완료"),
        C.COUNTED: msg("개표·검산"),
        C.PUBLISHED: msg("결과 공표"),
    },
)
