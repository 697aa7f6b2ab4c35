"""What the pages of 테마토론 show."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from civicvote.domain.deliberation import ForumKind, RoundKind
from civicvote.domain.discussion import PostKind
from civicvote.domain.errors import NotFoundError
from civicvote.domain.lifecycles import CycleState, ForumState, PostState
from civicvote.domain.paging import Cursor, Page
from civicvote.domain.permissions import Actor, Permission
from civicvote.domain.themes import ROUNDS, ThemeStep, ThemeTimes
from civicvote.models.accounts import User
from civicvote.models.ballot_rounds import BallotOption, ThemePromotion
from civicvote.models.cycles import Cycle
from civicvote.models.deliberation import Forum, ForumLink, Round
from civicvote.models.departments import Department
from civicvote.models.discussion import Post, PostSupport
from civicvote.models.proposals import Proposal
from civicvote.services import ballot_rounds, clock
from civicvote.services.deliberation import access, themes

PAGE = 20
K = RoundKind


@dataclass(frozen=True, slots=True)
class ThemeRow:
    """A 테마토론 in the list. `step`: None once everything is done; `until`: when the clock ends it, if it does."""

    id: UUID
    title: str
    summary: str
    state: ForumState
    step: ThemeStep | None
    until: datetime | None
    theme: str


def _until(step: ThemeStep | None, times: ThemeTimes) -> datetime | None:
    return (
        {
            ThemeStep.NOMINATIONS: times.nominations_close,
            ThemeStep.BALLOT: times.ballot_closes,
            ThemeStep.DISCUSSION: times.discussion_closes,
        }.get(step)
        if step
        else None
    )


def listing(session: Session, actor: Actor, *, cursor: Cursor | None = None, size: int = PAGE) -> Page[ThemeRow]:
    """테마토론, the newest first; drafts for staff only. One statement."""
    ends = {kind: aliased(Round) for kind in (K.NOMINATIONS, K.BALLOT, K.THREADS)}
    first, second, third = ends.values()
    query = select(Forum, Post.title, first.closes_at, second.closes_at, third.closes_at).outerjoin(
        Post, Post.id == Forum.theme_post_id
    )
    for kind, row in ends.items():
        query = query.join(row, (row.forum_id == Forum.id) & (row.kind == kind))
    query = query.where(Forum.kind == ForumKind.THEME)
    if not actor.can(Permission.FORUM_APPROVE):
        query = query.where(Forum.opened_at.is_not(None))
    if cursor is not None:
        query = query.where(Forum.id < cursor.key)
    moment, rows = clock.now(), []
    for forum, theme, nominations, ballot, talk in session.execute(query.order_by(Forum.id.desc()).limit(size + 1)):
        times = ThemeTimes(
            nominations, ballot, talk, confirmed=forum.theme_confirmed_at is not None, over=_is_over(forum)
        )
        step = times.step(moment)
        rows.append(ThemeRow(forum.id, forum.title, forum.summary, forum.state, step, _until(step, times), theme or ""))
    return Page.cut(rows, size, lambda row: Cursor(row.id))


def _is_over(forum: Forum) -> bool:
    return forum.state in {ForumState.CONCLUDED, ForumState.ANSWERED, ForumState.CANCELLED}


@dataclass(frozen=True, slots=True)
class Nomination:
    """A nominated theme. `mine`, `supported`: the reader's own doing. `state`: only one's own may be other than shown."""

    id: UUID
    title: str
    reason: str
    author: str
    state: PostState
    support: int
    at: datetime
    mine: bool
    supported: bool


def nominations(
    session: Session, actor: Actor, round_id: UUID, *, cursor: Cursor | None = None, size: int = PAGE
) -> Page[Nomination]:
    """What everybody reads, and what one nominated oneself; those with the most support first. One statement."""
    mine = Post.author_id == actor.id if actor.id is not None else Post.id.is_(None)
    supported = (
        select(PostSupport.post_id)
        .where(PostSupport.post_id == Post.id, PostSupport.user_id == actor.id)
        .correlate(Post)
        .exists()
    )
    query = (
        select(Post, User.name, User.erased_at, supported)
        .outerjoin(User, User.id == Post.author_id)
        .where(
            Post.thread_id == round_id,
            Post.kind == PostKind.NOMINATION,
            (Post.state == PostState.SHOWN) | (mine & (Post.state != PostState.WITHDRAWN)),
        )
    )
    if cursor is not None:
        place = cursor.number()
        query = query.where((Post.support_count < place) | ((Post.support_count == place) & (Post.id < cursor.key)))
    rows = [
        Nomination(
            post.id,
            post.title,
            post.body,
            name if name and erased is None else "",
            post.state,
            post.support_count,
            post.created_at,
            mine=actor.id is not None and post.author_id == actor.id,
            supported=bool(by_me),
        )
        for post, name, erased, by_me in session.execute(
            query.order_by(Post.support_count.desc(), Post.id.desc()).limit(size + 1)
        )
    ]
    return Page.cut(rows, size, lambda row: Cursor(row.id, row.support))


@dataclass(frozen=True, slots=True)
class ThemeView:
    """The public page. `option`: what the count chose and staff have yet to confirm. `leads`: where the outcome went."""

    forum: Forum
    rounds: dict[RoundKind, Round]
    windows: dict[RoundKind, access.Window]
    times: ThemeTimes
    theme: str
    option: BallotOption | None
    nominations: Page[Nomination]
    own: int
    leads: Sequence[tuple[str, str]]
    promotion: ThemePromotion | None
    runs: bool
    staff: bool

    @property
    def step(self) -> ThemeStep | None:
        """What is going on."""
        return self.times.step(clock.now())

    @property
    def place(self) -> int:
        """The step counted from 0; 5 once all are done."""
        return list(ThemeStep).index(self.step) if self.step else len(ThemeStep)


def show(session: Session, actor: Actor, forum_id: UUID, *, cursor: Cursor | None = None) -> ThemeView:
    """The page of one 테마토론."""
    forum = themes.theme(session, actor, forum_id)
    rounds = {row.kind: row for row in access.rounds(session, forum.id)}
    if not rounds.keys() >= {kind for kind, _title, _guide in ROUNDS}:
        raise NotFoundError  # made otherwise than by `themes.create`: it has only the common page of forums
    held = rounds[K.NOMINATIONS]
    confirmed = forum.theme_confirmed_at is not None
    times = ThemeTimes(
        held.closes_at,
        rounds[K.BALLOT].closes_at,
        rounds[K.THREADS].closes_at,
        confirmed=confirmed,
        over=_is_over(forum),
    )
    waiting = not confirmed and clock.now() >= rounds[K.BALLOT].closes_at and forum.state is ForumState.OPEN
    won = ballot_rounds.winners(session, rounds[K.BALLOT].id) if waiting else []
    concluded = _is_over(forum)
    return ThemeView(
        forum=forum,
        rounds=rounds,
        windows={kind: access.window(row, forum) for kind, row in rounds.items()},
        times=times,
        theme=themes.theme_title(session, forum) if confirmed else "",
        option=won[0] if won else None,
        nominations=nominations(session, actor, held.id, cursor=cursor),
        own=themes.nominated(session, actor, held.id) if actor.signed_in else 0,
        leads=_leads(session, forum.id) if concluded else (),
        promotion=themes.promoted(session, forum.id) if concluded else None,
        runs=access.moderates(session, actor, forum.id),
        staff=actor.can(Permission.FORUM_APPROVE),
    )


def _leads(session: Session, forum_id: UUID) -> list[tuple[str, str]]:
    rows = session.execute(
        select(ForumLink.label, ForumLink.url)
        .where(ForumLink.forum_id == forum_id, ForumLink.after.is_(True))
        .order_by(ForumLink.id)
    )
    return [(label, url) for label, url in rows]


@dataclass(frozen=True, slots=True)
class PromotionChoices:
    """What a conclusion can be taken to."""

    forum: Forum
    theme: str
    departments: Sequence[tuple[UUID, str]]
    cycles: Sequence[tuple[UUID, str]]
    promotion: ThemePromotion | None
    proposal: Proposal | None


def promotion(session: Session, actor: Actor, forum_id: UUID) -> PromotionChoices:
    """For staff: the departments and open budget cycles to choose from."""
    actor.require(Permission.FORUM_APPROVE)
    forum = themes.theme(session, actor, forum_id)
    made = themes.promoted(session, forum.id)
    departments = session.execute(
        select(Department.id, Department.name).where(Department.active.is_(True)).order_by(Department.name)
    )
    cycles = session.execute(
        select(Cycle.id, Cycle.title)
        .where(Cycle.origin == "platform", Cycle.state.not_in((CycleState.DRAFT, CycleState.PUBLISHED)))
        .order_by(Cycle.year.desc(), Cycle.id.desc())
        .limit(50)
    )
    return PromotionChoices(
        forum,
        themes.theme_title(session, forum),
        [(key, name) for key, name in departments],
        [(key, title) for key, title in cycles],
        made,
        session.get(Proposal, made.proposal_id) if made and made.proposal_id else None,
    )


def on_agenda(session: Session, cycle_id: UUID) -> list[tuple[UUID, str]]:
    """테마토론 whose conclusions stand on a budget cycle's agenda: key and title."""
    rows = session.execute(
        select(Forum.id, func.coalesce(Post.title, Forum.title))
        .join(ThemePromotion, ThemePromotion.forum_id == Forum.id)
        .outerjoin(Post, Post.id == Forum.theme_post_id)
        .where(ThemePromotion.cycle_id == cycle_id)
        .order_by(Forum.id)
    )
    return [(key, title) for key, title in rows]
