"""What is attached to a thing, and the bytes of one file."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from civicvote.domain.errors import NotFoundError
from civicvote.domain.permissions import Actor
from civicvote.models.files import Attachment
from civicvote.services.files import doors
from civicvote.uploads import Store


@dataclass(frozen=True, slots=True)
class Shown:
    """A file as pages list it. `size` in bytes; width and height in pixels, of pictures only."""

    id: UUID
    picture: bool
    name: str
    alt: str
    size: int
    width: int | None
    height: int | None


def of(session: Session, *subject_ids: UUID) -> dict[UUID, list[Shown]]:
    """The files of things the reader is known to see, in their order; one statement."""
    found: dict[UUID, list[Shown]] = {key: [] for key in subject_ids}
    rows: Sequence[Attachment] = session.scalars(
        select(Attachment)
        .where(Attachment.subject_id.in_(subject_ids), Attachment.removed_at.is_(None))
        .order_by(Attachment.subject_id, Attachment.id)
    ).all()
    for a in rows:
        found[a.subject_id].append(Shown(a.id, a.picture, a.name, a.alt, a.size, a.width, a.height))
    return found


def open_to(session: Session, actor: Actor, attachment_id: UUID) -> Attachment:
    """The file's row if the actor may see what it belongs to, else NotFoundError."""
    found = session.get(Attachment, attachment_id)
    if found is None or found.removed_at is not None:
        raise NotFoundError
    doors.require(session, actor, found.subject_kind, found.subject_id)
    return found


def content_of(store: Store, attachment: Attachment, *, small: bool = False) -> bytes:
    """The bytes as stored; NotFoundError where the file has gone."""
    try:
        return store.read(attachment.stored_as, small=small and attachment.picture)
    except FileNotFoundError as error:
        raise NotFoundError from error
