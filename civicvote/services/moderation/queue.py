"""What waits for a moderator: reports, posts out of sight, appeals; the oldest first, each where the reader moderates."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, exists, false, func, or_, select
from sqlalchemy.orm import Session

from civicvote.domain.discussion import HideReason, PostKind, ThreadKind
from civicvote.domain.errors import ForbiddenError, NotFoundError
from civicvote.domain.lifecycles import POST, PostState
from civicvote.domain.messages import Message, msg
from civicvote.domain.paging import Cursor, Page
from civicvote.domain.permissions import Actor, Permission
from civicvote.domain.workflow import Move
from civicvote.models.accounts import User
from civicvote.models.deliberation import ForumModerator, Round
from civicvote.models.discussion import Appeal, ModerationDecision, Post, Report, Thread
from civicvote.models.proposals import CoAuthor, Proposal
from civicvote.services.moderation import deciding

SIZE = 20
#: Reports looked at at once.
REPORTS = 500


class Desk(StrEnum):
    """The parts of the queue."""

    WAITING = "waiting"
    REPORTS = "reports"
    APPEALS = "appeals"


DESKS: dict[Desk, Message] = {
    Desk.WAITING: msg("확인을 기다리는 글"),
    Desk.REPORTS: msg("신고"),
    Desk.APPEALS: msg("이의제기"),
}


@dataclass(frozen=True, slots=True)
class Item:
    """Something that waits. `subject` is a post's or a proposal's key; `count`: open reports of it."""

    id: UUID
    post_id: UUID | None
    proposal_id: UUID | None
    kind: PostKind | None
    title: str
    path: str
    body: str
    author: str | None
    at: datetime
    held_for: str = ""
    state: PostState | None = None
    count: int = 0
    codes: Sequence[HideReason] = field(default_factory=list)


def require(actor: Actor) -> None:
    """ForbiddenError unless the actor moderates anything."""
    if not (actor.can(Permission.POST_MODERATE) or actor.can(Permission.FORUM_APPROVE)):
        raise ForbiddenError


def _wrote(actor: Actor, key: Any) -> ColumnElement[bool]:
    """Whether the proposal with this key is the actor's: what is said about and under it is for others to decide."""
    author = exists().where(Proposal.id == key, Proposal.author_id == actor.id)
    return or_(author, exists().where(CoAuthor.proposal_id == key, CoAuthor.user_id == actor.id))


def mine(actor: Actor) -> ColumnElement[bool]:
    """Threads the actor moderates: all for staff who approve forums, else everything but other moderators' rounds."""
    if actor.can(Permission.FORUM_APPROVE) and not actor.can(Permission.POST_MODERATE):
        return Thread.kind.in_((ThreadKind.ROUND, ThreadKind.FORUM))
    named = (
        select(Round.id)
        .join(ForumModerator, ForumModerator.forum_id == Round.forum_id)
        .where(Round.id == Thread.id, ForumModerator.user_id == actor.id)
        .exists()
    )
    others = ~_wrote(actor, Thread.id)
    return others if actor.can(Permission.FORUM_APPROVE) else and_(or_(Thread.kind != ThreadKind.ROUND, named), others)


def not_own(actor: Actor) -> ColumnElement[bool]:
    """Posts that somebody else wrote: nobody decides about their own."""
    return or_(Post.author_id.is_(None), Post.author_id != actor.id)


def to_decide(actor: Actor) -> ColumnElement[bool]:
    """Open appeals that neither come from the actor nor go against them."""
    others = or_(Appeal.against_id.is_(None), Appeal.against_id != actor.id)
    theirs = or_(Appeal.author_id.is_(None), Appeal.author_id != actor.id)
    return and_(Appeal.decided_at.is_(None), others, theirs)


def reported(actor: Actor) -> Select[tuple[int]]:
    """How many things are reported that the actor moderates."""
    return _reported(actor, func.count(func.coalesce(Report.post_id, Report.proposal_id).distinct()))


def counts(session: Session, actor: Actor) -> dict[Desk, int]:
    """How much waits on each desk; one statement."""
    require(actor)
    waiting = (
        select(func.count())
        .select_from(Post)
        .join(Thread, Thread.id == Post.thread_id)
        .where(Post.state.in_((PostState.HELD, PostState.VEILED)), mine(actor), not_own(actor))
        .scalar_subquery()
    )
    open_appeals = select(func.count()).where(to_decide(actor)).scalar_subquery()
    found = session.execute(select(waiting, reported(actor).scalar_subquery(), open_appeals)).one()
    return dict(zip((Desk.WAITING, Desk.REPORTS, Desk.APPEALS), found, strict=True))


def waiting(
    session: Session, actor: Actor, cursor: Cursor | None = None, *, thread_id: UUID | None = None
) -> Page[Item]:
    """Posts nobody else reads before a moderator has looked."""
    require(actor)
    query = (
        select(Post, Thread.title, Thread.path, User.name, User.erased_at)
        .join(Thread, Thread.id == Post.thread_id)
        .outerjoin(User, User.id == Post.author_id)
        .where(Post.state.in_((PostState.HELD, PostState.VEILED)), mine(actor), not_own(actor))
        .order_by(Post.id)
        .limit(SIZE + 1)
    )
    if thread_id is not None:
        query = query.where(Post.thread_id == thread_id)
    if cursor is not None:
        query = query.where(Post.id > cursor.key)
    rows = [
        Item(
            post.id, post.id, None, post.kind, title, f"{path}#post-{post.id}", post.body, None if gone else name,
            post.created_at, post.held_for, post.state,
        )
        for post, title, path, name, gone in session.execute(query)
    ]  # fmt: skip
    return Page.cut(rows, SIZE, lambda row: Cursor(row.id))


def _reported(actor: Actor, *columns: Any) -> Select[Any]:
    """Undecided reports of what the actor moderates."""
    given = Report.proposal_id.is_not(None) if actor.can(Permission.POST_MODERATE) else false()
    proposals = and_(given, ~_wrote(actor, Report.proposal_id))
    return (
        select(*columns)
        .select_from(Report)
        .outerjoin(Post, Post.id == Report.post_id)
        .outerjoin(Thread, Thread.id == Post.thread_id)
        .where(Report.settled_at.is_(None), or_(proposals, and_(Thread.id.is_not(None), mine(actor), not_own(actor))))
    )


def _open_reports(session: Session, actor: Actor, thread_id: UUID | None) -> dict[UUID, dict[str, Any]]:
    """What is reported and undecided, the first report first: whether it is a post, when, how often, for what.

    At most `REPORTS` reports at a time: what is decided makes room for the next.
    """
    query = _reported(actor, Report.post_id, Report.proposal_id, Report.code, Report.created_at)
    if thread_id is not None:
        query = query.where(Post.thread_id == thread_id)
    query = query.order_by(Report.id).limit(REPORTS)
    found: dict[UUID, dict[str, Any]] = {}
    for post_id, proposal_id, code, at in session.execute(query):
        key: UUID = post_id or proposal_id or UUID(int=0)
        held = found.setdefault(key, {"post": post_id, "at": at, "count": 0, "codes": {}})
        held["count"] += 1
        held["codes"][code] = None
    return found


def _posts(session: Session, actor: Actor, keys: Sequence[UUID]) -> dict[UUID, Any]:
    query = (
        select(Post, Thread.id.label("thread"), Thread.title, Thread.path, User.name, User.erased_at)
        .join(Thread, Thread.id == Post.thread_id)
        .outerjoin(User, User.id == Post.author_id)
        .where(Post.id.in_(keys), mine(actor))
    )
    return {row.Post.id: row for row in session.execute(query)}


def _proposals(session: Session, actor: Actor, keys: Sequence[UUID]) -> dict[UUID, Any]:
    if not actor.can(Permission.POST_MODERATE):
        return {}
    query = (
        select(Proposal, User.name, User.erased_at)
        .outerjoin(User, User.id == Proposal.author_id)
        .where(Proposal.id.in_(keys))
    )
    return {row.Proposal.id: row for row in session.execute(query)}


def reports(session: Session, actor: Actor, *, thread_id: UUID | None = None) -> Sequence[Item]:
    """Reported things nobody has decided on, what was reported first on top; three statements."""
    require(actor)
    found = _open_reports(session, actor, thread_id)
    posts = _posts(session, actor, [key for key, held in found.items() if held["post"]])
    proposals = _proposals(session, actor, [key for key, held in found.items() if not held["post"]])
    items = []
    for key, held in found.items():
        common = {"at": held["at"], "count": held["count"], "codes": list(held["codes"])}
        if (r := posts.get(key)) is not None and thread_id in {None, r.thread}:
            post: Post = r.Post
            items.append(
                Item(key, key, None, post.kind, r.title, f"{r.path}#post-{key}", post.body,
                     None if r.erased_at else r.name, state=post.state, **common)
            )  # fmt: skip
        elif (p := proposals.get(key)) is not None and thread_id is None:
            items.append(
                Item(key, None, key, None, p.Proposal.title, f"/proposals/{key}", p.Proposal.problem,
                     None if p.erased_at else p.name, **common)
            )  # fmt: skip
    return items


@dataclass(frozen=True, slots=True)
class AppealRow:
    """An appeal in the queue. `mine`: the reader hid it or wrote it, so another must decide."""

    id: UUID
    title: str
    path: str
    body: str
    code: HideReason | None
    reason: str
    text: str
    at: datetime
    mine: bool
    decided_at: datetime | None
    upheld: bool | None
    answer: str


def _appeals(*conditions: ColumnElement[bool]) -> Any:
    return (
        select(Appeal, Post, Proposal, Thread.title, Thread.path)
        .outerjoin(Post, Post.id == Appeal.post_id)
        .outerjoin(Proposal, Proposal.id == Appeal.proposal_id)
        .outerjoin(Thread, Thread.id == Post.thread_id)
        .where(*conditions)
    )


def _appeal_row(actor: Actor, r: Any) -> AppealRow:
    subject: Post | Proposal = r.Post or r.Proposal
    on_post = isinstance(subject, Post)
    return AppealRow(
        id=r.Appeal.id,
        title=r.title if on_post else subject.title,
        path=f"{r.path}#post-{subject.id}" if on_post else f"/proposals/{subject.id}",
        body=subject.body if isinstance(subject, Post) else subject.problem,
        code=subject.hidden_code,
        reason=subject.hidden_reason,
        text=r.Appeal.text,
        at=r.Appeal.created_at,
        mine=actor.id in {r.Appeal.against_id, r.Appeal.author_id},
        decided_at=r.Appeal.decided_at,
        upheld=r.Appeal.upheld,
        answer=r.Appeal.answer,
    )


def appeals(session: Session, actor: Actor, cursor: Cursor | None = None) -> Page[AppealRow]:
    """Open appeals, the oldest first."""
    actor.require(Permission.APPEAL_DECIDE)
    query = _appeals(Appeal.decided_at.is_(None)).order_by(Appeal.id).limit(SIZE + 1)
    if cursor is not None:
        query = query.where(Appeal.id > cursor.key)
    rows = [_appeal_row(actor, r) for r in session.execute(query)]
    return Page.cut(rows, SIZE, lambda row: Cursor(row.id))


def appeal(session: Session, actor: Actor, appeal_id: UUID) -> AppealRow:
    """One appeal, to be decided."""
    actor.require(Permission.APPEAL_DECIDE)
    r = session.execute(_appeals(Appeal.id == appeal_id)).one_or_none()
    if r is None:
        raise NotFoundError
    return _appeal_row(actor, r)


@dataclass(frozen=True, slots=True)
class Case:
    """A post with everything a moderator decides by."""

    post: Post
    thread: Thread
    author: str | None
    reports: Sequence[Report]
    decisions: Sequence[ModerationDecision]
    moves: Sequence[Move]


def case(session: Session, actor: Actor, post_id: UUID) -> Case:
    """One post for its moderator; ForbiddenError for others."""
    require(actor)
    row = session.execute(
        select(Post, Thread, User.name, User.erased_at)
        .join(Thread, Thread.id == Post.thread_id)
        .outerjoin(User, User.id == Post.author_id)
        .where(Post.id == post_id)
    ).one_or_none()
    if row is None:
        raise NotFoundError
    if not deciding.may_moderate(session, actor, row.Thread):
        raise ForbiddenError
    own = actor.id is not None and row.Post.author_id == actor.id
    # What others reported about it isn't for whoever wrote it.
    told = [] if own else session.scalars(select(Report).where(Report.post_id == post_id).order_by(Report.id)).all()
    done = session.scalars(
        select(ModerationDecision).where(ModerationDecision.post_id == post_id).order_by(ModerationDecision.id)
    ).all()
    moves = [] if own else POST.allowed(deciding.as_moderator(actor), row.Post.state)
    return Case(row.Post, row.Thread, None if row.erased_at else row.name, told, done, moves)
