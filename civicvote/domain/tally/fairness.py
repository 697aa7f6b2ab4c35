"""What a result means to the voters: the same figures for every rule, side by side."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from civicvote.domain.tally.compare import numbers, reached
from civicvote.domain.tally.election import Amount, Election
from civicvote.domain.tally.outcome import Outcome
from civicvote.domain.tally.rules import Method
from civicvote.domain.tally.why.shares import held

Floats = NDArray[np.float64]

LEAST_CELL = 10
"""Fewer voters than this are not told apart."""
BINS = (0.0, 0.25, 0.5, 0.75, 1.0)
"""A voter used nothing, up to a quarter, …, up to all of their share; the last bin is more than all."""
PICKS = ((0, 0), (1, 1), (2, 2), (3, 4), (5, 9), (10, None))
"""Kinds of voters by the number of their picks, from–to."""


@dataclass(frozen=True, slots=True)
class Fairness:
    """One result in figures. Shares are 0–1.

    `with_one`: voters who supported at least one funded project. `mean_projects` and `mean_cost`: funded projects a
    voter supported, and their cost together, on average. `cost_share`: the share of the money given out that the
    average voter supported. `gini`: of the money used per voter, a funded project's cost split evenly among its
    supporters; 0 is everybody the same.
    """

    funded: int
    spent: Amount
    voters: int
    with_one: int
    mean_projects: Fraction
    mean_cost: Fraction
    cost_share: float
    gini: float

    @property
    def with_one_share(self) -> float:
        return self.with_one / max(self.voters, 1)


@dataclass(frozen=True, slots=True)
class Kind:
    """Voters with `low` to `high` picks (None: or more): how much of their share found a use.

    `use` is the mean, 1 is all of it; `bins` counts voters by `BINS`. Both None for fewer than `LEAST_CELL` voters.
    """

    low: int
    high: int | None
    voters: int
    with_one: int | None
    use: float | None
    bins: tuple[int, ...] | None


def fairness(election: Election, outcome: Outcome) -> Fairness:
    """The figures of one outcome."""
    funded, voters = numbers(election, outcome), max(election.voters, 1)
    counts = reached(election, funded)
    cost = sum((step.paid * step.votes for step in outcome.steps), 0)
    return Fairness(
        funded=len(funded),
        spent=outcome.spent,
        voters=election.voters,
        with_one=int(election.rows.people[counts > 0].sum()),
        mean_projects=Fraction(sum(election.votes[number] for number in funded), voters),
        mean_cost=Fraction(cost, voters),
        cost_share=float(Fraction(cost, voters) / outcome.spent) if outcome.spent else 0.0,
        gini=gini(split(election, outcome), election.rows.people, election.voters),
    )


def split(election: Election, outcome: Outcome) -> Floats:
    """For each row, its voters' part of what was given out: a project's cost split evenly among its supporters."""
    rows = election.rows
    part = np.zeros(len(election.projects))
    for step in outcome.steps:
        part[election.index[step.project]] = float(step.paid) / step.votes if step.votes else 0.0
    before = np.concatenate([[0.0], np.cumsum(part[rows.picks])])
    sums: Floats = np.maximum(before[rows.indptr[1:]] - before[rows.indptr[:-1]], 0.0)
    return np.where(reached(election, numbers(election, outcome)) > 0, sums, 0.0)


def gini(values: Floats, people: NDArray[np.int64], voters: int) -> float:
    """Gini coefficient of `values`, each held by `people`; voters beyond those hold nothing. 0 when all is nothing."""
    order = np.argsort(values)
    weights = people[order].astype(np.float64)
    money = values[order] * weights
    whole, absent = float(money.sum()), voters - float(weights.sum())
    if whole <= 0:
        return 0.0
    upto = np.cumsum(money)
    area = float(((2 * upto - money) * weights).sum())  # twice the area under the Lorenz curve, times n · whole
    return 1 - area / (whole * (absent + float(weights.sum())))


def use(election: Election, outcome: Outcome) -> Floats:
    """For each row, how much of their share its voters used: 1 is all of it.

    Equal Shares: what they paid of the endowment. Other rules: their even part of what was given out, beside an equal
    part of the budget; that may be more than 1.
    """
    if outcome.rule.method is Method.EQUAL_SHARES and not outcome.adopted and outcome.endowment:
        share = float(outcome.endowment)
        return 1 - np.clip(held(election, outcome) / share, 0.0, 1.0)
    return split(election, outcome) / (float(outcome.budget) / max(outcome.voters, 1))


def kinds(election: Election, outcome: Outcome) -> tuple[Kind, ...]:
    """Voters by the number of their picks; kinds nobody belongs to are left out."""
    lengths, people = election.rows.lengths, election.rows.people
    used, funded = use(election, outcome), reached(election, numbers(election, outcome)) > 0
    result = []
    for low, high in PICKS:
        chosen = (lengths >= low) & (lengths <= (high if high is not None else lengths.max(initial=0)))
        voters = int(people[chosen].sum())
        if not voters:
            continue
        if voters < LEAST_CELL:
            result.append(Kind(low, high, voters, None, None, None))
            continue
        weights = people[chosen]
        mean = float(np.average(used[chosen], weights=weights))
        with_one = int(people[chosen & funded].sum())
        result.append(Kind(low, high, voters, with_one, mean, bins(used[chosen], weights)))
    return tuple(result)


def bins(used: Floats, people: NDArray[np.int64]) -> tuple[int, ...]:
    """Voters by how much of their share they used, as `BINS`: nothing, … , more than all."""
    place = np.searchsorted(np.array(BINS) + 1e-9, used)
    return tuple(int(count) for count in np.bincount(place, weights=people, minlength=len(BINS) + 1))


def preferences(election: Election, outcomes: Sequence[Outcome]) -> tuple[tuple[int, ...], ...]:
    """[i][j]: voters who supported more funded projects under outcome i than under j."""
    counts = [reached(election, numbers(election, outcome)) for outcome in outcomes]
    people = election.rows.people
    return tuple(tuple(int(people[mine > other].sum()) for other in counts) for mine in counts)
