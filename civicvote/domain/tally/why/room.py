"""What an election and its rule say to one project: how dear it may be, how many supporters it needs to take part."""

from collections.abc import Collection
from fractions import Fraction
from math import ceil

import numpy as np
from numpy.typing import NDArray

from civicvote.domain.tally.election import Election
from civicvote.domain.tally.outcome import Code, Outcome
from civicvote.domain.tally.rules import Rule
from civicvote.domain.tally.why.figures import Best

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Not in the field, or in it only with more supporters or at a lower cost.
OUT = {Code.WITHDRAWN, Code.NO_SUPPORT, Code.BELOW_THRESHOLD, Code.BELOW_SHARE, Code.TOO_EXPENSIVE, Code.VOID}


def total(values: Floats, people: Floats) -> float:
    """Σ values · people. Not by `@`: BLAS starts threads for it."""
    return float(np.einsum("i,i->", values, people))


class Room:
    """What the exclusive groups and the caps of `rule` leave for a project."""

    def __init__(self, election: Election, rule: Rule) -> None:
        def numbers(ids: Collection[str]) -> frozenset[int]:
            return frozenset(election.index[one] for one in ids)

        unit = election.money_unit
        self.costs = election.costs
        self.pool = election.pool - sum(election.costs[election.index[one]] for one in rule.locked)
        self.limits: list[tuple[frozenset[int], int | None, int | None]] = [
            (numbers(group), 1, None) for group in rule.exclusive
        ]
        self.limits += [
            (numbers(cap.projects), cap.most, None if cap.budget is None else int(cap.budget * unit))
            for cap in rule.caps
        ]

    def of(self, number: int, funded: Collection[int]) -> int:
        """The most money units project `number` may cost beside `funded`; -1: it is shut out at any cost."""
        room = self.pool
        for members, most, budget in self.limits:
            if number not in members:
                continue
            inside = [other for other in funded if other in members]
            if most is not None and len(inside) >= most:
                return -1
            if budget is not None:
                room = min(room, budget - sum(self.costs[other] for other in inside))
        return max(room, -1)


def entry(election: Election, rule: Rule, number: int) -> int:
    """How many further supporters a project needs to reach the minimum of votes and of the share of voters; 0: none."""
    missing = Fraction(rule.threshold) - Fraction(election.scores[number])
    needed = max(ceil(missing / Fraction(top_points(election), election.point_unit)), 0)
    share, votes, voters = Fraction(rule.threshold_share), election.votes[number], election.voters
    if share and votes < share * voters and share < 1:
        needed = max(needed, ceil((share * voters - votes) / (1 - share)))
    return needed if votes else max(needed, 1)


def entered(election: Election, rule: Rule, number: int, best: Best) -> Best:
    """`best` for a project that must first reach the minimum: more supporters then, and no lower cost helps."""
    enter = entry(election, rule, number)
    if best.supporters is not None:
        best.supporters = max(best.supporters, enter)
    if enter:
        best.cost = None
    return best


def top_points(election: Election) -> int:
    """The most points one ballot gives one project, in units of 1 / `point_unit`; 1 for approvals."""
    points = election.rows.points
    return 1 if points is None or not len(points) else int(points.max())


def losers(election: Election, outcome: Outcome) -> list[int]:
    """Whose figures are asked for: everyone who is not funded and was not taken out of the vote."""
    gone = {Code.WITHDRAWN, Code.VOID}
    return [election.index[reason.project] for reason in outcome.rejected if reason.code not in gone]


def locked(election: Election, outcome: Outcome) -> list[int]:
    """The projects that were funded before any vote counted."""
    return [election.index[step.project] for step in outcome.steps if step.locked]
