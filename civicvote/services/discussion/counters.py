"""The figures kept beside threads and posts, built anew from the facts they sum up."""

from typing import Any
from uuid import UUID

from sqlalchemy import ScalarSelect, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from civicvote.domain.lifecycles import PostState
from civicvote.models.discussion import Post, PostSupport, StatementVote, Thread


def _votes(value: int) -> ScalarSelect[Any]:
    return (
        select(func.count())
        .where(StatementVote.post_id == Post.id, StatementVote.value == value)
        .correlate(Post)
        .scalar_subquery()
    )


def _facts() -> dict[str, ScalarSelect[Any]]:
    answer = aliased(Post)
    return {
        "support_count": select(func.count()).where(PostSupport.post_id == Post.id).correlate(Post).scalar_subquery(),
        "agree_count": _votes(1),
        "disagree_count": _votes(-1),
        "pass_count": _votes(0),
        "answer_count": select(func.count())
        .where(answer.root_id == Post.id, answer.state == PostState.SHOWN)
        .correlate(Post)
        .scalar_subquery(),
    }


def recount_post(session: Session, post_id: UUID) -> None:
    """Set one post's figures, after a merge."""
    session.execute(
        update(Post).where(Post.id == post_id).values(**_facts()).execution_options(synchronize_session=False)
    )
    session.expire(session.get_one(Post, post_id))


def recount(session: Session, *, repair: bool = True) -> int:
    """Rebuild the figures of posts and threads. Returns how many rows differed (0: no drift)."""
    facts = _facts()
    wrong = or_(*(getattr(Post, name) != fact for name, fact in facts.items()))
    drift = session.scalar(select(func.count()).select_from(Post).where(wrong)) or 0
    shown = (
        select(func.count())
        .where(Post.thread_id == Thread.id, Post.state == PostState.SHOWN)
        .correlate(Thread)
        .scalar_subquery()
    )
    off = Thread.post_count != shown
    drift += session.scalar(select(func.count()).select_from(Thread).where(off)) or 0
    if drift and repair:
        session.execute(update(Post).where(wrong).values(**facts).execution_options(synchronize_session=False))
        session.execute(update(Thread).where(off).values(post_count=shown).execution_options(synchronize_session=False))
    return drift
