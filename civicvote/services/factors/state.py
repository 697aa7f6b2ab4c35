"""Which factors an account has, and what follows when that changes."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from civicvote.domain.errors import ForbiddenError
from civicvote.domain.permissions import Actor
from civicvote.models.accounts import LoginSession, Passkey, RecoveryCode, Totp, User
from civicvote.services import audit, outbox, sessions


@dataclass(frozen=True, slots=True)
class PasskeyRow:
    """A passkey as its owner sees it."""

    id: UUID
    name: str
    created_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class State:
    """The factors of an account; `app_since`: when the authenticator app was confirmed."""

    app_since: datetime | None
    passkeys: list[PasskeyRow]
    codes_left: int

    @property
    def any(self) -> bool:
        """Whether the account has a second factor at all; codes alone are none."""
        return self.app_since is not None or bool(self.passkeys)


def state(session: Session, user_id: UUID) -> State:
    """What the account has. The caller has made sure whose it is."""
    since = session.scalar(select(Totp.confirmed_at).where(Totp.user_id == user_id))
    keys = session.execute(
        select(Passkey.id, Passkey.name, Passkey.created_at, Passkey.last_used_at)
        .where(Passkey.user_id == user_id)
        .order_by(Passkey.created_at, Passkey.id)
    )
    left = session.scalar(select(func.count()).where(RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None)))
    return State(since, [PasskeyRow(*row) for row in keys], left or 0)


def note(session: Session, actor: Actor, action: str, user_id: UUID) -> None:
    """Record a change and tell the owner by mail: whoever took a password over would come here next."""
    change = audit.record(session, actor, action, session.get_one(User, user_id))
    outbox.put(session, "second-factor-changed", about=str(change.id), recipient_id=user_id)


def added(session: Session, actor: Actor, *, limits: sessions.Limits) -> str:
    """After a factor was shown for the first time: it counts for this session, all others end. Returns the new token."""
    if actor.id is None or actor.session_id is None:
        raise ForbiddenError
    sessions.revoke_all(session, actor.id, keep=actor.session_id)
    return sessions.pass_challenge(session, actor.session_id, limits=limits)


def recount(session: Session, actor: Actor) -> str:
    """After a factor was removed. Without any, codes go and official roles are withheld again. Returns the new token."""
    if actor.id is None or actor.session_id is None:
        raise ForbiddenError
    session.flush()
    if not state(session, actor.id).any:
        session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == actor.id))
        session.execute(update(LoginSession).where(LoginSession.user_id == actor.id).values(second_factor_at=None))
    return sessions.rotate(session, actor.session_id)
