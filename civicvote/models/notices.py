"""What people were told: the inbox, and how each kind reaches them by mail."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from civicvote.domain.notices import MailMode, NoticeKind
from civicvote.models.base import Base, Keyed, enum_type

_UNREAD, _WAITING = text("read_at IS NULL"), text("mailed_at IS NULL AND mail_at IS NOT NULL")


class Notice(Keyed, Base):
    """One event told to one person: once per kind, object and person."""

    __tablename__ = "notice"

    recipient_id: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"))
    kind: Mapped[NoticeKind] = mapped_column(enum_type(NoticeKind, "kind_known"))
    #: The object's key, with a part for the occasion where one object has several.
    about: Mapped[str] = mapped_column(String(100))
    #: Title of the thing and whatever its sentence needs; never a name.
    payload: Mapped[dict[str, Any]]
    #: Whoever said it, where the sentence names them: by key, so that an erased account is named nowhere.
    by_id: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))
    path: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime]
    read_at: Mapped[datetime | None]
    #: How it goes by mail, decided when it was made.
    mail: Mapped[MailMode] = mapped_column(enum_type(MailMode, "mail_known"))
    #: When it may go by mail; never, where there is none.
    mail_at: Mapped[datetime | None]
    #: When it was handed to the outbox: alone, or with others.
    mailed_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("recipient_id", "kind", "about"),
        Index("ix_notice_recipient_id_id", "recipient_id", "id"),
        Index("ix_notice_unread", "recipient_id", "id", sqlite_where=_UNREAD, postgresql_where=_UNREAD),
        Index("ix_notice_waiting", "mail", "mail_at", "id", sqlite_where=_WAITING, postgresql_where=_WAITING),
        Index(
            "ix_notice_waiting_of", "recipient_id", "mail", "mail_at", sqlite_where=_WAITING, postgresql_where=_WAITING
        ),
        Index("ix_notice_read_at", "read_at"),
        Index("ix_notice_by_id", "by_id"),
    )


class NoticePreference(Base):
    """How a person wants a kind by mail; without a line the kind's own default holds."""

    __tablename__ = "notice_preference"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"), primary_key=True)
    kind: Mapped[NoticeKind] = mapped_column(enum_type(NoticeKind, "kind_known"), primary_key=True)
    mode: Mapped[MailMode] = mapped_column(enum_type(MailMode, "mode_known"))
    at: Mapped[datetime]


class NoticeMail(Base):
    """How a person stands with mail about notices as a whole: what is switched off, and when the last letters were promised."""

    __tablename__ = "notice_mail"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"), primary_key=True)
    #: Since when no mail is wanted; the choices by kind stay for when it is wanted again.
    off_at: Mapped[datetime | None]
    #: Since when no gathered letters are wanted.
    digest_off_at: Mapped[datetime | None]
    #: The last single letter: what follows at once is merged into the next.
    letter_at: Mapped[datetime | None]
    #: The day of the last gathered letter: one a day.
    digest_on: Mapped[date | None]
