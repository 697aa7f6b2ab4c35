"""Accounts as an administrator sees them; whoever looks at personal data says why, on record."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, ScalarSelect, func, select
from sqlalchemy.orm import Session

from civicvote.domain.errors import NotFoundError
from civicvote.domain.paging import Cursor, Page
from civicvote.domain.permissions import ASSIGNABLE, Actor, Permission, Role
from civicvote.models.accounts import Passkey, Totp, User, UserRole
from civicvote.models.audit import AuditEvent
from civicvote.models.departments import Department
from civicvote.models.verification import Person, Verification
from civicvote.services import access_log, clock
from civicvote.services.accounts import normal_address

P = Permission
_CHANGES: Final = ("account:grant-role", "account:revoke-role", "account:department")


@dataclass(frozen=True, slots=True)
class UserFilters:
    """What an admin looks for: the beginning of a nickname, an office. Empty fields match everything."""

    name: str = ""
    role: Role | None = None


@dataclass(frozen=True, slots=True)
class UserRow:
    """An account in a list. `address` is shortened: the whole one is shown on record only."""

    id: UUID
    name: str
    address: str
    confirmed: bool
    level: int
    roles: tuple[Role, ...]
    department: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Change:
    """A change of office, from the log. `role` and `department` are codes and names as they were recorded."""

    at: datetime
    action: str
    actor: str
    detail: dict[str, Any]


@dataclass(frozen=True, slots=True)
class UserDetail:
    """One account as an admin sees it without looking at personal data."""

    row: UserRow
    department_id: UUID | None
    level_expires_at: datetime | None
    second_factor: bool
    erased: bool
    own: bool
    changes: Sequence[Change]


@dataclass(frozen=True, slots=True)
class PersonalData:
    """What an admin sees of a person, on record and for a purpose."""

    email: str
    stated_district: str | None
    district: str | None
    birth_year: int | None
    sex: str | None
    verifications: Sequence[Verification]


def shortened(email: str | None) -> str:
    """m•••@example.org: enough to tell two accounts apart."""
    if not email:
        return ""
    name, _, domain = email.partition("@")
    return f"{name[:1]}•••@{domain}"


def _roles_of() -> ScalarSelect[str]:
    return select(func.aggregate_strings(UserRole.role, ",")).where(UserRole.user_id == User.id).scalar_subquery()


def _row(user: User, roles: str | None, department: str | None) -> UserRow:
    held = {Role(name) for name in (roles or "").split(",") if name}
    return UserRow(
        id=user.id,
        name=user.name,
        address=shortened(user.email),
        confirmed=user.email_confirmed_at is not None,
        level=user.level,
        roles=tuple(role for role in ASSIGNABLE if role in held),
        department=department or "",
        created_at=user.created_at,
    )


def _rows(session: Session, *conditions: ColumnElement[bool], limit: int) -> list[tuple[User, UserRow]]:
    query = (
        select(User, _roles_of(), Department.name)
        .outerjoin(Department, Department.id == User.department_id)
        .where(*conditions)
        .order_by(User.id.desc())
        .limit(limit)
    )
    return [(user, _row(user, roles, department)) for user, roles, department in session.execute(query)]


def users(
    session: Session, actor: Actor, *, filters: UserFilters, cursor: Cursor | None = None, size: int = 20
) -> Page[UserRow]:
    """Living accounts, newest first."""
    actor.require(P.ACCOUNT_MANAGE)
    conditions: list[ColumnElement[bool]] = [User.erased_at.is_(None)]
    if filters.name:
        conditions.append(User.name.startswith(filters.name, autoescape=True))
    if filters.role:
        conditions.append(User.id.in_(select(UserRole.user_id).where(UserRole.role == filters.role)))
    if cursor:
        conditions.append(User.id < cursor.key)
    rows = [row for _, row in _rows(session, *conditions, limit=size + 1)]
    return Page.cut(rows, size, lambda row: Cursor(row.id))


@dataclass(frozen=True, slots=True)
class Overview:
    """Figures of the first page: living accounts, verified ones, holders per office."""

    accounts: int
    verified: int
    holders: dict[Role, int]


def overview(session: Session, actor: Actor) -> Overview:
    """In two statements."""
    actor.require(P.ACCOUNT_MANAGE)
    living, verified = session.execute(
        select(
            func.count(),
            func.count().filter(User.level > 0, func.coalesce(User.level_expires_at, clock.now()) >= clock.now()),
        ).where(User.erased_at.is_(None))
    ).one()
    rows = session.execute(select(UserRole.role, func.count()).group_by(UserRole.role))
    found: dict[Role, int] = {row[0]: row[1] for row in rows}
    return Overview(living, verified, {role: found.get(role, 0) for role in ASSIGNABLE})


def find(session: Session, actor: Actor, *, email: str, purpose: str, address: str) -> UUID | None:
    """The account of an e-mail address, or None; either way the look is on record."""
    actor.require(P.ACCOUNT_MANAGE)
    reason = access_log.check_purpose(purpose)
    found = session.scalar(select(User.id).where(User.email == normal_address(email)))
    access_log.note(session, actor, found, what="account:find", purpose=reason, address=address)
    return found


def user(session: Session, actor: Actor, user_id: UUID) -> UserDetail:
    """An account with its offices and their history; NotFoundError if there is none."""
    actor.require(P.ACCOUNT_MANAGE)
    found = _rows(session, User.id == user_id, limit=1)
    if not found:
        raise NotFoundError
    account, row = found[0]
    factor = session.scalar(
        select(
            select(Totp.user_id).where(Totp.user_id == user_id, Totp.confirmed_at.is_not(None)).exists()
            | select(Passkey.id).where(Passkey.user_id == user_id).exists()
        )
    )
    log = session.execute(
        select(AuditEvent, User.name)
        .outerjoin(User, User.id == AuditEvent.actor_id)
        .where(AuditEvent.subject_id == user_id, AuditEvent.action.in_(_CHANGES))
        .order_by(AuditEvent.id.desc())
        .limit(20)
    )
    return UserDetail(
        row=row,
        department_id=account.department_id,
        level_expires_at=account.level_expires_at,
        second_factor=bool(factor),
        erased=account.erased_at is not None,
        own=account.id == actor.id,
        changes=[Change(event.at, event.action, name or "", event.detail) for event, name in log],
    )


def look(session: Session, actor: Actor, user_id: UUID, *, purpose: str, address: str) -> PersonalData:
    """A person's data, once, with the look on record."""
    actor.require(P.ACCOUNT_MANAGE)
    reason = access_log.check_purpose(purpose)
    row = session.execute(
        select(User, Person).outerjoin(Person, Person.id == User.person_id).where(User.id == user_id)
    ).first()
    if row is None:
        raise NotFoundError
    account, person = row
    access_log.note(session, actor, user_id, what="account:data", purpose=reason, address=address)
    acts = session.scalars(
        select(Verification).where(Verification.user_id == user_id).order_by(Verification.id.desc()).limit(20)
    ).all()
    return PersonalData(
        email=account.email or "",
        stated_district=account.district,
        district=person.district if person else None,
        birth_year=person.birth_year if person else None,
        sex=person.sex if person else None,
        verifications=acts,
    )
