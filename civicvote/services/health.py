"""Whether the platform is well, and what an operator must do if not."""

import os
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from civicvote.domain.messages import Message, msg
from civicvote.models.audit import AuditEvent, AuditLink
from civicvote.models.outbox import WorkerBeat
from civicvote.models.votes import Vote
from civicvote.services import clock, outbox

#: A worker that was silent this long is taken for dead.
SILENT = timedelta(seconds=60)


def beat(session: Session) -> None:
    """Note that this worker lives."""
    session.merge(WorkerBeat(name=f"{socket.gethostname()[:24]}:{os.getpid()}", at=clock.now()))
    session.execute(delete(WorkerBeat).where(WorkerBeat.at < clock.now() - timedelta(days=1)))


def _last_tick(session: Session) -> datetime | None:
    """When a worker (host:process) lived last; `due` keeps its own rows here."""
    return session.scalar(select(func.max(WorkerBeat.at)).where(WorkerBeat.name.contains(":")))


def due(session: Session, name: str, every: timedelta) -> bool:
    """Whether `name` has not been done for `every`; if so it counts as done now. Holds however rarely a worker ticks."""
    last = session.scalar(select(WorkerBeat.at).where(WorkerBeat.name == name))
    if last is not None and clock.now() - last < every:
        return False
    session.merge(WorkerBeat(name=name, at=clock.now()))
    return True


def ready(session: Session) -> None:
    """Ask the database for a row of its newest kind of table; its error if it doesn't answer or has no tables."""
    session.execute(select(WorkerBeat.at).limit(1)).first()


def figures(session: Session) -> dict[str, tuple[str, float]]:
    """For monitoring: name → (what it means, value now)."""
    state = outbox.backlog(session)
    last = _last_tick(session)
    silent = (clock.now() - last).total_seconds() if last else -1.0
    return {
        "civicvote_outbox_waiting": ("Notices that have not left the house", state.waiting),
        "civicvote_outbox_given_up": ("Notices given up after too many tries", state.given_up),
        "civicvote_outbox_oldest_seconds": ("Seconds the oldest notice has been due", state.oldest_seconds),
        "civicvote_worker_silent_seconds": ("Seconds since a worker last ticked; -1 if none ever did", silent),
    }


@dataclass(frozen=True, slots=True)
class Finding:
    """A line of a check: what, whether it is well, and what to do if not."""

    what: Message
    well: bool
    advice: Message | None = None


def worker(session: Session) -> Finding:
    """A worker ticked lately."""
    last = _last_tick(session)
    if last is None:
        return Finding(
            msg("작업자가 아직 한 번도 돌지 않았습니다."),
            well=False,
            advice=msg("civicvote worker를 서비스로 띄워 두십시오."),
        )
    silent = clock.now() - last
    if silent > SILENT:
        return Finding(
            msg("작업자가 %(seconds)s초째 응답이 없습니다.", seconds=int(silent.total_seconds())),
            well=False,
            advice=msg("civicvote worker가 실행 중인지 확인하고 다시 시작하십시오."),
        )
    return Finding(msg("작업자가 돌고 있습니다."), well=True)


def letters(session: Session) -> Finding:
    """Nothing waits too long in the outbox, nothing was given up."""
    state = outbox.backlog(session)
    if state.given_up:
        return Finding(
            msg("보내지 못하고 포기한 알림이 %(n)s건 있습니다.", n=state.given_up),
            well=False,
            advice=msg("메일 설정(CIVICVOTE_SMTP_…)을 확인한 뒤 받는 사람의 주소를 살펴보십시오."),
        )
    if state.oldest_seconds > 600:
        return Finding(
            msg("알림 %(n)s건이 10분 넘게 밀려 있습니다.", n=state.waiting),
            well=False,
            advice=msg("작업자와 메일 서버가 살아 있는지 확인하십시오."),
        )
    return Finding(msg("밀린 알림이 없습니다."), well=True)


def chain(session: Session) -> Finding:
    """Audit events are linked soon after they are written."""
    oldest = session.scalar(
        select(func.min(AuditEvent.at))
        .outerjoin(AuditLink, AuditLink.event_id == AuditEvent.id)
        .where(AuditLink.event_id.is_(None))
    )
    if oldest is not None and clock.now() - oldest > timedelta(minutes=10):
        return Finding(
            msg("감사기록이 10분 넘게 사슬에 연결되지 않았습니다."),
            well=False,
            advice=msg("civicvote worker를 확인하십시오."),
        )
    return Finding(msg("감사기록이 제때 연결되고 있습니다."), well=True)


def unsealed(session: Session) -> Finding:
    """Votes whose time is over are sealed by staff."""
    late = session.scalar(
        select(func.count())
        .select_from(Vote)
        .where(Vote.sealed_at.is_(None), Vote.closes_at < clock.now() - timedelta(days=1))
    )
    if late:
        return Finding(
            msg("마감된 지 하루가 지난 투표 %(n)s건이 아직 봉인되지 않았습니다.", n=late),
            well=False,
            advice=msg("운영 화면의 개표에서 투표함을 봉인하십시오."),
        )
    return Finding(msg("마감된 투표가 모두 봉인되었습니다."), well=True)


CHECKS: tuple[Callable[[Session], Finding], ...] = (worker, letters, chain, unsealed)


def findings(session: Session) -> Iterator[Finding]:
    """All checks that ask the database."""
    for check in CHECKS:
        yield check(session)
