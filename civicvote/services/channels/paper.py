"""Batches of paper ballots: opened with a count by hand, confirmed once two people have keyed them alike."""

from typing import Final

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from civicvote.domain.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from civicvote.domain.messages import Message, msg
from civicvote.domain.paper import differing
from civicvote.domain.permissions import Actor, Permission
from civicvote.domain.text import clean_line, refuse_resident_number
from civicvote.models.base import Base
from civicvote.models.channels import PaperBatch, PaperEntry, PaperKeying
from civicvote.models.votes import Ballot, Vote
from civicvote.services import audit, board, clock
from civicvote.services.channels.common import check_unsealed, clean_reason, homes
from civicvote.services.locks import exclusive

MOST_PAPERS: Final = 2000
TURNS: Final = (1, 2)
_BALLOT = Base.metadata.tables[Ballot.__tablename__]
CONFIRMED: Final = msg("이미 확정된 묶음입니다.")
DROPPED: Final = msg("취소된 묶음입니다.")
NOT_KEYED: Final = msg("두 사람이 입력을 모두 마쳐야 합니다.")
ALONE: Final = msg("한 사람이 혼자 입력하고 확정할 수 없습니다.")


def find_batch(session: Session, slug: str, number: int) -> tuple[Vote, PaperBatch]:
    """The vote and its batch of this number, or NotFoundError."""
    _cycle, vote, _held = board.find(session, slug)
    batch = session.scalars(
        select(PaperBatch).where(PaperBatch.vote_id == vote.id, PaperBatch.number == number)
    ).first()
    if batch is None:
        raise NotFoundError
    return vote, batch


def open_for_change(session: Session, slug: str, number: int) -> tuple[Vote, PaperBatch]:
    """The same, locked until the transaction ends; ConflictError when confirmed, dropped or sealed."""
    vote, batch = find_batch(session, slug, number)
    check_unsealed(session, vote)
    exclusive(session, f"paper|{batch.id}")
    session.refresh(batch)
    if batch.confirmed_by is not None:
        raise ConflictError(CONFIRMED)
    if batch.dropped_by is not None:
        raise ConflictError(DROPPED)
    return vote, batch


def check_papers(papers: int) -> int:
    """A count of sheets; InvalidError beside `papers`."""
    if not 1 <= papers <= MOST_PAPERS:
        raise InvalidError(
            msg("한 묶음은 1장에서 %(most)s장까지입니다. 더 많으면 나누어 주십시오.", most=MOST_PAPERS), field="papers"
        )
    return papers


def open_batch(session: Session, actor: Actor, slug: str, *, place: str, district: str, papers: int) -> PaperBatch:
    """A new batch under the vote's next number. `district`: a code that has its own paper in this vote, or ""."""
    actor.require(Permission.PAPER_KEY)
    if actor.id is None:
        raise ForbiddenError
    _cycle, vote, _held = board.find(session, slug)
    where = clean_line(place, minimum=2, maximum=60, field="place")
    refuse_resident_number(where, field="place")
    if district and district not in homes(vote).values():
        raise InvalidError(msg("이 투표에 없는 투표용지입니다."), field="district")
    check_papers(papers)
    check_unsealed(session, vote)
    exclusive(session, f"paper-number|{vote.id}")
    last = session.scalar(select(func.max(PaperBatch.number)).where(PaperBatch.vote_id == vote.id)) or 0
    made = PaperBatch(
        vote_id=vote.id,
        number=last + 1,
        place=where,
        district=district,
        papers=papers,
        opened_by=actor.id,
        opened_at=clock.now(),
    )
    session.add(made)
    audit.record(session, actor, "paper:open", made, number=made.number, papers=papers)
    session.flush()
    return made


def correct(session: Session, actor: Actor, slug: str, number: int, *, papers: int, reason: str) -> None:
    """Another count by hand, with a reason on record; nothing that was keyed changes."""
    actor.require(Permission.PAPER_KEY)
    why = clean_reason(reason)
    check_papers(papers)
    _vote, batch = open_for_change(session, slug, number)
    audit.record(session, actor, "paper:correct", batch, before=batch.papers, after=papers, reason=why)
    batch.papers = papers
    session.flush()


def drop(session: Session, actor: Actor, slug: str, number: int, *, reason: str) -> None:
    """Ask that the batch be dropped: it was opened by mistake, or its sheets went into another one."""
    actor.require(Permission.PAPER_KEY)
    why = clean_reason(reason)
    _vote, batch = open_for_change(session, slug, number)
    if batch.drop_requested_by is not None:
        raise ConflictError(msg("이미 취소를 요청한 묶음입니다."))
    batch.drop_requested_by = actor.id
    batch.drop_reason = why
    audit.record(session, actor, "paper:ask-drop", batch)
    session.flush()


def decide_drop(session: Session, actor: Actor, slug: str, number: int, *, approve: bool) -> None:
    """Answer that request; only somebody else approves. What was keyed is deleted."""
    actor.require(Permission.PAPER_KEY)
    _vote, batch = open_for_change(session, slug, number)
    if batch.drop_requested_by is None:
        raise ConflictError(msg("취소를 요청한 묶음이 아닙니다."))
    if not approve:
        batch.drop_requested_by = None
        batch.drop_reason = ""
        audit.record(session, actor, "paper:refuse-drop", batch)
    elif batch.drop_requested_by == actor.id:
        raise ForbiddenError(msg("요청한 사람은 승인할 수 없습니다. 다른 담당자가 확인해야 합니다."))
    else:
        batch.dropped_by = actor.id
        session.execute(delete(PaperEntry).where(PaperEntry.batch_id == batch.id))
        audit.record(session, actor, "paper:drop", batch)
    session.flush()


def keyings(session: Session, batch: PaperBatch) -> dict[int, PaperKeying]:
    """Turn → who keys it."""
    rows = session.scalars(select(PaperKeying).where(PaperKeying.batch_id == batch.id))
    return {row.turn: row for row in rows}


def marks(session: Session, batch: PaperBatch) -> dict[int, dict[int, bytes]]:
    """Turn → sheet → mark of what was keyed."""
    found: dict[int, dict[int, bytes]] = {turn: {} for turn in TURNS}
    rows = session.execute(
        select(PaperEntry.turn, PaperEntry.paper, PaperEntry.mark).where(PaperEntry.batch_id == batch.id)
    )
    for turn, paper, value in rows:
        found[turn][paper] = value
    return found


def obstacle(batch: PaperBatch, turns: dict[int, PaperKeying], found: dict[int, dict[int, bytes]]) -> Message | None:
    """Why the batch can't be confirmed yet; None if it can."""
    if batch.drop_requested_by is not None:
        return msg("묶음 취소 요청을 먼저 처리해 주십시오.")
    if len(turns) < len(TURNS) or any(keying.finished_at is None for keying in turns.values()):
        return NOT_KEYED
    unequal = differing(found[1], found[2])
    if unequal:
        return msg("두 사람의 입력이 다른 투표지가 %(n)s장 있습니다.", n=len(unequal))
    if len(found[1]) != batch.papers:
        return msg(
            "손으로 센 장수는 %(papers)s장인데 입력한 투표지는 %(keyed)s장입니다. 다시 세어 주십시오.",
            papers=batch.papers,
            keyed=len(found[1]),
        )
    return None
