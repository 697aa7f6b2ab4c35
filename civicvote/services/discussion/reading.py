"""Reading a thread: roots by the chosen order with the first of their answers, in a few statements however long it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, false, func, literal, or_, select
from sqlalchemy.orm import Session

from civicvote.domain.deliberation import Stance
from civicvote.domain.discussion import PostKind, PostSort
from civicvote.domain.errors import DomainError, NotFoundError
from civicvote.domain.lifecycles import PostState
from civicvote.domain.messages import Message, msg
from civicvote.domain.paging import Cursor, Page
from civicvote.domain.permissions import Actor, Permission
from civicvote.models.accounts import User
from civicvote.models.discussion import Appeal, Post, PostSupport, Thread
from civicvote.models.proposals import CoAuthor, Proposal
from civicvote.services.discussion import doors

SIZE = 20
#: Answers shown under a root before "답글 더 보기".
ANSWERS = 5
MOST_ANSWERS = 50
_OUT_OF_SIGHT = (PostState.HELD, PostState.VEILED)


@dataclass(frozen=True, slots=True)
class PostRow:
    """A post as shown. One that is hidden or withdrawn keeps its place without text; `author` is None for somebody who left."""

    id: UUID
    root_id: UUID | None
    author: str | None
    by_author: bool
    speaks_as: str
    title: str
    body: str
    stance: Stance | None
    at: datetime
    state: PostState
    hidden_code: Any
    hidden_reason: str
    held_for: str
    pinned: bool
    support: int
    supported: bool
    mine: bool
    appealable: bool
    answer_count: int
    extra: Mapping[str, Any] = field(default_factory=dict)
    answers: list["PostRow"] = field(default_factory=list)

    @property
    def readable(self) -> bool:
        """Whether its text is shown to this reader."""
        return self.state in {PostState.SHOWN, *_OUT_OF_SIGHT}


def thread(session: Session, actor: Actor, thread_id: UUID) -> Thread:
    """The thread, if the actor may read what it hangs on."""
    found = session.get(Thread, thread_id)
    if found is None:
        raise NotFoundError
    doors.may_read(session, actor, found)
    return found


def _sees(actor: Actor) -> ColumnElement[bool]:
    """Which posts have a place on this reader's page: what waits is its author's and the moderators'."""
    if actor.can(Permission.POST_MODERATE):
        return Post.state != PostState.MERGED
    own = Post.author_id == actor.id if actor.id else false()
    return or_(Post.state.notin_((*_OUT_OF_SIGHT, PostState.MERGED)), and_(Post.state != PostState.MERGED, own))


def _columns(actor: Actor, thread_id: UUID) -> Any:
    supported = (
        select(PostSupport.user_id).where(PostSupport.post_id == Post.id, PostSupport.user_id == actor.id).exists()
        if actor.id
        else false()
    )
    writes = or_(
        select(Proposal.id).where(Proposal.id == thread_id, Proposal.author_id == Post.author_id).exists(),
        select(CoAuthor.user_id).where(CoAuthor.proposal_id == thread_id, CoAuthor.user_id == Post.author_id).exists(),
    )
    against = Appeal.against_id == Post.hidden_by
    appealed = select(Appeal.id).where(Appeal.post_id == Post.id, against).exists() if actor.id else literal(value=True)
    query: Any = (
        select(
            Post,
            User.name,
            User.erased_at,
            supported.label("supported"),
            writes.label("writes"),
            appealed.label("appealed"),
        )
        .outerjoin(User, User.id == Post.author_id)
        .where(Post.thread_id == thread_id)
        .execution_options(populate_existing=True)  # counters move beside what this session has loaded
    )
    return query


def _row(actor: Actor, r: Any) -> PostRow:
    post: Post = r.Post
    mine = actor.id is not None and actor.id == post.author_id
    gone = post.state in {PostState.HIDDEN, PostState.WITHDRAWN} and not (
        post.state is PostState.HIDDEN and (mine or actor.can(Permission.POST_MODERATE))
    )
    return PostRow(
        id=post.id,
        root_id=post.root_id,
        author=None if r.erased_at else r.name,
        by_author=bool(r.writes),
        speaks_as=post.speaks_as,
        title="" if gone else post.title,
        body="" if gone else post.body,
        stance=post.stance,
        at=post.created_at,
        state=post.state,
        hidden_code=post.hidden_code,
        hidden_reason=post.hidden_reason,
        held_for=post.held_for,
        pinned=post.pinned_at is not None,
        support=post.support_count,
        supported=bool(r.supported),
        mine=mine,
        appealable=mine and post.state is PostState.HIDDEN and not r.appealed,
        answer_count=post.answer_count,
        extra=post.extra or {},
    )


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which posts of a thread, and in which order."""

    kind: PostKind = PostKind.COMMENT
    sort: PostSort = PostSort.NEWEST
    stance: Stance | None = None
    anchor_id: UUID | None = None
    #: Questions: with or without an answer; None: all.
    answered: bool | None = None


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    conditions = [Post.root_id.is_(None), Post.kind == wanted.kind]
    if wanted.stance is not None:
        conditions.append(Post.stance == wanted.stance)
    if wanted.anchor_id is not None:
        conditions.append(Post.anchor_id == wanted.anchor_id)
    if wanted.answered is not None:
        conditions.append(Post.answer_count > 0 if wanted.answered else Post.answer_count == 0)
    return conditions


def _ordered(query: Select[Any], sort: PostSort, cursor: Cursor | None) -> Select[Any]:
    if sort is PostSort.SUPPORTED:
        if cursor is not None:
            mark = cursor.number()
            behind = and_(Post.support_count == mark, Post.id < cursor.key)
            query = query.where(or_(Post.support_count < mark, behind))
        return query.order_by(Post.support_count.desc(), Post.id.desc())
    down = sort is PostSort.NEWEST
    if cursor is not None:
        query = query.where(Post.id < cursor.key if down else Post.id > cursor.key)
    return query.order_by(Post.id.desc() if down else Post.id)


def posts(
    session: Session, actor: Actor, thread_id: UUID, wanted: Wanted | None = None, cursor: Cursor | None = None
) -> Page[PostRow]:
    """A page of roots with the first of their answers; pinned ones stand on top of the first page. Three statements at most."""
    wanted = wanted or Wanted()
    base = _columns(actor, thread_id).where(*_conditions(wanted), _sees(actor))
    pinned = [] if cursor else [_row(actor, r) for r in session.execute(
        base.where(Post.pinned_at.is_not(None)).order_by(Post.pinned_at.desc(), Post.id.desc()).limit(SIZE)
    )]  # fmt: skip
    query = _ordered(base.where(Post.pinned_at.is_(None)), wanted.sort, cursor).limit(SIZE + 1)
    found = Page.cut([_row(actor, r) for r in session.execute(query)], SIZE, lambda row: Cursor(row.id, row.support))
    rows = [*pinned, *found.rows]
    _answer(session, actor, thread_id, rows)
    return Page(rows, found.next)


def _answer(session: Session, actor: Actor, thread_id: UUID, rows: Sequence[PostRow]) -> None:
    """Put the first answers under their roots; one statement for all of them."""
    by_root = {row.id: row for row in rows}
    if not by_root:
        return
    place = func.row_number().over(partition_by=Post.root_id, order_by=Post.id).label("place")
    first = select(Post.id, place).where(Post.root_id.in_(by_root), _sees(actor)).subquery()
    query = (
        _columns(actor, thread_id)
        .join(first, first.c.id == Post.id)
        .where(first.c.place <= ANSWERS)
        .order_by(Post.root_id, Post.id)
    )
    for r in session.execute(query):
        row = _row(actor, r)
        if row.root_id is not None:
            by_root[row.root_id].answers.append(row)


def answers(session: Session, actor: Actor, root_id: UUID, cursor: Cursor | None = None) -> Page[PostRow]:
    """The answers to a root from a place on, in their order."""
    root = session.get(Post, root_id)
    if root is None:
        raise NotFoundError
    query = _columns(actor, root.thread_id).where(Post.root_id == root_id, _sees(actor)).order_by(Post.id)
    if cursor is not None:
        query = query.where(Post.id > cursor.key)
    rows = [_row(actor, r) for r in session.execute(query.limit(MOST_ANSWERS + 1))]
    return Page.cut(rows, MOST_ANSWERS, lambda row: Cursor(row.id))


@dataclass(frozen=True, slots=True)
class One:
    """A single post with its thread."""

    row: PostRow
    thread: Thread


def root(session: Session, actor: Actor, post_id: UUID) -> One:
    """A post the actor may read, else NotFoundError."""
    post = session.get(Post, post_id)
    if post is None:
        raise NotFoundError
    found = thread(session, actor, post.thread_id)
    r = session.execute(_columns(actor, found.id).where(Post.id == post_id, _sees(actor))).one_or_none()
    if r is None:
        raise NotFoundError
    return One(_row(actor, r), found)


def own(session: Session, actor: Actor, post_id: UUID) -> One:
    """The actor's own post; NotFoundError for somebody else's."""
    found = root(session, actor, post_id)
    if not found.row.mine:
        raise NotFoundError
    return found


@dataclass(frozen=True, slots=True)
class Talk:
    """A thread as a page shows it. `silent`: why the reader can't speak now, in words; None if they can."""

    thread: Thread
    wanted: Wanted
    page: Page[PostRow]
    silent: Message | None


def talk(
    session: Session,
    actor: Actor,
    thread_id: UUID,
    wanted: Wanted | None = None,
    cursor: Cursor | None = None,
    *,
    empty: bool = False,
) -> Talk:
    """The thread with a page of posts (`empty`: without), for `discussion/_thread.html`. The actor may read it."""
    # Counters move by statements of their own: where something was written, the row is read again.
    found = session.get(Thread, thread_id, populate_existing=not session.info.get("read_only"))
    if found is None:
        raise NotFoundError
    wanted = wanted or Wanted()
    silent: Message | None = None
    if actor.can(Permission.POST_WRITE):
        silent = _silence(session, actor, found)
    page: Page[PostRow] = Page([], None) if empty else posts(session, actor, thread_id, wanted, cursor)
    return Talk(found, wanted, page, silent)


def _silence(session: Session, actor: Actor, found: Thread) -> Message | None:
    if found.closed_at is not None:
        return msg("대화를 닫았습니다. 이유: %(reason)s", reason=found.closed_reason or "–")
    try:
        doors.may_speak(session, actor, found)
    except DomainError as error:
        return error.message
    return None


def mark(actor: Actor, found: Thread) -> str:
    """What a page left open compares (an ETag): it changes with the thread and with the reader."""
    return (
        f"{found.pulse}-{str(actor.id)[-8:] if actor.id else '0'}-{'m' if actor.can(Permission.POST_MODERATE) else 'r'}"
    )


def anchor(found: Thread, post_id: UUID) -> str:
    """Where a post stands."""
    return f"{found.path}#post-{post_id}"
