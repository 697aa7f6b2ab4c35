"""What statements say about groups: how each votes, what sets it apart, what all share."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from civicvote.domain.opinions.groups import Labels
from civicvote.domain.opinions.space import Matrix

Counts = NDArray[np.int64]
#: z of a one-sided test at 90 %, as Polis takes it.
SIGNIFICANT: Final = 1.2815515655446004


@dataclass(frozen=True, slots=True)
class Figures:
    """All groups × statements. Probabilities with one pseudo-vote each way; `*_z`: how far a group's share lies above a half
    (`pat`), and above the others' (`rat`); `consensus`: per statement, the product of the groups' probabilities to agree.
    """

    agrees: Counts
    disagrees: Counts
    votes: Counts
    agree: Matrix
    disagree: Matrix
    agree_z: Matrix
    disagree_z: Matrix
    agree_than_others: Matrix
    disagree_than_others: Matrix
    agree_than_others_z: Matrix
    disagree_than_others_z: Matrix
    consensus: Matrix
    dissent: Matrix


def one_share(successes: Counts, trials: Counts) -> Matrix:
    """Z of a share against a half, one added to each count as Polis does."""
    n = trials + 1.0
    found: Matrix = 2 * np.sqrt(n) * ((successes + 1) / n - 0.5)
    return found


def two_shares(inside: Counts, outside: Counts, n_inside: Counts, n_outside: Counts) -> Matrix:
    """Z of one share against another (two-proportion test with pooled variance), one added to each count."""
    a, b, n, m = inside + 1.0, outside + 1.0, n_inside + 1.0, n_outside + 1.0
    pooled = (a + b) / (n + m)
    spread = np.sqrt(np.clip(pooled * (1 - pooled), 0, None) * (1 / n + 1 / m))
    with np.errstate(divide="ignore", invalid="ignore"):
        z = (a / n - b / m) / spread
    found: Matrix = np.where(spread > 0, z, 0.0)
    return found


def _counted(votes: Matrix, labels: Labels) -> tuple[Counts, Counts, Counts]:
    kinds = int(labels.max()) + 1 if len(labels) else 1
    members = (labels[:, None] == np.arange(kinds)[None, :]).astype(np.float64).T
    found = [
        (members @ which.astype(np.float64)).round().astype(np.int64)
        for which in (votes == 1, votes == -1, ~np.isnan(votes))
    ]
    return found[0], found[1], found[2]


def figures(votes: Matrix, labels: Labels) -> Figures:
    """Each group's figures for each statement. `votes`: people × statements (1, -1, 0, NaN); `labels`: people, 0 … k-1."""
    agrees, disagrees, seen = _counted(votes, labels)
    agree, disagree = (agrees + 1) / (seen + 2), (disagrees + 1) / (seen + 2)
    others = [counts.sum(axis=0)[None, :] - counts for counts in (agrees, disagrees, seen)]
    return Figures(
        agrees=agrees,
        disagrees=disagrees,
        votes=seen,
        agree=agree,
        disagree=disagree,
        agree_z=one_share(agrees, seen),
        disagree_z=one_share(disagrees, seen),
        agree_than_others=agree / ((others[0] + 1) / (others[2] + 2)),
        disagree_than_others=disagree / ((others[1] + 1) / (others[2] + 2)),
        agree_than_others_z=two_shares(agrees, others[0], seen, others[2]),
        disagree_than_others_z=two_shares(disagrees, others[1], seen, others[2]),
        consensus=agree.prod(axis=0),
        dissent=disagree.prod(axis=0),
    )
