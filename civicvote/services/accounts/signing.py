"""Through the door: a password checked, a session opened and ended."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from civicvote.domain.errors import ForbiddenError, InvalidError
from civicvote.domain.messages import Message, msg
from civicvote.domain.permissions import Actor
from civicvote.models.accounts import Passkey, Totp, User
from civicvote.services import audit, outbox, sessions
from civicvote.services.accounts import passwords
from civicvote.services.accounts.joining import Link, normal_address, send_confirmation

WRONG = msg("이메일 또는 비밀번호가 맞지 않습니다.")


@dataclass(frozen=True, slots=True)
class Known:
    """An account whose password was just shown. `fresh_hash`: made with today's parameters, where the stored one was older."""

    id: UUID
    email: str
    confirmed: bool
    has_factor: bool
    fresh_hash: str | None


def _by(
    session: Session, condition: ColumnElement[bool], password: str, *, field: str | None, wrong: Message = WRONG
) -> Known:
    row = session.execute(
        select(
            User.id,
            User.email,
            User.password_hash,
            User.email_confirmed_at,
            select(Totp.user_id).where(Totp.user_id == User.id, Totp.confirmed_at.is_not(None)).exists().label("totp"),
            select(Passkey.id).where(Passkey.user_id == User.id).exists().label("passkey"),
        ).where(condition, User.erased_at.is_(None))
    ).first()
    if not passwords.matches(row.password_hash if row else None, password) or row is None:
        raise InvalidError(wrong, field=field)
    fresh = passwords.hashed(password) if passwords.outdated(row.password_hash) else None
    return Known(row.id, row.email, bool(row.email_confirmed_at), row.totp or row.passkey, fresh)


def check(session: Session, *, email: str, password: str) -> Known:
    """The account of an address and password, else InvalidError: the same words and time whether or not it exists.

    Takes a session that only reads: no lock is held while a core hashes.
    """
    return _by(session, User.email == normal_address(email), password, field=None)


def check_own(session: Session, actor: Actor, password: str, *, field: str = "password") -> Known:
    """The actor's own password, asked for again before what cannot be undone."""
    if actor.id is None:
        raise ForbiddenError
    return _by(session, User.id == actor.id, password, field=field, wrong=msg("비밀번호가 맞지 않습니다."))


@dataclass(frozen=True, slots=True)
class Opened:
    """What a right password opens: a session (`pending`: after the second factor), or nothing yet (`token` empty) but a new mail."""

    token: str
    pending: bool


def sign_in(
    session: Session, known: Known, *, device: str, limits: sessions.Limits, confirm: Link, old: Actor
) -> Opened:
    """Open a session for an account whose password was shown; one this browser had ends.

    An address that was never confirmed gets its link again and no session.
    """
    if not known.confirmed:
        send_confirmation(session, known.id, known.email, confirm=confirm)
        return Opened("", pending=False)
    return enter(session, known, device=device, limits=limits, old=old)


def enter(session: Session, known: Known, *, device: str, limits: sessions.Limits, old: Actor) -> Opened:
    """Open the session itself."""
    if old.session_id is not None:
        sessions.revoke(session, old, old.session_id)
    user = session.get_one(User, known.id)
    if known.fresh_hash:
        user.password_hash = known.fresh_hash
    token = sessions.start(session, user, device=device, limits=limits, pending=known.has_factor)
    return Opened(token, pending=known.has_factor)


def sign_out(session: Session, actor: Actor) -> None:
    """End the actor's present session."""
    if actor.session_id is not None:
        sessions.revoke(session, actor, actor.session_id)


def change_password(session: Session, actor: Actor, *, password: str) -> str:
    """Set a new password, the old one having been shown; all other sessions end. Returns this session's new token."""
    if actor.id is None or actor.session_id is None:
        raise ForbiddenError
    passwords.check_strength(password, email="", field="new_password")
    stored = passwords.hashed(password)  # before the first statement: no lock is held while a core hashes
    user = session.get_one(User, actor.id)
    passwords.check_strength(password, email=user.email or "", name=user.name, field="new_password")
    user.password_hash = stored
    ended = sessions.revoke_all(session, user.id, keep=actor.session_id)
    change = audit.record(session, actor, "account:password", user, sessions=ended)
    outbox.put(session, "password-changed", about=str(change.id), recipient_id=user.id, address=user.email)
    return sessions.rotate(session, actor.session_id)
