"""Giving projects to departments, one or many at a time, and having a decision looked at again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from civicvote.domain.errors import ConflictError, InvalidError, NotFoundError
from civicvote.domain.lifecycles import CycleState, ProjectState
from civicvote.domain.messages import msg
from civicvote.domain.paging import Cursor, Page
from civicvote.domain.permissions import Actor, Permission, Role
from civicvote.domain.text import clean_text, refuse_resident_number
from civicvote.models.accounts import User, UserRole
from civicvote.models.cycles import Cycle, Pool
from civicvote.models.departments import Department
from civicvote.models.projects import Project
from civicvote.models.reviews import Review
from civicvote.services import audit, clock
from civicvote.services.conflicts import settled
from civicvote.services.projects.moves import advance
from civicvote.services.reviews.notices import department_members, tell_reviewers

#: Days a department has unless staff say otherwise.
DEFAULT_DAYS = 14
MOST_DAYS = 365
MOST_AT_ONCE = 200
_RACED = msg("다른 담당자가 먼저 배정했습니다. 새로 고침 후 다시 확인해 주십시오.")
_REVIEWING = frozenset({CycleState.ANNOUNCED, CycleState.LIST_REQUESTED})


@dataclass(frozen=True, slots=True)
class Choices:
    """What an assignment can be made to: departments, and people who review for them (id, name, department)."""

    departments: Sequence[tuple[UUID, str]]
    reviewers: Sequence[tuple[UUID, str, str]]


def choices(session: Session, actor: Actor) -> Choices:
    """Active departments and their reviewers, by name."""
    actor.require(Permission.PROJECT_ASSIGN)
    departments = session.execute(
        select(Department.id, Department.name).where(Department.active).order_by(Department.name, Department.id)
    )
    reviewers = session.execute(
        select(User.id, User.name, Department.name)
        .join(UserRole, UserRole.user_id == User.id)
        .join(Department, Department.id == User.department_id)
        .where(UserRole.role == Role.DEPARTMENT, User.erased_at.is_(None), Department.active)
        .order_by(Department.name, User.name, User.id)
    )
    return Choices(
        [(key, name) for key, name in departments], [(key, name, department) for key, name, department in reviewers]
    )


@dataclass(frozen=True, slots=True)
class Assignable:
    """A project that waits for a department, or has one that has not begun (`department` then names it)."""

    id: UUID
    number: str
    title: str
    state: ProjectState
    cycle: str
    cycle_slug: str
    pool: str
    requested_won: int | None
    submitted_at: datetime | None
    department: str


def assignable(
    session: Session,
    actor: Actor,
    *,
    project_id: UUID | None = None,
    cycle_slug: str = "",
    cursor: Cursor | None = None,
    size: int = 20,
) -> Page[Assignable]:
    """Submitted projects, oldest first; with `project_id` only that one, also when it is assigned but not begun."""
    actor.require(Permission.PROJECT_ASSIGN)
    query = (
        select(Project, Cycle.title, Cycle.slug, Pool.name, Department.name)
        .join(Cycle, Cycle.id == Project.cycle_id)
        .join(Pool, Pool.id == Project.pool_id)
        .outerjoin(Department, Department.id == Project.department_id)
        .where(Cycle.state.in_(_REVIEWING))
        .order_by(Project.submitted_at, Project.id)
        .limit(size + 1)
    )
    if project_id is not None:
        query = query.where(
            Project.id == project_id, Project.state.in_((ProjectState.SUBMITTED, ProjectState.ASSIGNED))
        )
    else:
        query = query.where(Project.state == ProjectState.SUBMITTED)
    if cycle_slug:
        query = query.where(Cycle.slug == cycle_slug)
    if cursor is not None:
        at = cursor.moment()
        later = or_(Project.submitted_at > at, and_(Project.submitted_at == at, Project.id > cursor.key))
        query = query.where(later)
    rows = [
        Assignable(
            id=project.id,
            number=project.number or "",
            title=project.title,
            state=project.state,
            cycle=cycle,
            cycle_slug=slug,
            pool=pool,
            requested_won=project.requested_won,
            submitted_at=project.submitted_at,
            department=(department or "") if project.state is ProjectState.ASSIGNED else "",
        )
        for project, cycle, slug, pool, department in session.execute(query)
    ]
    return Page.cut(rows, size, lambda row: Cursor(row.id, row.submitted_at.isoformat() if row.submitted_at else None))


@dataclass(frozen=True, slots=True)
class _Target:
    """Where a project goes: department, its members, deadline (UTC), and the person in charge if one is named."""

    department: Department
    members: list[UUID]
    due_at: datetime
    reviewer_id: UUID | None


def _department(session: Session, department_id: UUID) -> Department:
    department = session.get(Department, department_id)
    if department is None or not department.active:
        raise InvalidError(msg("부서를 골라 주십시오."), field="department")
    return department


def _due(due_at: datetime | None) -> datetime:
    moment = clock.now()
    due = due_at or moment + timedelta(days=DEFAULT_DAYS)
    if due <= moment:
        raise InvalidError(msg("검토 기한은 지금보다 뒤여야 합니다."), field="due_at")
    if due > moment + timedelta(days=MOST_DAYS):
        raise InvalidError(msg("검토 기한은 1년 안이어야 합니다."), field="due_at")
    return due


def _target(session: Session, department_id: UUID, due_at: datetime | None, reviewer_id: UUID | None) -> _Target:
    department = _department(session, department_id)
    members = department_members(session, department.id)
    if reviewer_id is not None and reviewer_id not in members:
        raise InvalidError(msg("고른 담당자가 그 부서 사람이 아닙니다."), field="reviewer")
    return _Target(department, members, _due(due_at), reviewer_id)


def _may_be_reviewed(project: Project, state: CycleState) -> None:
    if state not in _REVIEWING:
        raise ConflictError(msg("투표안건이 확정된 예산의 제안은 더 이상 배정할 수 없습니다."))
    if project.state is ProjectState.DRAFT:
        raise NotFoundError


def assign(
    session: Session,
    actor: Actor,
    project_ids: Sequence[UUID],
    *,
    department_id: UUID,
    due_at: datetime | None = None,
    reviewer_id: UUID | None = None,
    replace: bool = False,
) -> list[Review]:
    """Give projects to a department, all or none. `due_at`: UTC, two weeks from now if None.

    A project somebody else assigned meanwhile is a Conflict; `replace` hands on one whose review has not begun.
    """
    actor.require(Permission.PROJECT_ASSIGN)
    wanted = list(dict.fromkeys(project_ids))
    if not wanted:
        raise InvalidError(msg("배정할 제안을 하나 이상 골라 주십시오."), field="projects")
    if len(wanted) > MOST_AT_ONCE:
        raise InvalidError(msg("한 번에 %(n)s건까지 배정할 수 있습니다.", n=MOST_AT_ONCE), field="projects")
    target = _target(session, department_id, due_at, reviewer_id)
    found = session.execute(
        select(Project, Cycle.state)
        .join(Cycle, Cycle.id == Project.cycle_id)
        .where(Project.id.in_(wanted))
        .order_by(Project.id)
    ).all()
    if len(found) != len(wanted):
        raise NotFoundError
    made = []
    with settled(session, _RACED):
        for project, state in found:
            _may_be_reviewed(project, state)
            if project.state is ProjectState.ASSIGNED and not replace:
                raise ConflictError(_RACED)
            made.append(_give(session, actor, project, target))
    return made


def _not_the_author(project: Project, reviewer_id: UUID | None) -> None:
    if reviewer_id is not None and reviewer_id == project.author_id:
        raise InvalidError(msg("제안자 본인에게는 검토를 맡길 수 없습니다."), field="reviewer")


def _give(session: Session, actor: Actor, project: Project, target: _Target) -> Review:
    _not_the_author(project, target.reviewer_id)
    advance(session, actor, project, "assign")
    return _open(session, actor, project, target)


def _open(session: Session, actor: Actor, project: Project, target: _Target) -> Review:
    """A new case; one that was open is closed without a verdict."""
    earlier = session.scalars(
        select(Review).where(Review.project_id == project.id, Review.decided_at.is_(None), Review.closed_at.is_(None))
    ).one_or_none()
    if earlier is not None:
        earlier.closed_at = clock.now()
        session.flush()
    project.department_id = target.department.id
    review = Review(
        project_id=project.id,
        department_id=target.department.id,
        reviewer_id=target.reviewer_id,
        assigned_by=actor.id,
        assigned_at=clock.now(),
        due_at=target.due_at,
        criteria={},
    )
    session.add(review)
    session.flush()
    audit.record(session, actor, "review:assign", review, project=project.id, department=target.department.id)
    tell_reviewers(session, "review-assigned", review, project, about=str(review.id), members=target.members)
    return review


def to_reopen(session: Session, actor: Actor, project_id: UUID) -> Project:
    """A project whose decision can be looked at again."""
    actor.require(Permission.PROJECT_REOPEN)
    project = session.get(Project, project_id)
    if project is None or project.state is ProjectState.DRAFT:
        raise NotFoundError
    return project


def reopen(
    session: Session,
    actor: Actor,
    project_id: UUID,
    *,
    reason: str,
    department_id: UUID,
    due_at: datetime | None = None,
    reviewer_id: UUID | None = None,
) -> Review:
    """재검토: a decided project goes to a department again, with a public reason. Not once the ballot list stands."""
    actor.require(Permission.PROJECT_REOPEN)
    project = to_reopen(session, actor, project_id)
    state = session.scalar(select(Cycle.state).where(Cycle.id == project.cycle_id))
    if state not in _REVIEWING:
        raise ConflictError(msg("투표안건이 확정된 뒤에는 다시 검토할 수 없습니다."))
    reason = clean_text(reason, maximum=2000, field="reason")
    refuse_resident_number(reason, field="reason")
    target = _target(session, department_id, due_at, reviewer_id)
    _not_the_author(project, target.reviewer_id)
    with settled(session, _RACED):
        advance(session, actor, project, "reopen", reason=reason)
        return _open(session, actor, project, target)
