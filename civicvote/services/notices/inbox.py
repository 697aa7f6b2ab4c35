"""The inbox: what somebody was told, newest first, and what of it they have read."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from civicvote.domain.errors import NotFoundError
from civicvote.domain.notices import NoticeKind, Sentence, sentence
from civicvote.domain.paging import Cursor, Page
from civicvote.domain.permissions import Actor
from civicvote.models.accounts import User
from civicvote.models.notices import Notice
from civicvote.services import clock

SIZE = 20
#: Counting what is unread stops here: "99+".
MOST_UNREAD = 100
#: How long a notice stays once it was read, and one that nobody reads; and how many go in one sweep.
READ_KEPT, UNREAD_KEPT = timedelta(days=365), timedelta(days=3 * 365)
SWEPT = 5000


@dataclass(frozen=True, slots=True)
class Line:
    """One notice as it is shown."""

    id: UUID
    kind: NoticeKind
    words: Sentence
    at: datetime
    unread: bool


def listing(session: Session, actor: Actor, *, unread: bool = False, cursor: Cursor | None = None) -> Page[Line]:
    """The actor's notices, newest first; `unread`: only what they haven't read. One statement."""
    query = (
        select(Notice.id, Notice.kind, Notice.payload, Notice.path, Notice.created_at, Notice.read_at, User.name)
        .outerjoin(User, User.id == Notice.by_id)
        .where(Notice.recipient_id == actor.account())
    )
    if unread:
        query = query.where(Notice.read_at.is_(None))
    if cursor is not None:
        query = query.where(Notice.id < cursor.key)
    rows = session.execute(query.order_by(Notice.id.desc()).limit(SIZE + 1)).all()
    lines = [
        Line(
            row.id,
            row.kind,
            sentence(row.kind, worded(row.payload, row.name), row.path),
            row.created_at,
            not row.read_at,
        )
        for row in rows
    ]
    return Page.cut(lines, SIZE, lambda line: Cursor(line.id))


def worded(payload: dict[str, Any], name: str | None) -> dict[str, Any]:
    """What the sentence needs: the payload, with the nickname that the speaker's account has today."""
    return {**payload, "name": name} if name else payload


def read(session: Session, actor: Actor, notice_id: UUID) -> str:
    """Note that the actor has read a notice of theirs, and where it leads; NotFoundError for anybody else's."""
    path = session.scalars(
        select(Notice.path).where(Notice.id == notice_id, Notice.recipient_id == actor.account())
    ).one_or_none()
    if path is None:
        raise NotFoundError
    _mark(session, Notice.id == notice_id)
    return path


def read_all(session: Session, actor: Actor, *, until: UUID | None = None) -> None:
    """Note that the actor has read everything up to the notice `until`; what came while they looked stays unread."""
    mine = Notice.recipient_id == actor.account()
    _mark(session, mine, *([Notice.id <= until] if until else []))


def _mark(session: Session, *which: Any) -> None:
    session.execute(
        update(Notice)
        .where(*which, Notice.read_at.is_(None))
        .values(read_at=clock.now())
        .execution_options(synchronize_session=False)
    )


def unread_count() -> Any:
    """How many notices of the account `User.id` of the statement around it are unread, up to `MOST_UNREAD`: a column."""
    some = (
        select(Notice.id)
        .where(Notice.recipient_id == User.id, Notice.read_at.is_(None))
        .limit(MOST_UNREAD)
        .correlate(User)
        .subquery()
    )
    return select(func.count()).select_from(some).scalar_subquery()


def sweep(session: Session) -> int:
    """Delete some of what was read long ago, or never in a long time; run by the worker. How many are gone."""
    moment = clock.now()
    long_read = select(Notice.id).where(Notice.read_at < moment - READ_KEPT).order_by(Notice.read_at).limit(SWEPT)
    oldest = UUID(f"{int((moment - UNREAD_KEPT).timestamp() * 1000):012x}" + "0" * 20)
    never_read = select(Notice.id).where(Notice.id < oldest, Notice.read_at.is_(None)).order_by(Notice.id).limit(SWEPT)
    gone = 0
    for some in (long_read, never_read):
        result = session.execute(delete(Notice).where(Notice.id.in_(some)).execution_options(synchronize_session=False))
        gone += max(0, int(getattr(result, "rowcount", 0)))
    return gone
