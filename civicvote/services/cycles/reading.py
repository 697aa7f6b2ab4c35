"""Reading cycles: what is announced, where one stands by the clock, what can be done in it now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.orm import Session, selectinload

from civicvote.domain.cycles import PHASE_LABELS, Phase, Timetable
from civicvote.domain.errors import NotFoundError
from civicvote.domain.lifecycles import CycleState, ProjectState
from civicvote.domain.messages import Message
from civicvote.domain.paging import Cursor, Page
from civicvote.domain.permissions import Actor, Permission
from civicvote.models.cycles import Cycle, Hold, Pool
from civicvote.models.projects import Project
from civicvote.models.votes import TurnoutCount, Vote
from civicvote.services import clock

PAGE = 20

#: Which of the eight steps shown to citizens a phase is:
#: 공고 · 제안접수 · 검토·보완 · 투표안건 공고 · 시민투표 · 개표·검산 · 결과 · 집행.
STEP = {
    Phase.PREPARING: 0,
    Phase.BEFORE_PROPOSALS: 0,
    Phase.PROPOSALS: 1,
    Phase.REVIEW: 2,
    Phase.BALLOT_LIST: 3,
    Phase.VOTING: 4,
    Phase.COUNTING: 5,
    Phase.RESULT: 6,
}
EXECUTION_STEP = 7
_EXECUTED = (ProjectState.EXECUTING, ProjectState.COMPLETED)


#: A forum's ballot has a cycle too, which has pages of its own and stands in no list of budgets.
OF_BUDGET = Cycle.origin != "round"


def may_see_drafts(actor: Actor) -> bool:
    """Who sees a cycle before it is announced: staff, and auditors, who read everything."""
    return actor.can(Permission.CYCLE_MANAGE) or actor.can(Permission.AUDIT_READ)


def get(session: Session, actor: Actor, slug: str, *, of_forums: bool = False) -> Cycle:
    """The cycle with its pools loaded; a draft is NotFound for everybody but staff and auditors.

    A forum's is NotFound as well, unless `of_forums`: budget pages don't show or change it.
    """
    cycle = session.scalars(select(Cycle).where(Cycle.slug == slug).options(selectinload(Cycle.pools))).one_or_none()
    if cycle is None or (cycle.origin == "round" and not of_forums):
        raise NotFoundError
    if cycle.state is CycleState.DRAFT and not may_see_drafts(actor):
        raise NotFoundError
    return cycle


def is_held(session: Session, cycle_id: UUID) -> bool:
    """Whether staff have put the cycle on hold."""
    return bool(session.scalar(select(exists().where(Hold.cycle_id == cycle_id, Hold.lifted_at.is_(None)))))


def timetable(session: Session, cycle: Cycle) -> Timetable:
    """The facts that decide what the cycle takes now; ask it with `clock.now()`."""
    return cycle.timetable(held=is_held(session, cycle.id))


def _not_held() -> ColumnElement[bool]:
    return ~exists().where(Hold.cycle_id == Cycle.id, Hold.lifted_at.is_(None))


def open_cycles(session: Session) -> Sequence[Cycle]:
    """Cycles that take proposals at this moment, pools loaded, the one that closes first in front."""
    moment = clock.now()
    return session.scalars(
        select(Cycle)
        .where(
            Cycle.state == CycleState.ANNOUNCED,
            Cycle.proposals_open_at <= moment,
            Cycle.proposals_close_at > moment,
            _not_held(),
        )
        .options(selectinload(Cycle.pools))
        .order_by(Cycle.proposals_close_at, Cycle.id)
    ).all()


def announced(session: Session) -> list[tuple[str, str]]:
    """Slug and title of every announced cycle, newest first: the choices of a filter."""
    rows = session.execute(
        select(Cycle.slug, Cycle.title)
        .where(Cycle.state != CycleState.DRAFT, OF_BUDGET)
        .order_by(Cycle.year.desc(), Cycle.id.desc())
    )
    return [(slug, title) for slug, title in rows]


def until(cycle: Cycle, phase: Phase) -> datetime | None:
    """When the clock ends `phase`; None where people do."""
    return {
        Phase.BEFORE_PROPOSALS: cycle.proposals_open_at,
        Phase.PROPOSALS: cycle.proposals_close_at,
        Phase.REVIEW: cycle.voting_open_at,
        Phase.BALLOT_LIST: cycle.voting_open_at,
        Phase.VOTING: cycle.voting_close_at,
    }.get(phase)


@dataclass(frozen=True, slots=True)
class CycleRow:
    """A cycle in a list. `until`: when the clock ends the phase, if it does; `amount_won`: all pools together."""

    id: UUID
    slug: str
    title: str
    summary: str
    year: int
    state: CycleState
    phase: Phase
    phase_label: Message
    until: datetime | None
    held: bool
    amount_won: int
    pools: int
    projects: int
    participants: int
    currency: str


def _people() -> ColumnElement[int]:
    """How many took part in the vote of a cycle, as of the board's last batch: nobody counts a million rows for a page."""
    return (
        select(func.coalesce(func.sum(TurnoutCount.people), 0))
        .join(Vote, Vote.id == TurnoutCount.vote_id)
        .where(Vote.cycle_id == Cycle.id)
        .scalar_subquery()
    )


def listing(session: Session, actor: Actor, *, cursor: Cursor | None = None, size: int = PAGE) -> Page[CycleRow]:
    """Cycles, the newest year first; drafts only for staff and auditors. One statement."""
    held = exists().where(Hold.cycle_id == Cycle.id, Hold.lifted_at.is_(None))
    money = select(func.coalesce(func.sum(Pool.amount_won), 0)).where(Pool.cycle_id == Cycle.id).scalar_subquery()
    pools = select(func.count()).where(Pool.cycle_id == Cycle.id).scalar_subquery()
    projects = (
        select(func.count()).where(Project.cycle_id == Cycle.id, Project.state != ProjectState.DRAFT).scalar_subquery()
    )
    query = select(Cycle, held, money, pools, projects, _people()).where(OF_BUDGET)
    if not may_see_drafts(actor):
        query = query.where(Cycle.state != CycleState.DRAFT)
    if cursor is not None:
        year = cursor.number()
        query = query.where((Cycle.year < year) | ((Cycle.year == year) & (Cycle.id < cursor.key)))
    moment = clock.now()
    rows = []
    for cycle, on_hold, total, count, written, voters in session.execute(
        query.order_by(Cycle.year.desc(), Cycle.id.desc()).limit(size + 1)
    ):
        phase = cycle.timetable(held=on_hold).phase(moment)
        rows.append(
            CycleRow(
                id=cycle.id,
                slug=cycle.slug,
                title=cycle.title,
                summary=cycle.summary,
                year=cycle.year,
                state=cycle.state,
                phase=phase,
                phase_label=PHASE_LABELS[phase],
                until=until(cycle, phase),
                held=bool(on_hold),
                amount_won=int(total),
                pools=count,
                projects=written,
                participants=int(voters),
                currency=cycle.currency,
            )
        )
    return Page.cut(rows, size, lambda row: Cursor(row.id, row.year))


@dataclass(frozen=True, slots=True)
class PoolView:
    """A pool with how many public projects it has, how many stand on the ballot and what those cost together."""

    id: UUID
    name: str
    theme: str
    district: str | None
    amount_won: int
    max_picks: int | None
    leftover_to: UUID | None
    projects: int
    on_ballot: int


@dataclass(frozen=True, slots=True)
class CycleView:
    """A cycle's page. `step` counts from 0 through the eight steps; `holds`: all, the open one last."""

    cycle: Cycle
    phase: Phase
    phase_label: Message
    step: int
    until: datetime | None
    held: bool
    hold: Hold | None
    holds: Sequence[Hold]
    pools: Sequence[PoolView]
    takes_proposals: bool
    takes_ballots: bool
    has_vote: bool
    participants: int

    @property
    def amount_won(self) -> int:
        """All pools together, won."""
        return sum(pool.amount_won for pool in self.pools)

    def pool_name(self, pool_id: UUID) -> str:
        """A pool's name."""
        return next(pool.name for pool in self.pools if pool.id == pool_id)

    @property
    def projects(self) -> int:
        """Public projects of all pools."""
        return sum(pool.projects for pool in self.pools)


#: States of projects that were put to the vote.
BALLOT_STATES = frozenset(
    {
        ProjectState.ON_BALLOT,
        ProjectState.SELECTED,
        ProjectState.NOT_SELECTED,
        ProjectState.EXECUTING,
        ProjectState.COMPLETED,
    }
)


def _pool_views(session: Session, cycle: Cycle) -> tuple[list[PoolView], bool]:
    """The pools with their figures, and whether any project is being carried out."""
    counted = session.execute(
        select(Project.pool_id, Project.state, func.count())
        .where(Project.cycle_id == cycle.id, Project.state != ProjectState.DRAFT)
        .group_by(Project.pool_id, Project.state)
    ).all()
    views = [
        PoolView(
            id=pool.id,
            name=pool.name,
            theme=pool.theme,
            district=pool.district,
            amount_won=pool.amount_won,
            max_picks=pool.max_picks,
            leftover_to=pool.leftover_to,
            projects=sum(n for pool_id, _state, n in counted if pool_id == pool.id),
            on_ballot=sum(n for pool_id, state, n in counted if pool_id == pool.id and state in BALLOT_STATES),
        )
        for pool in cycle.pools
    ]
    return views, any(state in _EXECUTED for _pool_id, state, _n in counted)


def detail(session: Session, actor: Actor, slug: str) -> CycleView:
    """Everything the page of a cycle shows, in five statements."""
    cycle = get(session, actor, slug)
    holds = session.scalars(select(Hold).where(Hold.cycle_id == cycle.id).order_by(Hold.placed_at, Hold.id)).all()
    current = next((hold for hold in holds if hold.lifted_at is None), None)
    pools, executed = _pool_views(session, cycle)
    vote = session.execute(
        select(Vote.id, _people()).join(Cycle, Cycle.id == Vote.cycle_id).where(Cycle.id == cycle.id)
    ).first()
    moment = clock.now()
    times = cycle.timetable(held=current is not None)
    phase = times.phase(moment)
    return CycleView(
        cycle=cycle,
        phase=phase,
        phase_label=PHASE_LABELS[phase],
        step=EXECUTION_STEP if phase is Phase.RESULT and executed else STEP[phase],
        until=until(cycle, phase),
        held=current is not None,
        hold=current,
        holds=holds,
        pools=pools,
        takes_proposals=times.takes_proposals(moment),
        takes_ballots=times.takes_ballots(moment),
        has_vote=vote is not None,
        participants=int(vote[1]) if vote else 0,
    )
