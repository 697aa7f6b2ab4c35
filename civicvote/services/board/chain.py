"""Writing the board: appended under one lock, its head signed each time; sealed once the last ballot is in."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from civicvote.domain.ballots import board as chains
from civicvote.domain.ballots import counting
from civicvote.domain.ballots.encoding import canonical
from civicvote.domain.ballots.receipts import minute
from civicvote.domain.errors import ConflictError
from civicvote.domain.lifecycles import ProjectState
from civicvote.domain.messages import msg
from civicvote.domain.permissions import Actor, Permission
from civicvote.keystore import KeyStore
from civicvote.models.channels import PaperBatch
from civicvote.models.projects import Project
from civicvote.models.votes import Ballot, BoardEntry, BoardHead, Participation, Vote
from civicvote.services import audit, clock
from civicvote.services.board.turnout import LEAST, note_hour, recompute
from civicvote.services.board.waiting import paper_trackers, take, take_voids, unsequenced
from civicvote.services.locks import exclusive

#: How long after the close a ballot that arrived in time may still be on its way through the application.
GRACE = timedelta(seconds=60)
#: What the board says of a voided ballot; the same for all, so that it tells nothing of one.
VOIDED = "현장 종이 투표로 대신함"


@dataclass(frozen=True, slots=True)
class Addition:
    """Entries that continue a board after its entry `after` (hash; None: an empty board), and the signed head over them."""

    after: bytes | None
    entries: Sequence[chains.Entry]
    head: chains.Head
    at: datetime


def prepare(session: Session, vote: Vote, rows: Sequence[tuple[str, Any]], keys: KeyStore) -> Addition:
    """Chain and sign at least one row of (kind, item) as the board stands now; nothing is written."""
    label, last = str(vote.id), _last(session, vote.id)
    entries = chains.extend(label, last, rows)
    at = clock.now().replace(second=0, microsecond=0)
    head = chains.sign_head(keys.board(vote.id), label, entries[-1], minute(at))
    return Addition(last.hash if last else None, entries, head, at)


def add(session: Session, vote: Vote, made: Addition) -> None:
    """Write what `prepare` made; ConflictError when the board has grown since. The lock is held to the end of the transaction."""
    exclusive(session, f"board|{vote.id}")
    last = _last(session, vote.id)
    if (last.hash if last else None) != made.after:
        raise ConflictError(msg("그사이에 게시판에 다른 기록이 올라왔습니다. 다시 시도해 주십시오."))
    _write(session, vote, made)


def _write(session: Session, vote: Vote, made: Addition) -> None:
    session.execute(insert(BoardEntry), [_row(vote.id, entry) for entry in made.entries])
    head = made.head
    session.add(BoardHead(vote_id=vote.id, seq=head.seq, hash=head.hash, at=made.at, signature=head.signature))
    session.flush()


def append(session: Session, vote: Vote, rows: Iterable[tuple[str, Any]], keys: KeyStore) -> BoardEntry | None:
    """Add rows of (kind, item) to the vote's board and sign its new head. Returns the last entry, None without rows.

    One at a time: the lock is held to the end of the transaction.
    """
    exclusive(session, f"board|{vote.id}")
    waiting = list(rows)
    if not waiting:
        return None
    made = prepare(session, vote, waiting, keys)
    _write(session, vote, made)
    return BoardEntry(**_row(vote.id, made.entries[-1]))


def _row(vote: UUID, entry: chains.Entry) -> dict[str, Any]:
    return {
        "vote_id": vote,
        "seq": entry.seq,
        "kind": entry.kind,
        "item": canonical(entry.item).decode(),
        "prev": entry.prev.hex(),
        "hash": entry.hash.hex(),
    }


def as_entry(row: Any) -> chains.Entry:
    """The entry of a row with seq, kind, item, prev and hash."""
    item = (
        row.item[1:-1] if row.kind == "ballot" else json.loads(row.item)
    )  # a tracker in quotes; a board has a million
    return chains.Entry(row.seq, row.kind, item, bytes.fromhex(row.prev), bytes.fromhex(row.hash))


def _last(session: Session, vote: UUID) -> chains.Entry | None:
    row = session.execute(
        select(BoardEntry.seq, BoardEntry.kind, BoardEntry.item, BoardEntry.prev, BoardEntry.hash)
        .where(BoardEntry.vote_id == vote)
        .order_by(BoardEntry.seq.desc())
        .limit(1)
    ).first()
    return as_entry(row) if row else None


def entries(session: Session, vote: UUID) -> list[chains.Entry]:
    """The whole board, in order."""
    rows = session.execute(
        select(BoardEntry.seq, BoardEntry.kind, BoardEntry.item, BoardEntry.prev, BoardEntry.hash)
        .where(BoardEntry.vote_id == vote)
        .order_by(BoardEntry.seq)
    )
    return [as_entry(row) for row in rows]


def heads(session: Session, vote: UUID) -> list[chains.Head]:
    """Every signed head, the oldest first."""
    rows = session.execute(
        select(BoardHead.seq, BoardHead.hash, BoardHead.at, BoardHead.signature)
        .where(BoardHead.vote_id == vote)
        .order_by(BoardHead.seq)
    )
    return [chains.Head(str(vote), row.seq, row.hash, minute(row.at), row.signature) for row in rows]


def _withdrawals(session: Session, vote: Vote) -> list[tuple[str, Any]]:
    """Rows for projects of the notice that have been excluded since and don't stand on the board as such."""
    announced = {project["id"] for project in vote.notice["projects"]}
    gone = session.execute(
        select(Project.number, Project.state_reason)
        .where(Project.cycle_id == vote.cycle_id, Project.state == ProjectState.WITHDRAWN)
        .order_by(Project.number)
    ).all()
    lost = [(number, reason) for number, reason in gone if number in announced]
    if not lost:
        return []
    items = session.scalars(select(BoardEntry.item).where(BoardEntry.vote_id == vote.id, BoardEntry.kind == "withdraw"))
    known = {json.loads(item)["project"] for item in items}
    return [("withdraw", {"project": number, "reason": reason}) for number, reason in lost if number not in known]


def _sequence_one(session: Session, vote: Vote, keys: KeyStore, *, whole: bool = False) -> int:
    """`whole`: compare all ballots with the board, whatever the waiting list says; once, before the box is sealed."""
    exclusive(session, f"board|{vote.id}")
    new = take(session, vote.id)
    if whole:
        new = unsequenced(session, vote.id)
    voids = take_voids(session, vote.id, least=1 if whole else LEAST)
    rows = [("void", {"tracker": tracker, "reason": VOIDED}) for tracker in voids]
    append(session, vote, [*_withdrawals(session, vote), *chains.ballot_rows(new), *rows], keys)
    note_hour(session, vote.id, len(new))
    if new:
        recompute(session, vote.id)
    return len(new)


def sequence(session: Session, keys: KeyStore) -> int:
    """Put new trackers of every vote that is not sealed on its board, in ascending order. Returns how many were new.

    The worker calls it every few seconds; two at once change nothing twice.
    """
    votes = session.scalars(select(Vote).where(Vote.sealed_at.is_(None)).order_by(Vote.id)).all()
    return sum(_sequence_one(session, vote, keys) for vote in votes if keys.exists(f"board-{vote.id}"))


def _voided(session: Session, vote: UUID) -> set[str]:
    items = session.scalars(select(BoardEntry.item).where(BoardEntry.vote_id == vote, BoardEntry.kind == "void"))
    return {json.loads(item)["tracker"] for item in items} - {None}


def counted(session: Session, vote: Vote) -> list[tuple[str, bytes]]:
    """(tracker, sealed) of the last version in every slot that was not voided, by tracker and without slots."""
    last = (
        select(Ballot.slot, func.max(Ballot.version).label("version"))
        .where(Ballot.vote_id == vote.id)
        .group_by(Ballot.slot)
        .subquery()
    )
    rows = session.execute(
        select(Ballot.tracker, Ballot.sealed)
        .join(last, (Ballot.slot == last.c.slot) & (Ballot.version == last.c.version))
        .where(Ballot.vote_id == vote.id)
        .order_by(Ballot.tracker)
    )
    out = _voided(session, vote.id)
    return [(tracker, sealed) for tracker, sealed in rows if tracker not in out]


def seal(session: Session, actor: Actor, vote: Vote, keys: KeyStore) -> Sequence[tuple[str, bytes]]:
    """Close the ballot box: sequence what is left, post the digest of the counted list, sign. Returns that list.

    (tracker, sealed) by tracker. Waits for casts under way and keeps later ones out. A sealed box gives its list again.
    ConflictError before the close and its minute of grace, while a batch of paper is open, or when ballots and
    participants don't match.
    """
    actor.require(Permission.COUNT_RUN)
    exclusive(session, f"vote|{vote.id}")
    session.refresh(vote)
    if vote.sealed_at is not None:
        return counted(session, vote)
    if clock.now() < vote.closes_at + GRACE:
        raise ConflictError(msg("아직 투표함을 봉인할 수 없습니다. 마감하고 1분이 지난 뒤에 봉인할 수 있습니다."))
    _check_batches(session, vote.id)
    _sequence_one(session, vote, keys, whole=True)
    rows = counted(session, vote)
    people = _check_balance(session, vote.id, rows)
    item = {"digest": counting.counted_digest(rows), "count": len(rows), "participants": people}
    append(session, vote, [("counted", item)], keys)
    vote.sealed_at = clock.now()
    recompute(session, vote.id, final=True)
    audit.record(session, actor, "vote:seal", vote, count=len(rows), digest=item["digest"])
    session.flush()
    _forget_order(session)
    return rows


def _check_batches(session: Session, vote: UUID) -> None:
    """Paper may be keyed after the close, but all of it is in the box before it is sealed."""
    number = session.scalar(
        select(func.min(PaperBatch.number)).where(
            PaperBatch.vote_id == vote, PaperBatch.confirmed_by.is_(None), PaperBatch.dropped_by.is_(None)
        )
    )
    if number is not None:
        raise ConflictError(
            msg("종이 투표지 묶음 %(n)s번이 아직 확정되지 않았습니다. 확정한 뒤 봉인해 주십시오.", n=number)
        )


def _check_balance(session: Session, vote: UUID, rows: Sequence[tuple[str, bytes]]) -> int:
    """How many took part online; ConflictError unless each has a ballot in `rows` or a voided one."""
    people = session.scalar(select(func.count()).where(Participation.vote_id == vote)) or 0
    trackers, paper, voided = [tracker for tracker, _ in rows], paper_trackers(session, vote), _voided(session, vote)
    if not chains.balance(people, trackers, paper, voided):
        raise ConflictError(
            msg(
                "투표지의 수(%(ballots)s)와 참여자의 수(%(people)s)가 맞지 않아 봉인할 수 없습니다. 감사 담당에게 알리십시오.",
                ballots=len(rows) - len(paper) + len(voided),
                people=people,
            )
        )
    return people


#: A table of the box, and a change that changes nothing but has PostgreSQL write every row anew.
_REWRITTEN = {
    "participation": "person_id TYPE uuid USING person_id::text::uuid",
    "ballot": "version TYPE integer USING version + 0",
    "cast_key": "key TYPE bytea USING key || ''::bytea",
    # What was deleted from these lies there until it is vacuumed: who sat at a station, whose ballot was voided.
    "station_seat": "seen_at TYPE timestamptz USING seen_at + interval '0'",
    "void_waiting": "vote_id TYPE uuid USING vote_id::text::uuid",
    "paper_entry": "turn TYPE integer USING turn + 0",
}


def _forget_order(session: Session) -> None:
    """PostgreSQL keeps rows as they came, each with the number of its transaction: one number, one person's cast.

    Writing them anew gives all the number of this transaction, and laying them by key takes their order: a copy of the
    tables tells neither. Only a table's owner may do this. An operator whose application role owns nothing has it done by
    a maintenance job.
    """
    if session.get_bind().dialect.name != "postgresql":
        return
    for table, change in _REWRITTEN.items():
        try:
            with session.begin_nested():
                session.execute(text(f"ALTER TABLE {table} ALTER COLUMN {change}"))
                session.execute(text(f"CLUSTER {table} USING pk_{table}"))
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", "") != "42501":  # insufficient_privilege
                raise
