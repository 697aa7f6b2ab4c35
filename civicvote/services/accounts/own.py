"""One's own account: profile, and a change of address by a link to the new one."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from civicvote.domain.errors import ConflictError, InvalidError
from civicvote.domain.messages import msg
from civicvote.domain.permissions import Actor
from civicvote.models.accounts import User
from civicvote.models.base import new_id
from civicvote.services import audit, clock, outbox, sessions
from civicvote.services.accounts import tokens
from civicvote.services.accounts.joining import Link, check_address, check_district, check_name


@dataclass(frozen=True, slots=True)
class Profile:
    """What an account says of itself."""

    email: str
    name: str
    district: str | None
    locale: str
    level: int
    level_expires_at: datetime | None
    created_at: datetime


def profile(session: Session, actor: Actor) -> Profile:
    """The actor's own."""
    user = session.get_one(User, actor.account())
    return Profile(
        user.email or "", user.name, user.district, user.locale, actor.level, user.level_expires_at, user.created_at
    )


def change_profile(session: Session, actor: Actor, *, name: str, district: str | None, locale: str) -> None:
    """Set nickname, stated district and language. A name somebody has already is kept, also one of before a rule."""
    user = session.get_one(User, actor.account())
    before = (user.name, user.district, user.locale)
    if name.strip() != user.name:
        user.name = check_name(name)
    user.district = check_district(district)
    user.locale = "en" if locale == "en" else "ko"
    after = (user.name, user.district, user.locale)
    fields = ("name", "district", "locale")
    changed = [field for field, old, new in zip(fields, before, after, strict=True) if old != new]
    if changed:
        audit.record(session, actor, "account:profile", user, fields=changed)


def ask_change_email(session: Session, actor: Actor, *, email: str, change: Link, sign_in: str) -> None:
    """Send a link to the new address and word to the old one; the password was just shown.

    If the new address belongs to another account, its owner is told so by mail, and nobody else.
    """
    user = session.get_one(User, actor.account())
    address = check_address(email)
    if address == user.email:
        raise InvalidError(msg("지금 쓰고 있는 주소입니다. 새 주소를 입력해 주십시오."), field="email")
    taken = session.scalar(select(User.id).where(User.email == address)) is not None
    token = tokens.new()
    tokens.issue(session, "change", token, User.id == user.id, to=address)
    asked = audit.record(session, actor, "account:email-ask", user)
    kind, url = ("already-registered", sign_in) if taken else ("change-email", change(token))
    outbox.put(session, kind, about=str(asked.id), recipient_id=user.id, address=address, url=url)
    outbox.put(session, "change-email-notice", about=str(asked.id), recipient_id=user.id, address=user.email)


def changeable(session: Session, token: str) -> str:
    """The address a link would change to; NotFoundError for one that is gone."""
    return tokens.look(session, "change", token).email


def change_email(session: Session, token: str, *, keep: Actor) -> None:
    """Change the address by a link to the new one; other sessions end, and the old address is told."""
    found = tokens.look(session, "change", token)
    if session.scalar(select(User.id).where(User.email == found.email)) is not None:
        raise ConflictError(msg("이 주소는 이미 다른 계정에서 쓰고 있어 바꿀 수 없습니다."))
    tokens.use(session, found)
    user = session.get_one(User, found.user_id)
    old = user.email
    user.email = found.email
    user.email_confirmed_at = clock.now()
    sessions.revoke_all(session, user.id, keep=keep.session_id if keep.id == user.id else None)
    audit.record(session, Actor(id=user.id), "account:email", user)
    session.flush()
    outbox.put(session, "email-changed", about=str(new_id()), recipient_id=user.id, address=old)
