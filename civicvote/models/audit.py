"""The audit log: events written with the change they record, then chained in order."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from civicvote.models.base import AppendOnly, Base, Keyed


class AuditEvent(Keyed, AppendOnly, Base):
    """Who did what to what. `detail` holds ids, codes and counts, never personal data; `actor_id` is NULL for the platform."""

    __tablename__ = "audit_event"

    at: Mapped[datetime]
    actor_id: Mapped[UUID | None]
    action: Mapped[str] = mapped_column(String(60))
    subject_kind: Mapped[str] = mapped_column(String(30))
    subject_id: Mapped[UUID | None]
    detail: Mapped[dict[str, Any]]

    __table_args__ = (
        Index("ix_audit_event_at_id", "at", "id"),
        Index("ix_audit_event_subject_id_id", "subject_id", "id"),
        Index("ix_audit_event_actor_id_id", "actor_id", "id"),
        Index("ix_audit_event_action_id", "action", "id"),
    )


class AuditLink(AppendOnly, Base):
    """An event's place in the chain: hash = SHA-256(prev ‖ canonical event). Linked after commit, by one sequencer."""

    __tablename__ = "audit_link"

    seq: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False
    )
    event_id: Mapped[UUID] = mapped_column(ForeignKey("audit_event.id"), unique=True)
    prev: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))


class AuditHead(Keyed, AppendOnly, Base):
    """A signed statement that the chain ended in `hash` at `seq`: a shortened or rewritten log no longer fits it."""

    __tablename__ = "audit_head"

    seq: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), unique=True)
    hash: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]
    signature: Mapped[str] = mapped_column(String(128))
