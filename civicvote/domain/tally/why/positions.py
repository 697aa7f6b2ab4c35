"""Greedy: at which places of the order a loser would have fitted, and what it takes to get there. Exact."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil

from civicvote.domain.tally.election import Election
from civicvote.domain.tally.outcome import Outcome
from civicvote.domain.tally.rules import Method
from civicvote.domain.tally.why.figures import Best
from civicvote.domain.tally.why.room import OUT, Room, entered, losers, top_points


@dataclass(slots=True)
class _Place:
    """Before project `number` had its turn (None: after the last): what was left, what was funded."""

    number: int | None
    left: int
    funded: tuple[int, ...]
    stopped: bool


class _Order:
    """The order in which a greedy rule went through the projects, after those in `before`."""

    def __init__(self, election: Election, outcome: Outcome, before: Sequence[int], left: int) -> None:
        self.election, self.rule = election, outcome.rule
        greedy = {Method.EQUAL_SHARES, Method.WELFARE, Method.PHRAGMEN, Method.PHRAGMEN_SKIP}
        self.method = Method.GREEDY if self.rule.method in greedy else self.rule.method
        self.per_cost = self.method is Method.GREEDY_PER_COST
        self.stops = self.method in {Method.GREEDY_NO_SKIP, Method.GREEDY_POZNAN}
        self.ranks = self.rule.tie.ranks(election)
        self.paid = {election.index[s.project]: int(s.paid * election.money_unit) for s in outcome.steps}
        self.room = Room(election, self.rule)
        self.top = top_points(election)
        out = {election.index[reason.project] for reason in outcome.rejected if reason.code in OUT}
        among = (n for n in range(len(election.projects)) if n not in out and n not in before)
        self.order = sorted(among, key=self.key)
        self.places = list(self._walk(before, left))

    def standing(self, number: int) -> Fraction:
        """Points, or points per money unit."""
        score, cost = self.election.raw_scores[number], self.election.costs[number]
        return Fraction(score, cost) if self.per_cost and cost else Fraction(score)

    def key(self, number: int) -> tuple[bool, Fraction, int]:
        return self.election.costs[number] > 0, -self.standing(number), self.ranks[number]

    def _walk(self, before: Sequence[int], left: int) -> list[_Place]:
        places, funded, stopped = [], list(before), False
        for number in self.order:
            places.append(_Place(number, left, tuple(funded), stopped))
            paid = self.paid.get(number)
            if paid is not None:
                left -= paid
                funded.append(number)
                stopped = stopped or paid < self.election.costs[number]
            elif (
                self.stops
                and self.election.costs[number] > left
                and self.election.costs[number] <= self.room.of(number, funded)
            ):
                stopped = True
        places.append(_Place(None, left, tuple(funded), stopped))
        return places

    def most(self, place: _Place, number: int) -> int:
        """The largest cost that would have been funded at `place`."""
        if place.stopped:
            return -1
        left = place.left * 10 // 8 if self.method is Method.GREEDY_POZNAN else place.left
        return min(left, self.room.of(number, place.funded))

    def own(self, number: int) -> int:
        """The index of the project's own place."""
        mine = self.key(number)
        return next((i for i, other in enumerate(self.order) if self.key(other) >= mine), len(self.order))

    def supporters(self, number: int) -> int | None:
        """The fewest further supporters: to the lowest place at or above its own where it fits."""
        cost = self.election.costs[number]
        for place in reversed(self.places[: self.own(number) + 1]):
            if self.most(place, number) >= cost:
                return self._climb(number, place.number)
        return None

    def _climb(self, number: int, other: int | None) -> int | None:
        if other is None or other == number:
            return 1
        cost, its = self.election.costs[number], self.election.costs[other]
        if its and not cost:
            return 1
        if not its and cost:
            return None  # projects without a cost come first, whatever the votes
        goal = self.standing(other) * (cost if self.per_cost else 1)
        gap = (goal - self.election.raw_scores[number]) / self.top
        ahead = self.ranks[number] < self.ranks[other]
        return max(ceil(gap) if ahead else gap.__floor__() + 1, 1)

    def cost(self, number: int) -> int | None:
        """The largest cost: at its own place, or (votes per won) at a place it would have climbed to."""
        own = self.own(number)
        if not self.per_cost:
            return self.most(self.places[own], number)
        best = None
        for place in self.places[: own + 1]:
            most = self.most(place, number)
            if place.number is not None and place.number != number and self.election.costs[place.number]:
                bound = self.election.raw_scores[number] / self.standing(place.number)
                ahead = self.ranks[number] < self.ranks[place.number]
                most = min(most, bound.__floor__() if ahead else ceil(bound) - 1)
            best = most if best is None else max(best, most)
        return best


def figures(
    election: Election, outcome: Outcome, *, before: Sequence[int] = (), left: int | None = None
) -> dict[int, Best]:
    """The figures of every loser; `before` and `left`: what another rule funded first, and the money units it left."""
    order = _Order(election, outcome, before, election.pool if left is None else left)
    result = {}
    for number in losers(election, outcome):
        best = Best(left=order.places[order.own(number)].left)
        best.take(order.supporters(number), order.cost(number))
        result[number] = entered(election, outcome.rule, number, best)
    return result
