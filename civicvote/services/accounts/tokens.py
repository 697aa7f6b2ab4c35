"""Links sent by mail: 256 random bits, of which only the SHA-256 is stored, usable once."""

import secrets
from datetime import timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, delete, insert, literal, select, update
from sqlalchemy.orm import Session

from civicvote.domain.errors import NotFoundError
from civicvote.domain.messages import msg
from civicvote.models.accounts import EmailToken, User
from civicvote.models.base import new_id
from civicvote.services import clock
from civicvote.services.sessions import token_hash
from civicvote.services.upsert import changes_one

LIFETIMES = {"confirm": timedelta(days=3), "reset": timedelta(hours=1), "change": timedelta(days=1)}
GONE = msg("이 링크는 더 쓸 수 없습니다. 이미 썼거나 기한이 지났습니다. 처음부터 다시 신청해 주십시오.")


def new() -> str:
    """A token."""
    return secrets.token_urlsafe(32)


def issue(session: Session, purpose: str, token: str, *condition: ColumnElement[bool], to: str) -> None:
    """Store a token for the account that meets `condition`, if there is one; older ones of this purpose end.

    The same two statements run whether or not there is such an account: neither body nor time tells.
    """
    moment = clock.now()
    who = select(User.id).where(*condition, User.erased_at.is_(None))
    session.execute(
        update(EmailToken)
        .where(EmailToken.user_id.in_(who), EmailToken.purpose == purpose, EmailToken.used_at.is_(None))
        .values(used_at=moment)
        .execution_options(synchronize_session=False)
    )
    row = select(
        literal(new_id(), EmailToken.id.type),
        literal(token_hash(token)),
        User.id,
        literal(purpose),
        literal(to),
        literal(moment, EmailToken.created_at.type),
        literal(moment + LIFETIMES[purpose], EmailToken.expires_at.type),
    ).where(*condition, User.erased_at.is_(None))
    columns = ["id", "token_hash", "user_id", "purpose", "email", "created_at", "expires_at"]
    session.execute(insert(EmailToken).from_select(columns, row))


def look(session: Session, purpose: str, token: str) -> EmailToken:
    """The living token, unused; NotFoundError with words for whoever followed an old link."""
    found = session.scalars(
        select(EmailToken)
        .join(User, User.id == EmailToken.user_id)
        .where(
            EmailToken.token_hash == token_hash(token),
            EmailToken.purpose == purpose,
            EmailToken.used_at.is_(None),
            EmailToken.expires_at > clock.now(),
            User.erased_at.is_(None),
        )
    ).first()
    if found is None:
        raise NotFoundError(GONE)
    return found


def use(session: Session, found: EmailToken) -> None:
    """Spend it; of two at once one wins, the other's link is gone."""
    unused = EmailToken.id == found.id, EmailToken.used_at.is_(None)
    if not changes_one(session, update(EmailToken).where(*unused).values(used_at=clock.now())):
        raise NotFoundError(GONE)


def end_all(session: Session, user_id: UUID) -> None:
    """No link of the account opens anything any more."""
    session.execute(delete(EmailToken).where(EmailToken.user_id == user_id))
