"""One forum with everything its page shows, in a number of statements that doesn't grow."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from civicvote.domain.deliberation import Audience, ForumKind, Opening, Stance, opening_of
from civicvote.domain.lifecycles import FORUM, ForumState
from civicvote.domain.permissions import Actor, Permission
from civicvote.domain.workflow import Move
from civicvote.models.deliberation import Forum, ForumChoice, ForumLink, GroupMember, Round, RoundExtension
from civicvote.models.departments import Department
from civicvote.models.proposals import Proposal
from civicvote.services import watching
from civicvote.services.deliberation import (
    access,
    choosing,
    conclusion,
    experts,
    links,
    making,
    options,
    schedule,
    stances,
)


@dataclass(frozen=True, slots=True)
class Stop:
    """A round on the forum's line of time. `extensions`: the older dates, the oldest first."""

    round: Round
    opening: Opening
    extensions: Sequence[RoundExtension]
    begun: bool


@dataclass(frozen=True, slots=True)
class Powers:
    """What this reader may do on the page besides taking part."""

    moves: Sequence[Move]
    edit: bool
    plan: bool
    moderate: bool
    conclude: bool
    answer: bool
    name: bool
    attach: bool


@dataclass(frozen=True, slots=True)
class Detail:
    """A forum's page. `stances` for 시민토론, `options` for 서울시가 묻습니다; `mine` is what the reader said last."""

    forum: Forum
    department: str
    proposal: str
    stops: Sequence[Stop]
    opening: Opening
    team: experts.Team
    links: Sequence[ForumLink]
    stances: dict[Stance, int] | None
    options: options.Panel | None
    mine: ForumChoice | None
    choosable: bool
    following: bool
    overdue: bool
    powers: Powers


def _groups(session: Session, actor: Actor, wanted: set[UUID]) -> set[UUID]:
    """Which of these groups the actor is in."""
    if not wanted or actor.id is None:
        return set()
    query = select(GroupMember.group_id).where(GroupMember.user_id == actor.id, GroupMember.group_id.in_(wanted))
    return set(session.scalars(query))


def stops(session: Session, actor: Actor, held: Forum, *, moderates: bool) -> list[Stop]:
    """The rounds this reader may know of: a group's round is for its people, whoever runs the forum and auditors."""
    rows = session.execute(
        select(Round, RoundExtension)
        .outerjoin(RoundExtension, RoundExtension.round_id == Round.id)
        .where(Round.forum_id == held.id)
        .order_by(Round.position, Round.id, RoundExtension.id)
    ).all()
    by_round: dict[UUID, tuple[Round, list[RoundExtension]]] = {}
    for one, extension in rows:
        entry = by_round.setdefault(one.id, (one, []))
        if extension is not None:
            entry[1].append(extension)
    everything = moderates or actor.can(Permission.AUDIT_READ)
    closed = {one.group_id for one, _ in by_round.values() if one.group_id is not None}
    mine = set() if everything else _groups(session, actor, closed)
    return [
        Stop(one, schedule.opening(one, held), extensions, schedule.begun(one, held))
        for one, extensions in by_round.values()
        if everything or one.audience is not Audience.GROUP or one.group_id in mine
    ]


def _powers(session: Session, actor: Actor, held: Forum, *, moderates: bool) -> Powers:
    towards = access.towards(actor, held)
    allowed = {row.name for row in FORUM.allowed(towards, held.state)}
    return Powers(
        moves=making.moves(actor, held),
        edit=making.may_edit(actor, held),
        plan=schedule.may_plan(session, actor, held) if actor.signed_in else False,
        moderate=moderates,
        conclude=moderates and "conclude" in allowed,
        answer="answer" in allowed,
        name=actor.can(Permission.FORUM_APPROVE),
        attach=moderates or (actor.id is not None and actor.id == held.created_by),
    )


def _load(session: Session, actor: Actor, forum_id: UUID) -> tuple[Forum, str, str]:
    """The forum with the names of its department and its proposal: one statement, then the door."""
    row = session.execute(
        select(Forum, Department.name, Proposal.title)
        .outerjoin(Department, Department.id == Forum.department_id)
        .outerjoin(Proposal, (Proposal.id == Forum.proposal_id) & Proposal.hidden_at.is_(None))
        .where(Forum.id == forum_id)
    ).first()
    held = access.forum(session, actor, forum_id)
    return held, (row[1] or "") if row else "", (row[2] or "") if row else ""


def get(session: Session, actor: Actor, forum_id: UUID) -> Detail:
    """Everything about one forum that this reader may see."""
    held, department, proposal = _load(session, actor, forum_id)
    moderates = access.moderates(session, actor, held.id)
    shown = stops(session, actor, held, moderates=moderates)
    openings = [one.opening for one in shown]
    public = held.opened_at is not None
    panel = options.panel(session, actor, held, openings) if held.kind is ForumKind.QUESTION else None
    counted = stances.counts(session, held.id) if held.kind is ForumKind.DEBATE and public else None
    return Detail(
        forum=held,
        department=department,
        proposal=proposal,
        stops=shown,
        opening=opening_of(openings),
        team=experts.team(session, held.id),
        links=links.of(session, held.id),
        stances=counted,
        options=panel,
        mine=panel.mine if panel else (choosing.mine(session, actor, held.id) if counted is not None else None),
        choosable=held.state is ForumState.OPEN and Opening.OPEN in openings,
        following=public and watching.watches(session, actor, held.id),
        overdue=conclusion.overdue(held),
        powers=_powers(session, actor, held, moderates=moderates),
    )


def follow(session: Session, actor: Actor, forum_id: UUID, *, on: bool) -> None:
    """소식 받기, or no longer."""
    held = access.forum(session, actor, forum_id)
    making.require_public(held)
    watching.watch(session, actor, held.id, on=on)
