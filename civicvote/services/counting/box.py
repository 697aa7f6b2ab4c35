"""What is in a vote's box, from outside: who left the ballot list, how many took part."""

import json
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from civicvote.models.votes import Ballot, BoardEntry, Participation, Vote


def withdrawn(session: Session, vote: Vote) -> frozenset[str]:
    """Ids of projects that left the vote, as the board says."""
    items = session.scalars(
        select(BoardEntry.item)
        .where(BoardEntry.vote_id == vote.id, BoardEntry.kind == "withdraw")
        .order_by(BoardEntry.seq)
    )
    return frozenset(json.loads(item)["project"] for item in items)


@dataclass(frozen=True, slots=True)
class Numbers:
    """People who took part, and ballots in the box, replaced ones included."""

    participants: int
    ballots: int


def numbers(session: Session, vote: Vote) -> Numbers:
    """One statement."""
    people = select(func.count()).where(Participation.vote_id == vote.id).scalar_subquery()
    ballots = select(func.count()).where(Ballot.vote_id == vote.id).scalar_subquery()
    row = session.execute(select(people, ballots)).one()
    return Numbers(row[0], row[1])
