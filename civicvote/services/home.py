"""The first page and a person's own: what is going on, what is mine."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Case, and_, case, func, select
from sqlalchemy.orm import Session

from civicvote.domain.cycles import PHASE_LABELS, Phase
from civicvote.domain.lifecycles import PUBLIC_PROPOSAL_STATES, CycleState, ProjectState, ProposalState
from civicvote.domain.messages import Message
from civicvote.domain.permissions import Actor, Permission
from civicvote.models.cycles import Cycle, Hold, Pool
from civicvote.models.projects import Follow, Project
from civicvote.models.proposals import Proposal
from civicvote.models.votes import Participation, TurnoutCount, Vote
from civicvote.services import agora, clock
from civicvote.services.cycles.reading import OF_BUDGET, until
from civicvote.services.proposals import reading


@dataclass(frozen=True, slots=True)
class CycleCard:
    """A cycle as the first page shows it. `until` is the moment the present phase ends, if the clock ends it."""

    slug: str
    title: str
    summary: str
    phase: Phase
    phase_label: Message
    until: datetime | None
    amount_won: int
    projects: int
    participants: int
    currency: str
    takes_proposals: bool
    takes_ballots: bool


@dataclass(frozen=True, slots=True)
class ProjectCard:
    """A project in a short list."""

    id: UUID
    title: str
    state: ProjectState
    pool: str
    cost_won: int | None
    endorsements: int
    at: datetime
    currency: str


@dataclass(frozen=True, slots=True)
class ProposalCard:
    """A 시민제안 in a short list."""

    id: UUID
    title: str
    state: ProposalState
    endorsements: int
    needed: int
    closes_at: datetime | None
    district: str | None


@dataclass(frozen=True, slots=True)
class Front:
    """The first page."""

    cycles: list[CycleCard]
    newest: list[ProjectCard]
    open_now: Sequence[agora.OpenRow]
    proposals: list[ProposalCard]


#: One's own lists: where something happened last comes first.
_LAST_CHANGED = (Project.updated_at.desc(), Project.id.desc())


def _urgency(moment: datetime) -> Case[int]:
    """What one can do now comes first: an open vote, open proposals, what is under way, results."""
    return case(
        (
            and_(
                Cycle.state == CycleState.LISTED,
                Cycle.voting_open_at <= moment,
                moment < Cycle.voting_close_at,
            ),
            0,
        ),
        (
            and_(
                Cycle.state == CycleState.ANNOUNCED,
                Cycle.proposals_open_at <= moment,
                moment < Cycle.proposals_close_at,
            ),
            1,
        ),
        (Cycle.state != CycleState.PUBLISHED, 2),
        else_=3,
    )


def cards(session: Session, *, limit: int = 4) -> list[CycleCard]:
    """Announced cycles by what one can do in them now, those with a result last; one statement."""
    moment = clock.now()
    amount = select(func.sum(Pool.amount_won)).where(Pool.cycle_id == Cycle.id).scalar_subquery()
    projects = (
        select(func.count()).where(Project.cycle_id == Cycle.id, Project.state != ProjectState.DRAFT).scalar_subquery()
    )
    held = select(func.count()).where(Hold.cycle_id == Cycle.id, Hold.lifted_at.is_(None)).scalar_subquery()
    people = (
        select(func.sum(TurnoutCount.people))
        .join(Vote, Vote.id == TurnoutCount.vote_id)
        .where(Vote.cycle_id == Cycle.id)
        .scalar_subquery()
    )
    rows = session.execute(
        select(Cycle, amount, projects, held, people)
        .where(Cycle.state != CycleState.DRAFT, OF_BUDGET)
        .order_by(_urgency(moment), Cycle.voting_close_at.desc(), Cycle.id)
        .limit(limit)
    )
    found = []
    for cycle, total, count, holds, voters in rows:
        timetable = cycle.timetable(held=bool(holds))
        phase = timetable.phase(moment)
        found.append(
            CycleCard(
                cycle.slug,
                cycle.title,
                cycle.summary,
                phase,
                PHASE_LABELS[phase],
                until(cycle, phase),
                int(total or 0),
                count,
                int(voters or 0),
                cycle.currency,
                timetable.takes_proposals(moment),
                timetable.takes_ballots(moment),
            )
        )
    return found


def _project_cards(session: Session, *conditions: object, order: tuple[object, ...], limit: int) -> list[ProjectCard]:
    query = (
        select(
            Project.id,
            Project.title,
            Project.state,
            Pool.name,
            Project.cost_won,
            Project.requested_won,
            Project.endorsement_count,
            Project.updated_at,
            Cycle.currency,
        )
        .join(Pool, Pool.id == Project.pool_id)
        .join(Cycle, Cycle.id == Project.cycle_id)
        .where(*conditions)  # type: ignore[arg-type]  # column expressions
        .order_by(*order)  # type: ignore[arg-type]
        .limit(limit)
    )
    return [
        ProjectCard(
            r.id,
            r.title,
            r.state,
            r.name,
            r.cost_won if r.cost_won is not None else r.requested_won,
            r.endorsement_count,
            r.updated_at,
            r.currency,
        )
        for r in session.execute(query)
    ]


def _proposal_cards(session: Session, *, limit: int) -> list[ProposalCard]:
    """The proposals made public last."""
    rows = session.execute(
        select(
            Proposal.id,
            Proposal.title,
            Proposal.state,
            Proposal.endorsement_count,
            Proposal.department_threshold,
            Proposal.closes_at,
            Proposal.district,
        )
        .where(Proposal.state.in_(PUBLIC_PROPOSAL_STATES), Proposal.hidden_at.is_(None))
        .order_by(Proposal.published_at.desc(), Proposal.id.desc())
        .limit(limit)
    )
    return [ProposalCard(*row) for row in rows]


def front(session: Session, actor: Actor) -> Front:
    """What everybody sees first."""
    proposed = (Project.state != ProjectState.DRAFT, Cycle.origin == "platform")
    newest = _project_cards(session, *proposed, order=(Project.submitted_at.desc(), Project.id.desc()), limit=3)
    open_now = agora.today(session, actor, agora.Filters(), size=5).rows
    return Front(cards(session), newest, open_now, _proposal_cards(session, limit=4))


@dataclass(frozen=True, slots=True)
class Mine:
    """What a person did here. Of votes only that they took part."""

    written: list[ProjectCard]
    followed: list[ProjectCard]
    proposals: list[reading.OwnRow]
    followed_proposals: list[reading.OwnRow]
    votes: list[tuple[str, str]]


def mine(session: Session, actor: Actor) -> Mine:
    """The actor's own page."""
    actor.require(Permission.ACCOUNT_OWN)
    written = _project_cards(session, Project.author_id == actor.id, order=_LAST_CHANGED, limit=100)
    following = select(Follow.project_id).where(Follow.user_id == actor.id)
    followed = _project_cards(
        session, Project.id.in_(following), Project.state != ProjectState.DRAFT, order=_LAST_CHANGED, limit=100
    )
    votes = session.execute(
        select(Cycle.slug, Cycle.title)
        .join(Vote, Vote.cycle_id == Cycle.id)
        .join(Participation, Participation.vote_id == Vote.id)
        .where(Participation.person_id == actor.person_id)
        .order_by(Vote.closes_at.desc(), Vote.id)
    ).all()
    proposed, watched = reading.written_by(session, actor), reading.followed_by(session, actor)
    return Mine(written, followed, proposed, watched, [(slug, title) for slug, title in votes])
