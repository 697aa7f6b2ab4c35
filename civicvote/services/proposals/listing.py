"""The public list of proposals: search, filters, sorts, one page at a time, whatever their number."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, String, cast, func, literal, select, text, tuple_, union_all
from sqlalchemy.orm import Session

from civicvote.domain import districts
from civicvote.domain.korean import from_seoul, seoul_date
from civicvote.domain.lifecycles import ProposalState
from civicvote.domain.paging import Cursor, Page
from civicvote.models.departments import Department
from civicvote.models.discussion import Thread
from civicvote.models.proposals import LISTED, REPLIED, TAKING, Proposal
from civicvote.services import clock, search
from civicvote.services.proposals import counting

SIZE = 20
#: Where no sums are kept (search, period), counting stops here: "500건 이상".
COUNT_LIMIT = 500
#: `Proposal.shuffle` is below this.
SHUFFLES = 2**31
#: How many seeds there are: a place to begin and a direction.
SEEDS = 2 * SHUFFLES


class Sort(StrEnum):
    """Orders of the list."""

    RELEVANCE = "relevance"
    NEWEST = "newest"
    ENDORSED = "endorsed"
    CLOSING = "closing"
    ANSWERED = "answered"
    RANDOM = "random"


class Period(StrEnum):
    """Ready-made spans of publication."""

    WEEK = "week"
    MONTH = "month"
    YEAR = "year"
    LAST_YEAR = "last-year"


@dataclass(frozen=True, slots=True)
class Filters:
    """What narrows and orders the list; empty means everything, newest first (with a query: best first).

    `district` may be `districts.SEOUL`: proposals for the whole city. `since` and `until` are days in Seoul, both included,
    and hold where no `period` is chosen. `seed` belongs to the random order.
    """

    q: str = ""
    state: ProposalState | None = None
    category: str = ""
    district: str = ""
    department: UUID | None = None
    period: Period | None = None
    since: date | None = None
    until: date | None = None
    sort: Sort | None = None
    seed: int | None = None

    @property
    def order(self) -> Sort:
        """The sort that holds."""
        if self.sort is None or (self.sort is Sort.RELEVANCE and not self.q):
            return Sort.RELEVANCE if self.q else Sort.NEWEST
        return self.sort

    def args(self) -> dict[str, str]:
        """As they stand in the address."""
        values = {name: getattr(self, name) for name in self.__slots__}
        return {name: str(value) for name, value in values.items() if value or (name == "seed" and value is not None)}

    def but(self, **changes: Any) -> "Filters":
        """The same with changes."""
        return replace(self, **changes)

    def chosen(self) -> dict[str, str]:
        """The filters that sums are kept for, as `counting` knows them."""
        values = {
            "state": self.state.value if self.state else "",
            "category": self.category,
            "district": self.district,
            "department": self.department.hex if self.department else "",
        }
        given = {name: value for name, value in values.items() if value}
        return given | ({"district": ""} if self.district == districts.SEOUL else {})

    def span(self, today: date) -> tuple[date | None, date | None]:
        """First and last day of publication."""
        match self.period:
            case Period.WEEK:
                return today - timedelta(days=6), None
            case Period.MONTH:
                return today - timedelta(days=29), None
            case Period.YEAR:
                return date(today.year, 1, 1), None
            case Period.LAST_YEAR:
                return date(today.year - 1, 1, 1), date(today.year - 1, 12, 31)
        return self.since, self.until


@dataclass(frozen=True, slots=True)
class ProposalRow:
    """A proposal in the list. `wanted`: 공감 that bring it before a department."""

    id: UUID
    number: int
    title: str
    state: ProposalState
    category: str
    district: str | None
    department: str
    endorsements: int
    wanted: int
    comments: int
    at: datetime
    answered_at: datetime | None
    closes_at: datetime | None
    place: str | int


@dataclass(frozen=True, slots=True)
class Listing:
    """One page, and what every filter would show. `facets` is None where nobody asked."""

    page: Page[ProposalRow]
    facets: counting.Facets | None


@dataclass(frozen=True, slots=True)
class _Order:
    """What a sort goes by, which way, and where it begins (`start`: the random order goes round)."""

    value: Any
    down: bool
    moments: bool = False
    start: int | None = None


_AT: Any = Proposal.published_at
_ORDERS = {
    Sort.NEWEST: _Order(_AT, down=True, moments=True),
    Sort.ENDORSED: _Order(Proposal.endorsement_count, down=True),
    Sort.CLOSING: _Order(Proposal.closes_at, down=False, moments=True),
    Sort.ANSWERED: _Order(Proposal.answered_at, down=True, moments=True),
}


def _order(filters: Filters, found: search.Hits | None) -> _Order:
    if filters.order is Sort.RANDOM:
        seed = (filters.seed or 0) % SEEDS
        return _Order(Proposal.shuffle, down=bool(seed & 1), start=seed >> 1)
    if filters.order is Sort.RELEVANCE:
        return _Order(found.rank, down=True) if found is not None else _ORDERS[Sort.NEWEST]
    return _ORDERS[filters.order]


def _base(filters: Filters, found: search.Hits | None, now: datetime) -> list[ColumnElement[bool]]:
    """What holds apart from the filters that sums are kept for, in the words of the indexes."""
    conditions: list[Any] = [text(LISTED)]
    if filters.order is Sort.CLOSING:
        conditions = [text(TAKING), Proposal.closes_at > now]
    elif filters.order is Sort.ANSWERED:
        conditions = [text(REPLIED)]
    since, until = filters.span(seoul_date(now))
    if since:
        conditions.append(from_seoul(since) <= _AT)
    if until:
        conditions.append(from_seoul(until + timedelta(days=1)) > _AT)
    if found is not None:
        conditions.append(Proposal.id == found.key)
    return conditions


def _narrowing(filters: Filters) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if filters.state:
        conditions.append(Proposal.state == filters.state)
    if filters.category:
        conditions.append(Proposal.category == filters.category)
    if filters.district:
        whole = filters.district == districts.SEOUL
        conditions.append(Proposal.district.is_(None) if whole else Proposal.district == filters.district)
    if filters.department:
        conditions.append(Proposal.department_id == filters.department)
    return conditions


def _mark(value: Any) -> str | int:
    """A sort's value as a cursor can carry it."""
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else int(value)


def _beyond(order: _Order, cursor: Cursor) -> ColumnElement[bool]:
    """Rows behind the cursor: compared as a pair, which an index on both columns answers by itself."""
    mark: Any = cursor.moment() if order.moments else cursor.number()
    here = tuple_(order.value, Proposal.id)
    there = tuple_(literal(mark, order.value.type), literal(cursor.key, Proposal.id.type))
    return here < there if order.down else here > there


def _stretches(order: _Order, cursor: Cursor | None) -> list[list[ColumnElement[bool]]]:
    """The parts of the list from the cursor on, in order. Round the random order's end it goes on from the beginning."""
    after = [_beyond(order, cursor)] if cursor else []
    if order.start is None:
        return [after]
    value, start = order.value, order.start
    first, second = (value <= start, value > start) if order.down else (value >= start, value < start)
    if cursor is None:
        return [[first], [second]]
    mark = cursor.number()
    round_the_end = mark > start if order.down else mark < start
    return [[second, *after]] if round_the_end else [[first, *after], [second]]


def _chosen(base: Select[Any], order: _Order, cursor: Cursor | None, size: int) -> Any:
    """Keys of the next `size` rows with their places, as a table."""
    value, key = order.value, Proposal.id
    parts = []
    for number, stretch in enumerate(_stretches(order, cursor)):
        part = base.where(*stretch).order_by(value.desc() if order.down else value, key.desc() if order.down else key)
        columns = (key.label("id"), value.label("place"), literal(number).label("stretch"))
        parts.append(part.with_only_columns(*columns).limit(size).subquery())
    if len(parts) == 1:
        return parts[0]
    return union_all(*(select(part) for part in parts)).subquery("chosen")


def _row(row: Any) -> ProposalRow:
    values: list[Any] = [*row[:-1], _mark(row[-1])]
    return ProposalRow(*values)


_SHOWN: tuple[Any, ...] = (
    Proposal.id,
    Proposal.number,
    Proposal.title,
    Proposal.state,
    Proposal.category,
    Proposal.district,
    func.coalesce(Department.name, ""),
    Proposal.endorsement_count,
    Proposal.department_threshold,
    func.coalesce(Thread.post_count, 0),
    Proposal.published_at,
    Proposal.answered_at,
    Proposal.closes_at,
)


def _facets(session: Session, filters: Filters, found: search.Hits | None, now: datetime) -> counting.Facets:
    """From the kept sums where they tell it; where a search or a period narrows, from up to `COUNT_LIMIT` rows."""
    base = _base(filters, found, now)
    if len(base) == 1 and filters.order not in {Sort.CLOSING, Sort.ANSWERED}:
        return counting.facets(session, filters.chosen())
    columns = [
        cast(Proposal.state, String).label("state"),
        Proposal.category,
        Proposal.district,
        Proposal.department_id,
    ]
    looked_at: Any = select(*columns).where(*base).limit(COUNT_LIMIT).subquery()
    grouped: Select[Any] = select(*looked_at.c, func.count()).group_by(*looked_at.c)
    facets, seen, chosen = counting.Facets(), 0, filters.chosen()
    for state, category, district, department, n in session.execute(grouped):
        facets.add(chosen, (state, category, district or "", department.hex if department else ""), n)
        seen += n
    facets.capped = seen >= COUNT_LIMIT
    return facets


def listing(session: Session, filters: Filters, cursor: Cursor | None = None, *, counted: bool = True) -> Listing:
    """A page of public proposals; two statements (three with a query) whatever the number of rows.

    Not `counted`: without figures, for a part that only appends rows.
    """
    now = clock.now()
    found = search.proposal_hits(session, filters.q) if filters.q else None
    order = _order(filters, found)
    base = select(Proposal.id).where(*_base(filters, found, now), *_narrowing(filters))
    chosen = _chosen(base, order, cursor, SIZE + 1)
    place, key = chosen.c.place, chosen.c.id
    query = (
        select(*_SHOWN, place)
        .join(chosen, chosen.c.id == Proposal.id)
        .outerjoin(Department, Department.id == Proposal.department_id)
        .outerjoin(Thread, Thread.id == Proposal.id)
        .order_by(chosen.c.stretch, place.desc() if order.down else place, key.desc() if order.down else key)
        .limit(SIZE + 1)
    )
    rows = [_row(row) for row in session.execute(query)]
    page = Page.cut(rows, SIZE, lambda row: Cursor(row.id, row.place))
    return Listing(page, _facets(session, filters, found, now) if counted else None)


def newest(session: Session, filters: Filters, most: int) -> Any:
    """Keys of the newest proposals that the filters show, as a table."""
    found = search.proposal_hits(session, filters.q) if filters.q else None
    narrowed = filters.but(sort=Sort.NEWEST)
    base = select(Proposal.id).where(*_base(narrowed, found, clock.now()), *_narrowing(narrowed))
    return _chosen(base, _ORDERS[Sort.NEWEST], None, most)


def around(session: Session, filters: Filters) -> counting.Facets:
    """What every filter would show, without the list: for the map."""
    found = search.proposal_hits(session, filters.q) if filters.q else None
    return _facets(session, filters, found, clock.now())


def departments(session: Session) -> Sequence[tuple[UUID, str]]:
    """Every department by name: also one that is no longer active answered something; one statement."""
    return [
        (key, name) for key, name in session.execute(select(Department.id, Department.name).order_by(Department.name))
    ]
