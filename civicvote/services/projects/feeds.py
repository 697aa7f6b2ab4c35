"""What machines read: the newest projects for feed readers, every public address for search engines."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from civicvote.domain.lifecycles import CycleState, ProjectState
from civicvote.domain.text import excerpt, normalise
from civicvote.models.accounts import User
from civicvote.models.cycles import Cycle, Pool
from civicvote.models.projects import Project
from civicvote.services.cycles.reading import OF_BUDGET

NEWEST = 40
#: Projects and as many proposals: the sitemap protocol allows 50,000 addresses in a file.
MOST_ADDRESSES = 24_000


@dataclass(frozen=True, slots=True)
class Entry:
    """A project in the feed; texts hold nothing that XML forbids. `author` is None for somebody who left."""

    id: UUID
    title: str
    author: str | None
    summary: str
    category: str
    published: datetime
    updated: datetime


def newest(session: Session) -> list[Entry]:
    """The projects made public last; one statement."""
    at: Any = Project.submitted_at  # never NULL once public
    rows = session.execute(
        select(Project.id, Project.title, User.name, User.erased_at, Project.problem, Pool.name, at, Project.updated_at)
        .join(Pool, Pool.id == Project.pool_id)
        .outerjoin(User, User.id == Project.author_id)
        .where(Project.state != ProjectState.DRAFT)
        .order_by(at.desc(), Project.id.desc())
        .limit(NEWEST)
    )
    return [
        Entry(
            key,
            normalise(title),
            None if gone else name and normalise(name),
            excerpt(text, 300),
            normalise(pool),
            at,
            new,
        )
        for key, title, name, gone, text, pool, at, new in rows
    ]


@dataclass(frozen=True, slots=True)
class Addresses:
    """What a search engine may visit: slugs of cycles, those with a result, and projects with their last change."""

    cycles: list[str]
    results: list[str]
    projects: list[tuple[UUID, datetime]]


def addresses(session: Session) -> Addresses:
    """Every public page that has an address of its own; two statements."""
    cycles = session.execute(
        select(Cycle.slug, Cycle.state)
        .where(Cycle.state != CycleState.DRAFT, OF_BUDGET)
        .order_by(Cycle.id.desc())
        .limit(1000)
    ).all()
    projects = session.execute(
        select(Project.id, Project.updated_at)
        .where(Project.state != ProjectState.DRAFT)
        .order_by(Project.id.desc())
        .limit(MOST_ADDRESSES)
    )
    return Addresses(
        [slug for slug, _state in cycles],
        [slug for slug, state in cycles if state is CycleState.PUBLISHED],
        [(key, at) for key, at in projects],
    )
