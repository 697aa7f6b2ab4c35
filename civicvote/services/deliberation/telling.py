"""What the clock makes known: a round has opened, closes tomorrow, is over. Each is told once, whoever ticks."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import Session

from civicvote.domain.korean import seoul_date
from civicvote.domain.lifecycles import ForumState
from civicvote.domain.notices import NoticeKind
from civicvote.models.base import new_id
from civicvote.models.deliberation import Forum, Round, RoundEvent
from civicvote.services import clock, notices
from civicvote.services.deliberation import access, conclusion, making, people
from civicvote.services.upsert import insert_new

DAY = timedelta(days=1)
#: Rounds per tick and kind; the next tick takes the next ones.
LIMIT = 20


@dataclass(frozen=True, slots=True)
class _Event:
    """One thing to tell: which rounds, under which name it is kept, to whom."""

    name: Callable[[Round], str]
    kind: NoticeKind
    when: ColumnElement[bool]
    done: ColumnElement[bool]
    taken: bool = False
    officials: bool = False


def _told(*names: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(RoundEvent.round_id == Round.id, *names)


def _events(moment: datetime) -> list[_Event]:
    tomorrow = moment + DAY
    return [
        _Event(
            lambda _one: "opened",
            NoticeKind.ROUND_OPENED,
            access.going(moment),
            _told(RoundEvent.name == "opened"),
        ),
        _Event(
            # The day belongs to the name: an extended round closes tomorrow a second time.
            lambda one: f"closes-{seoul_date(one.closes_at):%Y%m%d}",
            NoticeKind.ROUND_CLOSES_TOMORROW,
            access.going(moment) & (Round.closes_at <= tomorrow),
            _told(RoundEvent.name.like("closes-%"), RoundEvent.at >= moment - DAY),
            taken=True,
        ),
        _Event(
            lambda _one: "over",
            NoticeKind.WORK_WAITS,
            Round.closes_at <= moment,
            _told(RoundEvent.name == "over"),
            officials=True,
        ),
    ]


def tick(session: Session) -> int:
    """Tell what is due, a bounded number at a time; returns how many rounds and overdue answers were told of."""
    moment, told = clock.now(), conclusion.tell_overdue(session)
    for event in _events(moment):
        rows = session.execute(
            select(Round, Forum)
            .join(Forum, Forum.id == Round.forum_id)
            .where(Forum.state == ForumState.OPEN, event.when, ~event.done)
            .order_by(Round.closes_at, Round.id)
            .limit(LIMIT)
        ).all()
        told += sum(_tell(session, event, one, held, moment) for one, held in rows)
    return told


def _tell(session: Session, event: _Event, one: Round, held: Forum, moment: datetime) -> bool:
    name = event.name(one)
    if not insert_new(session, RoundEvent, [{"id": new_id(), "round_id": one.id, "name": name, "at": moment}]):
        return False
    if event.kind is NoticeKind.ROUND_CLOSES_TOMORROW and one.closes_at - one.opens_at <= DAY:
        return True  # who hears of the opening knows
    extra: dict[str, Any] = {"move": "round-over"} if event.officials else {}
    notices.tell(
        session,
        event.kind,
        about=f"{one.id}|{name}",
        to=people.runners(held) if event.officials else people.audience_of(one, taken=event.taken),
        path=making.path(held) if event.officials else making.round_path(one),
        title=held.title,
        round=one.title,
        closes_at=one.closes_at.isoformat(),
        **extra,
    )
    return True
