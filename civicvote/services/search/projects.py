"""Finding budget projects."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import delete, insert, select, true
from sqlalchemy.orm import Session

from civicvote.domain import districts, text
from civicvote.domain.lifecycles import PUBLIC_PROJECT_STATES, ProjectState
from civicvote.models.projects import Endorsement, Project
from civicvote.models.search import SearchDocument
from civicvote.services.search.ranking import CHUNK, FOUND, SIMILAR, Hits, Kind, find

PROJECTS = Kind(SearchDocument, SearchDocument.project_id)


def hits(session: Session, query: str, *, share: float = FOUND) -> Hits | None:
    """Projects that hold at least `share` of the query's weight. None when it has no letter or digit."""
    return find(session, PROJECTS, query, share=share)


@dataclass(frozen=True, slots=True)
class Similar:
    """A project that says much the same."""

    id: UUID
    number: str
    title: str
    state: ProjectState
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
        .join(found.table, found.key == Project.id)
        .where(Project.state.in_(PUBLIC_PROJECT_STATES - {ProjectState.WITHDRAWN}))
        .order_by(found.rank.desc(), Project.id.desc())
        .limit(limit)
    )
    if but is not None:
        query = query.where(Project.id != but)
    return [Similar(r[0], r[1] or "", r[2], r[3], r[4], bool(r[5])) for r in session.execute(query)]


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
    ).yield_per(CHUNK)
    for batch in projects.partitions():
        rows = []
        for project in batch:
            title, body = _terms(project)
            rows.append({"project_id": project.id, "title": title, "body": body})
        session.execute(insert(SearchDocument), rows)
        total += len(rows)
    return total
