"""What nobody needs any more: links that ran out, sessions long over, tries no guard looks at, accounts nobody confirmed."""

from datetime import timedelta
from typing import Any

from sqlalchemy import delete, exists, or_, select, update
from sqlalchemy.orm import Session

from civicvote.models.accounts import EmailToken, LoginSession, PasskeyChallenge, User, UserRole
from civicvote.models.base import Base
from civicvote.models.notices import Notice, NoticeMail, NoticePreference
from civicvote.models.outbox import OutboxMessage
from civicvote.services import attempts, clock

#: How long the list of one's own devices remembers a session that is over.
SESSIONS_KEPT = timedelta(days=90)
#: How long a sign-up waits for its address to be confirmed: longer than its link lives.
UNCONFIRMED_KEPT = timedelta(days=7)


def sweep(session: Session) -> None:
    """Delete it; run now and then by the worker."""
    moment = clock.now()
    over = moment - SESSIONS_KEPT
    session.execute(delete(LoginSession).where(or_(LoginSession.expires_at < over, LoginSession.revoked_at < over)))
    session.execute(delete(PasskeyChallenge).where(PasskeyChallenge.expires_at < moment - timedelta(hours=1)))
    session.execute(delete(EmailToken).where(EmailToken.expires_at < moment - timedelta(days=1)))
    attempts.purge(session)
    _forget_unconfirmed(session)


def _forget_unconfirmed(session: Session) -> None:
    """Whoever never confirmed an address could do nothing here, so nothing else can hang on the account."""
    forgotten = list(
        session.scalars(
            select(User.id)
            .where(
                User.email_confirmed_at.is_(None),
                User.erased_at.is_(None),
                User.created_at < clock.now() - UNCONFIRMED_KEPT,
                User.person_id.is_(None),
                ~exists().where(UserRole.user_id == User.id),
                ~exists().where(LoginSession.user_id == User.id),
            )
            .order_by(User.id)
            .limit(500)
        )
    )
    if not forgotten:
        return
    unsynchronised = {"synchronize_session": False}
    session.execute(
        update(OutboxMessage)
        .where(OutboxMessage.recipient_id.in_(forgotten))
        .values(recipient_id=None)
        .execution_options(**unsynchronised)
    )
    hanging: list[tuple[type[Base], Any]] = [
        (EmailToken, EmailToken.user_id),
        (Notice, Notice.recipient_id),
        (NoticePreference, NoticePreference.user_id),
        (NoticeMail, NoticeMail.user_id),
    ]
    for table, owner in hanging:
        session.execute(delete(table).where(owner.in_(forgotten)).execution_options(**unsynchronised))
    session.execute(delete(User).where(User.id.in_(forgotten)).execution_options(**unsynchronised))
