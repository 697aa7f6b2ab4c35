"""Casting a ballot: one transaction, one slot, one answer. The formulas stand in domain/ballots."""

import hashlib
import hmac
import json
import re
import secrets
from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from civicvote.domain.ballot_paper import Marks, Paper
from civicvote.domain.ballots import receipts, sealing, slots
from civicvote.domain.ballots.encoding import b64, canonical, unb64
from civicvote.domain.ballots.receipts import Receipt
from civicvote.domain.errors import InvalidError
from civicvote.domain.messages import msg
from civicvote.domain.permissions import Actor
from civicvote.keystore import KeyStore
from civicvote.models.base import Base
from civicvote.models.cycles import Cycle
from civicvote.models.votes import Ballot, BallotWaiting, CastKey, Participation, Vote
from civicvote.services import board, clock
from civicvote.services.locks import exclusive, shared
from civicvote.services.upsert import insert_new
from civicvote.services.voting import checked_in, entrance, owning

#: Tables themselves: the hot path has no use for the ORM's bulk machinery.
_BALLOT = Base.metadata.tables[Ballot.__tablename__]
_WAITING = Base.metadata.tables[BallotWaiting.__tablename__]
_CAST_KEY = Base.metadata.tables[CastKey.__tablename__]
_FORM_KEY = re.compile(r"[A-Za-z0-9_-]{16,64}")


def new_form_key() -> str:
    """What a confirmation form carries: the same form sent twice is one ballot."""
    return secrets.token_urlsafe(24)


def cast(
    session: Session, actor: Actor, slug: str, given: Paper | Marks, *, key: str, arrived: datetime, keys: KeyStore
) -> Receipt:
    """Put a sealed ballot of what was filled in (see `entrance.ballot`) into the person's slot; the last one counts.

    `key`: the form's own; a key that was used before gets its receipt again. `arrived`: when the request reached the
    application; a ballot is late at or after `closes_at`, or when 60 s have passed since. Refusals: ForbiddenError
    (level, age), ConflictError (window, hold, sealed), InvalidError (picks).
    """
    cycle, vote, _held = board.find(session, slug)
    who = entrance.voter(session, actor)
    refusal = entrance.barred(cycle.eligibility(), who, vote.closes_at)
    if refusal is not None or who is None:
        raise (refusal or entrance.UNVERIFIED).error()
    if not _FORM_KEY.fullmatch(key):
        raise InvalidError(msg("화면이 오래되었습니다. 고른 사업을 다시 확인해 주십시오."), field="key")
    if not keys.exists(f"roll-{vote.id}"):  # destroyed after the objection period
        raise entrance.CLOSED.error()
    roll = keys.roll(vote.id)
    slot = slots.slot(roll, str(vote.id), str(who.person_id))
    shared(session, f"vote|{vote.id}")
    exclusive(session, f"slot|{slot.hex()}")
    cast_key = _secret(roll, "cast", slot, key)
    known = session.scalar(select(CastKey.receipt).where(CastKey.key == cast_key))
    if known is not None:
        return _unwrap(known, _secret(roll, "receipt", slot, key))
    owning.check_slot(given, slot)
    _check_open(session, vote, arrived)
    refusal = checked_in.standing(session, vote, who).refusal(actor, vote)
    if refusal is not None:
        raise refusal.error()
    made = entrance.ballot(session, vote, who, given)
    sealed = sealing.Sealer(vote.public_key, str(vote.id), vote.notice["ballot"]["length"]).seal(made)
    receipt = receipts.sign(keys.board(vote.id), str(vote.id), sealed.tracker, receipts.minute(arrived))
    _put(session, vote, slot, sealed)
    insert_new(session, Participation, [{"vote_id": vote.id, "person_id": who.person_id}])
    wrapped = _wrap(receipt, _secret(roll, "receipt", slot, key))
    session.execute(insert(_CAST_KEY).values(key=cast_key, receipt=wrapped))
    checked_in.leave(session, actor)
    return receipt


def _check_open(session: Session, vote: Vote, arrived: datetime) -> None:
    """Asked again under the lock: the box may have been sealed, or a hold placed, while this ballot waited."""
    row = session.execute(
        select(Vote.sealed_at, Cycle.state, entrance.HELD)
        .join(Cycle, Cycle.id == Vote.cycle_id)
        .where(Vote.id == vote.id)
    ).one()
    sealed_at, state, held = row
    refusal = entrance.closed(vote, state, held=held, arrived=arrived, now=clock.now(), sealed=sealed_at is not None)
    if refusal is not None:
        raise refusal.error()


def _put(session: Session, vote: Vote, slot: bytes, sealed: sealing.Sealed) -> None:
    version = session.scalar(select(func.max(Ballot.version)).where(Ballot.vote_id == vote.id, Ballot.slot == slot))
    session.execute(
        insert(_BALLOT).values(
            id=secrets.token_bytes(16),
            vote_id=vote.id,
            slot=slot,
            version=(version or 0) + 1,
            sealed=sealed.sealed,
            tracker=sealed.tracker,
        )
    )
    session.execute(insert(_WAITING).values(tracker=sealed.tracker, vote_id=vote.id))


def _secret(roll: bytes, purpose: str, slot: bytes, key: str) -> bytes:
    """32 bytes only the holder of the form and the casting service can make: nobody fetches another's receipt."""
    return hmac.digest(roll, b"|".join((purpose.encode(), slot, key.encode())), hashlib.sha256)


def _wrap(receipt: Receipt, secret: bytes) -> dict[str, Any]:
    """The receipt as it is stored: which tracker came in which minute can't be read from the database."""
    nonce = secrets.token_bytes(12)
    return {"sealed": b64(nonce + AESGCM(secret).encrypt(nonce, canonical(receipt.document()), None))}


def _unwrap(stored: dict[str, Any], secret: bytes) -> Receipt:
    data = unb64(stored["sealed"])
    return Receipt.from_document(json.loads(AESGCM(secret).decrypt(data[:12], data[12:], None)))


def accepted_at(receipt: Receipt) -> datetime:
    """The receipt's minute as a moment."""
    return datetime.strptime(receipt.minute, "%Y-%m-%dT%H:%MZ").replace(tzinfo=UTC)


def receipt_file(session: Session, slug: str, document: dict[str, str]) -> bytes:
    """A receipt somebody holds, as a JSON file to keep; InvalidError if it isn't one of this vote."""
    _cycle, vote, _held = board.find(session, slug)
    receipt = Receipt.from_document(document)
    if receipt.vote != str(vote.id) or not receipts.verify(vote.board_key, receipt):
        raise InvalidError(msg("이 투표에서 받은 접수증이 아닙니다."))
    return json.dumps(receipt.document(), ensure_ascii=False, indent=1).encode() + b"\n"
