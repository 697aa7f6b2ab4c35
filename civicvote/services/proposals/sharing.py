"""What a proposal shows where it is shared."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from civicvote.domain.errors import NotFoundError
from civicvote.models.proposals import LISTED, Proposal


@dataclass(frozen=True, slots=True)
class Face:
    """What stands on its picture."""

    number: int
    title: str
    category: str
    district: str | None


def face(session: Session, proposal_id: UUID) -> Face:
    """Of a public proposal that is not hidden, else NotFoundError; one statement."""
    found = session.execute(
        select(Proposal.number, Proposal.title, Proposal.category, Proposal.district).where(
            Proposal.id == proposal_id, text(LISTED)
        )
    ).one_or_none()
    if found is None:
        raise NotFoundError
    return Face(found[0] or 0, *found[1:])
