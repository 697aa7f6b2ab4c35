"""G1 to G4: by votes, from the top down. Exact: votes, points and costs are whole numbers."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import groupby

from civicvote.domain.tally.election import Amount
from civicvote.domain.tally.outcome import Code, Reason
from civicvote.domain.tally.rules import Method
from civicvote.domain.tally.screen import Field


@dataclass(slots=True)
class Picked:
    """Projects in order with what is paid for each (money units), and why each of the others is left.

    `prices` are Phragmén's loads (money units), `ties` pairs of equals of whom the tie order put the first ahead, for
    which the second is out.
    """

    paid: dict[int, int] = field(default_factory=dict)
    left: int = 0
    rejected: dict[int, Reason] = field(default_factory=dict)
    ties: list[tuple[int, int]] = field(default_factory=list)
    prices: dict[int, Fraction] = field(default_factory=dict)


def standing(area: Field, method: Method, number: int) -> tuple[bool, Fraction | int]:
    """What a project is ranked by, least first: without cost before all others, then votes (points, votes per won)."""
    cost, score = area.election.costs[number], area.election.raw_scores[number]
    return cost > 0, -(Fraction(score, cost) if method is Method.GREEDY_PER_COST and cost else score)


def ranking(area: Field, method: Method, among: Iterable[int]) -> list[int]:
    """Projects from the top down, equals by ≺."""
    return sorted(among, key=lambda number: (*standing(area, method, number), area.ranks[number]))


class _Walk:
    """Down the ranking: what is left, what may not be funded any more, and where it ended."""

    def __init__(self, area: Field, method: Method, funded: Iterable[int], left: int) -> None:
        self.area, self.method = area, method
        self.result = Picked(left=left)
        self.funded = set(funded)
        self.shut = area.limits.shut(self.funded)
        self.stopped: int | None = None

    def fits(self, number: int) -> bool:
        """Whether the money is enough: for the last project of the 80 % rule, most of it."""
        cost, left = self.area.election.costs[number], self.result.left
        return cost <= left or (self.method is Method.GREEDY_POZNAN and 10 * left >= 8 * cost)

    def open(self, number: int) -> bool:
        """Whether the project would be funded if it were its turn."""
        return self.stopped is None and number not in self.shut and self.fits(number)

    def ends(self, number: int) -> bool:
        """Whether the count would end with the project if it were its turn."""
        return self.method in _NO_SKIP and number not in self.shut and self.stopped is None and not self.fits(number)

    def turn(self, number: int) -> None:
        """Fund the project or say why not."""
        if not self.open(number):
            self.result.rejected[number] = self._reason(number)
            if self.ends(number):
                self.stopped = number
            return
        cost, left = self.area.election.costs[number], self.result.left
        if cost > left:
            self.stopped = number
        self.result.paid[number] = min(cost, left)
        self.result.left -= self.result.paid[number]
        self.funded.add(number)
        self.shut = self.area.limits.shut(self.funded)

    def _reason(self, number: int) -> Reason:
        left = self.area.election.money(self.result.left)
        if number in self.shut:
            return self.area.limits.reason(self.funded, number)
        if self.stopped is not None:
            return Reason(self.area.id(number), Code.AFTER_STOP, {"stopped": self.area.id(self.stopped), "left": left})
        return no_money(self.area, number, left)


_NO_SKIP = {Method.GREEDY_NO_SKIP, Method.GREEDY_POZNAN}


def no_money(area: Field, number: int, left: Amount) -> Reason:
    """Out because `left` (money) is less than the cost."""
    facts = {"cost": area.election.projects[number].cost, "left": left, "votes": area.election.scores[number]}
    return Reason(area.id(number), Code.NO_MONEY_LEFT, facts)


def greedy(area: Field, method: Method, *, funded: Iterable[int] = (), left: int | None = None) -> Picked:
    """Fund what fits from the top down, after `funded`, with `left` money units (the whole pool by default).

    A tie decided where a project could have been funded before an equal took its turn, and not any more after it; and
    where it would have ended the count before its equal was funded.
    """
    walk = _Walk(area, method, funded, area.pool if left is None else left)
    order = ranking(area, method, (number for number in area.candidates if number not in walk.funded))
    for _, group in groupby(order, lambda number: standing(area, method, number)):
        equals = list(group)
        for place, number in enumerate(equals, 1):
            open_ = [other for other in equals[place:] if walk.open(other)]
            ending = [other for other in equals[place:] if walk.ends(other)]
            walk.turn(number)
            walk.result.ties += [(number, other) for other in open_ if not walk.open(other)]
            if number in walk.funded:
                walk.result.ties += [(number, other) for other in ending]
    return walk.result
