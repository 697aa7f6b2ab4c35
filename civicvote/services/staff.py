"""The staff's desk: what waits for a hand, in every cycle at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from civicvote.domain.cycles import PHASE_LABELS, Phase
from civicvote.domain.errors import ForbiddenError
from civicvote.domain.lifecycles import CycleState, ProjectState
from civicvote.domain.messages import Message, msg
from civicvote.domain.permissions import Actor, Permission
from civicvote.models.counts import CountTask
from civicvote.models.cycles import Cycle, Hold
from civicvote.models.projects import Project
from civicvote.models.reviews import Review, Supplement
from civicvote.models.votes import Vote
from civicvote.services import clock
from civicvote.services.cycles.reading import OF_BUDGET
from civicvote.services.reviews.reading import UNDER_REVIEW, QueueFilters, QueueRow, queue

MOST_CYCLES = 50
MOST_OVERDUE = 10


class Task(StrEnum):
    """What staff have to do in a cycle now."""

    ANNOUNCE = "announce"
    REQUEST_LIST = "request-list"
    APPROVE_LIST = "approve-list"
    AWAIT_LIST = "await-list"
    AWAIT_REVIEWS = "await-reviews"
    SEAL = "seal"
    COUNT = "count"
    APPROVE_COUNT = "approve-count"
    AWAIT_COUNT = "await-count"
    NOTHING = "nothing"


TASKS: dict[Task, Message] = {
    Task.ANNOUNCE: msg("분야와 규칙을 확인하고 공고하기"),
    Task.REQUEST_LIST: msg("투표안건 승인 요청하기"),
    Task.APPROVE_LIST: msg("투표안건 확인하고 승인하기"),
    Task.AWAIT_LIST: msg("다른 담당자의 투표안건 승인 기다리기"),
    Task.AWAIT_REVIEWS: msg("검토가 끝나기를 기다리기"),
    Task.SEAL: msg("투표함 봉인하기"),
    Task.COUNT: msg("개표하기"),
    Task.APPROVE_COUNT: msg("개표 결과 검산하고 승인하기"),
    Task.AWAIT_COUNT: msg("개표 중: 끝나기를 기다리기"),
    Task.NOTHING: msg("다음 단계로 넘길 일이 아직 없습니다"),
}


@dataclass(frozen=True, slots=True)
class CycleTask:
    """A cycle that is not over, with its next deed. `eligible`, `reviewing`: projects found fit, and still looked at."""

    slug: str
    title: str
    state: CycleState
    phase_label: Message
    task: Task
    words: Message
    reviewing: int
    eligible: int
    hold_reason: str | None
    voting_open_at: datetime
    voting_close_at: datetime

    @property
    def on_site(self) -> bool:
        """Whether people vote at desks now, or their paper may still be keyed."""
        return self.state is CycleState.LISTED and self.voting_open_at <= clock.now()


@dataclass(frozen=True, slots=True)
class Desk:
    """The staff's first page."""

    unassigned: int
    oldest: datetime | None
    overdue: Sequence[QueueRow]
    overdue_count: int
    under_review: int
    supplements: int
    cycles: Sequence[CycleTask]

    @property
    def todo(self) -> list[CycleTask]:
        """Cycles in which something is to be done."""
        return [row for row in self.cycles if row.task is not Task.NOTHING]

    @property
    def holds(self) -> list[CycleTask]:
        """Cycles on hold."""
        return [row for row in self.cycles if row.hold_reason is not None]


_BY_STATE = {
    CycleState.DRAFT: Task.ANNOUNCE,
    CycleState.SEALED: Task.COUNT,
    CycleState.COUNTED: Task.APPROVE_COUNT,
}


def task_of(cycle: Cycle, phase: Phase, actor: Actor, *, reviewing: int, eligible: int, counting: bool) -> Task:
    """What is to be done in `cycle` at `phase`, as `actor` sees it: nobody approves their own request.

    The list is due once every review is done, or once the time for reviews is over. `counting`: a count is under way.
    """
    if counting or cycle.state in _BY_STATE:
        return Task.AWAIT_COUNT if counting else _BY_STATE[cycle.state]
    if cycle.state is CycleState.LIST_REQUESTED:
        return Task.AWAIT_LIST if cycle.list_requested_by == actor.id else Task.APPROVE_LIST
    if cycle.state is CycleState.LISTED and phase is Phase.COUNTING:
        return Task.SEAL
    if cycle.state is CycleState.ANNOUNCED and phase is Phase.REVIEW:
        if reviewing and clock.now() < cycle.review_until:
            return Task.AWAIT_REVIEWS
        return Task.REQUEST_LIST if eligible else Task.NOTHING
    return Task.NOTHING


_COUNTING = (
    exists()
    .where(CountTask.vote_id == Vote.id, CountTask.finished_at.is_(None), Vote.cycle_id == Cycle.id)
    .correlate(Cycle)
)


def _cycles(session: Session, actor: Actor) -> list[CycleTask]:
    def count(*states: ProjectState) -> object:
        return select(func.count()).where(Project.cycle_id == Cycle.id, Project.state.in_(states)).scalar_subquery()

    reason = select(Hold.reason).where(Hold.cycle_id == Cycle.id, Hold.lifted_at.is_(None)).scalar_subquery()
    rows = session.execute(
        select(
            Cycle,
            reason,
            count(ProjectState.SUBMITTED, *UNDER_REVIEW),  # type: ignore[call-overload]  # scalar subqueries
            count(ProjectState.ELIGIBLE),
            _COUNTING,
        )
        .where(Cycle.state != CycleState.PUBLISHED, OF_BUDGET)
        .order_by(Cycle.voting_close_at, Cycle.id)
        .limit(MOST_CYCLES)
    )
    moment = clock.now()
    found = []
    for cycle, held, reviewing, eligible, under_way in rows:
        phase = cycle.timetable(held=held is not None).phase(moment)
        task = task_of(cycle, phase, actor, reviewing=reviewing, eligible=eligible, counting=under_way)
        found.append(
            CycleTask(
                slug=cycle.slug,
                title=cycle.title,
                state=cycle.state,
                phase_label=PHASE_LABELS[phase],
                task=task,
                words=TASKS[task],
                reviewing=reviewing,
                eligible=eligible,
                hold_reason=held,
                voting_open_at=cycle.voting_open_at,
                voting_close_at=cycle.voting_close_at,
            )
        )
    return found


def desk(session: Session, actor: Actor) -> Desk:
    """What waits, for staff; auditors may look."""
    if not (actor.can(Permission.CYCLE_MANAGE) or actor.can(Permission.REVIEW_OVERSEE)):
        raise ForbiddenError
    waiting = session.execute(
        select(func.count(), func.min(Project.submitted_at))
        .join(Cycle, Cycle.id == Project.cycle_id)
        .where(
            Project.state == ProjectState.SUBMITTED,
            Cycle.state.in_((CycleState.ANNOUNCED, CycleState.LIST_REQUESTED)),
        )
    ).one()
    late, running = session.execute(
        select(func.count().filter(Review.due_at <= clock.now()), func.count())
        .select_from(Review)
        .join(Project, Project.id == Review.project_id)
        .where(Review.decided_at.is_(None), Review.closed_at.is_(None), Project.state.in_(UNDER_REVIEW))
    ).one()
    asked = session.scalar(
        select(func.count())
        .select_from(Supplement)
        .where(Supplement.answered_at.is_(None), Supplement.lapsed_at.is_(None))
    )
    overdue = [row for row in queue(session, actor, filters=QueueFilters(), size=MOST_OVERDUE).rows if row.overdue]
    return Desk(
        unassigned=waiting[0],
        oldest=waiting[1],
        overdue=overdue,
        overdue_count=late,
        under_review=running,
        supplements=asked or 0,
        cycles=_cycles(session, actor),
    )
