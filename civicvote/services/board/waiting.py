"""Ballots that were accepted and wait for the sequencer."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, literal, select
from sqlalchemy.orm import Session

from civicvote.models.votes import Ballot, BoardEntry


def quoted(tracker: ColumnElement[str] | Any) -> ColumnElement[str]:
    """A tracker as the board's item writes it: JSON text."""
    return literal('"') + tracker + literal('"')


def unsequenced(session: Session, vote: UUID) -> list[str]:
    """Trackers of accepted ballots that are not on the board yet."""
    posted = (
        select(BoardEntry.seq)
        .where(
            BoardEntry.vote_id == Ballot.vote_id, BoardEntry.kind == "ballot", BoardEntry.item == quoted(Ballot.tracker)
        )
        .exists()
    )
    return list(session.scalars(select(Ballot.tracker).where(Ballot.vote_id == vote, ~posted).order_by(Ballot.tracker)))
