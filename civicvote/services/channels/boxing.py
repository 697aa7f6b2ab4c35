"""Into the box: a batch that two people keyed alike, counted by hand, with every sheet accounted for."""

import secrets
from collections.abc import Sequence

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from civicvote.domain.ballots import board as chains
from civicvote.domain.ballots import sealing
from civicvote.domain.errors import ConflictError, ForbiddenError
from civicvote.domain.permissions import Actor, Permission
from civicvote.keystore import KeyStore
from civicvote.models.base import Base
from civicvote.models.channels import PaperEntry, PaperKind
from civicvote.models.votes import Ballot, Vote
from civicvote.services import audit, board, clock
from civicvote.services.channels import differences
from civicvote.services.channels.paper import ALONE, CONFIRMED, keyings, marks, obstacle, open_for_change
from civicvote.services.conflicts import settled
from civicvote.services.locks import exclusive

_BALLOT = Base.metadata.tables[Ballot.__tablename__]


def confirm(session: Session, actor: Actor, slug: str, number: int, *, keys: KeyStore) -> None:
    """Put the valid sheets into the box and the batch on the board.

    Both keyings are equal, their sheets as many as counted by hand, and no more than were handed out unless two people
    say so; else ConflictError. Each ballot gets a slot of
    its own; what was keyed is deleted, so that no number of a sheet leads to a ballot.
    """
    actor.require(Permission.PAPER_KEY)
    vote, batch = open_for_change(session, slug, number)
    exclusive(session, f"board|{vote.id}")
    turns = keyings(session, batch)
    excess, said = differences.excess(session, batch), differences.stated(session, batch)
    problem = obstacle(batch, turns, marks(session, batch)) or differences.obstacle(excess, said)
    if problem is not None:
        raise ConflictError(problem)
    if {keying.keyed_by for keying in turns.values()} <= {actor.id}:
        raise ForbiddenError(ALONE)
    entries = session.execute(
        select(PaperEntry.kind, PaperEntry.sealed).where(PaperEntry.batch_id == batch.id, PaperEntry.turn == 1)
    ).all()
    blank, void = (sum(row.kind is kind for row in entries) for kind in (PaperKind.BLANK, PaperKind.VOID))
    trackers = _put(session, vote, [row.sealed for row in entries if row.sealed is not None])
    rows = [chains.desk_row(batch.number, trackers, blank=blank, void=void)]
    board.append(session, vote, rows + ([differences.note(batch, excess, said)] if said else []), keys)
    session.execute(delete(PaperEntry).where(PaperEntry.batch_id == batch.id))
    batch.valid, batch.blank, batch.void = len(trackers), blank, void
    batch.confirmed_by, batch.confirmed_at = actor.id, clock.now()
    audit.record(
        session, actor, "paper:confirm", batch, papers=batch.papers, valid=len(trackers), blank=blank, void=void
    )
    with settled(session, CONFIRMED):
        session.flush()


def _put(session: Session, vote: Vote, sealed: Sequence[bytes]) -> list[str]:
    """The ballots in the box, by tracker: their order there has nothing of the order of the sheets."""
    made = sorted((sealing.tracker(str(vote.id), one), one) for one in sealed)
    rows = [
        {
            "id": secrets.token_bytes(16),
            "vote_id": vote.id,
            "slot": secrets.token_bytes(16),
            "version": 1,
            "sealed": one,
            "tracker": tracker,
        }
        for tracker, one in made
    ]
    if rows:
        session.execute(insert(_BALLOT), rows)
    return [tracker for tracker, _ in made]
