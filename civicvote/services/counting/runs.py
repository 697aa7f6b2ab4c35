"""Sealing the box and counting it; a run is kept for good, whatever becomes of it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from civicvote import __version__
from civicvote.domain.ballots import counting as opening
from civicvote.domain.ballots.encoding import canonical
from civicvote.domain.ballots.rules import Notice, notice_digest
from civicvote.domain.ballots.uniqueness import uniqueness
from civicvote.domain.errors import ConflictError, InvalidError, NotFoundError
from civicvote.domain.lifecycles import CYCLE, CycleState
from civicvote.domain.messages import msg
from civicvote.domain.permissions import Actor, Permission
from civicvote.keystore import KeyStore
from civicvote.models.accounts import User
from civicvote.models.counts import TallyDecision, TallyRun
from civicvote.models.cycles import Cycle
from civicvote.models.projects import Project
from civicvote.models.votes import BoardEntry, Vote
from civicvote.services import audit, board, clock, workflow
from civicvote.services.counting import box, outcomes

#: Ballots that arrived in time may still be written during this span; the box is sealed after it.
DRAIN = timedelta(seconds=60)


def vote_of(session: Session, slug: str) -> tuple[Cycle, Vote]:
    """The cycle and its vote; NotFoundError before the ballot list is approved."""
    found = session.execute(select(Cycle, Vote).join(Vote, Vote.cycle_id == Cycle.id).where(Cycle.slug == slug)).first()
    if found is None:
        raise NotFoundError
    return found[0], found[1]


def notice_of(vote: Vote) -> Notice:
    """The vote's notice as the count reads it."""
    notice: Any = vote.notice
    checked: Notice = notice
    return checked


def check_announced(session: Session, vote: Vote) -> None:
    """ConflictError unless the notice is the one the board begins with: who changes a row must not change the rules."""
    first = session.scalar(select(BoardEntry.item).where(BoardEntry.vote_id == vote.id, BoardEntry.seq == 0))
    if first is None or json.loads(first) != {"digest": notice_digest(notice_of(vote))}:
        raise ConflictError(msg("저장된 투표 규칙이 공고한 것과 다릅니다. 개표를 멈추고 감사 담당에게 알려 주십시오."))


def seal(session: Session, actor: Actor, slug: str, *, keys: KeyStore) -> None:
    """Close the box: the list of counted ballots is fixed and its digest goes on the board."""
    actor.require(Permission.COUNT_RUN)
    cycle, vote = vote_of(session, slug)
    ready = vote.closes_at + DRAIN
    if clock.now() < ready:
        raise ConflictError(
            msg(
                "투표 마감 1분 뒤부터 봉인할 수 있습니다. 마감 직전에 도착한 투표지가 모두 들어온 뒤 다시 눌러 주십시오."
            )
        )
    workflow.move(session, actor, CYCLE, cycle, "seal")
    board.seal(session, actor, vote, keys=keys)


def export(session: Session, actor: Actor, slug: str) -> bytes:
    """The file carried to the offline machine: notice and counted ballots without slots."""
    actor.require(Permission.COUNT_RUN)
    cycle, vote = vote_of(session, slug)
    if cycle.state is not CycleState.SEALED:
        raise ConflictError(msg("투표함을 봉인한 뒤에 내려받을 수 있습니다."))
    return canonical(opening.export_document(notice_of(vote), board.counted(session, vote)))


def count(session: Session, actor: Actor, slug: str, *, keys: KeyStore) -> TallyRun:
    """Open and count with the key file (demo and small votes)."""
    actor.require(Permission.COUNT_RUN)
    cycle, vote = vote_of(session, slug)
    if vote.key_mode != "file":
        raise ConflictError(
            msg(
                "이 투표의 열쇠는 나누어 보관 중입니다. 개표용 파일을 내려받아 오프라인에서 연 뒤 결과 파일을 올려 주십시오."
            )
        )
    workflow.move(session, actor, CYCLE, cycle, "count")
    counted = board.counted(session, vote)
    return _keep(session, actor, vote, counted, open_by_file(vote, keys, counted))


def open_by_file(vote: Vote, keys: KeyStore, counted: Sequence[tuple[str, bytes]]) -> opening.Opened:
    """Decrypt the counted (tracker, sealed) with the key in the key folder."""
    return opening.open_ballots([sealed for _, sealed in counted], keys.read(f"vote-{vote.id}"), notice_of(vote))


def receive(session: Session, actor: Actor, slug: str, *, opened: bytes) -> TallyRun:
    """Count what `civicvote count` opened on the offline machine."""
    actor.require(Permission.COUNT_RUN)
    cycle, vote = vote_of(session, slug)
    if vote.key_mode == "file":
        raise ConflictError(msg("이 투표는 열쇠 파일로 바로 개표합니다. 「개표」를 눌러 주십시오."))
    workflow.move(session, actor, CYCLE, cycle, "count")
    counted = board.counted(session, vote)
    return _keep(session, actor, vote, counted, read_opened(vote, counted, opened))


def read_opened(vote: Vote, counted: Sequence[tuple[str, bytes]], opened: bytes) -> opening.Opened:
    """Check an opened file against the counted list; InvalidError beside the field `opened`."""
    try:
        body = json.loads(opened)
    except (ValueError, RecursionError) as error:
        raise InvalidError(msg("개표 결과 파일(JSON)을 읽을 수 없습니다."), field="opened") from error
    try:
        return opening.read_opened(body, notice_of(vote), [tracker for tracker, _ in counted])
    except InvalidError as error:
        raise InvalidError(error.message, field="opened") from error


def _keep(
    session: Session, actor: Actor, vote: Vote, counted: Sequence[tuple[str, bytes]], opened: opening.Opened
) -> TallyRun:
    check_announced(session, vote)
    notice = notice_of(vote)
    result = outcomes.document(notice, opened, box.withdrawn(session, vote), _districts(session, vote))
    result["uniqueness"] = uniqueness(notice, opened.ballots)
    run = TallyRun(
        vote_id=vote.id,
        requested_by=actor.id,
        at=clock.now(),
        input_hash=opening.counted_digest(counted),
        code_version=__version__,
        plaintexts=opened.data(),
        result=result,
        result_hash=opening.result_digest(result["result"]),
    )
    session.add(run)
    session.flush()
    audit.record(session, actor, "tally:run", run, result=run.result_hash, ballots=opened.total)
    return run


def _districts(session: Session, vote: Vote) -> dict[str, list[str]]:
    """Code of a district → numbers of the projects on the ballot that lie there."""
    listed = {project["id"] for project in vote.notice["projects"]}
    rows = session.execute(
        select(Project.district, Project.number)
        .where(Project.cycle_id == vote.cycle_id, Project.district.is_not(None))
        .order_by(Project.district, Project.number)
    )
    found: dict[str, list[str]] = {}
    for district, number in rows:
        if number in listed:
            found.setdefault(str(district), []).append(str(number))
    return found


def last_run(session: Session, vote_id: UUID) -> TallyRun | None:
    """The newest run."""
    return session.scalar(select(TallyRun).where(TallyRun.vote_id == vote_id).order_by(TallyRun.id.desc()).limit(1))


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run as the counting page lists it; `approved` is None while nobody has decided."""

    id: UUID
    at: datetime
    by: str
    result_hash: str
    approved: bool | None
    decided_by: str
    decided_at: datetime | None
    reason: str


@dataclass(frozen=True, slots=True)
class Stand:
    """Where a count stands, for its page. `waits` says that the box can't be sealed yet."""

    cycle: Cycle
    vote: Vote
    waits: bool
    ready_at: datetime
    ballots: int
    participants: int
    runs: Sequence[RunRow]
    own_run: bool


def stand(session: Session, actor: Actor, slug: str) -> Stand:
    """For staff and auditors."""
    if not actor.can(Permission.AUDIT_READ):
        actor.require(Permission.COUNT_RUN)
    cycle, vote = vote_of(session, slug)
    counter, decider = User.__table__.alias(), User.__table__.alias()
    rows = session.execute(
        select(
            TallyRun.id,
            TallyRun.at,
            TallyRun.requested_by,
            TallyRun.result_hash,
            counter.c.name,
            TallyDecision.approved,
            TallyDecision.at.label("decided_at"),
            decider.c.name.label("decider"),
            TallyDecision.reason,
        )
        .outerjoin(counter, counter.c.id == TallyRun.requested_by)
        .outerjoin(TallyDecision, TallyDecision.run_id == TallyRun.id)
        .outerjoin(decider, decider.c.id == TallyDecision.decided_by)
        .where(TallyRun.vote_id == vote.id)
        .order_by(TallyRun.id.desc())
    ).all()
    runs = [
        RunRow(r.id, r.at, r.name or "", r.result_hash, r.approved, r.decider or "", r.decided_at, r.reason or "")
        for r in rows
    ]
    ready = vote.closes_at + DRAIN
    numbers = box.numbers(session, vote)
    return Stand(
        cycle,
        vote,
        clock.now() < ready,
        ready,
        numbers.ballots,
        numbers.participants,
        runs,
        own_run=bool(rows) and rows[0].requested_by == actor.id,
    )
