"""Counts that were asked for: one open task per vote, taken under a lease, done once or ended with a sentence."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, or_, select, update
from sqlalchemy.orm import Session, undefer

from civicvote.domain.errors import ConflictError
from civicvote.domain.messages import Message, msg
from civicvote.domain.permissions import SYSTEM, Actor
from civicvote.models.accounts import User
from civicvote.models.base import new_id
from civicvote.models.counts import CountKind, CountTask
from civicvote.models.votes import Vote
from civicvote.services import audit, clock
from civicvote.services.upsert import insert_new

#: A worker that is alive renews its lease long before; after a killed one another begins anew this much later.
LEASE = timedelta(minutes=1)
MAX_ATTEMPTS = 3
#: A task nobody has begun after this: no worker is running.
SLOW = timedelta(minutes=1)
GIVEN_UP = msg(
    "개표 작업이 세 번 멈추었습니다. 투표지와 지금까지의 기록은 그대로 있습니다. "
    "운영자에게 서버의 기록(로그)을 확인하게 한 뒤 다시 눌러 주십시오."
)


@dataclass(frozen=True, slots=True)
class Lease:
    """A task in a worker's hands. `attempt` tells this worker from a later one that took the task after it."""

    id: UUID
    kind: CountKind
    attempt: int


@dataclass(frozen=True, slots=True)
class TaskRow:
    """A task as the counting page shows it; `failure` None while it is open, and where it was done."""

    kind: CountKind
    by: str
    at: datetime
    open: bool
    slow: bool
    failure: Message | None


def put(
    session: Session, actor: Actor, vote: Vote, kind: CountKind, *, opened: bytes | None = None, pooled: bool = False
) -> bool:
    """Ask for a count; returns whether it is new. While one is open a second press asks for nothing."""
    if is_open(session, vote):
        return False
    task = {
        "id": new_id(),
        "vote_id": vote.id,
        "kind": kind,
        "requested_by": actor.id,
        "requested_at": clock.now(),
        "opened": opened,
        "pooled": pooled,
        "attempts": 0,
    }
    if not insert_new(session, CountTask, [task]):  # two at once: the index lets one in
        return False
    audit.record(session, actor, "tally:request", vote, kind=kind.value, pooled=pooled)
    return True


def is_open(session: Session, vote: Vote) -> bool:
    """Whether a count of the vote is under way."""
    found = select(CountTask.id).where(CountTask.vote_id == vote.id, CountTask.finished_at.is_(None))
    return session.scalar(found) is not None


def check_idle(session: Session, vote: Vote) -> None:
    """ConflictError while a count of the vote is under way."""
    if is_open(session, vote):
        raise ConflictError(msg("지금 개표하고 있습니다. 끝난 뒤에 다시 눌러 주십시오."))


def latest(session: Session, vote: Vote) -> TaskRow | None:
    """The task asked for last, for its page."""
    row = session.execute(
        select(CountTask, User.name)
        .outerjoin(User, User.id == CountTask.requested_by)
        .where(CountTask.vote_id == vote.id)
        .order_by(CountTask.id.desc())
        .limit(1)
    ).first()
    if row is None:
        return None
    task, name = row
    under_way = task.finished_at is None
    slow = under_way and task.lease_until is None and clock.now() - task.requested_at > SLOW
    return TaskRow(task.kind, name or "", task.requested_at, under_way, slow, _read(task.failure))


def _read(failure: Mapping[str, Any] | None) -> Message | None:
    return Message(failure["text"], failure["params"]) if failure else None


def _write(message: Message) -> dict[str, Any]:
    plain = {name: value if isinstance(value, int | str) else str(value) for name, value in message.params.items()}
    return {"text": message.text, "params": plain}


def _due(moment: datetime) -> Select[CountTask]:
    free = or_(CountTask.lease_until.is_(None), CountTask.lease_until < moment)
    return select(CountTask).where(CountTask.finished_at.is_(None), free).order_by(CountTask.id)


def waits(session: Session) -> bool:
    """Whether there is something to do."""
    return session.scalar(select(_due(clock.now()).exists())) or False


def lease(session: Session) -> Lease | None:
    """Take the oldest task nobody has in hand. One that was dropped too often ends here. The caller commits, and works."""
    moment = clock.now()
    for task in session.scalars(_due(moment).with_for_update(skip_locked=True)).all():
        if task.attempts >= MAX_ATTEMPTS:
            _end(session, task, GIVEN_UP)
            continue
        task.attempts += 1
        task.lease_until = moment + LEASE
        session.flush()
        return Lease(task.id, task.kind, task.attempts)
    return None


def renew(session: Session, held: Lease) -> None:
    """Keep the task while its count takes its time; nothing happens if another has it meanwhile."""
    session.execute(
        update(CountTask)
        .where(CountTask.id == held.id, CountTask.attempts == held.attempt, CountTask.finished_at.is_(None))
        .values(lease_until=clock.now() + LEASE)
    )


def read(session: Session, held: Lease) -> CountTask | None:
    """The task with its uploaded file; None if it is another's by now, or over."""
    task = session.scalars(
        select(CountTask).where(CountTask.id == held.id).options(undefer(CountTask.opened))
    ).one_or_none()
    return task if task is not None and _is_held(task, held) else None


def claim(session: Session, held: Lease) -> CountTask | None:
    """The task, locked to the end of the transaction; None if it is another's by now, or over."""
    task = session.scalars(select(CountTask).where(CountTask.id == held.id).with_for_update()).one_or_none()
    return task if task is not None and _is_held(task, held) else None


def _is_held(task: CountTask, held: Lease) -> bool:
    return task.finished_at is None and task.attempts == held.attempt


def done(session: Session, task: CountTask) -> None:
    """Its effect stands in the same transaction."""
    task.finished_at = clock.now()
    task.opened = None
    session.flush()


def refuse(session: Session, held: Lease, why: Message) -> None:
    """End the task without effect, and say why."""
    task = claim(session, held)
    if task is not None:
        _end(session, task, why)


def failed(session: Session, held: Lease) -> None:
    """Something unforeseen: try again a little later, at last give up."""
    task = claim(session, held)
    if task is None:
        return
    if task.attempts >= MAX_ATTEMPTS:
        _end(session, task, GIVEN_UP)
    else:
        task.lease_until = clock.now() + timedelta(seconds=5 * task.attempts)
        session.flush()


def _end(session: Session, task: CountTask, why: Message) -> None:
    task.failure = _write(why)
    done(session, task)
    audit.record(session, SYSTEM, "tally:stop", task, kind=task.kind.value, attempts=task.attempts)
