"""The audit log: record with the change, chain afterwards, verify at any time."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select
from sqlalchemy.orm import Session

from civicvote.domain.errors import NotFoundError
from civicvote.domain.messages import Message, msg
from civicvote.domain.paging import Cursor, Page
from civicvote.domain.permissions import Actor, Permission
from civicvote.models.accounts import User
from civicvote.models.audit import AuditEvent, AuditHead, AuditLink
from civicvote.services import clock
from civicvote.services.locks import exclusive

GENESIS = "0" * 64


def record(session: Session, actor: Actor, action: str, subject: Any = None, **detail: Any) -> AuditEvent:
    """Write who did what to what, in the caller's transaction. `detail`: ids, codes and counts only, never personal data."""
    event = AuditEvent(
        at=clock.now(),
        actor_id=actor.id,
        action=action,
        subject_kind=getattr(type(subject), "__tablename__", "") if subject is not None else "",
        subject_id=getattr(subject, "id", None),
        detail={key: _plain(value) for key, value in detail.items()},
    )
    session.add(event)
    return event


def _plain(value: Any) -> Any:
    if isinstance(value, UUID | datetime):
        return str(value)
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    return value


def digest(prev: str, seq: int, event: AuditEvent) -> str:
    """Hash = SHA-256(prev ‖ canonical JSON of the event and its place)."""
    body = {
        "seq": seq,
        "id": str(event.id),
        "at": event.at.isoformat(),
        "actor": str(event.actor_id) if event.actor_id else None,
        "action": event.action,
        "kind": event.subject_kind,
        "subject": str(event.subject_id) if event.subject_id else None,
        "detail": event.detail,
    }
    text = json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256((prev + text).encode()).hexdigest()


def chain(session: Session, key: bytes, *, limit: int = 5000) -> int:
    """Link events that are committed but not yet in the chain, and sign the new head. Returns how many were linked."""
    exclusive(session, "audit-chain")
    last = session.execute(select(AuditLink.seq, AuditLink.hash).order_by(AuditLink.seq.desc()).limit(1)).first()
    seq, prev = (last.seq, last.hash) if last else (0, GENESIS)
    waiting = session.scalars(
        select(AuditEvent)
        .outerjoin(AuditLink, AuditLink.event_id == AuditEvent.id)
        .where(AuditLink.event_id.is_(None))
        .order_by(AuditEvent.id)
        .limit(limit)
    ).all()
    for event in waiting:
        seq += 1
        linked = digest(prev, seq, event)
        session.add(AuditLink(seq=seq, event_id=event.id, prev=prev, hash=linked))
        prev = linked
    if waiting:
        session.add(AuditHead(seq=seq, hash=prev, at=clock.now(), signature=_sign(key, seq, prev)))
        session.flush()
    return len(waiting)


def _sign(key: bytes, seq: int, head: str) -> str:
    return Ed25519PrivateKey.from_private_bytes(key).sign(f"cv-audit|{seq}|{head}".encode()).hex()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check of the chain found. `problem` is None when everything holds."""

    linked: int
    waiting: int
    heads: int
    problem: Message | None


def _walk(session: Session) -> Iterator[tuple[AuditLink, AuditEvent | None]]:
    """All links in order, by the piece: a server-side cursor would need a transaction, which a reading session has not."""
    last = -1
    while True:
        piece = session.execute(
            select(AuditLink, AuditEvent)
            .outerjoin(AuditEvent, AuditEvent.id == AuditLink.event_id)
            .where(AuditLink.seq > last)
            .order_by(AuditLink.seq)
            .limit(2000)
        ).all()
        for link, event in piece:
            yield link, event
            last = link.seq
        if not piece:
            return


def verify(session: Session, key: bytes) -> Verdict:
    """Recompute the whole chain and every signed head."""
    public = Ed25519PrivateKey.from_private_bytes(key).public_key()
    heads = {head.seq: head for head in session.scalars(select(AuditHead))}
    found = len(heads)
    seq, prev = 0, GENESIS
    for link, event in _walk(session):
        seq += 1
        if event is None or link.seq != seq or link.prev != prev or digest(prev, seq, event) != link.hash:
            return Verdict(seq - 1, 0, found, msg("감사기록 %(seq)s번이 사슬과 맞지 않습니다.", seq=seq))
        prev = link.hash
        head = heads.pop(seq, None)
        if head is None:
            continue
        try:
            public.verify(bytes.fromhex(head.signature), f"cv-audit|{seq}|{prev}".encode())
        except (InvalidSignature, ValueError):
            return Verdict(seq, 0, found, msg("감사기록 %(seq)s번의 서명이 맞지 않습니다.", seq=seq))
        if head.hash != prev:
            return Verdict(seq, 0, found, msg("감사기록 %(seq)s번의 서명된 머리값이 다릅니다.", seq=seq))
    if heads:
        missing = min(heads)
        return Verdict(seq, 0, found, msg("서명된 감사기록 %(seq)s번이 사라졌습니다.", seq=missing))
    waiting = session.scalars(
        select(AuditEvent.id)
        .outerjoin(AuditLink, AuditLink.event_id == AuditEvent.id)
        .where(AuditLink.event_id.is_(None))
    ).all()
    return Verdict(seq, len(waiting), found, None)


@dataclass(frozen=True, slots=True)
class AuditRow:
    """A line of the auditors' page."""

    id: UUID
    at: datetime
    actor: str
    actor_id: UUID | None
    action: str
    subject_kind: str
    subject_id: UUID | None
    detail: dict[str, Any]
    seq: int | None


@dataclass(frozen=True, slots=True)
class AuditFilters:
    """What an auditor looks for; empty fields match everything."""

    action: str = ""
    actor_id: UUID | None = None
    subject_id: UUID | None = None


def _row(e: AuditEvent, name: str | None, seq: int | None) -> AuditRow:
    return AuditRow(e.id, e.at, name or "", e.actor_id, e.action, e.subject_kind, e.subject_id, e.detail, seq)


def listing(
    session: Session, actor: Actor, *, filters: AuditFilters, cursor: Cursor | None = None, size: int = 50
) -> Page[AuditRow]:
    """Newest first."""
    actor.require(Permission.AUDIT_READ)
    query = (
        select(AuditEvent, User.name, AuditLink.seq)
        .outerjoin(User, User.id == AuditEvent.actor_id)
        .outerjoin(AuditLink, AuditLink.event_id == AuditEvent.id)
        .order_by(AuditEvent.id.desc())
        .limit(size + 1)
    )
    if filters.action:
        query = query.where(AuditEvent.action == filters.action)
    if filters.actor_id:
        query = query.where(AuditEvent.actor_id == filters.actor_id)
    if filters.subject_id:
        query = query.where(AuditEvent.subject_id == filters.subject_id)
    if cursor:
        query = query.where(AuditEvent.id < cursor.key)
    rows = [_row(event, name, seq) for event, name, seq in session.execute(query)]
    return Page.cut(rows, size, lambda row: Cursor(row.id))


@dataclass(frozen=True, slots=True)
class AuditDetail:
    """One event with its place in the chain; hashes are None while it waits to be linked."""

    row: AuditRow
    prev: str | None
    hash: str | None


def get(session: Session, actor: Actor, event_id: UUID) -> AuditDetail:
    """One event; NotFoundError if there is none."""
    actor.require(Permission.AUDIT_READ)
    found = session.execute(
        select(AuditEvent, User.name, AuditLink)
        .outerjoin(User, User.id == AuditEvent.actor_id)
        .outerjoin(AuditLink, AuditLink.event_id == AuditEvent.id)
        .where(AuditEvent.id == event_id)
    ).first()
    if found is None:
        raise NotFoundError
    event, name, link = found
    seq, prev, linked = (link.seq, link.prev, link.hash) if link else (None, None, None)
    return AuditDetail(_row(event, name, seq), prev, linked)


def actions(session: Session, actor: Actor) -> list[str]:
    """The kinds of deed in the log, for the filter."""
    actor.require(Permission.AUDIT_READ)
    return list(session.scalars(select(AuditEvent.action).distinct().order_by(AuditEvent.action)))
