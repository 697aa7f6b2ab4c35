"""Ballots that were accepted and wait for the sequencer."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, delete, literal, select
from sqlalchemy.orm import Session

from civicvote.models.votes import Ballot, BallotWaiting, BoardEntry


def quoted(tracker: ColumnElement[str] | Any) -> ColumnElement[str]:
    """A tracker as the board's item writes it: JSON text."""
    return literal('"') + tracker + literal('"')


def take(session: Session, vote: UUID) -> list[str]:
    """Trackers that wait for the board, taken off the list: what the sequencer posts. The caller holds the board's lock."""
    taken = delete(BallotWaiting).where(BallotWaiting.vote_id == vote).returning(BallotWaiting.tracker)
    return sorted(session.scalars(taken, execution_options={"synchronize_session": False}))


def unsequenced(session: Session, vote: UUID) -> list[str]:
    """Trackers of accepted ballots that are not on the board yet, by comparing all ballots with the board."""
    posted = (
        select(BoardEntry.seq)
        .where(
            BoardEntry.vote_id == Ballot.vote_id, BoardEntry.kind == "ballot", BoardEntry.item == quoted(Ballot.tracker)
        )
        .exists()
    )
    return list(session.scalars(select(Ballot.tracker).where(Ballot.vote_id == vote, ~posted).order_by(Ballot.tracker)))
