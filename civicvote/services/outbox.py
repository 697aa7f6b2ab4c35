"""Notices and jobs that must happen: written with their cause, taken under a lease, tried again until done."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from civicvote.models.base import new_id
from civicvote.models.outbox import OutboxMessage
from civicvote.services import clock
from civicvote.services.upsert import insert_new

LEASE = timedelta(minutes=2)
MAX_ATTEMPTS = 12


def put(
    session: Session,
    kind: str,
    *,
    about: str,
    recipient_id: UUID | None = None,
    address: str | None = None,
    **payload: Any,
) -> None:
    """Promise a notice. One per kind, object (`about`) and recipient: a second promise of the same is dropped."""
    moment = clock.now()
    insert_new(
        session,
        OutboxMessage,
        [
            {
                "id": new_id(),
                "kind": kind,
                "dedupe_key": name(kind, about, str(recipient_id or address or "")),
                "recipient_id": recipient_id,
                "address": address,
                "payload": payload,
                "created_at": moment,
                "available_at": moment,
                "attempts": 0,
                "error": "",
            }
        ],
    )


def name(kind: str, about: str, recipient: str) -> str:
    """The promise's own name; a long one by its digest, so that two recipients never share one."""
    whole = f"{kind}|{about}|{recipient}"
    return whole if len(whole) <= 160 else f"{kind}|{hashlib.sha256(whole.encode()).hexdigest()}"


def lease(session: Session, *, limit: int = 20) -> Sequence[OutboxMessage]:
    """Take what is due. The caller commits, works, and reports with `done` or `failed`; a lost lease runs out by itself."""
    moment = clock.now()
    due = (
        select(OutboxMessage)
        .where(
            OutboxMessage.done_at.is_(None),
            OutboxMessage.failed_at.is_(None),
            OutboxMessage.available_at <= moment,
            or_(OutboxMessage.leased_until.is_(None), OutboxMessage.leased_until < moment),
        )
        .order_by(OutboxMessage.available_at, OutboxMessage.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    taken = session.scalars(due).all()
    for message in taken:
        message.leased_until = moment + LEASE
        message.attempts += 1
    return taken


def done(session: Session, message_id: UUID) -> None:
    """It has left the house. Its payload is emptied: links in mails are secrets."""
    session.execute(
        update(OutboxMessage)
        .where(OutboxMessage.id == message_id)
        .values(done_at=clock.now(), payload={}, address=None, error="")
    )


def failed(session: Session, message_id: UUID, attempts: int, error: str) -> None:
    """Try again later, more and more slowly; after `MAX_ATTEMPTS` an operator must look (`civicvote check` says so)."""
    moment = clock.now()
    values: dict[str, Any] = {"leased_until": None, "error": error[:80]}
    if attempts >= MAX_ATTEMPTS:
        values["failed_at"] = moment
    else:
        values["available_at"] = moment + timedelta(seconds=min(3600, 5 * 2**attempts))
    session.execute(update(OutboxMessage).where(OutboxMessage.id == message_id).values(**values))


def give_back(session: Session, message_ids: Sequence[UUID], *, until: datetime | None = None) -> None:
    """What a worker took and had no time for: anybody may take it now, or from `until` on, and it was no try."""
    later = {"available_at": until} if until else {}
    session.execute(
        update(OutboxMessage)
        .where(OutboxMessage.id.in_(message_ids), OutboxMessage.done_at.is_(None))
        .values(leased_until=None, attempts=OutboxMessage.attempts - 1, **later)
    )


@dataclass(frozen=True, slots=True)
class Backlog:
    """How far behind the outbox is: messages waiting, given up, and the age of the oldest in seconds."""

    waiting: int
    given_up: int
    oldest_seconds: float


def backlog(session: Session) -> Backlog:
    """For checks and metrics."""
    waiting, oldest = session.execute(
        select(func.count(), func.min(OutboxMessage.available_at)).where(
            OutboxMessage.done_at.is_(None), OutboxMessage.failed_at.is_(None)
        )
    ).one()
    given_up = session.scalar(select(func.count()).where(OutboxMessage.failed_at.is_not(None))) or 0
    age = max(0.0, (clock.now() - oldest).total_seconds()) if oldest else 0.0
    return Backlog(waiting, given_up, age)
