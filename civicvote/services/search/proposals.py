"""Finding proposals, and those that say much the same as one that is being written."""

import math
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import delete, event, insert, inspect, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.unitofwork import UOWTransaction

from civicvote.domain import districts, text
from civicvote.domain.lifecycles import ProposalState
from civicvote.models.proposals import Proposal, ProposalEndorsement
from civicvote.models.search import ProposalDocument
from civicvote.services.search.ranking import CHUNK, FOUND, SCALE, Hits, Kind, find

PROPOSALS = Kind(ProposalDocument, ProposalDocument.proposal_id)
#: The best so many by rank are compared by their titles, from this share of the wording's weight on.
CANDIDATES = 300
RELATED = 0.25
#: idf from which a term tells two proposals apart: one in ten holds it, or fewer.
TELLING = math.log(10)
#: Least likeness of a similar proposal, 0 to 1.
LIKE = 0.3
#: What nobody needs to be pointed to.
GONE = frozenset({ProposalState.WITHDRAWN, ProposalState.MERGED, ProposalState.FORWARDED})


def proposal_hits(session: Session, query: str, *, share: float = FOUND) -> Hits | None:
    """Proposals that hold at least `share` of the query's weight. None when it has no letter or digit."""
    return find(session, PROPOSALS, query, share=share)


@dataclass(frozen=True, slots=True)
class SimilarProposal:
    """A proposal that says much the same."""

    id: UUID
    number: int
    title: str
    state: ProposalState
    endorsements: int
    endorsed: bool


def _likeness(wording: list[str], title: str, covered: float, idf: dict[str, float]) -> float:
    """How much a proposal is about what was typed: half by its title, half by how much of the wording it holds at all."""
    return (text.similarity(wording, text.query_terms(title), idf) + covered) / 2


def similar_proposals(
    session: Session, wording: str, *, viewer_id: UUID | None = None, but: UUID | None = None, limit: int = 5
) -> list[SimilarProposal]:
    """Proposals like a title being typed, the nearest first; two statements. Too short a title has none."""
    if len(text.query_terms(wording)) < 2:
        return []
    found = find(session, PROPOSALS, wording, share=RELATED, title=0, telling=TELLING)
    if found is None or not found.idf:
        return []
    mine = (
        select(ProposalEndorsement.user_id)
        .where(ProposalEndorsement.proposal_id == Proposal.id, ProposalEndorsement.user_id == viewer_id)
        .exists()
    )
    query = (
        select(
            found.rank, Proposal.id, Proposal.number, Proposal.title, Proposal.state, Proposal.endorsement_count, mine
        )
        .join(found.table, found.key == Proposal.id)
        .where(Proposal.hidden_at.is_(None), Proposal.state.not_in({*GONE, ProposalState.DRAFT}))
        .order_by(found.rank.desc(), Proposal.id.desc())
        .limit(CANDIDATES)
    )
    if but is not None:
        query = query.where(Proposal.id != but)
    terms = list(found.idf)
    # The rank of a document that holds all of it; its title is compared here.
    whole = SCALE * sum(found.idf.values())
    scored: list[tuple[float, int, Any]] = []
    for row in session.execute(query):
        covered = min(1.0, row[0] / whole)
        if len(scored) >= limit and (1 + covered) / 2 < scored[limit - 1][0]:
            break  # nor could any of the rest, even with the very title
        scored.append((_likeness(terms, row[3], covered, found.idf), row[0], row))
        scored.sort(key=lambda one: one[:2], reverse=True)
    return [
        SimilarProposal(r[1], r[2] or 0, r[3], r[4], r[5], bool(r[6]))
        for likeness, _rank, r in scored[:limit]
        if likeness >= LIKE
    ]


def _document(proposal: Any) -> dict[str, list[str]]:
    place = districts.name_of(proposal.district) if proposal.district else ""
    parts = (
        proposal.title,
        str(proposal.number or ""),
        proposal.category,
        place,
        proposal.place,
        proposal.problem,
        proposal.idea,
    )
    return {
        "title": text.bigrams(proposal.title),
        "body": text.bigrams("\n.\n".join(part for part in parts if part)),
    }


def index_proposal(session: Session, proposal: Proposal) -> None:
    """Make a public proposal findable by its present text; a draft or a hidden one is never in the index."""
    quietly = {"synchronize_session": False}
    session.execute(
        delete(ProposalDocument).where(ProposalDocument.proposal_id == proposal.id), execution_options=quietly
    )
    if proposal.state is not ProposalState.DRAFT and proposal.hidden_at is None:
        session.execute(insert(ProposalDocument).values(proposal_id=proposal.id, **_document(proposal)))


#: What the index depends on.
_READ = frozenset({"state", "hidden_at", "number", "title", "category", "district", "place", "problem", "idea"})


@event.listens_for(Session, "after_flush")
def _follow(session: Session, _context: UOWTransaction) -> None:
    """Whoever publishes, edits, hides or restores a proposal: the index is part of the same transaction."""
    changed = {thing for thing in session.dirty if isinstance(thing, Proposal) and _touched(thing)}
    changed |= {thing for thing in session.new if isinstance(thing, Proposal)}
    for proposal in sorted(changed, key=lambda one: one.id):
        if proposal.state is not ProposalState.DRAFT:  # nothing becomes a draft again
            index_proposal(session, proposal)


def _touched(proposal: Proposal) -> bool:
    state = inspect(proposal)
    return any(state.attrs[name].history.has_changes() for name in _READ)


def reindex_proposals(session: Session) -> int:
    """Build the index of all listed proposals anew. Returns how many."""
    session.execute(delete(ProposalDocument).execution_options(synchronize_session=False))
    total = 0
    proposals = session.execute(
        select(
            Proposal.id,
            Proposal.title,
            Proposal.number,
            Proposal.category,
            Proposal.district,
            Proposal.place,
            Proposal.problem,
            Proposal.idea,
        )
        .where(Proposal.state != ProposalState.DRAFT, Proposal.hidden_at.is_(None))
        .order_by(Proposal.id)
        .execution_options(yield_per=CHUNK)
    )
    for batch in proposals.partitions():
        session.execute(insert(ProposalDocument), [{"proposal_id": row.id, **_document(row)} for row in batch])
        total += len(batch)
    return total
