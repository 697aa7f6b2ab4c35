"""의견수렴: one statement at a time, answered by agreeing, disagreeing or passing; people add statements of their own."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Float, and_, cast, delete, func, or_, select, update
from sqlalchemy.orm import Session

from civicvote.domain.deliberation import RoundKind
from civicvote.domain.discussion import PostKind
from civicvote.domain.errors import ConflictError, InvalidError, NotFoundError
from civicvote.domain.lifecycles import PostState
from civicvote.domain.messages import Message, msg
from civicvote.domain.paging import Cursor, Page
from civicvote.domain.permissions import Actor
from civicvote.models.deliberation import Forum, Round
from civicvote.models.discussion import Post, StatementVote
from civicvote.services import audit, clock
from civicvote.services.deliberation import access
from civicvote.services.discussion import posting, threads
from civicvote.services.upsert import insert_new

SIZE = 20
#: The next statement is one of so many that need votes most; which one differs from person to person.
_NEAR = 8
COUNTERS: Mapping[int, str] = {1: "agree_count", -1: "disagree_count", 0: "pass_count"}
ANSWERS: Mapping[int, Message] = {1: msg("찬성"), -1: msg("반대"), 0: msg("모르겠음")}


class StatementSort(StrEnum):
    """Orders of the list."""

    VOTED = "voted"
    AGREED = "agreed"
    DIVISIVE = "divisive"
    NEWEST = "newest"


STATEMENT_SORTS: Mapping[StatementSort, Message] = {
    StatementSort.VOTED: msg("많이 답한 순"),
    StatementSort.AGREED: msg("찬성 많은 순"),
    StatementSort.DIVISIVE: msg("의견이 갈리는 순"),
    StatementSort.NEWEST: msg("최신순"),
}

_VOTES: ColumnElement[int] = Post.agree_count + Post.disagree_count + Post.pass_count
_SIDES = func.abs(Post.agree_count - Post.disagree_count)


def of(session: Session, actor: Actor, round_id: UUID) -> tuple[Round, Forum]:
    """A round of 의견수렴 the actor may read, else NotFoundError."""
    found, held = access.round_of(session, actor, round_id)
    if found.kind is not RoundKind.STATEMENTS:
        raise NotFoundError
    return found, held


def _shown(round_id: UUID) -> tuple[ColumnElement[bool], ...]:
    return Post.thread_id == round_id, Post.kind == PostKind.STATEMENT, Post.state == PostState.SHOWN


def _need() -> ColumnElement[Any]:
    """How much a statement needs votes: the variance of its share of agreement under a uniform prior (Beta(a+1, v−a+1)).

    It is large while few have answered and largest where they are divided: (a+1)(v−a+1) / ((v+2)²(v+3)).
    """
    votes, agrees = cast(_VOTES, Float), cast(Post.agree_count, Float)
    return (agrees + 1) * (votes - agrees + 1) / ((votes + 2) * (votes + 2) * (votes + 3))


def next_statement(session: Session, actor: Actor, round_id: UUID) -> Post | None:
    """The statement this person should answer next; None when they have answered all. It stays the same until they do.

    A visitor reads the one that needs answers most.
    """
    if actor.id is None:
        return session.scalars(select(Post).where(*_shown(round_id)).order_by(_need().desc(), Post.id).limit(1)).first()
    user_id = actor.id
    answered = select(StatementVote.post_id).where(
        StatementVote.thread_id == round_id, StatementVote.user_id == user_id
    )
    near = session.scalars(
        select(Post).where(*_shown(round_id), Post.id.notin_(answered)).order_by(_need().desc(), Post.id).limit(_NEAR)
    ).all()
    return min(near, key=lambda post: hashlib.sha256(user_id.bytes + post.id.bytes).digest(), default=None)


@dataclass(frozen=True, slots=True)
class Progress:
    """How many of a round's statements somebody has answered."""

    done: int
    total: int


def progress(session: Session, actor: Actor, round_id: UUID) -> Progress:
    """How far the actor is; one statement."""
    total = select(func.count()).where(*_shown(round_id)).scalar_subquery()
    own = (
        select(func.count())
        .select_from(StatementVote)
        .join(Post, Post.id == StatementVote.post_id)
        .where(*_shown(round_id), StatementVote.user_id == actor.id)
        .scalar_subquery()
    )
    return Progress(*session.execute(select(own, total)).one())


def vote(session: Session, actor: Actor, post_id: UUID, value: int | None) -> Post:
    """Agree (1), disagree (-1), pass (0), or take one's answer back (None); the latest counts, one per account."""
    post = session.get(Post, post_id)
    if post is None or post.kind is not PostKind.STATEMENT:
        raise NotFoundError
    found, held = of(session, actor, post.thread_id)
    access.require_open(session, actor, found, held)
    if post.state is not PostState.SHOWN:
        raise ConflictError(msg("지금은 답할 수 없는 의견입니다. 다음 의견에 답해 주십시오."))
    if value is not None and value not in COUNTERS:
        raise InvalidError(msg("찬성, 반대, 모르겠음 가운데 하나를 골라 주십시오."), field="value")
    before = _replace(session, actor, post, value)
    if before == value:
        return post
    changes = {COUNTERS[before]: -1} if before is not None else {}
    if value is not None:
        changes[COUNTERS[value]] = changes.get(COUNTERS[value], 0) + 1
    session.execute(
        update(Post)
        .where(Post.id == post.id)
        .values({name: getattr(Post, name) + by for name, by in changes.items()})
        .execution_options(synchronize_session=False)
    )
    access.took_part(session, actor, found.id)
    threads.touch(session, found.id)
    audit.record(session, actor, "statement:vote" if value is not None else "statement:unvote", post)
    return post


def _replace(session: Session, actor: Actor, post: Post, value: int | None) -> int | None:
    """Write the answer; returns the one before, None for none."""
    user_id, key = actor.account(), (post.id, actor.id)
    if value is not None:
        row = {
            "post_id": post.id, "user_id": user_id, "thread_id": post.thread_id, "value": value, "at": clock.now(),
        }  # fmt: skip
        if insert_new(session, StatementVote, [row]):
            return None
    held = session.get(StatementVote, key, with_for_update=True, populate_existing=True)
    if held is None:
        return None
    before = held.value
    if value is None:
        session.execute(
            delete(StatementVote)
            .where(StatementVote.post_id == post.id, StatementVote.user_id == user_id)
            .execution_options(synchronize_session=False)
        )
        session.expunge(held)
    elif before != value:
        held.value, held.at = value, clock.now()
        session.flush()
    return before


def add(session: Session, actor: Actor, round_id: UUID, *, body: str, form_key: UUID) -> Post:
    """Add a statement; it waits for a moderator where the round says so."""
    found, held = of(session, actor, round_id)
    access.require_open(session, actor, found, held)
    post = posting.say(
        session,
        actor,
        found.id,
        body=" ".join(body.split()),
        form_key=form_key,
        kind=PostKind.STATEMENT,
        premoderated=found.premoderated,
    )
    access.took_part(session, actor, found.id)
    return post


@dataclass(frozen=True, slots=True)
class StatementRow:
    """A statement in a list. `mine`: the reader's answer, None without one; the counts are told with it or once it is over."""

    id: UUID
    body: str
    agrees: int
    disagrees: int
    passes: int
    mine: int | None
    counted: bool
    measure: int

    @property
    def votes(self) -> int:
        """How many have answered."""
        return self.agrees + self.disagrees + self.passes


def _measure(sort: StatementSort) -> ColumnElement[Any] | None:
    """What an order goes by, in whole thousandths; None for the newest."""
    if sort is StatementSort.VOTED:
        return _VOTES
    if sort is StatementSort.AGREED:
        return (Post.agree_count + 1) * 1000 // (_VOTES + 2)
    if sort is StatementSort.DIVISIVE:
        return (_VOTES - _SIDES) * 1000 // (_VOTES + 2)
    return None


def listing(
    session: Session,
    actor: Actor,
    round_id: UUID,
    *,
    sort: StatementSort = StatementSort.VOTED,
    mine: bool = False,
    over: bool = False,
    cursor: Cursor | None = None,
) -> Page[StatementRow]:
    """A page of statements (`mine`: those the reader has answered); `over`: the round has ended, counts are for everybody."""
    measure = _measure(sort)
    own = and_(StatementVote.post_id == Post.id, StatementVote.user_id == actor.id)
    shown = measure if measure is not None else _VOTES
    query: Any = select(Post, StatementVote.value, shown.label("measure")).where(*_shown(round_id))
    query = query.join(StatementVote, own) if mine else query.outerjoin(StatementVote, own)
    if measure is None:
        query = query.order_by(Post.id.desc())
        if cursor is not None:
            query = query.where(Post.id < cursor.key)
    else:
        query = query.order_by(measure.desc(), Post.id.desc())
        if cursor is not None:
            mark = cursor.number()
            query = query.where(or_(measure < mark, and_(measure == mark, Post.id < cursor.key)))
    rows = [
        StatementRow(
            post.id, post.body, post.agree_count, post.disagree_count, post.pass_count, value, over or value is not None, number,
        )
        for post, value, number in session.execute(query.limit(SIZE + 1).execution_options(populate_existing=True))
    ]  # fmt: skip
    return Page.cut(rows, SIZE, lambda row: Cursor(row.id, row.measure))


def answered(session: Session, actor: Actor, post_id: UUID) -> int | None:
    """The actor's answer to a statement; None without one."""
    if actor.id is None:
        return None
    return session.scalar(
        select(StatementVote.value).where(StatementVote.post_id == post_id, StatementVote.user_id == actor.id)
    )
