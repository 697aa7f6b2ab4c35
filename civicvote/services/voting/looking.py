"""Looks at a filled-in paper before it is cast: in order of preference, side by side, and the last one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from civicvote.domain.ballot_paper import Marks, Paper
from civicvote.domain.errors import InvalidError
from civicvote.domain.messages import msg
from civicvote.domain.permissions import Actor
from civicvote.keystore import KeyStore
from civicvote.services.projects import reading
from civicvote.services.voting import entrance, owning
from civicvote.services.voting.basket import Booth, Choice, booth

#: Projects side by side at most.
COMPARED = 3


@dataclass(frozen=True, slots=True)
class Overview:
    """What a paper says: its projects, in a ranking from the first on, and their points where the voter gave any."""

    booth: Booth
    picks: list[Choice]
    points: Mapping[str, int]

    @property
    def total_won(self) -> int:
        """What the picks cost together."""
        return sum(choice.cost_won for choice in self.picks)

    @property
    def total_points(self) -> int:
        """The voter's points together."""
        return sum(self.points.values())


def _checked(
    session: Session, actor: Actor, slug: str, given: Paper | Marks, arrived: datetime, keys: KeyStore
) -> tuple[Booth, Marks]:
    """The booth and what `given` says, once casting would take it; else the refusal of casting."""
    box = booth(session, actor, slug, arrived=arrived, keys=keys)
    if box.refusal is not None:
        raise box.refusal.error()
    owning.check(given, box.owner.whose)
    assert box.vote is not None  # no refusal: a vote and a voter
    assert box.who is not None
    entrance.ballot(session, box.vote, box.who, given)
    return box, given.marks(box.vote.notice["ballot"]) if isinstance(given, Paper) else given


def _overview(box: Booth, read: Marks) -> Overview:
    chosen = {choice.number: choice for choice in box.picked(list(read))}
    if box.ranked:
        return Overview(box, [chosen[number] for number in read], {})
    return Overview(box, list(chosen.values()), read if isinstance(read, Mapping) else {})


def overview(
    session: Session, actor: Actor, slug: str, given: Paper | Marks, *, arrived: datetime, keys: KeyStore
) -> Overview:
    """Check what was filled in as casting would, and list it. InvalidError names what is wrong with it."""
    return _overview(*_checked(session, actor, slug, given, arrived, keys))


def ordering(session: Session, actor: Actor, slug: str, paper: Paper, *, arrived: datetime, keys: KeyStore) -> Overview:
    """The picks in the order the paper gives them so far, as far as it can be read; InvalidError for the picks themselves."""
    return _overview(*_checked(session, actor, slug, paper.arranged(), arrived, keys))


@dataclass(frozen=True, slots=True)
class Beside:
    """Projects side by side, each as it stands on the ballot and in full."""

    booth: Booth
    rows: list[tuple[Choice, reading.Compared]]


def beside(
    session: Session, actor: Actor, slug: str, numbers: Sequence[str], *, arrived: datetime, keys: KeyStore
) -> Beside:
    """Two or three projects of the ballot, in its order; InvalidError for fewer or more."""
    box = booth(session, actor, slug, arrived=arrived, keys=keys)
    if box.refusal is not None:
        raise box.refusal.error()
    chosen = box.picked(numbers)
    if not 2 <= len(chosen) <= COMPARED:
        raise InvalidError(msg("비교할 사업을 두 건이나 세 건 골라 주십시오."))
    full = {row.id: row for row in reading.compare(session, actor, [choice.id for choice in chosen])}
    return Beside(box, [(choice, full[choice.id]) for choice in chosen])
