"""One project with everything public about it, in six statements however long its story is."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from civicvote.domain.cycles import Phase
from civicvote.domain.errors import ConflictError, NotFoundError
from civicvote.domain.lifecycles import PROJECT, ProjectState
from civicvote.domain.messages import Message, msg
from civicvote.domain.permissions import Actor, Permission, Role
from civicvote.domain.workflow import Move
from civicvote.models.accounts import User, public_name
from civicvote.models.cycles import Cycle, Hold, Pool
from civicvote.models.departments import Department
from civicvote.models.projects import CostLine, Endorsement, Follow, Project, ProjectMove, StatusUpdate
from civicvote.models.reviews import Review, Supplement
from civicvote.services import clock
from civicvote.services.projects.moves import towards

S = ProjectState

#: Stages of a project's way as citizens see them.
STEPS: tuple[Message, ...] = (
    msg("접수"),
    msg("부서 검토"),
    msg("투표안건"),
    msg("시민투표"),
    msg("집행"),
    msg("완료"),
)
_STEP = {
    S.DRAFT: 0,
    S.SUBMITTED: 0,
    S.ASSIGNED: 1,
    S.IN_REVIEW: 1,
    S.SUPPLEMENT: 1,
    S.INELIGIBLE: 1,
    S.ELIGIBLE: 2,
    S.ON_BALLOT: 3,
    S.NOT_SELECTED: 3,
    S.SELECTED: 4,
    S.EXECUTING: 4,
    S.COMPLETED: len(STEPS),
}

#: 공감 is open until the ballot list stands: from then on the vote speaks.
ENDORSABLE = frozenset({S.SUBMITTED, S.ASSIGNED, S.IN_REVIEW, S.SUPPLEMENT, S.ELIGIBLE})
EDITABLE = frozenset({S.DRAFT, S.SUBMITTED, S.ASSIGNED})

COST_KINDS: dict[str, Message] = {"programme": msg("사업비"), "staff": msg("인건비"), "operation": msg("운영비")}
GONE = msg("탈퇴한 시민")


def visible(session: Session, actor: Actor, project_id: UUID, *, lock: bool = False) -> Project:
    """The project if the actor may know of it; somebody else's draft is not there. `lock` for changes of its counters."""
    query = select(Project).where(Project.id == project_id)
    project = session.scalar(query.with_for_update() if lock else query)
    if project is None or (project.state is S.DRAFT and (actor.id is None or project.author_id != actor.id)):
        raise NotFoundError
    return project


@dataclass(frozen=True, slots=True)
class SupplementRow:
    """A question to the author and the answer."""

    id: UUID
    question: str
    asked_at: datetime
    due_at: datetime
    answer: str | None
    answered_at: datetime | None
    lapsed_at: datetime | None


@dataclass(frozen=True, slots=True)
class ReviewRow:
    """One review: its verdict once decided, and what was asked meanwhile."""

    id: UUID
    department: str
    due_at: datetime
    verdict: str | None
    reason: str
    decided_at: datetime | None
    cost_won: int | None
    closed_at: datetime | None
    supplements: list[SupplementRow] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Detail:
    """A project as its page shows it."""

    project: Project
    cycle: Cycle
    pool: Pool
    phase: Phase
    department: str
    author: str | None
    is_author: bool
    may_report: bool
    endorsed: bool
    following: bool
    step: int
    moves: Sequence[Move]
    costs: Sequence[CostLine]
    history: Sequence[ProjectMove]
    reviews: Sequence[ReviewRow]
    statuses: Sequence[StatusUpdate]

    @property
    def decided(self) -> ReviewRow | None:
        """The latest review with a verdict, unless a new one is under way."""
        latest = self.reviews[-1] if self.reviews else None
        return latest if latest is not None and latest.verdict else None

    @property
    def open_review(self) -> ReviewRow | None:
        """The review under way."""
        return next((r for r in self.reviews if r.decided_at is None and r.closed_at is None), None)

    @property
    def question(self) -> SupplementRow | None:
        """The supplement request that waits for the author."""
        return next((s for s in self.asked if s.answered_at is None and s.lapsed_at is None), None)

    @property
    def asked(self) -> list[SupplementRow]:
        """Everything the departments asked, in order."""
        return [s for r in self.reviews for s in r.supplements]

    @property
    def way_out(self) -> str:
        """The move that took it out of the vote: `withdraw` by its author, `exclude` by staff; empty while it is in."""
        return self.history[-1].name if self.history and self.project.state is S.WITHDRAWN else ""

    @property
    def endorsable(self) -> bool:
        """Whether 공감 is open."""
        return self.project.state in ENDORSABLE

    @property
    def editable(self) -> bool:
        """Whether its author may change it here and now."""
        return self.is_author and self.project.state in EDITABLE

    @property
    def reportable(self) -> bool:
        """Whether the reader may write status lines now."""
        return self.executing and self.may_report

    @property
    def executing(self) -> bool:
        """Whether status lines belong to its stage."""
        return self.project.state in {S.SELECTED, S.EXECUTING, S.COMPLETED}


def _found(session: Session, actor: Actor, project_id: UUID) -> Row[Any]:
    """The project with what belongs to it and to the reader: one statement."""
    held = select(Hold.id).where(Hold.cycle_id == Project.cycle_id, Hold.lifted_at.is_(None)).exists()
    endorsed = select(Endorsement.user_id).where(Endorsement.project_id == Project.id, Endorsement.user_id == actor.id)
    follows = select(Follow.user_id).where(Follow.project_id == Project.id, Follow.user_id == actor.id)
    row = session.execute(
        select(
            Project,
            Cycle,
            Pool,
            Department.name.label("department"),
            public_name().label("author"),
            held.label("held"),
            endorsed.exists().label("endorsed"),
            follows.exists().label("following"),
        )
        .join(Cycle, Cycle.id == Project.cycle_id)
        .join(Pool, Pool.id == Project.pool_id)
        .outerjoin(Department, Department.id == Project.department_id)
        .outerjoin(User, User.id == Project.author_id)
        .where(Project.id == project_id)
    ).one_or_none()
    if row is None:
        raise NotFoundError
    return row


def detail(session: Session, actor: Actor, project_id: UUID) -> Detail:
    """Everything about a project but its comments; NotFoundError for a foreign draft."""
    row = _found(session, actor, project_id)
    project: Project = row.Project
    near = towards(actor, project)
    if project.state is S.DRAFT and Role.AUTHOR not in near.roles:
        raise NotFoundError
    return Detail(
        project=project,
        cycle=row.Cycle,
        pool=row.Pool,
        phase=row.Cycle.timetable(held=bool(row.held)).phase(clock.now()),
        department=row.department or "",
        author=row.author,
        is_author=Role.AUTHOR in near.roles,
        may_report=near.can(Permission.EXECUTION_WRITE),
        endorsed=bool(row.endorsed),
        following=bool(row.following),
        step=_STEP.get(project.state, -1),
        moves=PROJECT.allowed(near, project.state),
        costs=_costs(session, project),
        history=_history(session, project),
        reviews=_reviews(session, project),
        statuses=_statuses(session, project),
    )


def editable(session: Session, actor: Actor, project_id: UUID) -> Detail:
    """A project for its author's form; ForbiddenError for others, ConflictError once the review has begun."""
    found = detail(session, actor, project_id)
    towards(actor, found.project).require(Permission.PROJECT_EDIT)
    if not found.editable:
        raise ConflictError(
            msg("검토가 시작된 제안은 고칠 수 없습니다. 보탤 내용은 댓글로 남기거나 보완 요청에 답해 주십시오.")
        )
    return found


def _costs(session: Session, project: Project) -> Sequence[CostLine]:
    return session.scalars(
        select(CostLine).where(CostLine.project_id == project.id).order_by(CostLine.position, CostLine.id)
    ).all()


def _history(session: Session, project: Project) -> Sequence[ProjectMove]:
    return session.scalars(
        select(ProjectMove).where(ProjectMove.project_id == project.id).order_by(ProjectMove.id)
    ).all()


def _statuses(session: Session, project: Project) -> Sequence[StatusUpdate]:
    if project.state not in {S.SELECTED, S.EXECUTING, S.COMPLETED}:
        return []
    return session.scalars(
        select(StatusUpdate).where(StatusUpdate.project_id == project.id).order_by(StatusUpdate.id.desc())
    ).all()


def _reviews(session: Session, project: Project) -> Sequence[ReviewRow]:
    """Reviews in their order with what each asked; the reasons of undecided ones stay inside."""
    rows = session.execute(
        select(Review, Department.name, Supplement)
        .join(Department, Department.id == Review.department_id)
        .outerjoin(Supplement, Supplement.review_id == Review.id)
        .where(Review.project_id == project.id)
        .order_by(Review.id, Supplement.id)
    )
    found: dict[UUID, ReviewRow] = {}
    for review, department, asked in rows:
        told = review.decided_at is not None
        entry = found.setdefault(
            review.id,
            ReviewRow(
                review.id,
                department,
                review.due_at,
                review.verdict if told else None,
                review.reason if told else "",
                review.decided_at,
                review.cost_won if told else None,
                review.closed_at,
            ),
        )
        if asked is not None:
            entry.supplements.append(
                SupplementRow(
                    asked.id,
                    asked.question,
                    asked.asked_at,
                    asked.due_at,
                    asked.answer,
                    asked.answered_at,
                    asked.lapsed_at,
                )
            )
    return list(found.values())


@dataclass(frozen=True, slots=True)
class Compared:
    """A column of the comparison."""

    id: UUID
    number: str
    title: str
    state: ProjectState
    pool: str
    district: str | None
    place: str
    department: str
    requested_won: int | None
    cost_won: int | None
    endorsements: int
    comments: int
    problem: str
    idea: str
    verdict_reason: str
    currency: str


def compare(session: Session, actor: Actor, ids: Sequence[UUID]) -> list[Compared]:
    """Public projects side by side, in the order asked for; one statement."""
    del actor  # the same for all
    latest = (
        select(func.max(Review.decided_at)).where(Review.project_id == Project.id).correlate(Project).scalar_subquery()
    )
    rows = session.execute(
        select(Project, Pool.name, Department.name, Review.reason, Cycle.currency)
        .join(Pool, Pool.id == Project.pool_id)
        .join(Cycle, Cycle.id == Project.cycle_id)
        .outerjoin(Department, Department.id == Project.department_id)
        .outerjoin(Review, (Review.project_id == Project.id) & (Review.decided_at == latest))
        .where(Project.id.in_(ids), Project.state != S.DRAFT)
    )
    found = {
        p.id: Compared(
            p.id, p.number or "", p.title, p.state, pool, p.district, p.place, department or "", p.requested_won, p.cost_won,
            p.endorsement_count, p.comment_count, p.problem, p.idea, reason or "", currency,
        )
        for p, pool, department, reason, currency in rows
    }  # fmt: skip
    return [found[key] for key in dict.fromkeys(ids) if key in found]
