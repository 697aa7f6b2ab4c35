"""종합: a moderator drafts it in sections, participants annotate each, and what is taken up shows in the next revision."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from civicvote.domain.deliberation import RoundKind
from civicvote.domain.discussion import PostKind
from civicvote.domain.errors import ConflictError, NotFoundError
from civicvote.domain.lifecycles import ForumState, PostState
from civicvote.domain.messages import msg
from civicvote.domain.paging import Cursor, Page
from civicvote.domain.permissions import Actor
from civicvote.models.accounts import User, public_name
from civicvote.models.deliberation import AnnotationUptake, Forum, Round, SynthesisRevision, SynthesisSection
from civicvote.models.discussion import Post
from civicvote.services import audit, clock
from civicvote.services.conflicts import settled
from civicvote.services.deliberation import access, making, words
from civicvote.services.discussion import threads
from civicvote.services.upsert import insert_new

HEADING_MAX, BODY_MAX, SECTIONS_MAX, NOTE_MAX, SIZE = 120, 20_000, 30, 300, 30


@dataclass(frozen=True, slots=True)
class Part:
    """A section with its figures: annotations others may read, and how many of them were taken up."""

    section: SynthesisSection
    annotations: int
    taken_up: int


def parts(session: Session, round_id: UUID) -> list[Part]:
    """The sections in their order, in one statement."""
    shown = and_(Post.anchor_id == SynthesisSection.id, Post.kind == PostKind.ANNOTATION, Post.state == PostState.SHOWN)
    rows = session.execute(
        select(SynthesisSection, func.count(Post.id), func.count(AnnotationUptake.post_id))
        .outerjoin(Post, shown)
        .outerjoin(AnnotationUptake, AnnotationUptake.post_id == Post.id)
        .where(SynthesisSection.round_id == round_id)
        .group_by(SynthesisSection.id)
        .order_by(SynthesisSection.position)
    )
    return [Part(*found) for found in rows]


def _writable(session: Session, actor: Actor, round_id: UUID) -> tuple[Round, Forum]:
    """The synthesis round for whoever runs its forum, until the conclusion; locked, so that sections get places of their own."""
    found, held = access.round_of(session, actor, round_id, lock=True)
    if found.kind is not RoundKind.SYNTHESIS:
        raise NotFoundError
    access.require_moderator(session, actor, held.id)
    if held.state not in {ForumState.DRAFT, ForumState.OPEN}:
        raise ConflictError(msg("마무리한 공론장의 종합안은 바꾸지 않습니다."))
    return found, held


def section(session: Session, actor: Actor, section_id: UUID) -> tuple[SynthesisSection, Round, Forum]:
    """A section with its round, for whoever may read the round."""
    part = session.get(SynthesisSection, section_id)
    if part is None:
        raise NotFoundError
    found, held = access.round_of(session, actor, part.round_id)
    return part, found, held


def _keep(session: Session, actor: Actor, part: SynthesisSection) -> None:
    """The section as it stands now, as a revision for all to read."""
    last = session.scalar(
        select(func.coalesce(func.max(SynthesisRevision.number), 0)).where(SynthesisRevision.section_id == part.id)
    )
    session.add(
        SynthesisRevision(
            section_id=part.id,
            number=(last or 0) + 1,
            heading=part.heading,
            body=part.body,
            by=actor.id,
            at=part.updated_at,
        )
    )


def add(session: Session, actor: Actor, round_id: UUID, *, heading: str, body: str) -> SynthesisSection:
    """Add a section behind the others."""
    found, _held = _writable(session, actor, round_id)
    last, count = session.execute(
        select(func.coalesce(func.max(SynthesisSection.position), 0), func.count()).where(
            SynthesisSection.round_id == round_id
        )
    ).one()
    if count >= SECTIONS_MAX:
        raise ConflictError(msg("종합안은 %(most)s개 부분까지 나눌 수 있습니다.", most=SECTIONS_MAX))
    made = SynthesisSection(
        round_id=round_id,
        position=last + 1,
        heading=words.line(heading, "heading", minimum=2, maximum=HEADING_MAX),
        body=words.text(body, "body", minimum=10, maximum=BODY_MAX),
        updated_at=clock.now(),
    )
    with settled(session, making.CHANGED):
        session.add(made)
        session.flush()
        _keep(session, actor, made)
    audit.record(session, actor, "synthesis:add", made, round=found.id)
    threads.touch(session, round_id)
    return made


def revise(
    session: Session, actor: Actor, section_id: UUID, *, heading: str, body: str, version: int
) -> SynthesisSection:
    """Publish a new revision of a section; the older ones stay readable."""
    part, found, _held = section(session, actor, section_id)
    _writable(session, actor, found.id)
    if part.version != version:
        raise ConflictError(making.CHANGED)
    title = words.line(heading, "heading", minimum=2, maximum=HEADING_MAX)
    text = words.text(body, "body", minimum=10, maximum=BODY_MAX)
    if (title, text) == (part.heading, part.body):
        return part
    with settled(session, making.CHANGED):
        part.heading, part.body, part.updated_at = title, text, clock.now()
        session.flush()
        _keep(session, actor, part)
    audit.record(session, actor, "synthesis:revise", part, version=part.version)
    threads.touch(session, found.id)
    return part


def revisions(session: Session, section_id: UUID) -> list[SynthesisRevision]:
    """What a section has said, the newest first."""
    query = select(SynthesisRevision).where(SynthesisRevision.section_id == section_id)
    return list(session.scalars(query.order_by(SynthesisRevision.number.desc())))


@dataclass(frozen=True, slots=True)
class Annotation:
    """What a participant says about a section. `taken_up`: the revision it was taken up after, None if it wasn't."""

    id: UUID
    author: str | None
    body: str
    at: datetime
    taken_up: int | None
    note: str


def annotations(session: Session, round_id: UUID, section_id: UUID, cursor: Cursor | None = None) -> Page[Annotation]:
    """Annotations of a section, the newest first."""
    query = (
        select(Post.id, public_name(), Post.body, Post.created_at, AnnotationUptake.revision, AnnotationUptake.note)
        .outerjoin(User, User.id == Post.author_id)
        .outerjoin(AnnotationUptake, AnnotationUptake.post_id == Post.id)
        .where(
            Post.thread_id == round_id,
            Post.anchor_id == section_id,
            Post.kind == PostKind.ANNOTATION,
            Post.state == PostState.SHOWN,
        )
        .order_by(Post.id.desc())
        .limit(SIZE + 1)
    )
    if cursor is not None:
        query = query.where(Post.id < cursor.key)
    rows = [Annotation(r[0], r[1], r[2], r[3], r[4], r[5] or "") for r in session.execute(query)]
    return Page.cut(rows, SIZE, lambda row: Cursor(row.id))


def take_up(session: Session, actor: Actor, post_id: UUID, *, note: str = "") -> SynthesisSection:
    """반영: mark that an annotation was taken up in the section's present revision, and how."""
    post = session.get(Post, post_id)
    if post is None or post.kind is not PostKind.ANNOTATION or post.anchor_id is None:
        raise NotFoundError
    part, found, _held = section(session, actor, post.anchor_id)
    _writable(session, actor, found.id)
    if post.state is not PostState.SHOWN:
        raise ConflictError(msg("공개된 의견만 반영할 수 있습니다."))
    last = revisions(session, part.id)
    row = {
        "post_id": post_id,
        "section_id": part.id,
        "revision": last[0].number if last else 1,
        "note": words.line(note, "note", minimum=0, maximum=NOTE_MAX),
        "by": actor.id,
        "at": clock.now(),
    }
    if insert_new(session, AnnotationUptake, [row]):
        audit.record(session, actor, "synthesis:take-up", part, post=post_id)
        threads.touch(session, found.id)
    return part
