"""Finding projects by what they say, in Korean and English, with one ranking on both databases.

A query becomes syllable bigrams; a document's score is the sum of the inverse document frequencies of the terms it holds,
terms of the title counted twice (the idf of Robertson and Spärck Jones, as BM25 uses it). Weights are whole thousandths, so
the order is the same everywhere and can stand in a cursor.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CTE,
    ColumnElement,
    Integer,
    Select,
    String,
    cast,
    delete,
    false,
    func,
    insert,
    literal,
    select,
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.orm import InstrumentedAttribute, Session

from civicvote.domain import districts, text
from civicvote.domain.lifecycles import PUBLIC_PROJECT_STATES, ProjectState, ProposalState
from civicvote.models.projects import Endorsement, Project
from civicvote.models.proposals import Proposal, ProposalEndorsement
from civicvote.models.search import SearchDocument, search_index

#: Which share of a query's weight a project must hold: to be found, and to be shown as similar.
FOUND = 0.6
SIMILAR = 0.4
_SCALE = 1000
_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Hits:
    """What a query finds, as a table to join: `project_id` and `rank` (larger is better, never 0)."""

    table: CTE

    @property
    def project_id(self) -> ColumnElement[UUID]:
        """Key of the project."""
        return self.table.c.project_id

    @property
    def rank(self) -> ColumnElement[int]:
        """Score in thousandths."""
        return self.table.c.rank


def _postgresql(session: Session) -> bool:
    return session.get_bind().dialect.name == "postgresql"


def _holding(session: Session, term: str, place: str, *columns: ColumnElement[Any]) -> Select[Any]:
    """`columns` for each document whose `place` ("title" or "body", which holds the title too) has `term`; by the index."""
    if _postgresql(session):
        column: InstrumentedAttribute[list[str]] = getattr(SearchDocument, place)
        wanted = cast(literal(text.tsquery([term]), String), TSQUERY)
        return select(SearchDocument.id.label("id"), *columns).where(column.bool_op("@@")(wanted))
    wanted_here = f"{{{place}}} : {text.fts5_query([term])}"
    return select(search_index.c.rowid.label("id"), *columns).where(
        search_index.c.search_index.bool_op("MATCH")(wanted_here)
    )


def _weights(session: Session, terms: Sequence[str]) -> dict[str, int]:
    """Weight per term that occurs at all, in thousandths; one statement."""
    counts = [
        select(func.count()).select_from(_holding(session, term, "body").subquery()).scalar_subquery() for term in terms
    ]
    total = select(func.count()).select_from(SearchDocument).scalar_subquery()
    documents, *found = session.execute(select(total, *counts)).one()
    known = {term: count for term, count in zip(terms, found, strict=True) if count}
    idf = text.inverse_frequencies(known, documents)
    return {term: max(1, round(value * _SCALE)) for term, value in idf.items()}


def hits(session: Session, query: str, *, share: float = FOUND) -> Hits | None:
    """What `query` finds: projects that hold at least `share` of its weight. None when it has no letter or digit.

    Asks the database for the terms' frequencies (one statement); the rest happens where the table is joined.
    """
    terms = text.query_terms(query)
    if not terms:
        return None
    weights = _weights(session, terms)
    if not weights:
        nothing = select(SearchDocument.project_id, literal(0).label("rank")).where(false())
        return Hits(nothing.cte("hits"))
    nought = literal(0, Integer)
    parts = []
    for term, weight in weights.items():
        worth = literal(weight, Integer)
        parts.append(_holding(session, term, "body", worth.label("body"), nought.label("title")))
        parts.append(_holding(session, term, "title", nought.label("body"), worth.label("title")))
    held = union_all(*parts).subquery("held")
    covered = func.sum(held.c.body)
    least = max(1, round(sum(weights.values()) * share))
    # Materialised: a planner that looked into these would score every document once per project.
    scored = (
        select(held.c.id, cast(covered + func.sum(held.c.title), Integer).label("rank"))
        .group_by(held.c.id)
        .having(covered >= least)
        .cte("scored")
        .prefix_with("MATERIALIZED")
    )
    found = select(SearchDocument.project_id, scored.c.rank).join(scored, scored.c.id == SearchDocument.id)
    return Hits(found.cte("hits").prefix_with("MATERIALIZED"))


@dataclass(frozen=True, slots=True)
class Similar:
    """A project that says much the same."""

    id: UUID
    number: str
    title: str
    state: ProjectState
    endorsements: int
    endorsed: bool


@dataclass(frozen=True, slots=True)
class SimilarProposal:
    """A citizen's proposal that says much the same."""

    id: UUID
    number: int
    title: str
    state: ProposalState
    endorsements: int
    endorsed: bool


def similar(
    session: Session, wording: str, *, viewer_id: UUID | None = None, but: UUID | None = None, limit: int = 5
) -> list[Similar]:
    """Public projects like a title being typed, the nearest first; two statements. Too short a title has none."""
    if len(text.query_terms(wording)) < 2:
        return []
    found = hits(session, wording, share=SIMILAR)
    if found is None:
        return []
    mine = (
        select(Endorsement.user_id)
        .where(Endorsement.project_id == Project.id, Endorsement.user_id == viewer_id)
        .exists()
    )
    query = (
        select(Project.id, Project.number, Project.title, Project.state, Project.endorsement_count, mine)
        .join(found.table, found.project_id == Project.id)
        .where(Project.state.in_(PUBLIC_PROJECT_STATES - {ProjectState.WITHDRAWN}))
        .order_by(found.rank.desc(), Project.id.desc())
        .limit(limit)
    )
    if but is not None:
        query = query.where(Project.id != but)
    return [Similar(r[0], r[1] or "", r[2], r[3], r[4], bool(r[5])) for r in session.execute(query)]


#: How many of the newest proposals are compared with a title being typed.
_COMPARED = 1000


def similar_proposals(
    session: Session, wording: str, *, viewer_id: UUID | None = None, but: UUID | None = None, limit: int = 5
) -> list[SimilarProposal]:
    """Public citizens' proposals like a title being typed, the nearest first."""
    wanted = text.query_terms(wording)
    if len(wanted) < 2:
        return []
    mine = (
        select(ProposalEndorsement.user_id)
        .where(ProposalEndorsement.proposal_id == Proposal.id, ProposalEndorsement.user_id == viewer_id)
        .exists()
    )
    gone = (ProposalState.DRAFT, ProposalState.WITHDRAWN, ProposalState.MERGED)
    query = (
        select(Proposal.id, Proposal.number, Proposal.title, Proposal.state, Proposal.endorsement_count, mine)
        .where(Proposal.state.not_in(gone), Proposal.hidden_at.is_(None))
        .order_by(Proposal.number.desc())
        .limit(_COMPARED)
    )
    if but is not None:
        query = query.where(Proposal.id != but)
    rows = [SimilarProposal(*row) for row in session.execute(query)]
    held = {row.id: set(text.bigrams(row.title)) for row in rows}
    counts = {term: sum(term in terms for terms in held.values()) for term in wanted}
    idf = text.inverse_frequencies(counts, len(rows))
    near = [(text.coverage(wanted, held[row.id], idf), row) for row in rows]
    near = sorted((pair for pair in near if pair[0] >= SIMILAR), key=lambda pair: (-pair[0], -pair[1].number))
    return [row for _share, row in near[:limit]]


def _terms(project: Project) -> tuple[list[str], list[str]]:
    place = districts.name_of(project.district) if project.district else ""
    parts = (project.title, project.number or "", project.category, place, project.place, project.problem, project.idea)
    return text.bigrams(project.title), text.bigrams("\n.\n".join(part for part in parts if part))


def index(session: Session, project: Project) -> None:
    """Make a public project findable by its present text; a draft is never in the index."""
    found = session.scalar(select(SearchDocument).where(SearchDocument.project_id == project.id))
    if project.state is ProjectState.DRAFT:
        if found is not None:
            session.delete(found)
        return
    title, body = _terms(project)
    if found is None:
        session.add(SearchDocument(project_id=project.id, title=title, body=body))
    else:
        found.title, found.body = title, body


def reindex(session: Session, *, cycle_id: UUID | None = None) -> int:
    """Build the index of all public projects (of a cycle) anew, after an import for instance. Returns how many."""
    chosen = Project.cycle_id == cycle_id if cycle_id else true()
    session.execute(
        delete(SearchDocument)
        .where(SearchDocument.project_id.in_(select(Project.id).where(chosen)))
        .execution_options(synchronize_session=False)
    )
    total = 0
    projects = session.scalars(
        select(Project).where(chosen, Project.state.in_(PUBLIC_PROJECT_STATES)).order_by(Project.id)
    ).yield_per(_CHUNK)
    for batch in projects.partitions():
        rows = []
        for project in batch:
            title, body = _terms(project)
            rows.append({"project_id": project.id, "title": title, "body": body})
        session.execute(insert(SearchDocument), rows)
        total += len(rows)
    return total
