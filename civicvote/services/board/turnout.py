"""Turnout: derived from participation, kept beside it, and shown only in cells that hide nobody."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from civicvote.domain.districts import BY_CODE
from civicvote.models.verification import Person
from civicvote.models.votes import Participation, TurnoutCount, Vote
from civicvote.services.board.waiting import unsequenced
from civicvote.services.locks import exclusive

#: The smallest cell that is shown by itself.
LEAST = 10


@dataclass(frozen=True, slots=True)
class Turnout:
    """`districts`: code → people, at least `LEAST` each. `others`: everybody else, of small or unknown districts."""

    total: int
    districts: Mapping[str, int]
    others: int


def guarded(cells: Mapping[str, int]) -> Turnout:
    """Cells under `LEAST` go into one; while that one is small itself, the next smallest goes in too: else the total
    minus the shown cells would give it away.
    """
    total = sum(cells.values())
    shown = {code: people for code, people in cells.items() if people >= LEAST and code in BY_CODE}
    while 0 < total - sum(shown.values()) < LEAST and shown:
        del shown[min(shown, key=lambda code: (shown[code], code))]
    return Turnout(total, dict(sorted(shown.items())), total - sum(shown.values()))


def turnout(session: Session, vote: UUID) -> Turnout:
    """What may be shown of a vote's turnout now; one statement."""
    rows = session.execute(select(TurnoutCount.district, TurnoutCount.people).where(TurnoutCount.vote_id == vote))
    return guarded(dict(rows.all()))


def recompute(session: Session, vote: UUID) -> int:
    """Bring the figures in line with the facts; returns how many cells differed. The caller holds the board's lock."""
    place = func.coalesce(Person.district, "")
    facts: dict[str, int] = dict(
        session.execute(
            select(place, func.count())
            .select_from(Participation)
            .join(Person, Person.id == Participation.person_id)
            .where(Participation.vote_id == vote)
            .group_by(place)
        ).all()
    )
    kept = {row.district: row for row in session.scalars(select(TurnoutCount).where(TurnoutCount.vote_id == vote))}
    changed = 0
    for district in facts.keys() | kept.keys():
        people, row = facts.get(district, 0), kept.get(district)
        if row is None:
            session.add(TurnoutCount(vote_id=vote, district=district, people=people))
        elif row.people == people:
            continue
        else:
            row.people = people
        changed += 1
    session.flush()
    return changed


def recount(session: Session) -> int:
    """Rebuild the turnout of every vote; returns how many cells had drifted. Casts the sequencer has not seen are no drift."""
    drift = 0
    for vote in session.scalars(select(Vote.id).order_by(Vote.id)).all():
        exclusive(session, f"board|{vote}")
        changed = recompute(session, vote)
        drift += 0 if unsequenced(session, vote) else changed
    return drift
