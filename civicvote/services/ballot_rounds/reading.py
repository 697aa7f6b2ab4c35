"""A ballot's pages: what is asked, whether it is open to this person, who took part, what came out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from civicvote.domain.ballot_paper import Marks, Paper
from civicvote.domain.ballot_rounds import BALLOT_METHODS, cycle_id, slug_of
from civicvote.domain.ballots.receipts import Receipt
from civicvote.domain.deliberation import AUDIENCES, ForumKind, RoundKind
from civicvote.domain.discussion import PostKind
from civicvote.domain.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from civicvote.domain.lifecycles import CycleState, PostState
from civicvote.domain.messages import Message, msg
from civicvote.domain.permissions import Actor, Permission
from civicvote.keystore import KeyStore
from civicvote.models.accounts import User
from civicvote.models.ballot_rounds import BallotOption, BallotOptionSource, RoundBallot
from civicvote.models.cycles import Cycle
from civicvote.models.deliberation import Forum, Round, SynthesisSection
from civicvote.models.discussion import Post
from civicvote.models.votes import Vote
from civicvote.services import board, clock, results, votes, voting
from civicvote.services.ballot_rounds import announcing, preparing
from civicvote.services.deliberation import access
from civicvote.services.voting import Booth


@dataclass(frozen=True, slots=True)
class Line:
    """An option with what citizens said that it speaks for: (key, title, 추천) each."""

    id: UUID
    number: str
    title: str
    body: str
    sources: Sequence[tuple[UUID, str, int]]


@dataclass(frozen=True, slots=True)
class BallotView:
    """The page of a ballot round. `booth`: the ballot box as this person finds it; None for visitors and before the announcement.

    `people`: who took part so far, as the board has it. `contest`: the published result.
    """

    round: Round
    forum: Forum
    ballot: RoundBallot | None
    cycle: Cycle | None
    vote: Vote | None
    options: Sequence[Line]
    window: access.Window
    booth: Booth | None
    people: int
    contest: results.Contest | None
    runs: bool

    @property
    def slug(self) -> str:
        """What the board calls the vote."""
        return slug_of(self.round.id)

    @property
    def audience(self) -> Message:
        """Who may vote, in words."""
        return AUDIENCES[self.round.audience]

    @property
    def method(self) -> Message | str:
        """How one votes, in words."""
        return BALLOT_METHODS[self.ballot.method] if self.ballot else ""

    @property
    def announced(self) -> bool:
        """Whether form and options are fixed."""
        return self.vote is not None

    @property
    def open(self) -> bool:
        """Whether ballots are taken at this moment."""
        return self.vote is not None and self.vote.sealed_at is None and self.window.open and not self.waits

    @property
    def waits(self) -> bool:
        """Whether it was announced after the round began and opens in a moment."""
        return self.vote is not None and clock.now() < self.vote.opens_at

    @property
    def counting(self) -> bool:
        """Whether voting is over and the result isn't out yet."""
        return self.vote is not None and self.window.over and self.contest is None


def _sources(session: Session, round_id: UUID) -> dict[UUID, list[tuple[UUID, str, int]]]:
    rows = session.execute(
        select(BallotOptionSource.option_id, Post.id, Post.title, Post.body, Post.support_count)
        .join(Post, Post.id == BallotOptionSource.post_id)
        .where(BallotOptionSource.round_id == round_id, Post.state == PostState.SHOWN)
        .order_by(Post.support_count.desc(), Post.id)
    )
    found: dict[UUID, list[tuple[UUID, str, int]]] = {}
    for option, key, title, body, support in rows:
        found.setdefault(option, []).append((key, title or body[:80], support))
    return found


def lines(session: Session, round_id: UUID) -> list[Line]:
    """The options in their order, in two statements."""
    sources = _sources(session, round_id)
    return [
        Line(row.id, str(row.position), row.title, row.body, sources.get(row.id, ()))
        for row in preparing.options(session, round_id)
    ]


def show(session: Session, actor: Actor, round_id: UUID, *, arrived: datetime, keys: KeyStore) -> BallotView:
    """The page for everybody who may read the round; six statements for a visitor."""
    found, forum = access.round_of(session, actor, round_id)
    if found.kind is not RoundKind.BALLOT:
        raise NotFoundError
    row = session.execute(
        select(RoundBallot, Cycle, Vote)
        .outerjoin(Cycle, Cycle.id == RoundBallot.cycle_id)
        .outerjoin(Vote, Vote.cycle_id == Cycle.id)
        .where(RoundBallot.round_id == round_id)
    ).first()
    ballot, cycle, vote = row or (None, None, None)
    runs = access.moderates(session, actor, forum.id)
    published = cycle is not None and cycle.state is CycleState.PUBLISHED
    shown = vote is not None or runs
    inside = vote is not None and actor.signed_in and not published
    slug = slug_of(round_id)
    return BallotView(
        round=found,
        forum=forum,
        ballot=ballot,
        cycle=cycle,
        vote=vote,
        options=lines(session, round_id) if shown else (),
        window=access.window(found, forum),
        booth=voting.booth(session, actor, slug, arrived=arrived, keys=keys) if inside else None,
        people=board.turnout(session, vote.id).total if vote and not published else 0,
        contest=results.chosen(session, slug) if published else None,
        runs=runs,
    )


def overview(
    session: Session, actor: Actor, round_id: UUID, paper: Paper, *, arrived: datetime, keys: KeyStore
) -> voting.Overview:
    """A last look at the paper; InvalidError in a ballot's own words where too few or too many are picked."""
    at = preparing.place(session, actor, round_id)
    _check(at.ballot, paper)
    return voting.overview(session, actor, slug_of(round_id), paper, arrived=arrived, keys=keys)


def cast(
    session: Session, actor: Actor, round_id: UUID, paper: Paper, *, key: str, arrived: datetime, keys: KeyStore
) -> Receipt:
    """Put the ballot in the box. Nothing is written of it beside the box: not even that the person was here, or when."""
    at = preparing.place(session, actor, round_id)
    _check(at.ballot, paper)
    return voting.cast(session, actor, slug_of(round_id), paper, key=key, arrived=arrived, keys=keys)


def _check(ballot: RoundBallot | None, given: Paper | Marks) -> None:
    """InvalidError for a number of picks that the ballot doesn't take."""
    if ballot is None or ballot.cycle_id is None:
        raise ConflictError(msg("아직 공고하지 않은 투표입니다."))
    picks = given.picks if isinstance(given, Paper) else list(given)
    if not picks:
        raise InvalidError(msg("고른 것이 없습니다. 하나 이상 골라 주십시오."), field="picks")
    if len(picks) > ballot.max_picks:
        raise InvalidError(
            msg("%(n)s개까지 고를 수 있습니다. 지금 %(count)s개를 골랐습니다.", n=ballot.max_picks, count=len(picks)),
            field="picks",
        )


@dataclass(frozen=True, slots=True)
class Said:
    """What citizens said in this forum, that may become an option."""

    id: UUID
    title: str
    text: str
    support: int


@dataclass(frozen=True, slots=True)
class DeskView:
    """The page where a ballot is prepared. `number`: of the vote to come, whose key may be made offline beforehand."""

    round: Round
    forum: Forum
    ballot: RoundBallot | None
    options: Sequence[Line]
    said: Sequence[Said]
    sections: Sequence[Said]
    requester: str
    own_request: bool
    may_announce: bool
    obstacle: Message | None
    number: UUID
    slug: str
    runs: bool

    @property
    def editable(self) -> bool:
        """Whether this person may change options now."""
        return (
            self.runs and self.ballot is not None and self.ballot.asked_at is None and self.ballot.announced_at is None
        )

    @property
    def theme(self) -> bool:
        """Whether the candidates are nominations only."""
        return self.forum.kind is ForumKind.THEME


def desk(session: Session, actor: Actor, round_id: UUID) -> DeskView:
    """For whoever runs the forum, for staff who announce, and for auditors to read."""
    at = preparing.place(session, actor, round_id)
    runs = access.moderates(session, actor, at.forum.id)
    if not (runs or actor.can(Permission.AUDIT_READ)):
        raise ForbiddenError
    ballot, rows = at.ballot, lines(session, round_id)
    asked = ballot is not None and ballot.asked_at is not None and ballot.announced_at is None
    requester = session.scalar(select(User.name).where(User.id == ballot.asked_by)) if ballot and asked else None
    taken = {key for row in rows for key, _title, _support in row.sources}
    open_ = runs and ballot is not None and ballot.announced_at is None and not asked
    return DeskView(
        round=at.round,
        forum=at.forum,
        ballot=ballot,
        options=rows,
        said=[one for one in _said(session, at.forum.id) if one.id not in taken] if open_ else (),
        sections=_sections(session, at.forum) if open_ else (),
        requester=requester or "",
        own_request=asked and ballot is not None and ballot.asked_by == actor.id,
        may_announce=asked and actor.can(Permission.CYCLE_APPROVE),
        obstacle=announcing.obstacle(at.round, at.forum, ballot, len(rows), clock.now()) if ballot else None,
        number=votes.vote_id(cycle_id(round_id)),
        runs=runs,
        slug=slug_of(round_id),
    )


def option(session: Session, actor: Actor, round_id: UUID, option_id: UUID) -> tuple[preparing.Place, BallotOption]:
    """One option, for its form."""
    at = preparing.place(session, actor, round_id)
    access.require_moderator(session, actor, at.forum.id)
    return at, preparing.option(session, round_id, option_id)


def _said(session: Session, forum_id: UUID) -> list[Said]:
    """Shown nominations and statements of the forum, those with the most support first; as many as a page can hold."""
    rows = session.execute(
        select(Post.id, Post.title, Post.body, Post.support_count, Post.agree_count)
        .join(Round, Round.id == Post.thread_id)
        .where(
            Round.forum_id == forum_id,
            Post.kind.in_((PostKind.NOMINATION, PostKind.STATEMENT)),
            Post.state == PostState.SHOWN,
        )
        .order_by((Post.support_count + Post.agree_count).desc(), Post.id)
        .limit(200)
    )
    return [
        Said(key, title or body[:80], body if title else "", support + agreed)
        for key, title, body, support, agreed in rows
    ]


def _sections(session: Session, forum: Forum) -> list[Said]:
    if forum.kind is ForumKind.THEME:
        return []
    rows = session.execute(
        select(SynthesisSection.id, SynthesisSection.heading, SynthesisSection.body)
        .join(Round, Round.id == SynthesisSection.round_id)
        .where(Round.forum_id == forum.id)
        .order_by(Round.position, SynthesisSection.position)
        .limit(60)
    )
    return [Said(key, heading, body, 0) for key, heading, body in rows]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The published result of a ballot."""

    round: Round
    forum: Forum
    ballot: RoundBallot
    result: results.Result
    options: Mapping[str, Line]

    @property
    def contest(self) -> results.Contest:
        """A ballot is one contest."""
        return self.result.contests[0]


def outcome(session: Session, actor: Actor, round_id: UUID) -> Outcome:
    """The result with what backs it up; NotFoundError before it is published."""
    at = preparing.place(session, actor, round_id)
    if at.ballot is None:
        raise NotFoundError
    found = results.published(session, actor, slug_of(round_id))
    return Outcome(at.round, at.forum, at.ballot, found, {one.number: one for one in lines(session, round_id)})


def winners(session: Session, round_id: UUID) -> list[BallotOption]:
    """The options the published count chose, the first in front; empty before that."""
    contest = results.chosen(session, slug_of(round_id))
    places = {winner.number: winner.place for winner in contest.winners} if contest else {}
    rows = [row for row in preparing.options(session, round_id) if str(row.position) in places]
    return sorted(rows, key=lambda row: places[str(row.position)])
