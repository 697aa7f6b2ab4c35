"""Accounts, their roles and sessions, and the second factor."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    case,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from civicvote.domain.permissions import Role
from civicvote.models.base import Base, Keyed, enum_type


class User(Keyed, Base):
    """An account. Erased: no address, no name, no password; its contributions stay as '탈퇴한 시민'."""

    __tablename__ = "user_account"

    #: Lower-cased address, unique; NULL once erased.
    email: Mapped[str | None] = mapped_column(String(254), unique=True)
    email_confirmed_at: Mapped[datetime | None]
    password_hash: Mapped[str | None] = mapped_column(String(255))
    name: Mapped[str] = mapped_column(String(40))
    #: District code such as 11110, as the person states it; voting asks the verification instead.
    district: Mapped[str | None] = mapped_column(String(5))
    locale: Mapped[str] = mapped_column(String(2), default="ko")
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"), unique=True)
    level: Mapped[int] = mapped_column(default=0)
    level_expires_at: Mapped[datetime | None]
    department_id: Mapped[UUID | None] = mapped_column(ForeignKey("department.id"), index=True)
    created_at: Mapped[datetime]
    erased_at: Mapped[datetime | None]
    roles: Mapped[list["UserRole"]] = relationship(
        lazy="raise_on_sql", back_populates="user", cascade="all, delete-orphan"
    )

    __table_args__ = (
        CheckConstraint("level BETWEEN 0 AND 2", name="level_known"),
        CheckConstraint("email IS NOT NULL OR erased_at IS NOT NULL", name="address_or_erased"),
    )


class UserRole(Base):
    """An official role of an account."""

    __tablename__ = "user_role"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"), primary_key=True)
    role: Mapped[Role] = mapped_column(enum_type(Role, "role_known"), primary_key=True)
    user: Mapped[User] = relationship(lazy="raise_on_sql", back_populates="roles")


class LoginSession(Keyed, Base):
    """A signed-in browser. Only the SHA-256 of its token is stored."""

    __tablename__ = "login_session"

    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"))
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    #: When this session showed the second factor.
    second_factor_at: Mapped[datetime | None]
    #: Browser and system in words, never the raw header.
    device: Mapped[str] = mapped_column(String(80), default="")
    #: The password was right, the second factor is still to be shown: such a session opens nothing but the challenge page.
    pending: Mapped[bool] = mapped_column(default=False)

    __table_args__ = (Index("ix_login_session_user_id_created_at", "user_id", "created_at"),)


class EmailToken(Keyed, Base):
    """A link sent by mail, usable once: confirm, reset, change."""

    __tablename__ = "email_token"

    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"), index=True)
    purpose: Mapped[str] = mapped_column(String(16))
    #: The address the link was sent to.
    email: Mapped[str] = mapped_column(String(254))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]

    __table_args__ = (CheckConstraint("purpose IN ('confirm', 'reset', 'change')", name="purpose_known"),)


class Attempt(Keyed, Base):
    """A try at something guarded, counted by a keyed hash of account or address."""

    __tablename__ = "attempt"

    kind: Mapped[str] = mapped_column(String(24))
    key_hash: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]

    __table_args__ = (Index("ix_attempt_kind_key_hash_at", "kind", "key_hash", "at"),)


class Totp(Base):
    """An authenticator app. The secret is sealed with the application's key."""

    __tablename__ = "totp"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"), primary_key=True)
    secret: Mapped[bytes] = mapped_column(LargeBinary)
    confirmed_at: Mapped[datetime | None]
    #: The last accepted time step: a code works once.
    last_step: Mapped[int] = mapped_column(default=0)


class RecoveryCode(Keyed, Base):
    """One of ten codes for the day the phone is lost."""

    __tablename__ = "recovery_code"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"))
    code_hash: Mapped[str] = mapped_column(String(64))
    used_at: Mapped[datetime | None]

    __table_args__ = (UniqueConstraint("user_id", "code_hash"),)


class Passkey(Keyed, Base):
    """A WebAuthn credential."""

    __tablename__ = "passkey"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"), index=True)
    credential_id: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int] = mapped_column(default=0)
    name: Mapped[str] = mapped_column(String(60))
    transports: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]


class PasskeyChallenge(Keyed, Base):
    """A passkey ceremony under way: 32 random bytes that one answer may use, once."""

    __tablename__ = "passkey_challenge"

    challenge: Mapped[bytes] = mapped_column(LargeBinary)
    purpose: Mapped[str] = mapped_column(String(16))
    #: The account it was made for; NULL at a sign-in that begins with the passkey.
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"), index=True)
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]

    __table_args__ = (CheckConstraint("purpose IN ('register', 'second', 'sign-in')", name="purpose_known"),)


def public_name() -> ColumnElement[Any]:
    """A person's name in a query; None once they have left, so that the page says so in its own language."""
    return case((User.erased_at.is_(None), User.name), else_=None)
