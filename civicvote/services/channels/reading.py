"""What the desk sees: check-ins and open questions, stations. No name of a person stands here."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session, aliased

from civicvote.domain.permissions import Actor, Permission
from civicvote.models.accounts import User
from civicvote.models.channels import (
    Ask,
    Channel,
    CheckIn,
    DeskRequest,
    Station,
)
from civicvote.models.cycles import Cycle
from civicvote.models.verification import Person
from civicvote.models.votes import Participation, Vote
from civicvote.services import board, clock
from civicvote.services.channels.common import homes, paper_district
from civicvote.services.channels.desk import find_vote
from civicvote.services.voting import entrance
from civicvote.services.voting.entrance import Refusal

RECENT = 20


@dataclass(frozen=True, slots=True)
class CheckInRow:
    """A check-in in the desk's list: no name, no number of a person."""

    id: UUID
    number: int
    channel: Channel
    at: datetime
    by: str
    voted_online: bool
    online_voided: bool
    paper_given: bool
    taken_back: bool


@dataclass(frozen=True, slots=True)
class RequestRow:
    """An open question. `own`: the reader asked it, so somebody else decides."""

    check_in_id: UUID
    number: int
    ask: Ask
    reason: str
    by: str
    at: datetime
    own: bool


@dataclass(frozen=True, slots=True)
class StationRow:
    """A station that is on."""

    id: UUID
    name: str
    by: str
    opened_at: datetime


@dataclass(frozen=True, slots=True)
class Desk:
    """The desk of a vote. `refusal`: why nobody is checked in now."""

    cycle: Cycle
    vote: Vote
    refusal: Refusal | None
    paper: int
    handed_out: int
    station: int
    requests: Sequence[RequestRow]
    recent: Sequence[CheckInRow]
    stations: Sequence[StationRow]


def desk(session: Session, actor: Actor, slug: str, *, arrived: datetime) -> Desk:
    """The desk's first page, in five statements."""
    actor.require(Permission.VOTE_DESK)
    cycle, vote, held = board.find(session, slug)
    living = (CheckIn.vote_id == vote.id, CheckIn.taken_back_at.is_(None))
    on_paper, given, at_station = session.execute(
        select(
            func.count().filter(CheckIn.channel == Channel.PAPER),
            func.count().filter(CheckIn.paper_given_by.is_not(None)),
            func.count().filter(CheckIn.channel == Channel.STATION),
        ).where(*living)
    ).one()
    return Desk(
        cycle=cycle,
        vote=vote,
        refusal=entrance.closed(vote, cycle.state, held=held, arrived=arrived, now=clock.now()),
        paper=on_paper,
        handed_out=given,
        station=at_station,
        requests=_requests(session, actor, vote),
        recent=_recent(session, vote),
        stations=_stations(session, vote),
    )


def _requests(session: Session, actor: Actor, vote: Vote) -> list[RequestRow]:
    rows = session.execute(
        select(DeskRequest, CheckIn.number, User.name)
        .join(CheckIn, CheckIn.id == DeskRequest.check_in_id)
        .join(User, User.id == DeskRequest.requested_by)
        .where(CheckIn.vote_id == vote.id, DeskRequest.decided_by.is_(None))
        .order_by(DeskRequest.requested_at, DeskRequest.id)
    )
    return [
        RequestRow(r.check_in_id, number, r.ask, r.reason, by, r.requested_at, r.requested_by == actor.id)
        for r, number, by in rows
    ]


def _recent(session: Session, vote: Vote) -> list[CheckInRow]:
    rows = session.execute(
        select(CheckIn, User.name)
        .join(User, User.id == CheckIn.checked_in_by)
        .where(CheckIn.vote_id == vote.id)
        .order_by(CheckIn.number.desc())
        .limit(RECENT)
    )
    return [_row(made, by) for made, by in rows]


def _row(made: CheckIn, by: str) -> CheckInRow:
    return CheckInRow(
        made.id,
        made.number,
        made.channel,
        made.checked_in_at,
        by,
        made.voted_online,
        made.online_voided,
        made.paper_given_by is not None,
        made.taken_back_at is not None,
    )


def _stations(session: Session, vote: Vote) -> list[StationRow]:
    rows = session.execute(
        select(Station.id, Station.name, User.name.label("by"), Station.opened_at)
        .join(User, User.id == Station.opened_by)
        .where(Station.vote_id == vote.id, Station.closed_at.is_(None), Station.expires_at > clock.now())
        .order_by(Station.opened_at, Station.id)
    )
    return [StationRow(r.id, r.name, r.by, r.opened_at) for r in rows]


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """A question that was asked about a check-in; `approved` None while it is open."""

    ask: Ask
    reason: str
    by: str
    at: datetime
    approved: bool | None
    decided_by: str
    own: bool


@dataclass(frozen=True, slots=True)
class CheckInView:
    """One check-in. `voted`: a ballot of theirs is in the box; `papers`: districts have papers of their own; `own_paper`: theirs has."""

    cycle: Cycle
    vote: Vote
    row: CheckInRow
    district: str | None
    papers: bool
    own_paper: bool
    voted: bool
    decisions: Sequence[DecisionRow]

    @property
    def waiting(self) -> DecisionRow | None:
        """The open question."""
        return next((row for row in self.decisions if row.approved is None), None)

    @property
    def may_hand_out(self) -> bool:
        """Whether the paper may be given now."""
        row = self.row
        due = row.channel is Channel.PAPER and not row.taken_back and not row.paper_given
        return due and row.voted_online == row.online_voided

    @property
    def may_void(self) -> bool:
        """Whether the online ballot is still to be voided."""
        row = self.row
        return row.channel is Channel.PAPER and row.voted_online and not row.online_voided and not row.taken_back

    @property
    def may_take_back(self) -> bool:
        """Whether the check-in may still be taken back."""
        row = self.row
        cast = row.channel is Channel.STATION and self.voted and not row.voted_online
        return not (row.taken_back or row.paper_given or row.online_voided or cast)


def check_in(session: Session, actor: Actor, slug: str, check_in_id: UUID) -> CheckInView:
    """A check-in with everything that was asked about it."""
    actor.require(Permission.VOTE_DESK)
    vote, made = find_vote(session, slug, check_in_id)
    cycle = session.get_one(Cycle, vote.cycle_id)
    voted = exists().where(Participation.vote_id == vote.id, Participation.person_id == made.person_id)
    by, district, cast = session.execute(
        select(User.name, Person.district, voted)
        .join(Person, Person.id == made.person_id)
        .where(User.id == made.checked_in_by)
    ).one()
    decider = aliased(User)
    rows = session.execute(
        select(DeskRequest, User.name, decider.name)
        .join(User, User.id == DeskRequest.requested_by)
        .outerjoin(decider, decider.id == DeskRequest.decided_by)
        .where(DeskRequest.check_in_id == made.id)
        .order_by(DeskRequest.requested_at, DeskRequest.id)
    )
    return CheckInView(
        cycle=cycle,
        vote=vote,
        row=_row(made, by),
        district=district,
        papers=bool(homes(vote)),
        own_paper=paper_district(vote, district) != "",
        voted=bool(cast),
        decisions=[
            DecisionRow(r.ask, r.reason, asker, r.requested_at, r.approved, other or "", r.requested_by == actor.id)
            for r, asker, other in rows
        ],
    )
