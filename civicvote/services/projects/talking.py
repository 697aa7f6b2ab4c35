"""What people say to a project: 공감, following, comments and their hiding."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session, aliased

from civicvote.domain.errors import ConflictError, NotFoundError
from civicvote.domain.lifecycles import ProjectState
from civicvote.domain.messages import msg
from civicvote.domain.paging import Cursor, Page
from civicvote.domain.permissions import Actor, Permission
from civicvote.domain.text import clean_text, refuse_resident_number
from civicvote.models.accounts import User
from civicvote.models.base import Base, new_id
from civicvote.models.departments import Department
from civicvote.models.projects import Comment, Endorsement, Follow, Project
from civicvote.services import audit, clock, outbox
from civicvote.services.projects.reading import ENDORSABLE, visible
from civicvote.services.upsert import insert_new

BODY_MIN, BODY_MAX = 2, 1000
REASON_MIN, REASON_MAX = 2, 300
THREADS = 20


def _count(session: Session, project_id: UUID, column: str, by: int) -> int:
    """Move a counter of the project by `by`, atomically; its new value."""
    counter = getattr(Project, column)
    value: int = session.scalars(
        update(Project)
        .where(Project.id == project_id)
        .values({column: counter + by})
        .returning(counter)
        .execution_options(synchronize_session=False)
    ).one()
    return value


def endorse(session: Session, actor: Actor, project_id: UUID, *, on: bool = True) -> int:
    """공감, or take it back; saying it twice changes nothing. Returns the number of endorsements."""
    actor.require(Permission.PROJECT_ENDORSE)
    project = visible(session, actor, project_id)
    if project.state not in ENDORSABLE:
        raise ConflictError(msg("지금은 공감을 바꿀 수 없습니다. 공감은 제출부터 투표안건 공고 전까지 받습니다."))
    if not _mark(session, Endorsement, actor, project, on=on):
        return session.scalars(select(Project.endorsement_count).where(Project.id == project.id)).one()
    audit.record(session, actor, "project:endorse" if on else "project:unendorse", project)
    return _count(session, project.id, "endorsement_count", 1 if on else -1)


def follow(session: Session, actor: Actor, project_id: UUID, *, on: bool = True) -> None:
    """소식 받기, or no longer."""
    actor.require(Permission.ACCOUNT_OWN)
    project = visible(session, actor, project_id)
    if _mark(session, Follow, actor, project, on=on):
        audit.record(session, actor, "project:follow" if on else "project:unfollow", project)


def _mark(
    session: Session, model: type[Endorsement] | type[Follow], actor: Actor, project: Project, *, on: bool
) -> bool:
    """Write or remove a person's row; whether something changed."""
    kind: type[Base] = model
    if on:
        return bool(insert_new(session, kind, [{"project_id": project.id, "user_id": actor.id, "at": clock.now()}]))
    removed = session.scalars(
        delete(model)
        .where(model.project_id == project.id, model.user_id == actor.id)
        .returning(model.user_id)
        .execution_options(synchronize_session=False)
    ).all()
    return bool(removed)


@dataclass(frozen=True, slots=True)
class CommentRow:
    """A comment as shown. A hidden one has no body, but its reason; `author` is None for somebody who left."""

    id: UUID
    parent_id: UUID | None
    author: str | None
    by_author: bool
    department: str
    body: str
    at: datetime
    hidden: bool
    hidden_reason: str
    mine: bool
    answers: list["CommentRow"] = field(default_factory=list)


def comments(session: Session, actor: Actor, project: Project, cursor: Cursor | None = None) -> Page[CommentRow]:
    """Threads, the newest first, each with its answers in their order; one statement."""
    heads = select(Comment.id).where(Comment.project_id == project.id, Comment.parent_id.is_(None))
    if cursor:
        heads = heads.where(Comment.id < cursor.key)
    shown = heads.order_by(Comment.id.desc()).limit(THREADS + 1).subquery()
    author = aliased(User)
    rows = session.execute(
        select(Comment, author.name, author.erased_at, author.department_id, Department.name)
        .outerjoin(author, author.id == Comment.author_id)
        .outerjoin(Department, Department.id == project.department_id)
        .where(Comment.project_id == project.id, func.coalesce(Comment.parent_id, Comment.id).in_(select(shown.c.id)))
        .order_by(Comment.id)
    )
    threads: dict[UUID, CommentRow] = {}
    for comment, name, erased_at, department_id, department in rows:
        official = department_id is not None and department_id == project.department_id
        hidden = comment.hidden_at is not None
        row = CommentRow(
            comment.id,
            comment.parent_id,
            None if erased_at is not None else name,
            by_author=comment.author_id is not None and comment.author_id == project.author_id,
            department=department if official and comment.author_id != project.author_id else "",
            body="" if hidden else comment.body,
            at=comment.created_at,
            hidden=hidden,
            hidden_reason=comment.hidden_reason,
            mine=actor.id is not None and comment.author_id == actor.id,
        )
        if comment.parent_id is None:
            threads[row.id] = row
        elif comment.parent_id in threads:
            threads[comment.parent_id].answers.append(row)
    newest: Sequence[CommentRow] = list(threads.values())[::-1]
    return Page.cut(newest, THREADS, lambda row: Cursor(row.id))


def say(
    session: Session, actor: Actor, project_id: UUID, *, body: str, form_key: UUID, parent_id: UUID | None = None
) -> None:
    """Write a comment, or an answer to one. The same form (`form_key`) sent twice is one comment."""
    actor.require(Permission.COMMENT_WRITE)
    project = visible(session, actor, project_id)
    if project.state in {ProjectState.DRAFT, ProjectState.WITHDRAWN}:
        raise ConflictError(
            msg("공개된 제안에만 댓글을 쓸 수 있습니다. 철회되거나 안건에서 제외된 제안에는 더 쓸 수 없습니다.")
        )
    text = clean_text(body, minimum=BODY_MIN, maximum=BODY_MAX, field="body")
    refuse_resident_number(text, field="body")
    if parent_id is not None:
        parent = session.get(Comment, parent_id)
        if parent is None or parent.project_id != project.id:
            raise NotFoundError
        parent_id = parent.parent_id or parent.id  # two deep: an answer to an answer joins the same thread
    moment = clock.now()
    row = {
        "id": new_id(),
        "project_id": project.id,
        "parent_id": parent_id,
        "author_id": actor.id,
        "body": text,
        "created_at": moment,
        "hidden_reason": "",
        "form_key": form_key,
    }
    if insert_new(session, Comment, [row]):
        _count(session, project.id, "comment_count", 1)
        audit.record(session, actor, "comment:write", project, comment=row["id"])


@dataclass(frozen=True, slots=True)
class Hidable:
    """A comment a moderator is about to hide."""

    id: UUID
    project_id: UUID
    project: str
    body: str


def hidable(session: Session, actor: Actor, comment_id: UUID) -> Hidable:
    """The comment with where it stands; ConflictError if it is hidden already."""
    actor.require(Permission.COMMENT_HIDE)
    row = session.execute(
        select(Comment, Project.title).join(Project, Project.id == Comment.project_id).where(Comment.id == comment_id)
    ).one_or_none()
    if row is None:
        raise NotFoundError
    comment, title = row
    if comment.hidden_at is not None:
        raise ConflictError(msg("이미 숨긴 댓글입니다."))
    return Hidable(comment.id, comment.project_id, title, comment.body)


def hide(session: Session, actor: Actor, comment_id: UUID, *, reason: str) -> UUID:
    """Hide a comment with a public reason; its place stays and its author is told. Returns the project's key."""
    hidable(session, actor, comment_id)
    text = clean_text(reason, minimum=REASON_MIN, maximum=REASON_MAX, field="reason")
    refuse_resident_number(text, field="reason")
    comment = session.get_one(Comment, comment_id, with_for_update=True, populate_existing=True)
    if comment.hidden_at is not None:
        raise ConflictError(msg("이미 숨긴 댓글입니다."))
    comment.hidden_at, comment.hidden_by, comment.hidden_reason = clock.now(), actor.id, text
    session.flush()
    _count(session, comment.project_id, "comment_count", -1)
    audit.record(session, actor, "comment:hide", comment, project=comment.project_id)
    if comment.author_id is not None:
        title = session.scalars(select(Project.title).where(Project.id == comment.project_id)).one()
        outbox.put(
            session,
            "comment-hidden",
            about=str(comment.id),
            recipient_id=comment.author_id,
            project=str(comment.project_id),
            title=title,
            reason=text,
        )
    return comment.project_id
