"""What every run on one contest shares: the candidates and, by candidate, who supports it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from civicvote.domain.errors import InvalidError
from civicvote.domain.messages import msg
from civicvote.domain.tally.election import Election
from civicvote.domain.tally.limits import Limits
from civicvote.domain.tally.rows import MOST_PEOPLE, Indices
from civicvote.domain.tally.rules import Utility

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

ULP = 2.0**-52
"""Twice the relative error of one rounded operation, so that bounds made with it cover their own rounding too."""


@dataclass(frozen=True, slots=True)
class Supporters:
    """A candidate's ballots: `rows` of the election, the `people` who cast each, their `points`, and `units`, the
    product of both. None stands for ones, which most elections have.

    `cost` is the project's, `votes` the sum of the people, `total` that of the units, `most` the highest points.
    """

    cost: float
    rows: Indices
    people: Floats | None
    points: Floats | None
    units: Floats | None
    votes: float
    total: float
    most: float

    def due(self, price: float) -> float | Floats:
        """What each ballot pays at `price` per point, if it can."""
        return price if self.points is None else price * self.points

    def wealth(self, held: Floats) -> Floats:
        """What the people of each ballot hold together."""
        return held if self.people is None else held * self.people

    def count(self, some: Bools) -> float:
        """How many people cast these ballots."""
        return _sum_where(some, self.people)

    def weigh(self, some: Bools) -> float:
        """The units of these ballots."""
        return _sum_where(some, self.units)


def _sum_where(some: Bools, weights: Floats | None) -> float:
    """Whole numbers below 2^53: exact in any order of addition."""
    return float(np.count_nonzero(some) if weights is None else weights.compress(some).sum())


@dataclass(frozen=True)
class Market:
    """The part of an election that Equal Shares looks at: `candidates` are indices of supported, feasible projects.

    `ranks` is ≺, `pool` the money there is, in money units. Raises `InvalidError` where points are too many to count.
    """

    election: Election
    candidates: tuple[int, ...]
    utility: Utility
    ranks: Sequence[int]
    limits: Limits
    pool: int

    def __post_init__(self) -> None:
        if any(self.election.raw_scores[candidate] >= MOST_PEOPLE for candidate in self.candidates):
            raise InvalidError(msg("점수가 너무 큽니다."))

    @cached_property
    def people(self) -> Floats | None:
        """How many people cast each ballot; None when it is one each."""
        people = self.election.rows.people
        return None if (people == 1).all() else people.astype(np.float64)

    @cached_property
    def supporters(self) -> dict[int, Supporters]:
        """By candidate."""
        return {candidate: self._supporters(candidate) for candidate in self.candidates}

    def _supporters(self, candidate: int) -> Supporters:
        election = self.election
        rows, points = election.columns.of(candidate), election.columns.points_of(candidate)
        people = None if self.people is None else self.people[rows]
        worth = None if points is None else points.astype(np.float64)
        return Supporters(
            cost=float(election.costs[candidate]),
            rows=rows,
            people=people,
            points=worth,
            units=people if worth is None else worth if people is None else worth * people,
            votes=float(election.votes[candidate]),
            total=float(election.raw_scores[candidate]),
            most=1.0 if worth is None else float(worth.max()),
        )

    def factor(self, candidate: int) -> int:
        """a_c: what a point is worth. A project without a cost is bought at ρ = 0 whatever its factor."""
        return (self.election.costs[candidate] or 1) if self.utility is Utility.COST else 1

    @cached_property
    def flat_prices(self) -> dict[int, float]:
        """A lower bound of the price per point that holds for every endowment: everyone pays the same."""
        return {one: made.cost / made.total * (1 - 4 * ULP) for one, made in self.supporters.items()}
