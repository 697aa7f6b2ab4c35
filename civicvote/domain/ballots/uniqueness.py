"""How many published ballots would be unlike any other: who knows part of such a ballot finds the rest.

Published ballots carry no demographics, no time and no id; picks are in canonical order, and the ballots are in the order
of their own hashes. As each hash takes in 16 random bytes nobody else sees before the opening, that order is as good as
shuffled, and unlike a shuffle two people arrive at the same one. What is left is the choice itself (ALGORITHMS.md B8).
"""

from array import array
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Self

from civicvote.domain.ballots.rules import Notice
from civicvote.domain.ballots.sealing import Ballot

FEW = 10
"""With fewer ballots than this, who knows that somebody voted guesses what they chose, however alike the ballots are."""


@dataclass(frozen=True, slots=True)
class Uniqueness:
    """`unique` of `ballots` are unlike all others. Empty ballots aren't counted: they say nothing."""

    ballots: int
    unique: int

    @property
    def share(self) -> float:
        """0–1."""
        return self.unique / self.ballots if self.ballots else 0.0

    @property
    def telling(self) -> bool:
        """More than half are unique."""
        return 2 * self.unique > self.ballots

    @property
    def few(self) -> bool:
        """There are ballots, but fewer than ten."""
        return 0 < self.ballots < FEW

    @property
    def alarming(self) -> bool:
        """Single ballots may give somebody away: nothing is preset."""
        return self.telling or self.few

    def document(self) -> dict[str, int]:
        """As JSON."""
        return {"ballots": self.ballots, "unique": self.unique}

    @classmethod
    def read(cls, body: dict[str, Any]) -> Self:
        """The inverse of `document`."""
        return cls(body["ballots"], body["unique"])


def uniqueness(notice: Notice, ballots: Sequence[Ballot]) -> dict[str, Any]:
    """Of whole ballots, and per pool of the parts for its contest: `{"whole": {…}, "pools": {pool: {…}}}`."""
    pools = {one["pool"]: set[str]() for one in notice["contests"]}
    for project in notice["projects"]:
        pools[project["pool"]].add(project["id"])
    return {
        "whole": _count(ballots, None).document(),
        "pools": {pool: _count(ballots, ids).document() for pool, ids in pools.items()},
    }


def _count(ballots: Iterable[Ballot], among: Collection[str] | None) -> Uniqueness:
    """By hash, so that a million ballots need no copies: two different ones with the same 64 bits are not to be expected."""
    kinds = Counter(array("q", (mark for ballot in ballots if (mark := _mark(ballot, among)))))
    return Uniqueness(sum(kinds.values()), sum(number == 1 for number in kinds.values()))


def _mark(ballot: Ballot, among: Collection[str] | None) -> int:
    points = ballot.points or (1,) * len(ballot.picks)
    chosen = tuple(pair for pair in zip(ballot.picks, points, strict=True) if among is None or pair[0] in among)
    return hash(chosen) if chosen else 0
