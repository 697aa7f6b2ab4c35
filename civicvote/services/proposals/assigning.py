"""Which department answers a proposal, and until when."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Select, delete, select
from sqlalchemy.orm import Session

from civicvote.domain.errors import ConflictError, InvalidError
from civicvote.domain.korean import from_seoul, seoul_date
from civicvote.domain.lifecycles import ProposalState
from civicvote.domain.messages import msg
from civicvote.domain.notices import NoticeKind
from civicvote.domain.permissions import Actor, Permission, Role
from civicvote.domain.text import clean_text, refuse_resident_number
from civicvote.models.accounts import User, UserRole
from civicvote.models.departments import Department
from civicvote.models.proposals import Proposal, ProposalAnswer
from civicvote.services import audit, clock, dated_settings, notices
from civicvote.services.proposals.moves import advance, co_authors, path, require_not_own, visible

REASON_MIN, REASON_MAX = 2, 1000


def end_of_day(moment: datetime, days: int = 0) -> datetime:
    """The last minute of the day in Seoul, so many days after a moment."""
    return from_seoul(seoul_date(moment) + timedelta(days=days), 23, 59)


def reason_of(text: str) -> str:
    """A public reason, checked."""
    reason = clean_text(text, minimum=REASON_MIN, maximum=REASON_MAX, field="reason")
    refuse_resident_number(reason, field="reason")
    return reason


def assignable(session: Session, actor: Actor, proposal_id: UUID) -> Proposal:
    """A proposal that staff may give to a department now, for the form."""
    actor.require(Permission.PROPOSAL_ASSIGN)
    proposal = visible(session, actor, proposal_id)
    require_not_own(session, actor, proposal)
    if proposal.state not in {ProposalState.AWAITING_DEPARTMENT, ProposalState.IN_REVIEW}:
        raise ConflictError(
            msg("부서 검토 기준을 채운 제안에만 담당 부서를 정할 수 있습니다. 제안의 지금 상태를 확인해 주십시오.")
        )
    return proposal


def assign(session: Session, actor: Actor, proposal_id: UUID, department_id: UUID, *, reason: str = "") -> Proposal:
    """Give the proposal to a department, or to another one with a reason; the time for the answer begins anew.

    What the former department had drafted goes: it was never public.
    """
    actor.require(Permission.PROPOSAL_ASSIGN)
    visible(session, actor, proposal_id, lock=True)
    proposal = assignable(session, actor, proposal_id)
    again = proposal.state is ProposalState.IN_REVIEW
    department = _other(session, proposal, department_id)
    if again and not reason.strip():
        raise InvalidError(
            msg("이미 담당 부서가 정해져 있습니다. 다른 부서로 바꾸려면 이유를 적어 주십시오."), field="reason"
        )
    said = reason_of(reason) if reason.strip() else ""
    moment = clock.now()
    proposal.due_at = end_of_day(moment, dated_settings.value(session, "proposal.answer_days"))
    proposal.department_id, proposal.assigned_at = department.id, moment
    entry = advance(
        session,
        actor,
        proposal,
        "assign",
        reason=said,
        kind=NoticeKind.DEPARTMENT_ASSIGNED,
        department=department.name,
        due=proposal.due_at,
    )
    if again:
        unpublished = ProposalAnswer.proposal_id == proposal_id, ProposalAnswer.published_at.is_(None)
        session.execute(delete(ProposalAnswer).where(*unpublished).execution_options(synchronize_session=False))
    audit.record(session, actor, "proposal:due", proposal, department=department.id, due_at=proposal.due_at)
    notices.tell(
        session,
        NoticeKind.WORK_WAITS,
        about=f"{entry.id}|answer",
        to=members(department.id, but={proposal.author_id, *co_authors(session, proposal)}),
        but=actor.id,
        path=path(proposal),
        title=proposal.title,
        work="answer",
        due=proposal.due_at,
    )
    return proposal


def _other(session: Session, proposal: Proposal, department_id: UUID) -> Department:
    department = session.get(Department, department_id)
    if department is None or not department.active:
        raise InvalidError(msg("담당 부서를 골라 주십시오."), field="department")
    if proposal.state is ProposalState.IN_REVIEW and department_id == proposal.department_id:
        raise InvalidError(msg("이미 이 부서가 맡고 있습니다. 다른 부서를 골라 주십시오."), field="department")
    return department


def members(department_id: UUID, *, but: set[UUID | None]) -> Select[UUID]:
    """Accounts that answer for a department, without a proposal's authors."""
    writers = {one for one in but if one is not None}
    return (
        select(User.id)
        .join(UserRole, UserRole.user_id == User.id)
        .where(User.department_id == department_id, UserRole.role == Role.DEPARTMENT, User.id.not_in(writers))
    )


def departments(session: Session, actor: Actor) -> list[tuple[UUID, str]]:
    """Departments that may be given a proposal."""
    actor.require(Permission.PROPOSAL_ASSIGN)
    query = select(Department.id, Department.name).where(Department.active).order_by(Department.name, Department.id)
    return [(key, name) for key, name in session.execute(query)]
