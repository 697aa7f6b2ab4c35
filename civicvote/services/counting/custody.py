"""The end of a vote's keys: after the days of objection two people say that a key is destroyed, and then it is.

One person's word changes nothing. With the second the file is removed from the key folder, the audit log and the public
board say so, and nobody can take it back.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from civicvote.domain.errors import ConflictError
from civicvote.domain.lifecycles import CycleState
from civicvote.domain.messages import Message, msg
from civicvote.domain.permissions import Actor, Permission
from civicvote.domain.text import clean_text, refuse_resident_number
from civicvote.keystore import KeyStore
from civicvote.models.accounts import User
from civicvote.models.counts import TallyDecision, TallyRun
from civicvote.models.custody import KeyEnding
from civicvote.models.cycles import Cycle
from civicvote.models.votes import Vote
from civicvote.services import audit, board, clock
from civicvote.services.conflicts import settled
from civicvote.services.counting.runs import vote_of
from civicvote.services.locks import exclusive

#: Where the notice names no number of days.
OBJECTION_DAYS = 30
#: Places of the two people.
FIRST, SECOND = 1, 2


class Key(StrEnum):
    """Keys of a vote that are destroyed after it."""

    VOTE = "vote"
    ROLL = "roll"


LABELS: dict[Key, Message] = {Key.VOTE: msg("개표 열쇠"), Key.ROLL: msg("명부 열쇠")}
#: The board's own words, the same for everybody who reads the file.
WORDS: dict[Key, str] = {
    Key.VOTE: "개표 열쇠를 폐기했음을 담당자 두 사람이 확인했습니다.",
    Key.ROLL: "명부 열쇠를 폐기했음을 담당자 두 사람이 확인했습니다.",
}


@dataclass(frozen=True, slots=True)
class Statement:
    """One person's word."""

    by: str
    at: datetime
    how: str
    own: bool


@dataclass(frozen=True, slots=True)
class KeyState:
    """A key and who has said what of it. `present`: its file still lies in the key folder."""

    key: Key
    label: Message
    statements: Sequence[Statement]
    present: bool

    @property
    def ended(self) -> bool:
        """Whether two people have spoken."""
        return len(self.statements) == SECOND

    @property
    def spoken(self) -> bool:
        """Whether the reader is one of them."""
        return any(one.own for one in self.statements)


@dataclass(frozen=True, slots=True)
class Custody:
    """A vote's keys after its count. `due`: when the days of objection are over; None before the result is out."""

    cycle: Cycle
    vote: Vote
    days: int
    due: datetime | None
    open: bool
    keys: Sequence[KeyState]


def objection_days(vote: Vote) -> int:
    """Days after the result in which anybody may object, as the notice says."""
    return int(vote.notice.get("more", {}).get("objection_days", OBJECTION_DAYS))


def _due(session: Session, cycle: Cycle, vote: Vote) -> datetime | None:
    if cycle.state is not CycleState.PUBLISHED:
        return None
    published = session.scalar(
        select(func.max(TallyDecision.at))
        .join(TallyRun, TallyRun.id == TallyDecision.run_id)
        .where(TallyRun.vote_id == vote.id, TallyDecision.approved)
    )
    return published + timedelta(days=objection_days(vote)) if published else None


def _state(session: Session, actor: Actor, vote: Vote, keys: KeyStore) -> list[KeyState]:
    rows = session.execute(
        select(KeyEnding, User.name)
        .join(User, User.id == KeyEnding.stated_by)
        .where(KeyEnding.vote_id == vote.id)
        .order_by(KeyEnding.key, KeyEnding.place)
    ).all()
    said: dict[str, list[Statement]] = {}
    for ending, name in rows:
        said.setdefault(ending.key, []).append(Statement(name, ending.at, ending.how, ending.stated_by == actor.id))
    return [KeyState(key, LABELS[key], said.get(key, []), keys.exists(f"{key}-{vote.id}")) for key in Key]


def custody(session: Session, actor: Actor, slug: str, *, keys: KeyStore) -> Custody:
    """For staff and auditors; four statements."""
    if not actor.can(Permission.AUDIT_READ):
        actor.require(Permission.COUNT_APPROVE)
    cycle, vote = vote_of(session, slug)
    due = _due(session, cycle, vote)
    return Custody(
        cycle,
        vote,
        objection_days(vote),
        due,
        due is not None and clock.now() >= due,
        _state(session, actor, vote, keys),
    )


def destroy(session: Session, actor: Actor, slug: str, key: Key, *, how: str, keys: KeyStore) -> bool:
    """Say that `key` is to be no more. The first person's word waits; with the second's the key is removed: True.

    ConflictError before the days of objection are over, after the key's end, or when the same person says it twice.
    """
    actor.require(Permission.COUNT_APPROVE)
    cycle, vote = vote_of(session, slug)
    exclusive(session, f"key|{key}|{vote.id}")
    due = _due(session, cycle, vote)
    if due is None or clock.now() < due:
        raise ConflictError(msg("결과를 공표하고 이의 제기 기간이 끝난 뒤에 열쇠를 폐기합니다."))
    said = session.scalars(
        select(KeyEnding).where(KeyEnding.vote_id == vote.id, KeyEnding.key == key).order_by(KeyEnding.place)
    ).all()
    if len(said) >= SECOND:
        raise ConflictError(msg("이미 두 사람이 폐기를 확인한 열쇠입니다."))
    if any(one.stated_by == actor.id for one in said):
        raise ConflictError(msg("한 사람이 두 번 확인할 수 없습니다. 다른 담당자가 확인해야 합니다."))
    how = clean_text(how, minimum=5, maximum=1000, field="how")
    refuse_resident_number(how, field="how")
    with settled(session, msg("다른 담당자가 방금 확인했습니다. 새로 고침 후 다시 확인해 주십시오.")):
        ending = KeyEnding(
            vote_id=vote.id, key=key.value, place=len(said) + 1, stated_by=actor.id, at=clock.now(), how=how
        )
        session.add(ending)
    audit.record(session, actor, "key:destruction-stated", vote, key=key.value, place=ending.place)
    if ending.place < SECOND:
        return False
    _end(session, actor, vote, key, keys)
    return True


def _end(session: Session, actor: Actor, vote: Vote, key: Key, keys: KeyStore) -> None:
    """Announce it and, last of all, remove the file: what is announced and not true would be worse than the reverse."""
    item = {"about": "key-destroyed", "key": key.value, "people": SECOND, "text": WORDS[key]}
    board.append(session, vote, [("note", item)], keys)
    audit.record(session, actor, "key:destroyed", vote, key=key.value)
    session.flush()
    keys.destroy(f"{key}-{vote.id}")


def ended(session: Session, vote: UUID) -> dict[Key, datetime]:
    """When each key came to its end, for everybody; one statement."""
    rows = session.execute(
        select(KeyEnding.key, KeyEnding.at).where(KeyEnding.vote_id == vote, KeyEnding.place == SECOND)
    )
    return {Key(row.key): row.at for row in rows}


def remains(session: Session, keys: KeyStore) -> Iterator[tuple[UUID, Key]]:
    """Keys that two people ended and whose files lie here all the same: on a second machine, or out of a backup."""
    rows: Any = session.execute(
        select(KeyEnding.vote_id, KeyEnding.key).where(KeyEnding.place == SECOND).order_by(KeyEnding.vote_id)
    )
    for row in rows:
        if keys.exists(f"{row.key}-{row.vote_id}"):
            yield row.vote_id, Key(row.key)


def sweep(session: Session, actor: Actor, *, keys: KeyStore) -> list[tuple[UUID, Key]]:
    """Remove what `remains` on this machine; never a key that two people haven't ended."""
    actor.require(Permission.COUNT_APPROVE)
    found = list(remains(session, keys))
    for vote, key in found:
        audit.record(session, actor, "key:removed", vote=vote, key=key.value)
        session.flush()
        keys.destroy(f"{key}-{vote}")
    return found
