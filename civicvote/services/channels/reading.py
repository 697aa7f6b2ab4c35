"""What the desk sees: check-ins and open questions, stations. A name stands here only while another clerk is to compare it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from civicvote.domain.messages import Message
from civicvote.domain.permissions import Actor, Permission
from civicvote.models.accounts import User
from civicvote.models.channels import (
    Ask,
    Channel,
    CheckIn,
    DeskRequest,
    ShownDocument,
    Station,
)
from civicvote.models.cycles import Cycle
from civicvote.models.verification import Person
from civicvote.models.votes import Participation, Vote
from civicvote.services import board, clock
from civicvote.services.channels import documents
from civicvote.services.channels.common import homes, paper_district
from civicvote.services.channels.desk import find_vote
from civicvote.services.verification.standing import BASES
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
    #: Known by documents alone that no second clerk has seen yet.
    unseen: bool


@dataclass(frozen=True, slots=True)
class Papers:
    """What another clerk compares with the documents. `known`: the district an earlier vote has of them, if another.

    `expired`: too late; the check-in can only be ended.
    """

    name: str
    birth_date: date | None
    basis: Message
    district: str
    known: str | None
    namesake: bool
    expired: bool


@dataclass(frozen=True, slots=True)
class RequestRow:
    """An open question. `own`: the reader asked it, so somebody else decides. `papers`: what there is to compare."""

    check_in_id: UUID
    number: int
    ask: Ask
    reason: str
    by: str
    at: datetime
    own: bool
    papers: Papers | None


@dataclass(frozen=True, slots=True)
class StationRow:
    """A station that is on, or was stopped today because of a copied cookie."""

    id: UUID
    name: str
    by: str
    opened_at: datetime
    copied_at: datetime | None


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
        select(DeskRequest, CheckIn, User.name, ShownDocument, Person.district)
        .join(CheckIn, CheckIn.id == DeskRequest.check_in_id)
        .join(User, User.id == DeskRequest.requested_by)
        .join(Person, Person.id == CheckIn.person_id)
        .outerjoin(ShownDocument, ShownDocument.check_in_id == CheckIn.id)
        .where(CheckIn.vote_id == vote.id, DeskRequest.decided_by.is_(None))
        .order_by(DeskRequest.requested_at, DeskRequest.id)
    )
    found = []
    for r, made, by, shown, known in rows:
        own = r.requested_by == actor.id
        papers = _papers(made, None if own else shown, known) if r.ask is Ask.DOCUMENTS else None
        found.append(RequestRow(made.id, made.number, r.ask, r.reason, by, r.requested_at, own, papers))
    return found


def _papers(made: CheckIn, shown: ShownDocument | None, known: str | None) -> Papers:
    """`shown` is None for the clerk who typed it, and once it is too late."""
    late = documents.expired(made)
    seen = None if late else shown
    return Papers(
        name=seen.name if seen else "",
        birth_date=seen.birth_date if seen else None,
        basis=BASES[made.basis or ""],
        district=made.shown_district or "",
        known=known if known != made.shown_district else None,
        namesake=bool(seen and seen.namesake),
        expired=late,
    )


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
        made.basis is not None and made.documents_by is None and made.taken_back_at is None,
    )


def _stations(session: Session, vote: Vote) -> list[StationRow]:
    rows = session.execute(
        select(Station.id, Station.name, User.name.label("by"), Station.opened_at, Station.copied_at)
        .join(User, User.id == Station.opened_by)
        .where(
            Station.vote_id == vote.id,
            or_(Station.closed_at.is_(None), Station.copied_at.is_not(None)),
            Station.expires_at > clock.now(),
        )
        .order_by(Station.opened_at, Station.id)
    )
    return [StationRow(r.id, r.name, r.by, r.opened_at, r.copied_at) for r in rows]


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
    #: What documents showed, and who has seen them besides the clerk at the desk.
    shown: Papers | None
    seen_by: str

    @property
    def waiting(self) -> DecisionRow | None:
        """The open question."""
        return next((row for row in self.decisions if row.approved is None), None)

    @property
    def watched(self) -> bool:
        """Whether the reader asked a moment ago and waits for the other clerk: the page then looks for itself."""
        asked = self.waiting
        return asked is not None and asked.own and clock.now() < asked.at + documents.WAIT

    @property
    def may_hand_out(self) -> bool:
        """Whether the paper may be given now."""
        row = self.row
        due = row.channel is Channel.PAPER and not (row.taken_back or row.paper_given or row.unseen)
        return due and row.voted_online == row.online_voided

    @property
    def may_code(self) -> bool:
        """Whether a code for a station may be made now."""
        row = self.row
        return row.channel is Channel.STATION and not (row.taken_back or row.unseen or self.voted)

    @property
    def may_void(self) -> bool:
        """Whether the online ballot is still to be voided."""
        row = self.row
        due = row.channel is Channel.PAPER and row.voted_online and not row.online_voided
        return due and not (row.taken_back or row.unseen)

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
    decider = aliased(User)
    by, district, cast, shown, seen_by = session.execute(
        select(User.name, Person.district, voted, ShownDocument, decider.name)
        .select_from(User)
        .join(Person, Person.id == made.person_id)
        .outerjoin(ShownDocument, ShownDocument.check_in_id == made.id)
        .outerjoin(decider, decider.id == made.documents_by)
        .where(User.id == made.checked_in_by)
    ).one()
    own = made.checked_in_by == actor.id
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
        shown=_papers(made, None if own else shown, district) if made.basis else None,
        seen_by=seen_by or "",
    )
