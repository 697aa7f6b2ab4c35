"""Where a count stands, for its page: what is under way, what went wrong, the runs so far, and whether the box balances."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from civicvote.domain.lifecycles import CycleState
from civicvote.domain.messages import Message
from civicvote.domain.permissions import Actor, Permission
from civicvote.models.accounts import User
from civicvote.models.counts import CountKind, TallyDecision, TallyRun
from civicvote.models.cycles import Cycle
from civicvote.models.votes import BoardEntry, Vote
from civicvote.services import clock
from civicvote.services.channels.batches import public_batches
from civicvote.services.counting import box, queue
from civicvote.services.counting.runs import DRAIN, sealed_box, vote_of


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run as the counting page lists it; `approved` is None while nobody has decided."""

    id: UUID
    at: datetime
    by: str
    result_hash: str
    approved: bool | None
    decided_by: str
    decided_at: datetime | None
    reason: str


@dataclass(frozen=True, slots=True)
class Balance:
    """What is in the box, and whether it agrees. `participants`: people who voted online or at a station; `versions`: their
    ballots, replaced ones included. `paper`: sheets in confirmed batches = `valid` + `blank` + `void`.

    `voided` (ballots that paper replaced) and `counted` (the sealed list) are None until the box is sealed: the board
    says them then.
    """

    participants: int
    versions: int
    paper: int
    valid: int
    blank: int
    void: int
    voided: int | None
    counted: int | None

    @property
    def electronic(self) -> int:
        """Counted ballots that weren't on paper."""
        return (self.counted or 0) - self.valid

    @property
    def holds(self) -> bool:
        """Everybody who took part has a ballot that is counted or voided; every sheet of paper is told."""
        people = self.participants == self.electronic + (self.voided or 0)
        return people and self.paper == self.valid + self.blank + self.void


@dataclass(frozen=True, slots=True)
class Stand:
    """`waits`: the box can't be sealed yet. `task`: a count or publication under way. `failure`: why the last one stopped."""

    cycle: Cycle
    vote: Vote
    waits: bool
    ready_at: datetime
    balance: Balance
    runs: Sequence[RunRow]
    own_run: bool
    task: queue.TaskRow | None
    failure: Message | None


def stand(session: Session, actor: Actor, slug: str) -> Stand:
    """For staff and auditors; seven statements."""
    if not actor.can(Permission.AUDIT_READ):
        actor.require(Permission.COUNT_RUN)
    cycle, vote = vote_of(session, slug)
    runs, counter = _runs(session, vote)
    ready = vote.closes_at + DRAIN
    task = queue.latest(session, vote)
    return Stand(
        cycle,
        vote,
        clock.now() < ready,
        ready,
        _balance(session, vote),
        runs,
        own_run=bool(runs) and counter == actor.id,
        task=task if task and task.open else None,
        failure=task.failure if task and _concerns(task, cycle.state) else None,
    )


def under_way(session: Session, actor: Actor, slug: str) -> queue.TaskRow | None:
    """A count or publication under way; None once it is over. Two statements: pages ask often."""
    if not actor.can(Permission.AUDIT_READ):
        actor.require(Permission.COUNT_RUN)
    _, vote = vote_of(session, slug)
    task = queue.latest(session, vote)
    return task if task and task.open else None


def _concerns(task: queue.TaskRow, state: CycleState) -> bool:
    """Whether what the task was to do is still to be done."""
    publishing = task.kind is CountKind.PUBLISH
    return state is (CycleState.COUNTED if publishing else CycleState.SEALED)


def _runs(session: Session, vote: Vote) -> tuple[list[RunRow], UUID | None]:
    """The newest first, and who made that one."""
    counter, decider = User.__table__.alias(), User.__table__.alias()
    rows = session.execute(
        select(
            TallyRun.id,
            TallyRun.at,
            TallyRun.requested_by,
            TallyRun.result_hash,
            counter.c.name,
            TallyDecision.approved,
            TallyDecision.at.label("decided_at"),
            decider.c.name.label("decider"),
            TallyDecision.reason,
        )
        .outerjoin(counter, counter.c.id == TallyRun.requested_by)
        .outerjoin(TallyDecision, TallyDecision.run_id == TallyRun.id)
        .outerjoin(decider, decider.c.id == TallyDecision.decided_by)
        .where(TallyRun.vote_id == vote.id)
        .order_by(TallyRun.id.desc())
    ).all()
    runs = [
        RunRow(r.id, r.at, r.name or "", r.result_hash, r.approved, r.decider or "", r.decided_at, r.reason or "")
        for r in rows
    ]
    return runs, rows[0].requested_by if rows else None


def _balance(session: Session, vote: Vote) -> Balance:
    numbers, batches = box.numbers(session, vote), public_batches(session, vote.id)
    sealed = vote.sealed_at is not None
    voided = select(func.count()).where(
        BoardEntry.vote_id == vote.id, BoardEntry.kind == "void", BoardEntry.item.not_like('%"tracker":null%')
    )
    return Balance(
        participants=numbers.participants,
        versions=numbers.ballots,
        paper=sum(one.papers for one in batches),
        valid=sum(one.valid for one in batches),
        blank=sum(one.blank for one in batches),
        void=sum(one.void for one in batches),
        voided=session.scalar(voided) or 0 if sealed else None,
        counted=int(sealed_box(session, vote).get("count", 0)) if sealed else None,
    )
