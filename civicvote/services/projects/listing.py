"""The public list of projects: search, filters, sorts, one page at a time."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, literal, or_, select, true
from sqlalchemy.orm import Session

from civicvote.domain.lifecycles import PUBLIC_PROJECT_STATES, CycleState, ProjectState
from civicvote.domain.paging import Cursor, Page
from civicvote.domain.permissions import Actor
from civicvote.models.cycles import Cycle, Pool
from civicvote.models.departments import Department
from civicvote.models.projects import Project
from civicvote.services import search

SIZE = 20
#: Counting stops here: "10,000건 이상".
COUNT_LIMIT = 10_000


class Sort(StrEnum):
    """Orders of the list."""

    RELEVANCE = "relevance"
    NEWEST = "newest"
    ENDORSED = "endorsed"
    DISCUSSED = "discussed"
    COST_HIGH = "cost-high"
    COST_LOW = "cost-low"


@dataclass(frozen=True, slots=True)
class Filters:
    """What narrows and orders the list; empty means everything, newest first (with a query: best first)."""

    q: str = ""
    cycle: str = ""
    pool: UUID | None = None
    district: str = ""
    state: ProjectState | None = None
    department: UUID | None = None
    sort: Sort | None = None

    @property
    def order(self) -> Sort:
        """The sort that holds."""
        if self.sort is None or (self.sort is Sort.RELEVANCE and not self.q):
            return Sort.RELEVANCE if self.q else Sort.NEWEST
        return self.sort

    def args(self) -> dict[str, str]:
        """As they stand in the address."""
        return {name: str(value) for name in self.__slots__ if (value := getattr(self, name))}

    def but(self, **changes: Any) -> "Filters":
        """The same with changes."""
        return replace(self, **changes)


@dataclass(frozen=True, slots=True)
class ProjectRow:
    """A project in the list. Won, or an imported cycle's `currency`; `cost_won` is the reviewed cost, else what the author asks for."""

    id: UUID
    number: str
    title: str
    state: ProjectState
    cycle: str
    cycle_slug: str
    pool: str
    district: str | None
    department: str
    cost_won: int | None
    endorsements: int
    comments: int
    at: datetime
    place: str | int
    currency: str


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of the list. `total` is None on later pages: it was said on the first."""

    page: Page[ProjectRow]
    total: int | None


COST = func.coalesce(Project.cost_won, Project.requested_won, 0)
#: Every public project was submitted once; by itself the column goes by its index.
AT: ColumnElement[Any] = Project.submitted_at.expression


def _value(sort: Sort, found: search.Hits | None) -> tuple[ColumnElement[Any], bool]:
    """What the sort goes by, and whether downwards."""
    if sort is Sort.RELEVANCE and found is not None:
        return found.rank, True
    orders: dict[Sort, tuple[Any, bool]] = {
        Sort.ENDORSED: (Project.endorsement_count, True),
        Sort.DISCUSSED: (Project.comment_count, True),
        Sort.COST_HIGH: (COST, True),
        Sort.COST_LOW: (COST, False),
    }
    return orders.get(sort, (AT, True))


def _conditions(filters: Filters) -> list[ColumnElement[bool]]:
    state = Project.state == filters.state if filters.state else Project.state.in_(PUBLIC_PROJECT_STATES)
    conditions: list[ColumnElement[bool]] = [state, Project.state != ProjectState.DRAFT]
    if filters.cycle:
        conditions.append(Cycle.slug == filters.cycle)
    if filters.pool:
        conditions.append(Project.pool_id == filters.pool)
    if filters.district:
        conditions.append(Project.district == filters.district)
    if filters.department:
        conditions.append(Project.department_id == filters.department)
    return conditions


def _mark(value: Any) -> str | int:
    """A sort's value as a cursor can carry it."""
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else int(value)


def _after(cursor: Cursor, value: ColumnElement[Any], *, down: bool, moments: bool) -> ColumnElement[bool]:
    """Rows behind the cursor in the order (value, id)."""
    mark: Any = cursor.moment() if moments else cursor.number()
    beyond = value < mark if down else value > mark
    behind = Project.id < cursor.key if down else Project.id > cursor.key
    return or_(beyond, and_(value == mark, behind))


def _row(*r: Any) -> ProjectRow:
    return ProjectRow(
        id=r[0],
        number=r[1] or "",
        title=r[2],
        state=r[3],
        cycle=r[4],
        cycle_slug=r[5],
        pool=r[6],
        district=r[7],
        department=r[8] or "",
        cost_won=r[9] or None,
        endorsements=r[10],
        comments=r[11],
        at=r[12],
        place=_mark(r[13]),
        currency=r[14],
    )


def listing(session: Session, actor: Actor, filters: Filters, cursor: Cursor | None = None) -> Listing:
    """A page of public projects; at most three statements whatever the number of rows."""
    del actor  # the same for all
    found = search.hits(session, filters.q) if filters.q else None
    value, down = _value(filters.order, found)
    base: Select[Any] = select(Project.id).join(Cycle, Cycle.id == Project.cycle_id).where(*_conditions(filters))
    if found is not None:
        base = base.join(found.table, found.key == Project.id)
    total = None
    if cursor is None:
        total = session.scalar(select(func.count()).select_from(base.limit(COUNT_LIMIT).subquery()))
    columns: tuple[Any, ...] = (
        Project.id,
        Project.number,
        Project.title,
        Project.state,
        Cycle.title,
        Cycle.slug,
        Pool.name,
        Project.district,
        Department.name,
        COST,
        Project.endorsement_count,
        Project.comment_count,
        AT,
        value,
        Cycle.currency,
    )
    query: Select[Any] = (
        base.join(Pool, Pool.id == Project.pool_id)
        .outerjoin(Department, Department.id == Project.department_id)
        .where(_after(cursor, value, down=down, moments=value is AT) if cursor else true())
        .order_by(value.desc() if down else value, Project.id.desc() if down else Project.id)
        .limit(SIZE + 1)
        .with_only_columns(*(column.label(f"c{place}") for place, column in enumerate(columns)))
    )
    rows = [_row(*found_row) for found_row in session.execute(query)]
    return Listing(Page.cut(rows, SIZE, lambda row: Cursor(row.id, row.place)), total)


@dataclass(frozen=True, slots=True)
class Choices:
    """What the list can be narrowed to: cycles (slug, title), pools (id, name) of the chosen or all cycles, departments."""

    cycles: Sequence[tuple[str, str]]
    pools: Sequence[tuple[str, str]]
    departments: Sequence[tuple[str, str]]


def choices(session: Session, filters: Filters) -> Choices:
    """Options of the filters, in two statements."""
    pools = session.execute(
        select(Cycle.slug, Cycle.title, Pool.id, Pool.name)
        .join(Pool, Pool.cycle_id == Cycle.id)
        .where(Cycle.state != CycleState.DRAFT)
        .order_by(Cycle.year.desc(), Cycle.id.desc(), Pool.position, Pool.id)
        .limit(400)
    ).all()
    cycles = dict.fromkeys((slug, title) for slug, title, _id, _name in pools)
    shown = filters.cycle or (pools[0][0] if len(cycles) == 1 else "")
    departments = session.execute(
        select(Department.id, Department.name).where(Department.active == literal(True)).order_by(Department.name)
    )
    return Choices(
        list(cycles),
        [(str(r[2]), r[3] if shown else f"{r[1]} · {r[3]}") for r in pools if not shown or r[0] == shown],
        [(str(key), name) for key, name in departments],
    )
