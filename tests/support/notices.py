"""Things that tests of notices need."""

from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from civicvote.domain.discussion import ThreadKind
from civicvote.domain.notices import NoticeKind
from civicvote.models.accounts import User
from civicvote.models.base import new_id
from civicvote.models.notices import Notice
from civicvote.models.outbox import OutboxMessage
from civicvote.services.discussion.threads import open_thread
from civicvote.services.notices import posting, tell
from tests.factories import COUNT

SEOUL = ZoneInfo("Asia/Seoul")
K = NoticeKind


def at(hour: int, minute: int = 0, *, day: int = 2) -> datetime:
    """A moment of December 2026 on Seoul's clock."""
    return datetime(2026, 12, day, hour, minute, tzinfo=SEOUL).astimezone(UTC)


def told(session: Session, user: User, kind: NoticeKind = K.ANSWERED, **values: Any) -> Notice:
    """A notice of the kind to the user."""
    values = {"title": "통학로 보행등", "path": "/projects/", "about": f"thing-{next(COUNT)}"} | values
    assert tell(session, kind, to=[user.id], **values) == 1
    return session.scalars(
        select(Notice).where(Notice.recipient_id == user.id, Notice.kind == kind, Notice.about == values["about"])
    ).one()


def letters(session: Session) -> list[OutboxMessage]:
    """What was promised, the oldest first."""
    session.expire_all()
    return list(
        session.scalars(select(OutboxMessage).where(OutboxMessage.kind.in_(posting.KINDS)).order_by(OutboxMessage.id))
    )


class Box:
    """A carrier that keeps what it is given."""

    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []

    def send(self, letter: EmailMessage) -> None:
        self.letters.append(letter)


LATER = posting.GAP + timedelta(seconds=1)


def thread(session: Session) -> UUID:
    """Something that can be watched."""
    key = new_id()
    open_thread(session, ThreadKind.PROPOSAL, key, title="통학로 보행등", path="/proposals/1")
    return key
