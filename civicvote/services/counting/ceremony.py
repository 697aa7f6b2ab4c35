"""The checklist of a vote's key ceremony: what the people at the table do, compare, tick and sign."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from civicvote.domain.ballots import keys as vote_keys
from civicvote.domain.permissions import Actor, Permission
from civicvote.keystore import KeyStore
from civicvote.models.cycles import Cycle
from civicvote.models.votes import BoardEntry, Vote
from civicvote.services import votes
from civicvote.services.counting.custody import objection_days
from civicvote.services.cycles.reading import get


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """A public key as people compare it: groups of figures and letters, and words."""

    figures: str
    words: Sequence[str]


@dataclass(frozen=True, slots=True)
class Ceremony:
    """Everything the printed page names. `vote` and `board` are None before the list is approved; `key`: the vote's key,
    announced or offered; `counted`: digest of the sealed list.
    """

    cycle: Cycle
    number: UUID
    vote: Vote | None
    needed: int
    holders: Sequence[str]
    key: Fingerprint | None
    board: Fingerprint | None
    counted: str
    days: int

    @property
    def split(self) -> bool:
        """Whether the key is to be in shares."""
        return self.needed > 1

    @property
    def opens_at(self) -> datetime:
        """When the vote opens: the key is needed before the list is approved."""
        return self.cycle.voting_open_at


def fingerprint(public: bytes) -> Fingerprint:
    """Of 32 public bytes."""
    return Fingerprint(vote_keys.fingerprint(public), vote_keys.spoken(public))


def ceremony(session: Session, actor: Actor, slug: str, *, keys: KeyStore) -> Ceremony:
    """For staff and auditors, from the day the cycle is drafted."""
    if not actor.can(Permission.AUDIT_READ):
        actor.require(Permission.COUNT_RUN)
    cycle = get(session, actor, slug, of_forums=True)
    number = votes.vote_id(cycle.id)
    vote = session.scalar(select(Vote).where(Vote.cycle_id == cycle.id))
    public = vote.public_key if vote else votes.offered_key(keys, number)
    needed, count = _shares(vote)
    digest = ""
    if vote is not None and vote.sealed_at is not None:
        digest = (
            session.scalar(select(BoardEntry.item).where(BoardEntry.vote_id == vote.id, BoardEntry.kind == "counted"))
            or ""
        )
    return Ceremony(
        cycle=cycle,
        number=vote.id if vote else number,
        vote=vote,
        needed=needed,
        holders=_holders(count),
        key=fingerprint(public) if public else None,
        board=fingerprint(vote.board_key) if vote else None,
        counted=_digest(digest),
        days=objection_days(vote) if vote else cycle.objection_days,
    )


def _digest(item: str) -> str:
    return str(json.loads(item)["digest"]) if item else ""


def _shares(vote: Vote | None) -> tuple[int, int]:
    """(needed, number) of shares as announced; the usual ones before."""
    if vote is None:
        return vote_keys.THRESHOLD, len(vote_keys.HOLDERS)
    needed, count = map(int, str(vote.notice["keys"]["shares"]).split("/"))
    return needed, count


def _holders(count: int) -> Sequence[str]:
    """Who holds the shares where the usual number is made; else nobody is named, and the page leaves room."""
    return vote_keys.HOLDERS if count == len(vote_keys.HOLDERS) else [""] * count
