"""What the channels share: the vote they are about, its locks, and its end."""

from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from civicvote.domain.ballots import slots
from civicvote.domain.errors import ConflictError
from civicvote.domain.messages import msg
from civicvote.domain.text import clean_line, refuse_resident_number
from civicvote.keystore import KeyStore
from civicvote.models.votes import Vote
from civicvote.services import clock
from civicvote.services.locks import exclusive, shared
from civicvote.services.voting import entrance

SEALED: Final = msg("투표함이 봉인되어 더는 바꿀 수 없습니다.")


def check_unsealed(session: Session, vote: Vote) -> None:
    """Keep the seal out until the transaction ends; ConflictError if it was there first, or before the vote opens."""
    shared(session, f"vote|{vote.id}")
    session.refresh(vote)
    if vote.sealed_at is not None:
        raise ConflictError(SEALED)
    if clock.now() < vote.opens_at:
        raise entrance.EARLY.error()


def hold_slot(session: Session, vote: Vote, person: UUID, keys: KeyStore) -> bytes:
    """The person's slot, locked until the transaction ends as a cast locks it; the box is open meanwhile."""
    if not keys.exists(f"roll-{vote.id}"):
        raise ConflictError(SEALED)
    slot = slots.slot(keys.roll(vote.id), str(vote.id), str(person))
    check_unsealed(session, vote)
    exclusive(session, f"slot|{slot.hex()}")
    return slot


def homes(vote: Vote) -> dict[str, str]:
    """Pools (ids) that only one district votes on → its code."""
    found: dict[str, str] = vote.notice.get("more", {}).get("districts", {})
    return found


def paper_district(vote: Vote, district: str | None) -> str:
    """Which paper somebody of `district` gets: its code where the district has projects of its own, else ""."""
    return district if district and district in homes(vote).values() else ""


def clean_reason(text: str) -> str:
    """A reason of 2 to 200 characters without a resident number; InvalidError beside `reason`."""
    reason = clean_line(text, minimum=2, maximum=200, field="reason")
    refuse_resident_number(reason, field="reason")
    return reason
