"""Whose paper it is. The same browser may serve two people: what one filled in must neither show nor count for the next."""

import hashlib
import hmac
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from civicvote.domain.ballot_paper import Marks, Paper
from civicvote.domain.ballots.encoding import b64
from civicvote.domain.errors import InvalidError
from civicvote.domain.messages import msg
from civicvote.domain.permissions import Actor
from civicvote.models.votes import Ballot, Vote


@dataclass(frozen=True, slots=True)
class Owner:
    """Made from the slot, so that it tells nobody whose it is. All empty where nobody may vote.

    `whose`: travels in the forms; a paper with another's is refused. `names`: part of the fields' names, new after each
    cast, so that a browser that fills in a form again on "back" does so only for its voter and only before the cast.
    `key`: 32 bytes in base64 that lock what the page's script keeps in its tab; none at a polling station's tablet.
    """

    whose: str = ""
    names: str = ""
    key: str = ""


def owner(session: Session, actor: Actor, vote: Vote, slot: bytes) -> Owner:
    """The marks of the voter's next paper, in one statement."""
    cast = session.scalar(select(func.max(Ballot.version)).where(Ballot.vote_id == vote.id, Ballot.slot == slot)) or 0
    key = "" if actor.station_id is not None else b64(_mark(slot, f"draft|{cast}"))
    return Owner(_whose(slot), _mark(slot, f"names|{cast}")[:6].hex(), key)


def check(given: Paper | Marks, whose: str) -> None:
    """InvalidError for a paper that somebody else filled in."""
    if isinstance(given, Paper) and given.whose not in {"", whose}:
        raise InvalidError(
            msg("다른 사람이 쓰던 화면이어서 그 사람이 고른 것을 지웠습니다. 처음부터 다시 골라 주십시오."),
            field="picks",
        )


def check_slot(given: Paper | Marks, slot: bytes) -> None:
    """The same for whoever holds the slot."""
    check(given, _whose(slot))


def _whose(slot: bytes) -> str:
    return _mark(slot, "whose")[:6].hex()


def _mark(slot: bytes, purpose: str) -> bytes:
    return hmac.digest(slot, b"paper|" + purpose.encode(), hashlib.sha256)
