"""Who is a real person of Seoul: verifications, the city's register file, and who looked at personal data."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from civicvote.models.base import AppendOnly, Base, Keyed


class Person(Keyed, Base):
    """A real person behind at most one account. `person_key` is an HMAC of the verified identity, nothing else is kept of it."""

    __tablename__ = "person"

    person_key: Mapped[str] = mapped_column(String(64), unique=True)
    #: HMAC of name and birth date: somebody who comes again with another phone number is sent to a clerk.
    namesake_key: Mapped[str | None] = mapped_column(String(64), index=True)
    birth_year: Mapped[int | None]
    sex: Mapped[str | None] = mapped_column(String(1))
    district: Mapped[str | None] = mapped_column(String(5))
    created_at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint("sex IN ('f', 'm')", name="sex_known"),
        CheckConstraint("birth_year BETWEEN 1880 AND 2200", name="birth_year_plausible"),
    )


class Verification(Keyed, AppendOnly, Base):
    """One act of verification: by which method, to which level, until when, and by which clerk."""

    __tablename__ = "verification"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    method: Mapped[str] = mapped_column(String(16))
    level: Mapped[int]
    #: 거주 (lives), 직장 (works), 학교 (studies) or 사업장 (runs a business) in Seoul; NULL at level 1.
    basis: Mapped[str | None] = mapped_column(String(16))
    granted_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    granted_by: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))

    __table_args__ = (
        CheckConstraint("method IN ('register', 'desk', 'demo')", name="method_known"),
        CheckConstraint("level BETWEEN 1 AND 2", name="level_known"),
        CheckConstraint("basis IN ('residence', 'work', 'school', 'business')", name="basis_known"),
        Index("ix_verification_user_id_granted_at", "user_id", "granted_at"),
    )


class RegisterEntry(Keyed, Base):
    """A line of the city's register file: HMAC of name, birth date and phone, with what a vote needs to know."""

    __tablename__ = "register_entry"

    match_key: Mapped[str] = mapped_column(String(64), unique=True)
    person_key: Mapped[str] = mapped_column(String(64), index=True)
    birth_year: Mapped[int]
    sex: Mapped[str | None] = mapped_column(String(1))
    district: Mapped[str] = mapped_column(String(5))
    imported_at: Mapped[datetime]


class PersonalDataAccess(Keyed, AppendOnly, Base):
    """An official looked at somebody's personal data: who, when, whose, what, for which purpose."""

    __tablename__ = "personal_data_access"

    at: Mapped[datetime] = mapped_column(index=True)
    actor_id: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"), index=True)
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"), index=True)
    what: Mapped[str] = mapped_column(String(40))
    purpose: Mapped[str] = mapped_column(String(200))
    address: Mapped[str] = mapped_column(String(45), default="")
