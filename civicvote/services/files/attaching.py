"""Attaching and removing files."""

import hashlib
import unicodedata
from datetime import timedelta
from pathlib import PurePosixPath
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from civicvote.domain.errors import InvalidError, NotFoundError
from civicvote.domain.files import MOST_BYTES, MOST_FILES, FileKind, kind_of
from civicvote.domain.messages import msg
from civicvote.domain.permissions import Actor, Permission
from civicvote.domain.text import clean_line, normalise, refuse_resident_number
from civicvote.models.files import Attachment
from civicvote.services import audit, clock
from civicvote.services.files import doors, making, scanning
from civicvote.services.locks import exclusive
from civicvote.uploads import Store

ALT_MAX = 200
_NAME_MAX = 100
#: Days a removed file is kept, for moderators and appeals.
KEPT = timedelta(days=30)
_SWEPT = 200
#: Bytes an account may attach in a day.
MOST_A_DAY = 200 * 1024 * 1024


def _name(raw: str, kind: FileKind) -> str:
    """What people see: the file's own name without path and signs, with the ending of what it is."""
    stem = PurePosixPath(normalise(raw.replace("\\", "/"))).stem
    letters = (c if unicodedata.category(c)[0] in "LN" or c in " -_()." else "_" for c in stem)
    plain = "".join(letters).strip(" ._")[:_NAME_MAX]
    return f"{plain or 'file'}.{'webp' if kind.picture else kind.value}"


def _require_room(session: Session, actor: Actor, more: int) -> None:
    """Refuse what goes beyond the bytes of an account and day."""
    lately = (Attachment.owner_id == actor.id, Attachment.created_at > clock.now() - timedelta(days=1))
    if (session.scalar(select(func.sum(Attachment.size)).where(*lately)) or 0) + more > MOST_A_DAY:
        raise InvalidError(msg("하루에 올릴 수 있는 양을 넘었습니다. 내일 다시 올려 주십시오."), field="file")


def attach(
    session: Session,
    actor: Actor,
    store: Store,
    subject: tuple[str, UUID],
    content: bytes,
    *,
    name: str,
    alt: str = "",
    scanner: str = "",
) -> Attachment:
    """Attach a file to a thing (`subject`: kind and key) the actor may change; the same bytes again are the same file.

    `content` at most MOST_BYTES; `alt`: what a picture shows. InvalidError (field "file" or "alt") for what can't be taken.
    """
    actor.require(Permission.POST_WRITE)
    kind_name, key = subject
    doors.require(session, actor, kind_name, key, change=True)
    if not content:
        raise InvalidError(msg("올릴 파일을 골라 주십시오."), field="file")
    if len(content) > MOST_BYTES:
        raise InvalidError(msg("파일은 10MB까지 올릴 수 있습니다."), field="file")
    described = clean_line(alt, maximum=ALT_MAX, field="alt")
    refuse_resident_number(described, field="alt")
    digest = hashlib.sha256(content).hexdigest()
    exclusive(session, f"files:{key}")
    _require_room(session, actor, len(content))
    held = select(Attachment).where(Attachment.subject_id == key, Attachment.removed_at.is_(None))
    if (same := session.scalars(held.where(Attachment.sha256 == digest)).first()) is not None:
        return same
    if (session.scalar(select(func.count()).select_from(held.subquery())) or 0) >= MOST_FILES:
        raise InvalidError(msg("파일은 %(n)s개까지 붙일 수 있습니다.", n=MOST_FILES), field="file")
    kind = kind_of(content)
    scanning.scan(scanner, content)
    made = making.make(kind, content)
    attachment = Attachment(
        owner_id=actor.id,
        subject_id=key,
        subject_kind=kind_name,
        picture=kind.picture,
        media_type=kind.media_type,
        name=_name(name, kind),
        alt=described,
        size=len(made.content),
        width=made.width,
        height=made.height,
        sha256=digest,
        stored_as=store.write(made.content, made.small),
        created_at=clock.now(),
    )
    session.add(attachment)
    session.flush()
    audit.record(session, actor, "file:attach", attachment, kind=kind.value, size=attachment.size)
    return attachment


def remove(session: Session, actor: Actor, attachment_id: UUID) -> Attachment:
    """Take a file off the thing it belongs to; it is deleted thirty days later."""
    attachment = session.get(Attachment, attachment_id)
    if attachment is None or attachment.removed_at is not None:
        raise NotFoundError
    doors.require(session, actor, attachment.subject_kind, attachment.subject_id, change=True)
    attachment.removed_at = clock.now()
    audit.record(session, actor, "file:remove", attachment)
    return attachment


def sweep(session: Session, store: Store) -> None:
    """Delete what was removed thirty days ago, and files whose transaction failed."""
    gone = session.scalars(
        select(Attachment).where(Attachment.removed_at < clock.now() - KEPT).order_by(Attachment.id).limit(_SWEPT)
    ).all()
    for attachment in gone:
        store.forget(attachment.stored_as)
    session.execute(
        delete(Attachment).where(Attachment.id.in_([a.id for a in gone])).execution_options(synchronize_session=False)
    )
    old = list(store.old())
    for start in range(0, len(old), _SWEPT):
        names = old[start : start + _SWEPT]
        known = set(session.scalars(select(Attachment.stored_as).where(Attachment.stored_as.in_(names))))
        for name in names:
            if name not in known:
                store.forget(name)
