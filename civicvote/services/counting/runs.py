"""Sealing the box and counting it; a run is kept for good, whatever becomes of it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
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
from civicvote.models.counts import TallyRun
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


@dataclass(frozen=True, slots=True)
class Counted:
    """A count that isn't kept yet. `plaintexts`: the opened ballots as one document; `ballots`: how many were counted."""

    input_hash: str
    plaintexts: bytes
    result: dict[str, Any]
    result_hash: str
    ballots: int


def countable(session: Session, actor: Actor, slug: str, *, with_file: bool) -> tuple[Cycle, Vote]:
    """The cycle and vote if `actor` may count now, in the way (`with_file`: what the offline machine opened) its key asks for."""
    cycle, vote = _sealed(session, actor, slug)
    if with_file and vote.key_mode == "file":
        raise ConflictError(msg("이 투표는 열쇠 파일로 바로 개표합니다. 「개표」를 눌러 주십시오."))
    if not with_file and vote.key_mode != "file":
        raise ConflictError(
            msg(
                "이 투표의 열쇠는 나누어 보관 중입니다. 개표용 파일을 내려받아 오프라인에서 연 뒤 결과 파일을 올려 주십시오."
            )
        )
    return cycle, vote


def _sealed(session: Session, actor: Actor, slug: str) -> tuple[Cycle, Vote]:
    actor.require(Permission.COUNT_RUN)
    cycle, vote = vote_of(session, slug)
    CYCLE.check(actor, cycle.state, "count", "")
    return cycle, vote


def prepare(session: Session, actor: Actor, slug: str, *, keys: KeyStore, opened: bytes | None = None) -> Counted:
    """Open the ballots with the key file, or read what `civicvote count` opened, and count. Only reads."""
    _, vote = countable(session, actor, slug, with_file=opened is not None)
    check_announced(session, vote)
    counted = board.counted(session, vote)
    ballots = open_by_file(vote, keys, counted) if opened is None else read_opened(vote, counted, opened)
    notice = notice_of(vote)
    result = outcomes.document(notice, ballots, box.withdrawn(session, vote), _districts(session, vote))
    result["uniqueness"] = uniqueness(notice, ballots.ballots)
    return Counted(
        input_hash=opening.counted_digest(counted),
        plaintexts=ballots.data(),
        result=result,
        result_hash=opening.result_digest(result["result"]),
        ballots=ballots.total,
    )


def keep(session: Session, actor: Actor, slug: str, made: Counted) -> TallyRun:
    """Write what `prepare` counted, if `actor` may still count and the box is still the one that was counted."""
    cycle, vote = _sealed(session, actor, slug)
    check_announced(session, vote)
    check_box(session, vote, made.input_hash)
    workflow.move(session, actor, CYCLE, cycle, "count")
    run = TallyRun(
        vote_id=vote.id,
        requested_by=actor.id,
        at=clock.now(),
        input_hash=made.input_hash,
        code_version=__version__,
        plaintexts=made.plaintexts,
        result=made.result,
        result_hash=made.result_hash,
    )
    session.add(run)
    session.flush()
    audit.record(session, actor, "tally:run", run, result=run.result_hash, ballots=made.ballots)
    return run


def count(session: Session, actor: Actor, slug: str, *, keys: KeyStore, opened: bytes | None = None) -> TallyRun:
    """`prepare` and `keep` in one transaction: for elections that are imported. The worker does the two apart."""
    return keep(session, actor, slug, prepare(session, actor, slug, keys=keys, opened=opened))


def check_box(session: Session, vote: Vote, digest: str) -> None:
    """ConflictError unless `digest` is that of the list the board announced when the box was sealed."""
    if sealed_box(session, vote).get("digest") != digest:
        raise ConflictError(
            msg("투표함의 투표지가 봉인할 때 게시한 목록과 다릅니다. 개표를 멈추고 감사 담당에게 알려 주십시오.")
        )


def sealed_box(session: Session, vote: Vote) -> dict[str, Any]:
    """What the board says of the sealed box: digest of the counted list, count, participants; empty before the seal."""
    item = session.scalar(select(BoardEntry.item).where(BoardEntry.vote_id == vote.id, BoardEntry.kind == "counted"))
    found: dict[str, Any] = json.loads(item) if item else {}
    return found


def open_by_file(vote: Vote, keys: KeyStore, counted: Sequence[tuple[str, bytes]]) -> opening.Opened:
    """Decrypt the counted (tracker, sealed) with the key in the key folder."""
    return opening.open_ballots([sealed for _, sealed in counted], keys.read(f"vote-{vote.id}"), notice_of(vote))


#: How the opened file of `civicvote count` begins; what stands between its ballots and what follows them; a ballot's number.
_BEGIN, _BETWEEN, _ONE = b'{"ballots":[', b'],"format":', b'"r":"'


def glance(session: Session, vote: Vote, opened: bytes) -> None:
    """What can be told of an opened file without reading its ballots; InvalidError beside the field `opened`.

    The file is as `civicvote count` wrote it: for this vote, and of as many ballots as are in the box. The worker reads
    the rest.
    """
    before, between, after = opened.strip().rpartition(_BETWEEN)
    try:
        body = json.loads(_BEGIN + between + after)
        total = opened.count(_ONE) + len(body["spoiled"]) + len(body["undecryptable"])
        whole = before.startswith(_BEGIN) and body["format"] == opening.PLAINTEXTS_FORMAT
    except (KeyError, TypeError, ValueError, RecursionError):
        whole, body, total = False, {}, 0
    if not whole:
        raise InvalidError(
            msg(
                "civicvote count가 만든 개표 결과 파일이 아니거나 내용이 바뀌었습니다. 받은 파일을 그대로 올려 주십시오."
            ),
            field="opened",
        )
    if body.get("vote") != str(vote.id):
        raise InvalidError(msg("다른 투표의 개표 결과 파일입니다."), field="opened")
    counted = sealed_box(session, vote).get("count")
    if total != counted:
        raise InvalidError(
            msg("개표한 표의 수(%(opened)s)가 집계 대상(%(counted)s)과 다릅니다.", opened=total, counted=counted or 0),
            field="opened",
        )


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
