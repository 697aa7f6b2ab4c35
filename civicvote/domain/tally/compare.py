"""Two results side by side: who is better off."""

from collections.abc import Collection
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from civicvote.domain.tally.election import Election
from civicvote.domain.tally.outcome import Outcome

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Comparison:
    """What one outcome means to the voters of an election.

    `with_one` voters supported at least one funded project; `mean` is the mean number of funded projects a voter
    supported. `prefer` are the voters who supported more funded projects here than in the other outcome.
    """

    with_one: int
    mean: Fraction
    prefer: int


def reached(election: Election, funded: Collection[int]) -> Ints:
    """How many of the projects `funded` (indices) each row's voters supported: int64[g]."""
    rows = election.rows
    mark = np.zeros(len(election.projects), dtype=np.int64)
    mark[list(funded)] = 1
    before = np.concatenate([[0], np.cumsum(mark[rows.picks])])
    counts: Ints = before[rows.indptr[1:]] - before[rows.indptr[:-1]]
    return counts


def happier(election: Election, here: Collection[int], there: Collection[int]) -> int:
    """How many voters supported more of the projects `here` (indices) than of those `there`."""
    return int(election.rows.people[reached(election, here) > reached(election, there)].sum())


def numbers(election: Election, outcome: Outcome) -> list[int]:
    """The funded projects as indices."""
    return [election.index[project] for project in outcome.selected]


def compare(election: Election, outcome: Outcome, other: Outcome) -> Comparison:
    """`outcome` seen by the voters, beside `other`."""
    here, there = numbers(election, outcome), numbers(election, other)
    counts, people = reached(election, here), election.rows.people
    return Comparison(
        with_one=int(people[counts > 0].sum()),
        mean=Fraction(sum(election.votes[number] for number in here), max(election.voters, 1)),
        prefer=int(people[counts > reached(election, there)].sum()),
    )
