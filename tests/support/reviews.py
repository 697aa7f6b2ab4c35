"""One review with everybody it concerns."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from civicvote.domain.criteria import Answer, Cost, Criterion, Finding, Findings
from civicvote.domain.permissions import Actor, Role
from civicvote.models.cycles import Pool
from civicvote.models.departments import Department
from civicvote.models.outbox import OutboxMessage
from civicvote.models.projects import Project
from civicvote.models.reviews import Review
from civicvote.services import reviews
from tests import factories as make

DAY = timedelta(days=1)
FULL = Findings(
    {criterion: Finding(Answer.YES, "문제없습니다.") for criterion in Criterion},
    (Cost("programme", "보행등 12개", 40_000_000), Cost("staff", "감독", 5_000_000)),
    45_000_000,
)
REASON = "보행 환경 개선 조례에 근거가 있어 추진할 수 있습니다."


@dataclass
class Case:
    """People and things of one review."""

    staff: Actor
    author: Actor
    reviewer: Actor
    colleague: Actor
    stranger: Actor
    department: Department
    pool: Pool
    project: Project

    def assign(self, session: Session, **values: object) -> Review:
        return reviews.assign(
            session,
            self.staff,
            [self.project.id],
            department_id=self.department.id,
            **values,  # type: ignore[arg-type]
        )[0]

    def begun(self, session: Session) -> Review:
        return reviews.start(session, self.reviewer, self.assign(session).id)


def member(session: Session, department: Department, name: str = "최검토") -> Actor:
    return make.actor(make.user(session, Role.DEPARTMENT, name=name, department_id=department.id), Role.DEPARTMENT)


def letters(session: Session, kind: str) -> set[UUID | None]:
    return set(session.scalars(select(OutboxMessage.recipient_id).where(OutboxMessage.kind == kind)))


def case_of(session: Session) -> Case:
    ours, theirs = make.department(session, f"교통과 {uuid4().hex[:6]}"), make.department(session)
    author = make.user(session, name="김제안")
    pool = make.pool(session, make.cycle(session, opened="review"), 100_000_000)
    return Case(
        staff=make.actor(make.user(session, Role.STAFF), Role.STAFF),
        author=make.actor(author),
        reviewer=member(session, ours),
        colleague=member(session, ours, "한동료"),
        stranger=member(session, theirs, "남다른"),
        department=ours,
        pool=pool,
        project=make.project(session, pool, author, cost_won=None),
    )
