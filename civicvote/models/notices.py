"""What people were told: the inbox, and how each kind reaches them by mail."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from civicvote.domain.notices import MailMode, NoticeKind
from civicvote.models.base import Base, Keyed, enum_type


class Notice(Keyed, Base):
    """One event told to one person: once per kind, object and person."""

    __tablename__ = "notice"

    recipient_id: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"))
    kind: Mapped[NoticeKind] = mapped_column(enum_type(NoticeKind, "kind_known"))
    #: The object's key, with a part for the occasion where one object has several.
    about: Mapped[str] = mapped_column(String(100))
    #: Title of the thing and whatever its sentence needs.
    payload: Mapped[dict[str, Any]]
    path: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime]
    read_at: Mapped[datetime | None]
    #: How it goes by mail, decided when it was made.
    mail: Mapped[MailMode] = mapped_column(enum_type(MailMode, "mail_known"))
    #: When it was handed to the outbox: alone, or with a digest.
    mailed_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("recipient_id", "kind", "about"),
        Index("ix_notice_recipient_id_id", "recipient_id", "id"),
        Index("ix_notice_recipient_id_read_at", "recipient_id", "read_at"),
        Index("ix_notice_mailed_at_mail_id", "mailed_at", "mail", "id"),
    )


class NoticePreference(Base):
    """How a person wants a kind by mail; without a line the kind's own default holds."""

    __tablename__ = "notice_preference"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"), primary_key=True)
    kind: Mapped[NoticeKind] = mapped_column(enum_type(NoticeKind, "kind_known"), primary_key=True)
    mode: Mapped[MailMode] = mapped_column(enum_type(MailMode, "mode_known"))
    at: Mapped[datetime]
