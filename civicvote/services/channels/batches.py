"""What the paper pages show: batches, who keys them, which sheets differ. Never a sum of picks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from civicvote.domain.errors import ForbiddenError
from civicvote.domain.messages import Message
from civicvote.domain.permissions import Actor, Permission
from civicvote.models.accounts import User
from civicvote.models.channels import CheckIn, PaperBatch, PaperDifference, PaperKeying
from civicvote.models.cycles import Cycle
from civicvote.models.votes import Vote
from civicvote.services import board
from civicvote.services.channels import differences, paper
from civicvote.services.channels import keying as keyings_of
from civicvote.services.channels.common import homes


def _require(actor: Actor) -> None:
    if not (actor.can(Permission.VOTE_DESK) or actor.can(Permission.PAPER_KEY)):
        raise ForbiddenError


@dataclass(frozen=True, slots=True)
class BatchRow:
    """A batch in the list. The three counts are None until it is confirmed."""

    number: int
    place: str
    district: str
    papers: int
    keyers: int
    finished: int
    confirmed_at: datetime | None
    dropped: bool
    valid: int | None
    blank: int | None
    void: int | None


@dataclass(frozen=True, slots=True)
class Batches:
    """All batches of a vote. `districts`: codes that have papers of their own; `handed_out`: papers given to people."""

    cycle: Cycle
    vote: Vote
    rows: Sequence[BatchRow]
    districts: Sequence[str]
    handed_out: int

    @property
    def open(self) -> int:
        """Batches that keep the box from being sealed."""
        return sum(row.confirmed_at is None and not row.dropped for row in self.rows)

    @property
    def papers(self) -> int:
        """Sheets in confirmed batches."""
        return sum(row.papers for row in self.rows if row.confirmed_at is not None)


def batches(session: Session, actor: Actor, slug: str) -> Batches:
    """The paper page, in three statements."""
    _require(actor)
    cycle, vote, _held = board.find(session, slug)

    def keyers(*more: Any) -> Any:
        return select(func.count()).where(PaperKeying.batch_id == PaperBatch.id, *more).scalar_subquery()

    rows = session.execute(
        select(PaperBatch, keyers(), keyers(PaperKeying.finished_at.is_not(None)))
        .where(PaperBatch.vote_id == vote.id)
        .order_by(PaperBatch.number)
    )
    given = select(func.count()).where(CheckIn.vote_id == vote.id, CheckIn.paper_given_by.is_not(None))
    return Batches(
        cycle,
        vote,
        [
            BatchRow(
                b.number,
                b.place,
                b.district,
                b.papers,
                begun,
                finished,
                b.confirmed_at,
                b.dropped_by is not None,
                b.valid,
                b.blank,
                b.void,
            )
            for b, begun, finished in rows
        ],
        sorted(set(homes(vote).values())),
        session.scalar(given) or 0,
    )


@dataclass(frozen=True, slots=True)
class TurnRow:
    """One of the two keyings: by whom, how many sheets so far."""

    turn: int
    by: str
    own: bool
    keyed: int
    finished: bool


@dataclass(frozen=True, slots=True)
class Said:
    """Sheets too many, as one person stated them. `agreed_by` is empty until another has agreed."""

    difference: int
    reason: str
    by: str
    at: datetime
    own: bool
    agreed_by: str


@dataclass(frozen=True, slots=True)
class BatchView:
    """A batch. `next_paper`: what the actor keys next, None where both turns are other people's or it is over.

    `differing` names sheets, once both have finished; `obstacle` says why the batch can't be confirmed. `said`: the
    difference from what was handed out; `may_state`: it is the only thing missing.
    """

    cycle: Cycle
    vote: Vote
    batch: PaperBatch
    turns: Sequence[TurnRow]
    differing: Sequence[int]
    obstacle: Message | None
    next_paper: int | None
    drop_by: str
    own_drop: bool
    said: Said | None
    may_state: bool

    @property
    def papers(self) -> bool:
        """Whether districts have papers of their own."""
        return bool(homes(self.vote))

    @property
    def own(self) -> TurnRow | None:
        """The actor's keying."""
        return next((row for row in self.turns if row.own), None)

    @property
    def living(self) -> bool:
        """Whether anything may still change."""
        return self.batch.confirmed_by is None and self.batch.dropped_by is None and self.vote.sealed_at is None


def batch(session: Session, actor: Actor, slug: str, number: int) -> BatchView:
    """A batch's page."""
    _require(actor)
    vote, found = paper.find_batch(session, slug, number)
    cycle = session.get_one(Cycle, vote.cycle_id)
    turns = paper.keyings(session, found)
    marks = paper.marks(session, found)
    excess, said = differences.excess(session, found), differences.stated(session, found)
    ids = [keying.keyed_by for keying in turns.values()] + [found.drop_requested_by]
    ids += [said.stated_by, said.agreed_by] if said else []
    names = dict(session.execute(select(User.id, User.name).where(User.id.in_([one for one in ids if one]))).all())
    keyed = paper.obstacle(found, turns, marks)
    rows = [
        TurnRow(
            turn,
            names[keying.keyed_by],
            keying.keyed_by == actor.id,
            len(marks[turn]),
            keying.finished_at is not None,
        )
        for turn, keying in sorted(turns.items())
    ]
    return BatchView(
        cycle=cycle,
        vote=vote,
        batch=found,
        turns=rows,
        differing=keyings_of.differences(session, found),
        obstacle=keyed or differences.obstacle(excess, said),
        next_paper=_next_paper(actor, rows, found, vote),
        drop_by=names.get(found.drop_requested_by, "") if found.drop_requested_by else "",
        own_drop=found.drop_requested_by == actor.id,
        said=_said(actor, said, names) if said else None,
        may_state=keyed is None and said is None and excess.new,
    )


def _said(actor: Actor, said: PaperDifference, names: Mapping[UUID, str]) -> Said:
    return Said(
        said.difference,
        said.reason,
        names[said.stated_by],
        said.stated_at,
        said.stated_by == actor.id,
        names[said.agreed_by] if said.agreed_by else "",
    )


def _next_paper(actor: Actor, rows: Sequence[TurnRow], found: PaperBatch, vote: Vote) -> int | None:
    if found.confirmed_by or found.dropped_by or vote.sealed_at or not actor.can(Permission.PAPER_KEY):
        return None
    own = next((row for row in rows if row.own), None)
    if own is not None:
        return None if own.finished else own.keyed + 1
    return 1 if len(rows) < len(paper.TURNS) else None


@dataclass(frozen=True, slots=True)
class PublicBatch:
    """The balance of a confirmed batch, for everybody: papers = valid + blank + void."""

    number: int
    place: str
    papers: int
    valid: int
    blank: int
    void: int


def public_batches(session: Session, vote: UUID) -> list[PublicBatch]:
    """Confirmed batches by number; one statement, no permission."""
    rows = session.scalars(
        select(PaperBatch)
        .where(PaperBatch.vote_id == vote, PaperBatch.confirmed_by.is_not(None))
        .order_by(PaperBatch.number)
    )
    return [PublicBatch(b.number, b.place, b.papers, b.valid or 0, b.blank or 0, b.void or 0) for b in rows]
