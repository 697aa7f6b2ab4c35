"""What everybody reads of 공론장: the hub, the lists, one forum."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, or_, select, true
from sqlalchemy.orm import Session

from civicvote.domain.deliberation import Audience, ForumKind, Opening, Reflection
from civicvote.domain.lifecycles import PUBLIC_FORUM_STATES, ForumState
from civicvote.domain.messages import Message, msg
from civicvote.domain.paging import Cursor, Page
from civicvote.domain.permissions import Actor, Permission, Role
from civicvote.models.deliberation import Forum, ForumModerator, Round
from civicvote.models.departments import Department
from civicvote.services import clock
from civicvote.services.deliberation import access

SIZE = 20
COUNT_LIMIT = 10_000


class Status(StrEnum):
    """Where a forum stands, as the list narrows by it."""

    OPEN = "open"
    COMING = "coming"
    CLOSED = "closed"
    CONCLUDED = "concluded"
    OVERDUE = "overdue"
    ANSWERED = "answered"
    CANCELLED = "cancelled"


STATUSES: dict[Status, Message] = {
    Status.OPEN: msg("지금 참여할 수 있음"),
    Status.COMING: msg("예정·다음 순서 준비"),
    Status.CLOSED: msg("마감하고 정리 중"),
    Status.CONCLUDED: msg("결론 공개"),
    Status.OVERDUE: msg("반영 결과 기한 지남"),
    Status.ANSWERED: msg("반영 결과 공개"),
    Status.CANCELLED: msg("취소"),
}


@dataclass(frozen=True, slots=True)
class Filters:
    """What narrows a list; empty means everything."""

    kind: ForumKind | None = None
    status: Status | None = None
    district: str = ""

    def args(self) -> dict[str, str]:
        """As they stand in the address, without the kind: that is the path."""
        return {name: str(value) for name in ("status", "district") if (value := getattr(self, name))}

    def but(self, **changes: Any) -> "Filters":
        """The same with changes."""
        return replace(self, **changes)


@dataclass(frozen=True, slots=True)
class ForumRow:
    """A forum in a list."""

    id: UUID
    kind: ForumKind
    state: ForumState
    title: str
    summary: str
    district: str | None
    department: str
    opens_at: datetime | None
    closes_at: datetime | None
    #: When the first of the open rounds closes.
    closing: datetime | None
    rank: int
    answer_due_at: datetime | None
    reflection: Reflection | None

    @property
    def overdue(self) -> bool:
        """Whether the department's answer should be there by now."""
        due = self.answer_due_at
        return self.state is ForumState.CONCLUDED and due is not None and due <= clock.now()

    @property
    def opening(self) -> Opening:
        """Where an open forum stands by the clock."""
        if self.rank == _OPEN:
            return Opening.OPEN
        if self.rank == _COMING:
            begun = self.opens_at is not None and self.opens_at <= clock.now()
            return Opening.BETWEEN if begun else Opening.COMING
        return Opening.OVER


_OPEN, _COMING, _CLOSED = 3, 2, 1


def _public_round(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    return and_(Round.forum_id == Forum.id, Round.audience != Audience.GROUP, *conditions)


def _rank(moment: datetime) -> ColumnElement[int]:
    """What is open first, then what is to come, then what is being concluded, then what is done."""
    is_open = Forum.state == ForumState.OPEN
    return case(
        (and_(is_open, exists().where(_public_round(access.going(moment)))), _OPEN),
        (and_(is_open, exists().where(_public_round(Round.closes_at > moment))), _COMING),
        (is_open, _CLOSED),
        else_=0,
    )


def _edge(function: Any, column: Any, *conditions: ColumnElement[bool]) -> Any:
    return select(function(column)).where(_public_round(*conditions)).correlate(Forum).scalar_subquery()


def _conditions(filters: Filters, moment: datetime) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [Forum.state.in_(PUBLIC_FORUM_STATES), Forum.opened_at.is_not(None)]
    if filters.kind:
        found.append(Forum.kind == filters.kind)
    if filters.district:
        found.append(Forum.district == filters.district)
    rank, late = _rank(moment), Forum.answer_due_at <= moment
    wanted: dict[Status, ColumnElement[bool]] = {
        Status.OPEN: rank == _OPEN,
        Status.COMING: rank == _COMING,
        Status.CLOSED: rank == _CLOSED,
        Status.CONCLUDED: Forum.state == ForumState.CONCLUDED,
        Status.OVERDUE: and_(Forum.state == ForumState.CONCLUDED, late),
        Status.ANSWERED: Forum.state == ForumState.ANSWERED,
        Status.CANCELLED: Forum.state == ForumState.CANCELLED,
    }
    if filters.status:
        found.append(wanted[filters.status])
    return found


def _rows(session: Session, query: Select[Any], moment: datetime) -> list[ForumRow]:
    columns = (
        Forum.id,
        Forum.kind,
        Forum.state,
        Forum.title,
        Forum.summary,
        Forum.district,
        func.coalesce(Department.name, ""),
        _edge(func.min, Round.opens_at),
        _edge(func.max, Round.closes_at),
        _edge(func.min, Round.closes_at, access.going(moment)),
        _rank(moment),
        Forum.answer_due_at,
        Forum.reflection,
    )
    filled = query.outerjoin(Department, Department.id == Forum.department_id).with_only_columns(*columns)
    return [ForumRow(*found) for found in session.execute(filled)]


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of the list. `total` is None on later pages."""

    page: Page[ForumRow]
    total: int | None


def listing(session: Session, filters: Filters, cursor: Cursor | None = None) -> Listing:
    """Public forums, what is open now first; two statements however many rows."""
    moment = clock.now()
    rank = _rank(moment)
    base = select(Forum.id).where(*_conditions(filters, moment))
    total = None
    if cursor is None:
        total = session.scalar(select(func.count()).select_from(base.limit(COUNT_LIMIT).subquery()))
    behind: ColumnElement[bool] = true()
    if cursor is not None:
        mark = cursor.number()
        behind = or_(rank < mark, and_(rank == mark, Forum.id < cursor.key))
    query = base.where(behind).order_by(rank.desc(), Forum.id.desc()).limit(SIZE + 1)
    rows = _rows(session, query, moment)
    return Listing(Page.cut(rows, SIZE, lambda row: Cursor(row.id, row.rank)), total)


@dataclass(frozen=True, slots=True)
class Hub:
    """The front page of 공론장."""

    going: Sequence[ForumRow]
    results: Sequence[ForumRow]
    #: How many forums of a kind are open now.
    open: dict[ForumKind, int]


def hub(session: Session) -> Hub:
    """What is open (closing soonest first), what came of others lately, and how much of each kind is open."""
    moment = clock.now()
    open_now = _conditions(Filters(status=Status.OPEN), moment)
    soonest = _edge(func.min, Round.closes_at, access.going(moment))
    first = select(Forum.id).where(*open_now).order_by(soonest, Forum.id).limit(6)
    done = (
        select(Forum.id)
        .where(Forum.state.in_({ForumState.CONCLUDED, ForumState.ANSWERED}))
        .order_by(Forum.concluded_at.desc(), Forum.id.desc())
        .limit(4)
    )
    counts = session.execute(select(Forum.kind, func.count()).where(*open_now).group_by(Forum.kind))
    return Hub(_rows(session, first, moment), _rows(session, done, moment), {row[0]: row[1] for row in counts})


def desk(session: Session, actor: Actor) -> Sequence[ForumRow]:
    """What waits for this official: own drafts and submissions, what they moderate, what their department must answer."""
    mine: list[ColumnElement[bool]] = [Forum.created_by == actor.id]
    active = Forum.state.in_({ForumState.DRAFT, ForumState.SUBMITTED, ForumState.OPEN, ForumState.CONCLUDED})
    if actor.can(Permission.FORUM_APPROVE):
        mine.append(active)
    if Role.DEPARTMENT in actor.roles and actor.department_id is not None:
        mine.append(Forum.department_id == actor.department_id)
    named = exists().where(ForumModerator.forum_id == Forum.id, ForumModerator.user_id == actor.id)
    query = select(Forum.id).where(active, or_(*mine, named)).order_by(Forum.updated_at.desc(), Forum.id.desc())
    return _rows(session, query.limit(200), clock.now())
