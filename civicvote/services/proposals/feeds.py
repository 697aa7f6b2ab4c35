"""What machines read of the proposals: the newest for feed readers, every public address for search engines."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from civicvote.domain.text import excerpt, normalise
from civicvote.models.accounts import User
from civicvote.models.proposals import LISTED, Proposal
from civicvote.services.proposals import listing

NEWEST = 40


@dataclass(frozen=True, slots=True)
class Entry:
    """A proposal in the feed; texts hold nothing that XML forbids. `author` is None for somebody who left."""

    id: UUID
    title: str
    author: str | None
    summary: str
    category: str
    published: datetime
    updated: datetime


def newest(session: Session, filters: listing.Filters) -> list[Entry]:
    """What the list would show first, newest first; one statement (two with a query)."""
    chosen = listing.newest(session, filters, NEWEST)
    rows = session.execute(
        select(
            Proposal.id,
            Proposal.title,
            User.name,
            User.erased_at,
            Proposal.problem,
            Proposal.category,
            Proposal.published_at,
            Proposal.updated_at,
        )
        .join(chosen, chosen.c.id == Proposal.id)
        .outerjoin(User, User.id == Proposal.author_id)
        .order_by(Proposal.published_at.desc(), Proposal.id.desc())
    )
    return [
        Entry(
            key,
            normalise(title),
            None if gone or not name else normalise(name),
            excerpt(problem, 300),
            normalise(category),
            at or new,
            new,
        )
        for key, title, name, gone, problem, category, at, new in rows
    ]


def addresses(session: Session, most: int) -> list[tuple[UUID, datetime]]:
    """Proposals with their last change, the newest `most`; one statement."""
    rows = session.execute(
        select(Proposal.id, Proposal.updated_at)
        .where(text(LISTED))
        .order_by(Proposal.published_at.desc(), Proposal.id.desc())
        .limit(most)
    )
    return [(key, at) for key, at in rows]
