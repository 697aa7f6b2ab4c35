"""Turnout: derived from participation, kept beside it, and shown only in cells that hide nobody."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from civicvote.domain.districts import BY_CODE
from civicvote.models.channels import CheckIn
from civicvote.models.verification import Person
from civicvote.models.votes import Participation, TurnoutCount, TurnoutHour, Vote
from civicvote.services import clock
from civicvote.services.board.waiting import unsequenced
from civicvote.services.locks import exclusive

#: The smallest cell that is shown by itself, and the smallest step by which a shown cell grows.
LEAST = 10
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Turnout:
    """`districts`: code → people, at least `LEAST` each. `others`: everybody else, of small or unknown districts."""

    total: int
    districts: Mapping[str, int]
    others: int


def guarded(cells: Mapping[str, int], total: int | None = None) -> Turnout:
    """Cells under `LEAST` go into one; while that one is small itself, the next smallest goes in too: else the total
    minus the shown cells would give it away. `total`: all people, if more than those of the cells.
    """
    total = sum(cells.values()) if total is None else total
    shown = {code: people for code, people in cells.items() if people >= LEAST and code in BY_CODE}
    while 0 < total - sum(shown.values()) < LEAST and shown:
        del shown[min(shown, key=lambda code: (shown[code], code))]
    return Turnout(total, dict(sorted(shown.items())), total - sum(shown.values()))


def turnout(session: Session, vote: UUID) -> Turnout:
    """What may be shown of a vote's turnout now; one statement."""
    rows = session.execute(
        select(TurnoutCount.district, TurnoutCount.people, TurnoutCount.shown).where(TurnoutCount.vote_id == vote)
    ).all()
    return guarded({row.district: row.shown for row in rows}, sum(row.people for row in rows))


@dataclass(frozen=True, slots=True)
class Span:
    """Hours in which `ballots` came, at least `LEAST`. `until` is the end of the last one."""

    since: datetime
    until: datetime
    ballots: int

    @property
    def hours(self) -> int:
        """How many hours these are."""
        return (self.until - self.since) // HOUR


def spans(hours: Iterable[tuple[datetime, int]], *, now: datetime, over: bool) -> list[Span]:
    """Complete hours of (beginning, ballots), merged forward until each span has `LEAST`.

    What is left over waits for the next hours; once the vote is `over` it joins the last span.
    """
    merged: list[Span] = []
    since, ballots = None, 0
    for hour, n in sorted(hours):
        if not over and hour + HOUR > now:
            break
        since, ballots = since or hour, ballots + n
        if ballots >= LEAST:
            merged.append(Span(since, hour + HOUR, ballots))
            since, ballots = None, 0
    if over and ballots and merged:
        last = merged[-1]
        until = max(hour for hour, _ in hours) + HOUR
        merged[-1] = Span(last.since, until, last.ballots + ballots)
    return merged


def by_hour(session: Session, vote: Vote) -> Sequence[Span]:
    """Ballots by the hour in which they reached the board, replaced ones included; one statement."""
    rows = session.execute(select(TurnoutHour.hour, TurnoutHour.ballots).where(TurnoutHour.vote_id == vote.id))
    hours = [(row.hour, row.ballots) for row in rows]
    return spans(hours, now=clock.now(), over=vote.sealed_at is not None)


def note_hour(session: Session, vote: UUID, ballots: int) -> None:
    """Add to the hour that runs. The caller holds the board's lock and knows a number, no more."""
    if not ballots:
        return
    hour = clock.now().replace(minute=0, second=0, microsecond=0)
    row = session.get(TurnoutHour, (vote, hour))
    if row is None:
        session.add(TurnoutHour(vote_id=vote, hour=hour, ballots=ballots))
    else:
        row.ballots += ballots
    session.flush()


def document(vote: Vote, slug: str, found: Turnout, hours: Sequence[Span], names: Mapping[str, str]) -> dict[str, Any]:
    """turnout.json, for the press: times in UTC, people and ballots as whole numbers."""
    return {
        "vote": str(vote.id),
        "slug": slug,
        "at": clock.now().isoformat(timespec="seconds"),
        "opens_at": vote.opens_at.isoformat(),
        "closes_at": vote.closes_at.isoformat(),
        "final": vote.sealed_at is not None,
        "smallest_cell": LEAST,
        "people": found.total,
        "districts": [
            {"code": code, "name": names[code], "people": people} for code, people in found.districts.items()
        ],
        "other_people": found.others,
        "hours": [
            {"since": span.since.isoformat(), "until": span.until.isoformat(), "ballots": span.ballots}
            for span in hours
        ],
    }


def add_on_paper(session: Session, vote: UUID, district: str | None) -> None:
    """One more person took part: they were given a paper and have no ballot online."""
    exclusive(session, f"board|{vote}")
    row = session.get(TurnoutCount, (vote, district or ""), populate_existing=True)
    if row is None:
        row = TurnoutCount(vote_id=vote, district=district or "", people=0, shown=0)
        session.add(row)
    row.people += 1
    if row.people - row.shown >= LEAST:
        row.shown = row.people
    session.flush()


def recompute(session: Session, vote: UUID, *, final: bool = False) -> int:
    """Bring the figures in line with the facts; returns how many cells differed. The caller holds the board's lock.

    `final`: the box is sealed, and the shown cells become exact.
    """
    place = func.coalesce(Person.district, "")
    online = select(Participation.person_id).where(Participation.vote_id == vote)
    on_paper = select(CheckIn.person_id).where(CheckIn.vote_id == vote, CheckIn.paper_given_by.is_not(None))
    everybody = online.union(on_paper).subquery()  # whoever gave up an online ballot for a paper one is one person
    facts: dict[str, int] = dict(
        session.execute(
            select(place, func.count()).join(everybody, everybody.c.person_id == Person.id).group_by(place)
        ).all()
    )
    kept = {row.district: row for row in session.scalars(select(TurnoutCount).where(TurnoutCount.vote_id == vote))}
    changed = 0
    for district in sorted(facts.keys() | kept.keys()):
        people, row = facts.get(district, 0), kept.get(district)
        if row is None:
            row = TurnoutCount(vote_id=vote, district=district, people=0, shown=0)
            session.add(row)
        if row.people != people:
            row.people, changed = people, changed + 1
        if final or abs(people - row.shown) >= LEAST:
            row.shown = people
    session.flush()
    return changed


def recount(session: Session) -> int:
    """Rebuild the turnout of every vote; returns how many cells had drifted. Casts the sequencer has not seen are no drift."""
    drift = 0
    for vote, sealed_at in session.execute(select(Vote.id, Vote.sealed_at).order_by(Vote.id)).all():
        exclusive(session, f"board|{vote}")
        changed = recompute(session, vote, final=sealed_at is not None)
        drift += 0 if unsequenced(session, vote) else changed
    return drift
