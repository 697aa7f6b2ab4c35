"""Keying paper, sheet by sheet: sealed at once, with a mark that shows only whether two keyings are alike."""

import hashlib
import hmac
from dataclasses import dataclass
from typing import Final

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from civicvote.domain.ballots import rules, sealing
from civicvote.domain.errors import ConflictError, ForbiddenError, InvalidError
from civicvote.domain.messages import msg
from civicvote.domain.paper import VOID_REASONS, differing, mark, read_line
from civicvote.domain.permissions import Actor, Permission
from civicvote.keystore import KeyStore
from civicvote.models.channels import PaperBatch, PaperEntry, PaperKeying, PaperKind
from civicvote.models.votes import Vote
from civicvote.services import audit, clock
from civicvote.services.channels.common import homes
from civicvote.services.channels.paper import MOST_PAPERS, TURNS, keyings, marks, open_for_change
from civicvote.services.conflicts import settled

_TAKEN: Final = msg("두 사람이 이미 이 묶음을 입력하고 있습니다.")
_FINISHED: Final = msg("입력을 마친 묶음입니다. 더 입력하려면 먼저 ‘이어서 입력’을 눌러 주십시오.")
_NOT_BEGUN: Final = msg("이 묶음의 입력을 시작하지 않았습니다.")


def _own(session: Session, actor: Actor, batch: PaperBatch) -> PaperKeying:
    """The actor's keying of the batch, begun now if one of the two is free."""
    if actor.id is None:
        raise ForbiddenError
    turns = keyings(session, batch)
    for keying in turns.values():
        if keying.keyed_by == actor.id:
            return keying
    free = [turn for turn in TURNS if turn not in turns]
    if not free:
        raise ConflictError(_TAKEN)
    made = PaperKeying(batch_id=batch.id, turn=free[0], keyed_by=actor.id)
    with settled(session, _TAKEN):
        session.add(made)
    audit.record(session, actor, "paper:begin", batch, turn=made.turn)
    return made


def _begun(session: Session, actor: Actor, batch: PaperBatch) -> PaperKeying:
    found = [keying for keying in keyings(session, batch).values() if keying.keyed_by == actor.id]
    if not found:
        raise ConflictError(_NOT_BEGUN)
    return found[0]


def ids_on_paper(vote: Vote, district: str) -> list[str]:
    """Numbers of the projects on the paper of a district: the city's and its own."""
    closed = {pool for pool, home in homes(vote).items() if home != district}
    return [project["id"] for project in vote.notice["projects"] if project["pool"] not in closed]


def read_ballot(vote: Vote, district: str, text: str) -> sealing.Ballot:
    """The ballot of a keyed line under the vote's rules; InvalidError beside `picks`.

    A project that left the vote since the paper was printed may be picked: it simply isn't counted.
    """
    made = read_line(text, ids_on_paper(vote, district), vote.notice["ballot"])
    problem = rules.Rules(vote.notice).problem(made)  # type: ignore[arg-type]  # the column holds a Notice
    if problem is not None:
        raise InvalidError(
            msg(
                "%(why)s 투표지에 이렇게 적혀 있다면 ‘무효’로 처리해 주십시오.",
                why=problem.message,
            ),
            field="picks",
        )
    return made


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet as keyed. `paper`: its number in the batch, from 1. `text`: numbers of the picks of a valid one.

    `reason`: a key of `VOID_REASONS` for a void one.
    """

    paper: int
    kind: PaperKind
    text: str = ""
    reason: str = ""


def key(session: Session, actor: Actor, slug: str, number: int, sheet: Sheet, *, keys: KeyStore) -> int:
    """Key the next sheet of a batch, or one of the actor's own anew. Returns the next to key.

    InvalidError beside `picks` or `reason`; ConflictError when two others key the batch, or the actor has finished and
    the sheet isn't one that differs.
    """
    actor.require(Permission.PAPER_KEY)
    vote, batch = open_for_change(session, slug, number)
    keying = _own(session, actor, batch)
    last = _last(session, batch, keying.turn)
    if not 1 <= sheet.paper <= min(last + 1, MOST_PAPERS):
        raise ConflictError(msg("화면이 오래되었습니다. 다시 열어 다음 장부터 입력해 주십시오."))
    if keying.finished_at is not None and sheet.paper not in differences(session, batch):
        raise ConflictError(_FINISHED)
    entry = _entry(vote, batch, keying.turn, sheet, keys)
    session.execute(
        delete(PaperEntry).where(
            PaperEntry.batch_id == batch.id, PaperEntry.turn == keying.turn, PaperEntry.paper == sheet.paper
        )
    )
    session.add(entry)
    if keying.finished_at is not None:  # whose keying gave way to the other's stays known
        audit.record(session, actor, "paper:key-again", batch, turn=keying.turn, paper=sheet.paper)
    session.flush()
    return max(last, sheet.paper) + 1


def _entry(vote: Vote, batch: PaperBatch, turn: int, sheet: Sheet, keys: KeyStore) -> PaperEntry:
    """What is stored of a sheet: its kind, the sealed ballot, the mark."""
    if sheet.kind is PaperKind.VOID and sheet.reason not in VOID_REASONS:
        raise InvalidError(msg("무효로 한 이유를 골라 주십시오."), field="reason")
    ballot = read_ballot(vote, batch.district, sheet.text) if sheet.kind is PaperKind.VALID else None
    sealer = sealing.Sealer(vote.public_key, str(vote.id), vote.notice["ballot"]["length"])
    return PaperEntry(
        batch_id=batch.id,
        turn=turn,
        paper=sheet.paper,
        kind=sheet.kind,
        reason=sheet.reason if sheet.kind is PaperKind.VOID else "",
        sealed=sealer.seal(ballot).sealed if ballot else None,
        mark=mark(_secret(keys, batch), sheet.paper, sheet.kind.value, ballot),
    )


def _last(session: Session, batch: PaperBatch, turn: int) -> int:
    """The number of the last sheet of a turn, 0 before the first."""
    rows = select(func.max(PaperEntry.paper)).where(PaperEntry.batch_id == batch.id, PaperEntry.turn == turn)
    return session.scalar(rows) or 0


def _secret(keys: KeyStore, batch: PaperBatch) -> bytes:
    """The key of a batch's marks; it goes with the roll key and is never in the database."""
    return hmac.digest(keys.roll(batch.vote_id), b"paper|" + batch.id.bytes, hashlib.sha256)


def differences(session: Session, batch: PaperBatch) -> list[int]:
    """Sheets that the two keyed differently, once both have finished; before that nobody learns of the other's."""
    turns = keyings(session, batch)
    if len(turns) < len(TURNS) or any(keying.finished_at is None for keying in turns.values()):
        return []
    found = marks(session, batch)
    return differing(found[1], found[2])


def finish(session: Session, actor: Actor, slug: str, number: int) -> None:
    """No sheet is left, says one of the two."""
    actor.require(Permission.PAPER_KEY)
    _vote, batch = open_for_change(session, slug, number)
    keying = _begun(session, actor, batch)
    if keying.finished_at is None:
        keying.finished_at = clock.now()
        audit.record(session, actor, "paper:finish", batch, turn=keying.turn, keyed=_last(session, batch, keying.turn))
    session.flush()


def resume(session: Session, actor: Actor, slug: str, number: int) -> None:
    """There were more sheets after all."""
    actor.require(Permission.PAPER_KEY)
    _vote, batch = open_for_change(session, slug, number)
    keying = _begun(session, actor, batch)
    if keying.finished_at is not None:
        keying.finished_at = None
        audit.record(session, actor, "paper:resume", batch, turn=keying.turn)
    session.flush()


def remove_last(session: Session, actor: Actor, slug: str, number: int) -> None:
    """Take back the last sheet one has keyed: there were fewer than that."""
    actor.require(Permission.PAPER_KEY)
    _vote, batch = open_for_change(session, slug, number)
    keying = _begun(session, actor, batch)
    if keying.finished_at is not None:
        raise ConflictError(_FINISHED)
    last = _last(session, batch, keying.turn)
    session.execute(
        delete(PaperEntry).where(
            PaperEntry.batch_id == batch.id, PaperEntry.turn == keying.turn, PaperEntry.paper == last
        )
    )
    audit.record(session, actor, "paper:remove-last", batch, turn=keying.turn, paper=last)
    session.flush()
