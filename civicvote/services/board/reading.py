"""Reading the board: the list of votes, one vote's board, its lines as a file, and where a tracker stands."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from civicvote.domain.ballots.board import KINDS
from civicvote.domain.ballots.encoding import canonical
from civicvote.domain.ballots.keys import fingerprint
from civicvote.domain.ballots.sealing import TRACKER
from civicvote.domain.cycles import PHASE_LABELS, Phase
from civicvote.domain.errors import NotFoundError
from civicvote.domain.lifecycles import CycleState
from civicvote.domain.messages import Message
from civicvote.domain.paging import Cursor, Page
from civicvote.models.cycles import Cycle, Hold
from civicvote.models.votes import Ballot, BoardEntry, BoardHead, TurnoutCount, Vote
from civicvote.services import clock
from civicvote.services.board.chain import as_entry
from civicvote.services.board.turnout import Span, Turnout, by_hour, turnout
from civicvote.services.board.waiting import quoted

SIZE = 20
BATCH = 5000
SEOUL = ZoneInfo("Asia/Seoul")
#: Signs that look like ones of the tracker's alphabet and don't belong to it.
_LOOKALIKES = str.maketrans({"0": "O", "1": "I", "8": "B", "-": "", "·": "", ".": ""})
#: Asked for by name: "not a ballot" would read the million that are.
_OTHER_KINDS = [kind for kind in KINDS if kind != "ballot"]
_HELD = exists().where(Hold.cycle_id == Cycle.id, Hold.lifted_at.is_(None))
_PEOPLE = (
    select(func.coalesce(func.sum(TurnoutCount.people), 0)).where(TurnoutCount.vote_id == Vote.id).scalar_subquery()
)
#: The minute of the first signed head that covers an entry.
_COVERING = (
    select(func.min(BoardHead.at))
    .where(BoardHead.vote_id == BoardEntry.vote_id, BoardHead.seq >= BoardEntry.seq)
    .scalar_subquery()
)
_ENTRIES = select(func.max(BoardEntry.seq)).where(BoardEntry.vote_id == Vote.id).scalar_subquery()


@dataclass(frozen=True, slots=True)
class BoardRow:
    """A vote in the list. `lines`: entries on its board; `people`: participants the sequencer has seen."""

    id: UUID
    slug: str
    title: str
    phase: Phase
    phase_label: Message
    opens_at: datetime
    closes_at: datetime
    lines: int
    people: int


def listing(session: Session, *, cursor: Cursor | None = None, size: int = SIZE) -> Page[BoardRow]:
    """Every vote, the newest cycle first; one statement."""
    query = (
        select(Cycle, Vote.id, Vote.opens_at, Vote.closes_at, _HELD, _ENTRIES, _PEOPLE)
        .join(Vote, Vote.cycle_id == Cycle.id)
        .order_by(Cycle.id.desc())
        .limit(size + 1)
    )
    if cursor is not None:
        query = query.where(Cycle.id < cursor.key)
    moment = clock.now()
    rows, places = [], {}
    for cycle, vote, opens_at, closes_at, held, last, people in session.execute(query):
        phase = cycle.timetable(held=held).phase(moment)
        row = BoardRow(
            vote,
            cycle.slug,
            cycle.title,
            phase,
            PHASE_LABELS[phase],
            opens_at,
            closes_at,
            0 if last is None else last + 1,
            int(people),
        )
        rows.append(row)
        places[vote] = Cursor(cycle.id)
    return Page.cut(rows, size, lambda row: places[row.id])


@dataclass(frozen=True, slots=True)
class HeadRow:
    """A signed head: `at` is its minute."""

    seq: int
    hash: str
    at: datetime


@dataclass(frozen=True, slots=True)
class EventRow:
    """A line of the board that is not a tracker; `item` as decoded JSON."""

    seq: int
    kind: str
    item: Any
    hash: str


@dataclass(frozen=True, slots=True)
class BoardView:
    """A vote's board. `trackers`: accepted ballots on it, replaced ones included."""

    vote: Vote
    slug: str
    title: str
    phase: Phase
    phase_label: Message
    held: bool
    heads: list[HeadRow]
    events: list[EventRow]
    trackers: int
    turnout: Turnout

    @property
    def fingerprint(self) -> str:
        """The board's public key, to compare aloud."""
        return fingerprint(self.vote.board_key)

    @property
    def vote_fingerprint(self) -> str:
        """The public key that ballots are sealed with, likewise."""
        return fingerprint(self.vote.public_key)

    @property
    def published(self) -> bool:
        """Whether the result is out."""
        return self.phase is Phase.RESULT


def find(session: Session, slug: str) -> tuple[Cycle, Vote, bool]:
    """The cycle, its vote and whether it is on hold; NotFound without a vote."""
    row = session.execute(
        select(Cycle, Vote, _HELD).join(Vote, Vote.cycle_id == Cycle.id).where(Cycle.slug == slug)
    ).first()
    if row is None:
        raise NotFoundError
    cycle, vote, held = row
    return cycle, vote, bool(held)


def detail(session: Session, slug: str) -> BoardView:
    """Everything a board's page shows, in four statements."""
    cycle, vote, held = find(session, slug)
    heads = session.execute(
        select(BoardHead.seq, BoardHead.hash, BoardHead.at)
        .where(BoardHead.vote_id == vote.id)
        .order_by(BoardHead.seq.desc())
        .limit(10)
    )
    shown = [HeadRow(row.seq, row.hash, row.at) for row in heads]
    events = session.execute(
        select(BoardEntry.seq, BoardEntry.kind, BoardEntry.item, BoardEntry.hash)
        .where(BoardEntry.vote_id == vote.id, BoardEntry.kind.in_(_OTHER_KINDS))
        .order_by(BoardEntry.seq)
    )
    others = [EventRow(row.seq, row.kind, json.loads(row.item), row.hash) for row in events]
    phase = cycle.timetable(held=held).phase(clock.now())
    return BoardView(
        vote=vote,
        slug=slug,
        title=cycle.title,
        phase=phase,
        phase_label=PHASE_LABELS[phase],
        held=held,
        heads=shown,
        events=others,
        trackers=(shown[0].seq + 1 if shown else 0) - len(others),
        turnout=turnout(session, vote.id),
    )


@dataclass(frozen=True, slots=True)
class TurnoutView:
    """Who took part, in figures: `hours` are ballots by the hour, replaced ones included."""

    cycle: Cycle
    vote: Vote
    turnout: Turnout
    hours: Sequence[Span]

    @property
    def days(self) -> list[tuple[datetime, int]]:
        """(first moment, ballots) of each day in Seoul; hours that were merged over midnight stand with the first day."""
        found: dict[str, tuple[datetime, int]] = {}
        for span in self.hours:
            day = span.since.astimezone(SEOUL).date().isoformat()
            first, ballots = found.get(day, (span.since, 0))
            found[day] = first, ballots + span.ballots
        return list(found.values())

    @property
    def busiest(self) -> float:
        """Most ballots an hour."""
        return max((span.ballots / span.hours for span in self.hours), default=0.0)


def turnout_of(session: Session, slug: str) -> TurnoutView:
    """A vote's turnout as everybody may see it; three statements."""
    cycle, vote, _held = find(session, slug)
    return TurnoutView(cycle, vote, turnout(session, vote.id), by_hour(session, vote))


def lines(session: Session, slug: str) -> Iterator[bytes]:
    """The board as board.jsonl, line by line; read in batches, so that a million lines need little memory."""
    _cycle, vote, _held = find(session, slug)
    return _lines(session, vote.id)


def _lines(session: Session, vote: UUID) -> Iterator[bytes]:
    after = -1
    while True:
        rows = session.execute(
            select(BoardEntry.seq, BoardEntry.kind, BoardEntry.item, BoardEntry.prev, BoardEntry.hash)
            .where(BoardEntry.vote_id == vote, BoardEntry.seq > after)
            .order_by(BoardEntry.seq)
            .limit(BATCH)
        ).all()
        for row in rows:
            yield canonical(as_entry(row).document()) + b"\n"
        if len(rows) < BATCH:
            return
        after = rows[-1].seq


class Place(StrEnum):
    """Where a tracker stands."""

    POSTED = "posted"
    WAITING = "waiting"
    UNKNOWN = "unknown"
    MALFORMED = "malformed"


class Fate(StrEnum):
    """What became of a ballot on the board."""

    COUNTED = "counted"
    REPLACED = "replaced"
    VOIDED = "voided"


@dataclass(frozen=True, slots=True)
class Lookup:
    """The answer to a look-up. `head_at`: minute of the first signed head that covers the entry.

    `fate` is None until the result is out, but for a voided ballot: the board says that at once. Whether somebody has
    voted again stays untold till then: who bought or forced a vote would ask. `paper`: it came on paper, in a batch.
    """

    tracker: str
    place: Place
    seq: int | None = None
    hash: str = ""
    head_at: datetime | None = None
    fate: Fate | None = None
    paper: bool = False

    @property
    def counts(self) -> bool | None:
        """Whether it was counted; None until the result is out."""
        return None if self.fate is None else self.fate is Fate.COUNTED


def normalise_tracker(text: str) -> str:
    """What somebody typed or pasted, as trackers are written: no blanks or hyphens, capitals, look-alikes put right."""
    return "".join(text.split()).upper().translate(_LOOKALIKES)[:64]


def look_up(session: Session, slug: str, text: str) -> Lookup:
    """Where the tracker somebody typed stands on the vote's board."""
    cycle, vote, _held = find(session, slug)
    tracker = normalise_tracker(text)
    if not TRACKER.fullmatch(tracker):
        return Lookup(tracker, Place.MALFORMED)
    ballot = session.execute(
        select(Ballot.slot, Ballot.version, BoardEntry.seq, BoardEntry.hash, _COVERING)
        .outerjoin(
            BoardEntry,
            (BoardEntry.vote_id == Ballot.vote_id)
            & (BoardEntry.kind == "ballot")
            & (BoardEntry.item == quoted(Ballot.tracker)),
        )
        .where(Ballot.vote_id == vote.id, Ballot.tracker == tracker)
    ).first()
    if ballot is None:
        return Lookup(tracker, Place.UNKNOWN)
    slot, version, seq, entry, head_at = ballot
    if seq is None:
        return _on_paper(session, vote.id, tracker, cycle.state) or Lookup(tracker, Place.WAITING)
    fate = _fate(session, vote.id, tracker, slot, version, published=cycle.state is CycleState.PUBLISHED)
    return Lookup(tracker, Place.POSTED, seq, entry, head_at, fate)


def _on_paper(session: Session, vote: UUID, tracker: str, state: CycleState) -> Lookup | None:
    """Where the batch of a ballot on paper stands; such a ballot is never replaced or voided."""
    row = session.execute(
        select(BoardEntry.seq, BoardEntry.hash, _COVERING).where(
            BoardEntry.vote_id == vote, BoardEntry.kind == "desk", BoardEntry.item.contains(f'"{tracker}"')
        )
    ).first()
    if row is None:
        return None
    fate = Fate.COUNTED if state is CycleState.PUBLISHED else None
    return Lookup(tracker, Place.POSTED, row.seq, row.hash, row[2], fate, paper=True)


def _fate(session: Session, vote: UUID, tracker: str, slot: bytes, version: int, *, published: bool) -> Fate | None:
    """What the published list says too: the last of its slot counts, unless it was voided."""
    voids = session.scalars(select(BoardEntry.item).where(BoardEntry.vote_id == vote, BoardEntry.kind == "void"))
    if any(json.loads(item)["tracker"] == tracker for item in voids):
        return Fate.VOIDED
    if not published:
        return None
    last = session.scalar(select(func.max(Ballot.version)).where(Ballot.vote_id == vote, Ballot.slot == slot))
    return Fate.COUNTED if version == last else Fate.REPLACED
