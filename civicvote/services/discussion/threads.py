"""Threads: opened with the thing they hang on, and a pulse that tells pages when to look again."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from civicvote.domain.discussion import ThreadKind
from civicvote.domain.errors import NotFoundError
from civicvote.models.discussion import Thread
from civicvote.services.upsert import insert_new


def open_thread(session: Session, kind: ThreadKind, key: UUID, *, title: str, path: str) -> None:
    """Give the thing with this key a thread; what has one keeps it. NotFoundError where it is another thing's."""
    row = {"id": key, "kind": kind, "title": title, "path": path, "post_count": 0, "pulse": 0, "closed_reason": ""}
    if not insert_new(session, Thread, [row]) and session.get_one(Thread, key).kind is not kind:
        raise NotFoundError


def rename(session: Session, key: UUID, title: str) -> None:
    """Follow a new title of the thing."""
    session.execute(
        update(Thread).where(Thread.id == key).values(title=title).execution_options(synchronize_session=False)
    )


def touch(session: Session, key: UUID, *, posts: int = 0) -> None:
    """Something that anybody can see has changed: pages that were left open will ask. `posts`: by how many more or fewer."""
    session.execute(
        update(Thread)
        .where(Thread.id == key)
        .values(pulse=Thread.pulse + 1, post_count=Thread.post_count + posts)
        .execution_options(synchronize_session=False)
    )


@dataclass(frozen=True, slots=True)
class Pulse:
    """How far a thread is: changes so far, and shown posts."""

    pulse: int
    posts: int


def pulse(session: Session, key: UUID) -> Pulse:
    """One row by its key; NotFoundError without one."""
    row = session.execute(select(Thread.pulse, Thread.post_count).where(Thread.id == key)).one_or_none()
    if row is None:
        raise NotFoundError
    return Pulse(*row)
