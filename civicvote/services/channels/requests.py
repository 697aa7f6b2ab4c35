"""What nobody does alone: voiding an online ballot for a paper one, taking a mistaken check-in back, and believing
documents of somebody the platform doesn't know.
"""

from typing import Final
from uuid import UUID

from sqlalchemy import delete, exists, insert, select
from sqlalchemy.orm import Session

from civicvote.domain.errors import ConflictError, ForbiddenError
from civicvote.domain.messages import msg
from civicvote.domain.permissions import Actor, Permission
from civicvote.keystore import KeyStore
from civicvote.models.channels import Ask, Channel, CheckIn, DeskRequest, StationCode, StationSeat, VoidWaiting
from civicvote.models.votes import Ballot, Participation, Vote
from civicvote.services import audit, clock
from civicvote.services.channels import documents, letters
from civicvote.services.channels.common import clean_reason, hold_slot
from civicvote.services.channels.desk import TO_PAPER, find_vote, refuse_own, request
from civicvote.services.conflicts import settled

_BY_ANOTHER: Final = msg("요청한 사람은 승인할 수 없습니다. 다른 담당자가 확인해야 합니다.")
_NOTHING_ASKED: Final = msg("확인을 기다리는 요청이 없습니다. 다른 담당자가 이미 처리했는지 확인해 주십시오.")
_BY_CHECK_IN: Final = msg("서류 확인은 접수할 때에만 요청합니다. 처음부터 다시 접수해 주십시오.")
_NOTHING_TO_VOID: Final = msg("무효로 할 온라인 투표가 없습니다.")
_PAPER_OUT: Final = msg("투표용지를 이미 드렸으므로 접수를 취소할 수 없습니다.")
_VOIDED: Final = msg(
    "온라인 투표를 이미 무효로 처리하였으므로 접수를 취소할 수 없습니다. 종이로 투표하도록 안내해 주십시오."
)
_CAST: Final = msg("투표소의 기기에서 이미 투표하였으므로 접수를 취소할 수 없습니다.")


def ask(
    session: Session, actor: Actor, slug: str, check_in_id: UUID, what: Ask, *, reason: str, keys: KeyStore
) -> DeskRequest:
    """Ask for another clerk's decision. ConflictError when the deed isn't possible, or another question is open."""
    actor.require(Permission.VOTE_DESK)
    why = clean_reason(reason)
    vote, made = find_vote(session, slug, check_in_id)
    hold_slot(session, vote, made.person_id, keys)
    session.refresh(made)
    if what is Ask.DOCUMENTS:
        raise ConflictError(_BY_CHECK_IN)
    _check(session, made, what)
    return request(session, actor, made, what, why)


def decide(
    session: Session, actor: Actor, slug: str, check_in_id: UUID, *, approve: bool, keys: KeyStore, address: str = ""
) -> None:
    """Answer the open question about a check-in. Only somebody else approves; who asked may take the question back.

    Documents that another clerk doesn't find right end the check-in. `address`: of the clerk's network.
    """
    actor.require(Permission.VOTE_DESK)
    if actor.id is None:
        raise ForbiddenError
    vote, made = find_vote(session, slug, check_in_id)
    refuse_own(actor, made)
    slot = hold_slot(session, vote, made.person_id, keys)
    session.refresh(made)
    asked = session.scalars(
        select(DeskRequest)
        .where(DeskRequest.check_in_id == made.id, DeskRequest.decided_by.is_(None))
        .with_for_update()
    ).first()
    if asked is None:
        raise ConflictError(_NOTHING_ASKED)
    if approve and asked.requested_by == actor.id:
        raise ForbiddenError(_BY_ANOTHER)
    asked.approved = approve
    asked.decided_by = actor.id
    asked.decided_at = clock.now()
    deed = "check-in:approve" if approve else "check-in:refuse"
    audit.record(session, actor, deed, made, ask=asked.ask.value, asked_by=asked.requested_by)
    if approve:
        _check(session, made, asked.ask)
    with settled(session, _NOTHING_ASKED):
        session.flush()
    if asked.ask is Ask.DOCUMENTS:
        if documents.settle(session, actor, made, asked, address=address) is Ask.VOID:
            request(session, actor, made, Ask.VOID, TO_PAPER)
    elif approve and asked.ask is Ask.VOID:
        _void(session, vote, made, slot)
    elif approve:
        _take_back(session, made)
    session.flush()
    if made.taken_back_at is not None:
        letters.taken_back(session, made)


def _check(session: Session, made: CheckIn, what: Ask) -> None:
    if made.taken_back_at is not None:
        raise ConflictError(msg("이미 취소된 접수입니다."))
    if what is Ask.DOCUMENTS:
        return  # `documents.settle` looks at what was shown
    if what is Ask.VOID:
        if made.channel is not Channel.PAPER or not made.voted_online or made.online_voided:
            raise ConflictError(_NOTHING_TO_VOID)
        return
    if made.paper_given_by is not None:
        raise ConflictError(_PAPER_OUT)
    if made.online_voided:
        raise ConflictError(_VOIDED)
    cast = exists().where(Participation.vote_id == made.vote_id, Participation.person_id == made.person_id)
    if made.channel is Channel.STATION and not made.voted_online and session.scalar(select(cast)):
        raise ConflictError(_CAST)


def _void(session: Session, vote: Vote, made: CheckIn, slot: bytes) -> None:
    """The slot's last ballot doesn't count; the board will say so without saying when or whose."""
    tracker = session.scalar(
        select(Ballot.tracker)
        .where(Ballot.vote_id == vote.id, Ballot.slot == slot)
        .order_by(Ballot.version.desc())
        .limit(1)
    )
    if tracker is None:
        raise ConflictError(_NOTHING_TO_VOID)
    session.execute(insert(VoidWaiting).values(tracker=tracker, vote_id=vote.id))
    made.online_voided = True


def _take_back(session: Session, made: CheckIn) -> None:
    """Their account may vote again; no code or seat at a station is left."""
    session.execute(delete(StationCode).where(StationCode.check_in_id == made.id))
    session.execute(delete(StationSeat).where(StationSeat.check_in_id == made.id))
    made.taken_back_at = clock.now()
