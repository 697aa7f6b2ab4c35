"""Ballots that were accepted, and ballots that were voided, as they wait for the sequencer."""

import json
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, literal, select
from sqlalchemy.orm import Session

from civicvote.domain.ballots import board as chains
from civicvote.models.channels import VoidWaiting
from civicvote.models.votes import Ballot, BallotWaiting, BoardEntry


def quoted(tracker: ColumnElement[str] | Any) -> ColumnElement[str]:
    """A tracker as the board's item writes it: JSON text."""
    return literal('"') + tracker + literal('"')


def take(session: Session, vote: UUID) -> list[str]:
    """Trackers that wait for the board, taken off the list: what the sequencer posts. The caller holds the board's lock."""
    taken = delete(BallotWaiting).where(BallotWaiting.vote_id == vote).returning(BallotWaiting.tracker)
    return sorted(session.scalars(taken, execution_options={"synchronize_session": False}))


def take_voids(session: Session, vote: UUID, *, least: int) -> list[str]:
    """Trackers of voided ballots that wait for the board, taken off the list once there are `least` of them.

    Fewer wait for company: whoever watches the desk and the board would know whose tracker has just been voided.
    """
    waiting = session.scalar(select(func.count()).where(VoidWaiting.vote_id == vote)) or 0
    if waiting < least:
        return []
    taken = delete(VoidWaiting).where(VoidWaiting.vote_id == vote).returning(VoidWaiting.tracker)
    return sorted(session.scalars(taken, execution_options={"synchronize_session": False}))


def desk_items(session: Session, vote: UUID) -> list[Any]:
    """What the board says of each confirmed paper batch, in its order."""
    items = session.scalars(
        select(BoardEntry.item).where(BoardEntry.vote_id == vote, BoardEntry.kind == "desk").order_by(BoardEntry.seq)
    )
    return [json.loads(item) for item in items]


def paper_trackers(session: Session, vote: UUID) -> frozenset[str]:
    """Trackers of all ballots on paper; InvalidError when the board's batches don't add up."""
    return frozenset(chains.desk_trackers(desk_items(session, vote)))


def unsequenced(session: Session, vote: UUID) -> list[str]:
    """Trackers of accepted ballots that are not on the board yet, by comparing all ballots with the board.

    As sets: a search per ballot takes hours where the database has no statistics of a box that has just been filled.
    """
    cast = select(Ballot.tracker).where(Ballot.vote_id == vote)
    posted = select(func.substr(BoardEntry.item, 2, 24)).where(BoardEntry.vote_id == vote, BoardEntry.kind == "ballot")
    paper = paper_trackers(session, vote)
    return sorted(tracker for tracker in session.scalars(cast.except_(posted)) if tracker not in paper)
