"""Accounts below the web: what their tests share."""

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from civicvote.models.outbox import OutboxMessage
from civicvote.services import accounts, sessions
from civicvote.services.attempts import Guard

PASSWORD = "느티나무 아래 긴의자"
KEY = b"k" * 32
LIMITS = sessions.Limits(14 * 86400, 3600, 30 * 86400)
GUARD = Guard("test", 10, timedelta(minutes=15))


def join(session: Session, email: str = "minju@example.org", password: str = PASSWORD) -> None:
    accounts.sign_up(
        session,
        email=email,
        name="민주",
        password=password,
        district=None,
        locale="ko",
        confirm=lambda token: f"/confirm/{token}",
        sign_in="/sign-in",
    )


def token_of(session: Session, kind: str) -> str:
    mail = session.scalars(
        select(OutboxMessage).where(OutboxMessage.kind == kind).order_by(OutboxMessage.id.desc())
    ).first()
    assert mail
    return str(mail.payload["url"]).rsplit("/", 1)[1]
