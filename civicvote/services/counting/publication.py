"""The second person: counts again, then publishes everything or sends the count back."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from civicvote.domain import pabulib
from civicvote.domain.ballots import bundle, contests
from civicvote.domain.ballots import counting as opening
from civicvote.domain.ballots.rules import Notice
from civicvote.domain.errors import ConflictError, InvalidError
from civicvote.domain.lifecycles import CYCLE, CycleState, ProjectState
from civicvote.domain.messages import msg
from civicvote.domain.permissions import Actor, Permission
from civicvote.domain.text import refuse_resident_number
from civicvote.keystore import KeyStore
from civicvote.models.counts import PublishedFile, TallyDecision, TallyRun, WithheldFile
from civicvote.models.cycles import Cycle
from civicvote.models.projects import Project
from civicvote.models.votes import Vote
from civicvote.services import audit, board, clock, workflow
from civicvote.services.counting import box, files, outcomes, queue, release, runs
from civicvote.services.projects import moves

_FOLDER = Path(__file__).resolve().parent.parent.parent / "standalone"
#: The verifier.
STANDALONE = tuple(sorted(_FOLDER.glob("recount*.py")))


def waiting(session: Session, actor: Actor, slug: str) -> tuple[Cycle, Vote, TallyRun]:
    """The run that waits for a second person, if `actor` is one who may decide."""
    actor.require(Permission.COUNT_APPROVE)
    cycle, vote = runs.vote_of(session, slug)
    run = runs.last_run(session, vote.id)
    if run is None or cycle.state is not CycleState.COUNTED:
        raise ConflictError(msg("승인을 기다리는 개표 결과가 없습니다. 이미 다른 담당자가 처리했을 수 있습니다."))
    if actor.id is not None and run.requested_by == actor.id:
        raise ConflictError(msg("개표한 사람은 승인할 수 없습니다. 다른 담당자가 다시 개표해 확인해야 합니다."))
    return cycle, vote, run


def publishable(
    session: Session, actor: Actor, slug: str, *, pooled: bool, with_file: bool
) -> tuple[Cycle, Vote, TallyRun]:
    """The same, if what is to be published is what the first person chose, and the file is there where one is needed."""
    cycle, vote, run = _chosen(session, actor, slug, pooled=pooled)
    if vote.key_mode != "file" and not with_file:
        raise InvalidError(
            msg("열쇠 보관자에게서 개표 결과 파일을 직접 받아 올려 주십시오. 먼저 올라온 파일과 비교합니다."),
            field="opened",
        )
    return cycle, vote, run


def _chosen(session: Session, actor: Actor, slug: str, *, pooled: bool) -> tuple[Cycle, Vote, TallyRun]:
    cycle, vote, run = waiting(session, actor, slug)
    release.check(session, run, only_totals=pooled)
    return cycle, vote, run


def _decide(
    session: Session, actor: Actor, run: TallyRun, *, approved: bool, reason: str = "", pooled: bool = False
) -> None:
    session.add(
        TallyDecision(
            run_id=run.id,
            requested_by=run.requested_by,
            decided_by=actor.id,
            at=clock.now(),
            approved=approved,
            result_hash=run.result_hash,
            reason=reason.strip(),
            pooled=pooled,
        )
    )
    session.flush()
    action = "tally:approve" if approved else "tally:discard"
    audit.record(session, actor, action, run, result=run.result_hash, pooled=pooled)


def discard(session: Session, actor: Actor, slug: str, *, reason: str) -> None:
    """Send the count back; the box stays sealed and is counted again."""
    cycle, vote, run = waiting(session, actor, slug)
    queue.check_idle(session, vote)
    refuse_resident_number(reason, field="reason")
    workflow.move(session, actor, CYCLE, cycle, "discard-count", reason=reason)
    _decide(session, actor, run, approved=False, reason=reason)


CountedList = Sequence[tuple[str, bytes]]


def _opened_again(vote: Vote, keys: KeyStore, counted: CountedList, given: bytes | None) -> opening.Opened:
    """The ballots as the second person has them: by the key file, or from a file of their own (`given`).

    Without the secret key nobody can tell true plaintexts from made-up ones. If the first person's file were simply read
    again, one person could publish whatever they like.
    """
    if vote.key_mode == "file":
        return runs.open_by_file(vote, keys, counted)
    return runs.read_opened(vote, counted, given or b"")


def _counted_again(session: Session, vote: Vote, run: TallyRun, opened: opening.Opened, counted: CountedList) -> None:
    """Count anew; ConflictError unless every byte is the same."""
    runs.check_announced(session, vote)
    notice = runs.notice_of(vote)
    again = outcomes.result(notice, opened, box.withdrawn(session, vote))
    same = (
        opening.counted_digest(counted) == run.input_hash
        and opened.data() == run.plaintexts
        and opening.result_digest(again) == run.result_hash
    )
    if not same:
        raise ConflictError(
            msg("다시 개표한 결과가 먼저 개표한 결과와 다릅니다. 공표하지 말고 감사 담당에게 알려 주십시오.")
        )


@dataclass(frozen=True, slots=True)
class File:
    """A file to be published."""

    name: str
    content: bytes
    sha256: str


@dataclass(frozen=True, slots=True)
class Publication:
    """A count that was made again and found the same, with everything that is to be published of it; not kept yet.

    `whole`: the bundle with single ballots, for auditors, where only totals are published (`pooled`).
    """

    run_id: UUID
    pooled: bool
    lines: board.Addition
    files: Sequence[File]
    whole: File | None


def prepare(
    session: Session, actor: Actor, slug: str, *, keys: KeyStore, opened: bytes | None = None, pooled: bool = False
) -> Publication:
    """Open and count again; if all is the same, chain the board's last lines and make bundle and files. Only reads.

    `opened`: where the key is in shares, the file of the offline machine as the second person got it from the holders of
    the shares; InvalidError without it. `pooled`: publish totals only, no single ballots; InvalidError unless the first
    person chose the same.
    """
    cycle, vote, run = publishable(session, actor, slug, pooled=pooled, with_file=bool(opened))
    counted = board.counted(session, vote)
    ballots = _opened_again(vote, keys, counted, opened)
    _counted_again(session, vote, run, ballots, counted)
    rows = [("plaintexts", opening.posted(ballots, not pooled)), ("result", {"digest": run.result_hash})]
    lines = board.prepare(session, vote, rows, keys)
    made, whole = _files(session, _Published(cycle, vote, run, counted, ballots, lines, pooled), keys)
    return Publication(run.id, pooled, lines, made, whole)


def keep(session: Session, actor: Actor, slug: str, made: Publication) -> None:
    """Publish what was prepared, if `actor` may still decide, and run, choice and board are still the same."""
    cycle, vote, run = _chosen(session, actor, slug, pooled=made.pooled)
    runs.check_announced(session, vote)
    runs.check_box(session, vote, run.input_hash)
    if run.id != made.run_id:
        raise ConflictError(msg("그사이에 다시 개표했습니다. 새 결과를 확인한 뒤 다시 눌러 주십시오."))
    workflow.move(session, actor, CYCLE, cycle, "publish")
    _decide(session, actor, run, approved=True, pooled=made.pooled)
    board.add(session, vote, made.lines)
    at = clock.now()
    if made.whole:
        session.add(WithheldFile(vote_id=vote.id, content=made.whole.content, sha256=made.whole.sha256, at=at))
    for file in made.files:
        kind = _MEDIA.get(file.name.rpartition(".")[2], "text/plain; charset=utf-8")
        values = {"name": file.name, "media_type": kind, "content": file.content, "sha256": file.sha256}
        session.add(PublishedFile(vote_id=vote.id, at=at, **values))
    _move_projects(session, actor, cycle, run)
    session.flush()


def publish(
    session: Session, actor: Actor, slug: str, *, keys: KeyStore, opened: bytes | None = None, pooled: bool = False
) -> None:
    """`prepare` and `keep` in one transaction: for elections that are imported. The worker does the two apart."""
    keep(session, actor, slug, prepare(session, actor, slug, keys=keys, opened=opened, pooled=pooled))


@dataclass(frozen=True, slots=True)
class _Published:
    """What goes into the files."""

    cycle: Cycle
    vote: Vote
    run: TallyRun
    counted: CountedList
    opened: opening.Opened
    lines: board.Addition
    pooled: bool


def _files(session: Session, of: _Published, keys: KeyStore) -> tuple[list[File], File | None]:
    """What everybody may download; where only totals are published, beside it the whole bundle for auditors."""
    gone, notice = box.withdrawn(session, of.vote), runs.notice_of(of.vote)
    table = {"projects.csv": files.projects_csv(notice, of.run.result, of.cycle.currency)}
    ballots = {
        files.pb_name(notice, c["pool"]): pb_file(notice, of.opened, of.run, c["pool"], of.cycle, gone)
        for c in notice["contests"]
    }
    shown = table if of.pooled else ballots | table
    programs = {path.name: path.read_bytes() for path in STANDALONE}
    found = {"bundle.zip": _bundle(session, of, keys, shown, pooled=of.pooled)} | programs | shown
    whole = _bundle(session, of, keys, ballots | table, pooled=False) if of.pooled else b""
    made = [_file(name, content) for name, content in found.items()]
    return made, _file("bundle.zip", whole) if whole else None


def _file(name: str, content: bytes) -> File:
    return File(name, content, hashlib.sha256(content).hexdigest())


_MEDIA = {"zip": "application/zip", "py": "text/x-python; charset=utf-8", "csv": "text/csv; charset=utf-8"}


def _bundle(session: Session, of: _Published, keys: KeyStore, extra: Mapping[str, bytes], *, pooled: bool) -> bytes:
    return bundle.build(
        notice=runs.notice_of(of.vote),
        board=[*board.entries(session, of.vote.id), *of.lines.entries],
        heads=[*board.heads(session, of.vote.id), of.lines.head],
        counted=of.counted,
        opened=of.opened,
        participants=box.numbers(session, of.vote).participants,
        result=of.run.result["result"],
        recount={path.name: path.read_bytes() for path in STANDALONE},
        board_key=keys.board(of.vote.id),
        extra=extra,
        pooled=pooled,
    )


def pb_file(
    notice: Notice, opened: opening.Opened, run: TallyRun, pool: str, cycle: Cycle, gone: Collection[str] = ()
) -> bytes:
    """A pool's contest in Pabulib's format: canonical ballots, ordered by their own text, no demographics.

    Projects that left the vote (`gone`) are left out, or a count of the file could choose them; a ballot that chose
    only such a one stays as an empty one, because its share of the money stays in the pool too.
    """
    unit = notice.get("more", {}).get("pabulib", {}).get("point_unit", 1)
    election = replace(contests.election(notice, opened.ballots, pool), point_unit=unit).without(gone)
    contest = next(c for c in run.result["contests"] if c["pool"] == pool)
    return pabulib.dump(
        pabulib.from_election(
            election,
            files.meta(notice, pool, cycle, tied=bool(contest["ties"])),
            selected=[step["project"] for step in contest["steps"]],
            partly=[step["project"] for step in contest["steps"] if step.get("paid", step["cost"]) != step["cost"]],
            columns=files.columns(notice),
        )
    )


def _move_projects(session: Session, actor: Actor, cycle: Cycle, run: TallyRun) -> None:
    chosen = {project for contest in run.result["result"]["contests"] for project in contest["selected"]}
    standing = session.scalars(
        select(Project)
        .where(Project.cycle_id == cycle.id, Project.state == ProjectState.ON_BALLOT)
        .order_by(Project.id)
    )
    for project in standing.all():
        moves.advance(session, actor, project, "select" if project.number in chosen else "pass-over")
