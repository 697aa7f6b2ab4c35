"""Signed-in browsers: opened, found by the hash of their token, seen, revoked."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from civicvote.domain.errors import NotFoundError
from civicvote.domain.permissions import Actor, Role
from civicvote.models.accounts import LoginSession, User, UserRole
from civicvote.services import audit, clock
from civicvote.services.notices.inbox import unread_count

#: Last-seen is written at most this often, in a transaction of its own.
TOUCH_EVERY = timedelta(minutes=5)
#: How long a right password waits for its second factor.
PENDING_FOR = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a session lives, in seconds: without a request, for officials without a request, and at most."""

    idle: int
    idle_official: int
    absolute: int


@dataclass(frozen=True, slots=True)
class Found:
    """A living session with its actor; `locale` is the account's language, `unread` how many notices wait, up to 100."""

    actor: Actor
    locale: str
    email: str
    touch_due: bool
    unread: int = 0


def token_hash(token: str) -> str:
    """What is stored of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def start(
    session: Session,
    user: User,
    *,
    device: str,
    limits: Limits,
    second_factor_at: datetime | None = None,
    pending: bool = False,
) -> str:
    """Open a session and return its token (256 random bits), which is not kept.

    `pending`: for `PENDING_FOR` it leads to the challenge of the second factor and nowhere else.
    """
    token = secrets.token_urlsafe(32)
    moment = clock.now()
    opened = LoginSession(
        token_hash=token_hash(token),
        user_id=user.id,
        created_at=moment,
        last_seen_at=moment,
        expires_at=moment + (PENDING_FOR if pending else timedelta(seconds=limits.absolute)),
        second_factor_at=second_factor_at,
        device=device[:80],
        pending=pending,
    )
    session.add(opened)
    audit.record(session, Actor(id=user.id), "session:password" if pending else "session:start", opened)
    return token


def _of_token(token: str, *, pending: bool) -> tuple[ColumnElement[bool], ...]:
    """The session of this token, neither ended nor run out, of an account that is still there."""
    return (
        LoginSession.token_hash == token_hash(token),
        LoginSession.pending.is_(pending),
        LoginSession.revoked_at.is_(None),
        LoginSession.expires_at > clock.now(),
        User.erased_at.is_(None),
    )


def find_pending(session: Session, token: str) -> tuple[UUID, UUID] | None:
    """(session, account) of a sign-in that waits for its second factor; None if there is none any more."""
    row = session.execute(
        select(LoginSession.id, LoginSession.user_id)
        .join(User, User.id == LoginSession.user_id)
        .where(*_of_token(token, pending=True))
    ).first()
    return (row.id, row.user_id) if row else None


def pass_challenge(session: Session, session_id: UUID, *, limits: Limits) -> str:
    """Note that the second factor was shown and return the session's new token: the old one opens nothing any more."""
    found = session.get(LoginSession, session_id)
    if found is None or found.revoked_at is not None:
        raise NotFoundError
    moment = clock.now()
    if found.pending:
        found.pending = False
        found.last_seen_at = moment
        found.expires_at = moment + timedelta(seconds=limits.absolute)
        audit.record(session, Actor(id=found.user_id), "session:start", found)
    found.second_factor_at = moment
    return _new_token(found)


def rotate(session: Session, session_id: UUID) -> str:
    """Give a living session a new token, whenever what it may do has changed, and return it."""
    found = session.get(LoginSession, session_id)
    if found is None or found.revoked_at is not None:
        raise NotFoundError
    return _new_token(found)


def _new_token(found: LoginSession) -> str:
    token = secrets.token_urlsafe(32)
    found.token_hash = token_hash(token)
    return token


def _living(session: Session, token: str) -> Any:
    """The session with its account and roles, in one statement."""
    return session.execute(
        select(
            LoginSession.id,
            LoginSession.last_seen_at,
            LoginSession.second_factor_at,
            User.id.label("user_id"),
            User.name,
            User.email,
            User.locale,
            User.level,
            User.level_expires_at,
            User.email_confirmed_at,
            User.person_id,
            User.department_id,
            func.coalesce(
                select(func.aggregate_strings(UserRole.role, ",")).where(UserRole.user_id == User.id).scalar_subquery(),
                "",
            ).label("roles"),
            unread_count().label("unread"),
        )
        .join(User, User.id == LoginSession.user_id)
        .where(*_of_token(token, pending=False))
    ).first()


def find(session: Session, token: str, *, limits: Limits, second_factor: bool) -> Found | None:
    """The actor behind a token, in one statement; None if there is none any more.

    `second_factor`: official roles are withheld until this session has shown one.
    """
    row = _living(session, token)
    if row is None:
        return None
    moment = clock.now()
    official = frozenset(Role(name) for name in row.roles.split(",") if name)
    idle = limits.idle_official if official else limits.idle
    if moment - row.last_seen_at > timedelta(seconds=idle):
        return None
    withheld = bool(official) and second_factor and row.second_factor_at is None
    level = row.level if row.level_expires_at is None or row.level_expires_at > moment else 0
    roles = {Role.CITIZEN} if row.email_confirmed_at else set()
    if level:
        roles.add(Role.VERIFIED)
    actor = Actor(
        id=row.user_id,
        roles=frozenset(roles) | (frozenset() if withheld else official),
        name=row.name,
        level=level,
        person_id=row.person_id,
        department_id=row.department_id,
        needs_second_factor=withheld,
        session_id=row.id,
    )
    return Found(actor, row.locale, row.email or "", moment - row.last_seen_at > TOUCH_EVERY, row.unread)


def touch(session: Session, session_id: UUID) -> None:
    """Note that the session is in use."""
    session.execute(update(LoginSession).where(LoginSession.id == session_id).values(last_seen_at=clock.now()))


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A line of "where I am signed in"."""

    id: UUID
    device: str
    created_at: datetime
    last_seen_at: datetime
    current: bool


def mine(session: Session, actor: Actor) -> list[SessionRow]:
    """The actor's living sessions, newest first."""
    rows = session.execute(
        select(LoginSession.id, LoginSession.device, LoginSession.created_at, LoginSession.last_seen_at)
        .where(
            LoginSession.user_id == actor.id,
            LoginSession.pending.is_(False),
            LoginSession.revoked_at.is_(None),
            LoginSession.expires_at > clock.now(),
        )
        .order_by(LoginSession.created_at.desc(), LoginSession.id.desc())
        .limit(100)
    )
    return [SessionRow(r.id, r.device, r.created_at, r.last_seen_at, r.id == actor.session_id) for r in rows]


def revoke(session: Session, actor: Actor, session_id: UUID) -> None:
    """End one of the actor's own sessions."""
    found = session.get(LoginSession, session_id)
    if found is None or found.user_id != actor.id:
        raise NotFoundError
    if found.revoked_at is None:
        found.revoked_at = clock.now()
        audit.record(session, actor, "session:revoke", found)


def revoke_all(session: Session, user_id: UUID, *, keep: UUID | None = None) -> int:
    """End every session of an account but `keep`: at a new password, a change of roles, an erasure."""
    statement = update(LoginSession).where(LoginSession.user_id == user_id, LoginSession.revoked_at.is_(None))
    if keep is not None:
        statement = statement.where(LoginSession.id != keep)
    result = session.execute(statement.values(revoked_at=clock.now()))
    return int(getattr(result, "rowcount", 0))


def revoke_others(session: Session, actor: Actor) -> int:
    """End every session of the actor but the present one."""
    if actor.id is None:
        raise NotFoundError
    ended = revoke_all(session, actor.id, keep=actor.session_id)
    audit.record(session, actor, "session:revoke-others", count=ended)
    return ended
