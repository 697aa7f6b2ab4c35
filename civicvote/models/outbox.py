"""What must still leave the house, written in the transaction that caused it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from civicvote.models.base import Base, Keyed


class OutboxMessage(Keyed, Base):
    """One notice or job: unique per `dedupe_key` (kind, object, recipient), taken under a lease, tried until done or given up."""

    __tablename__ = "outbox_message"

    kind: Mapped[str] = mapped_column(String(40))
    dedupe_key: Mapped[str] = mapped_column(String(160), unique=True)
    recipient_id: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"), index=True)
    #: Address used instead of the account's own: a change of address writes to both.
    address: Mapped[str | None] = mapped_column(String(254))
    payload: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    available_at: Mapped[datetime]
    leased_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    done_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    #: Class name of the last error; its text may hold an address.
    error: Mapped[str] = mapped_column(String(80), default="")

    __table_args__ = (
        Index("ix_outbox_message_done_at_failed_at_available_at", "done_at", "failed_at", "available_at"),
    )


class WorkerBeat(Base):
    """When a worker last ticked: a stopped one is noticed by `civicvote check` and /readyz."""

    __tablename__ = "worker_beat"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    at: Mapped[datetime]
