"""질의응답: questions to the experts, the most wanted first, each with its answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from civicvote.domain.discussion import PostKind
from civicvote.domain.lifecycles import PostState
from civicvote.domain.paging import Cursor, Page
from civicvote.domain.permissions import Actor
from civicvote.models.accounts import User, public_name
from civicvote.models.discussion import Post, PostSupport

SIZE = 20


@dataclass(frozen=True, slots=True)
class Answer:
    """What an expert or the department said; `speaks_as` stands beside the name."""

    id: UUID
    author: str | None
    speaks_as: str
    body: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Question:
    """A question with its answers. `mine`: the reader wrote it; `supported`: they want it answered too."""

    id: UUID
    author: str | None
    body: str
    at: datetime
    support: int
    mine: bool
    supported: bool
    answers: Sequence[Answer]


def _answers(session: Session, ids: Sequence[UUID]) -> dict[UUID, list[Answer]]:
    found: dict[UUID, list[Answer]] = {}
    if not ids:
        return found
    query = (
        select(Post.root_id, Post.id, public_name(), Post.speaks_as, Post.body, Post.created_at)
        .outerjoin(User, User.id == Post.author_id)
        .where(Post.root_id.in_(ids), Post.state == PostState.SHOWN, Post.speaks_as != "")
        .order_by(Post.id)
    )
    for root, key, name, badge, body, at in session.execute(query):
        found.setdefault(root or key, []).append(Answer(key, name, badge, body, at))
    return found


def _supported(session: Session, actor: Actor, ids: Sequence[UUID]) -> set[UUID]:
    if actor.id is None or not ids:
        return set()
    query = select(PostSupport.post_id).where(PostSupport.user_id == actor.id, PostSupport.post_id.in_(ids))
    return set(session.scalars(query))


def listing(
    session: Session,
    actor: Actor,
    round_id: UUID,
    *,
    answered: bool | None = None,
    cursor: Cursor | None = None,
) -> Page[Question]:
    """Questions of a round, by how many want them answered; `answered` narrows to those with or without an answer."""
    query = (
        select(Post, public_name())
        .outerjoin(User, User.id == Post.author_id)
        .where(
            Post.thread_id == round_id,
            Post.root_id.is_(None),
            Post.kind == PostKind.QUESTION,
            Post.state == PostState.SHOWN,
        )
        .order_by(Post.support_count.desc(), Post.id.desc())
        .limit(SIZE + 1)
    )
    if answered is not None:
        query = query.where(Post.answer_count > 0 if answered else Post.answer_count == 0)
    if cursor is not None:
        mark = cursor.number()
        behind = and_(Post.support_count == mark, Post.id < cursor.key)
        query = query.where(or_(Post.support_count < mark, behind))
    rows = session.execute(query).all()
    ids = [post.id for post, _name in rows[:SIZE]]
    answers, supported = _answers(session, ids), _supported(session, actor, ids)
    made = [
        Question(
            id=post.id,
            author=name,
            body=post.body,
            at=post.created_at,
            support=post.support_count,
            mine=actor.id is not None and post.author_id == actor.id,
            supported=post.id in supported,
            answers=answers.get(post.id, []),
        )
        for post, name in rows
    ]
    return Page.cut(made, SIZE, lambda row: Cursor(row.id, row.support))
