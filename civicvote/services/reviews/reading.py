"""Reading reviews: a department's queue, one case, and what the public may know of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from civicvote.domain.criteria import Findings
from civicvote.domain.errors import ForbiddenError, NotFoundError
from civicvote.domain.lifecycles import ProjectState
from civicvote.domain.messages import msg
from civicvote.domain.paging import Cursor, Page
from civicvote.domain.permissions import Actor, Permission
from civicvote.models.accounts import User
from civicvote.models.cycles import Cycle, Pool
from civicvote.models.departments import Department
from civicvote.models.projects import Project
from civicvote.models.reviews import Review, Supplement
from civicvote.services import clock
from civicvote.services.projects.moves import towards

PAGE = 20
#: What a reviewer works on; a question to the author counts too, its clock runs.
UNDER_REVIEW = (ProjectState.ASSIGNED, ProjectState.IN_REVIEW, ProjectState.SUPPLEMENT)


@dataclass(frozen=True, slots=True)
class QueueFilters:
    """Which cases: open or done ones, and for those who oversee, one department's."""

    done: bool = False
    department_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class QueueRow:
    """A case in the queue."""

    id: UUID
    project_id: UUID
    number: str
    title: str
    state: ProjectState
    cycle: str
    pool: str
    department: str
    reviewer: str
    due_at: datetime
    overdue: bool
    verdict: str | None
    decided_at: datetime | None
    own: bool


def _mine(actor: Actor) -> ColumnElement[bool]:
    """Cases the actor's department has, or that are given to them in person."""
    own = Review.reviewer_id == actor.id
    if actor.department_id is None:
        return own
    return or_(own, Review.department_id == actor.department_id)


def _may_queue(actor: Actor) -> bool:
    """Whether the actor oversees everything; ForbiddenError if they have no business with reviews."""
    if actor.can(Permission.REVIEW_OVERSEE):
        return True
    actor.require(Permission.REVIEW_QUEUE)
    return False


def departments(session: Session, actor: Actor) -> list[tuple[UUID, str]]:
    """Departments to narrow the queue by, for those who oversee all; nothing for a department itself."""
    if not _may_queue(actor):
        return []
    rows = session.execute(select(Department.id, Department.name).order_by(Department.name, Department.id))
    return [(key, name) for key, name in rows]


def queue(
    session: Session, actor: Actor, *, filters: QueueFilters, cursor: Cursor | None = None, size: int = PAGE
) -> Page[QueueRow]:
    """Open cases, due soonest first, or decided ones, newest first. Own department's only, except for overseers."""
    oversees = _may_queue(actor)
    query = (
        select(Review, Project, Cycle.title, Pool.name, Department.name, User.name)
        .join(Project, Project.id == Review.project_id)
        .join(Cycle, Cycle.id == Project.cycle_id)
        .join(Pool, Pool.id == Project.pool_id)
        .join(Department, Department.id == Review.department_id)
        .outerjoin(User, User.id == Review.reviewer_id)
    )
    if not oversees:
        query = query.where(_mine(actor))
    elif filters.department_id is not None:
        query = query.where(Review.department_id == filters.department_id)
    if filters.done:
        query = query.where(Review.decided_at.is_not(None))
        order, key = Review.decided_at, "decided_at"
    else:
        query = query.where(Review.decided_at.is_(None), Review.closed_at.is_(None), Project.state.in_(UNDER_REVIEW))
        order, key = Review.due_at, "due_at"
    if cursor is not None:
        at = cursor.moment()
        beyond = (order < at) if filters.done else (order > at)
        tie = (Review.id < cursor.key) if filters.done else (Review.id > cursor.key)
        query = query.where(or_(beyond, (order == at) & tie))
    ordered = (order.desc(), Review.id.desc()) if filters.done else (order.asc(), Review.id.asc())
    rows = [_row(actor, row) for row in session.execute(query.order_by(*ordered).limit(size + 1))]
    return Page.cut(rows, size, lambda row: Cursor(row.id, getattr(row, key).isoformat()))


def _row(actor: Actor, row: Any) -> QueueRow:
    review: Review = row[0]
    project: Project = row[1]
    cycle, pool, department, reviewer = row[2:]
    return QueueRow(
        id=review.id,
        project_id=project.id,
        number=project.number or "",
        title=project.title,
        state=project.state,
        cycle=cycle,
        pool=pool,
        department=department,
        reviewer=reviewer or "",
        due_at=review.due_at,
        overdue=review.decided_at is None and review.due_at <= clock.now(),
        verdict=review.verdict,
        decided_at=review.decided_at,
        own=project.author_id is not None and project.author_id == actor.id,
    )


def visible(session: Session, actor: Actor, review_id: UUID) -> tuple[Review, Project]:
    """The case and its project; another department's is NotFound."""
    oversees = _may_queue(actor)
    query = select(Review, Project).join(Project, Project.id == Review.project_id).where(Review.id == review_id)
    if not oversees:
        query = query.where(_mine(actor))
    found = session.execute(query).one_or_none()
    if found is None:
        raise NotFoundError
    return found[0], found[1]


def workable(session: Session, actor: Actor, review_id: UUID) -> tuple[Review, Project]:
    """The open case if the actor may decide it: of the department in charge, and never about their own proposal."""
    review, project = visible(session, actor, review_id)
    if project.author_id is not None and project.author_id == actor.id:
        raise ForbiddenError(msg("자신이 낸 제안은 검토할 수 없습니다. 다른 담당자에게 넘겨 주십시오."))
    towards(actor, project).require(Permission.REVIEW_WRITE)
    return review, project


@dataclass(frozen=True, slots=True)
class ReviewView:
    """A case's page. `may_write`: the reader decides it; `own`: it is the reader's own proposal."""

    review: Review
    project: Project
    cycle_title: str
    cycle_slug: str
    pool: Pool
    department: str
    reviewer: str
    author: str
    findings: Findings
    supplements: Sequence[Supplement]
    earlier: Sequence[Review]
    moves: Sequence[str]
    may_write: bool
    own: bool
    overdue: bool

    @property
    def open(self) -> bool:
        """Whether a verdict is still to be found."""
        return self.review.decided_at is None and self.review.closed_at is None


def detail(session: Session, actor: Actor, review_id: UUID) -> ReviewView:
    """Everything a reviewer needs on one page; four statements."""
    review, project = visible(session, actor, review_id)
    about: Any = session.execute(
        select(Cycle.title, Cycle.slug, Pool, Department.name)
        .select_from(Project)
        .join(Cycle, Cycle.id == Project.cycle_id)
        .join(Pool, Pool.id == Project.pool_id)
        .join(Department, Department.id == review.department_id)
        .where(Project.id == project.id)
    ).one()
    people = {review.reviewer_id, review.decided_by, project.author_id} - {None}
    found = session.execute(select(User.id, User.name).where(User.id.in_(people)))
    names: dict[UUID, str] = {key: name for key, name in found}  # noqa: C416 — rows are not pairs to the type checker
    asked = session.scalars(select(Supplement).where(Supplement.project_id == project.id).order_by(Supplement.id)).all()
    reviews = session.scalars(
        select(Review)
        .where(Review.project_id == project.id, Review.decided_at.is_not(None), Review.id != review.id)
        .order_by(Review.id)
    ).all()
    own = project.author_id is not None and project.author_id == actor.id
    may_write = towards(actor, project).can(Permission.REVIEW_WRITE)
    is_open = review.decided_at is None and review.closed_at is None
    state = project.state
    return ReviewView(
        review=review,
        project=project,
        cycle_title=about[0],
        cycle_slug=about[1],
        pool=about[2],
        department=about[3],
        reviewer=names.get(review.reviewer_id, "") if review.reviewer_id else "",
        author=names.get(project.author_id, "") if project.author_id else "",
        findings=Findings.from_json(review.criteria),
        supplements=asked,
        earlier=reviews,
        moves=_moves(state) if may_write and is_open else (),
        may_write=may_write and is_open,
        own=own,
        overdue=is_open and review.due_at <= clock.now(),
    )


def _moves(state: ProjectState) -> tuple[str, ...]:
    return {
        ProjectState.ASSIGNED: ("start",),
        ProjectState.IN_REVIEW: ("save", "decide", "supplement"),
    }.get(state, ())


@dataclass(frozen=True, slots=True)
class PublicReview:
    """What everybody may read of a finished review; `first_year_won` None where none was needed."""

    department: str
    verdict: str
    reason: str
    findings: Findings
    cost_won: int | None
    decided_at: datetime


def published(session: Session, project_id: UUID) -> list[PublicReview]:
    """Finished reviews of a project, the latest first: the criteria and reasons are public, the reviewer's name is not."""
    rows = session.execute(
        select(Review, Department.name)
        .join(Department, Department.id == Review.department_id)
        .where(Review.project_id == project_id, Review.decided_at.is_not(None))
        .order_by(Review.decided_at.desc(), Review.id.desc())
    )
    return [
        PublicReview(
            name, review.verdict or "", review.reason, Findings.from_json(review.criteria), review.cost_won,
            review.decided_at or review.assigned_at,
        )
        for review, name in rows
    ]  # fmt: skip


def open_supplement(session: Session, actor: Actor, project_id: UUID) -> tuple[Project, Supplement]:
    """The question the author still has to answer; NotFound for anybody else, or without one."""
    found = session.execute(
        select(Project, Supplement)
        .join(Supplement, Supplement.project_id == Project.id)
        .where(
            Project.id == project_id,
            Project.author_id == actor.id,
            Supplement.answered_at.is_(None),
            Supplement.lapsed_at.is_(None),
        )
    ).one_or_none()
    if found is None or actor.id is None:
        raise NotFoundError
    return found[0], found[1]
