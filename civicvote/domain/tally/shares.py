"""One exact run of the Method of Equal Shares (Peters, Pierczyński, Skowron 2021).

Voters who hold the same amount form a class. A class's balance is a whole number over one common denominator, so
every price is an exact fraction. Beside it stands its float64, rounded once from the exact value, never computed
from another float: estimates made of them have a proven error, give a lower bound for each project's ρ, and only the
projects whose bound reaches the best exact ρ found so far are priced exactly. ρ never falls within a run, so a bound
stays valid until its project's turn (a lazy heap).
"""

import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from civicvote.domain.tally.election import Election
from civicvote.domain.tally.rules import Utility

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_ULP = 2.0**-50
"""Relative error of one rounded operation, with room to spare (float64: 2^-53)."""


@dataclass(frozen=True, slots=True)
class Purchase:
    """A project bought: ρ, the price per point in money units, and how many supporters paid all they had."""

    project: int
    rho: Fraction
    price: Fraction
    emptied: int
    tied: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Run:
    """Purchases in order, their total in money units, and what the supporters of the others still hold."""

    purchases: tuple[Purchase, ...]
    spent: int
    held: dict[int, Fraction] = field(default_factory=dict)

    @property
    def projects(self) -> tuple[int, ...]:
        return tuple(purchase.project for purchase in self.purchases)


@dataclass(frozen=True)
class Market:
    """The part of an election that Equal Shares looks at: `candidates` are indices of supported, feasible projects."""

    election: Election
    candidates: tuple[int, ...]
    utility: Utility
    ranks: Sequence[int]
    rivals: dict[int, frozenset[int]] = field(default_factory=dict)
    """Projects that cannot be funded together with a project."""

    @cached_property
    def weights(self) -> Ints:
        """How many people cast each ballot."""
        return np.array([ballot.count for ballot in self.election.ballots], dtype=np.int64)

    @cached_property
    def members(self) -> dict[int, Ints]:
        """The ballots that support each candidate, as indices."""
        rows: dict[int, list[int]] = {candidate: [] for candidate in self.candidates}
        for number, ballot in enumerate(self.election.ballots):
            for pick in ballot.picks:
                if pick in rows:
                    rows[pick].append(number)
        return {candidate: np.array(row, dtype=np.int64) for candidate, row in rows.items()}

    @cached_property
    def points(self) -> dict[int, Ints]:
        """The points beside `members`; empty for approval ballots."""
        if not self.election.scored:
            return {}
        rows: dict[int, list[int]] = {candidate: [] for candidate in self.candidates}
        for ballot in self.election.ballots:
            for pick, points in zip(ballot.picks, ballot.points, strict=True):
                if pick in rows:
                    rows[pick].append(points)
        return {candidate: np.array(row, dtype=np.int64) for candidate, row in rows.items()}

    @cached_property
    def member_weights(self) -> dict[int, Ints]:
        """How many people cast each of `members`."""
        return {candidate: self.weights[rows] for candidate, rows in self.members.items()}

    def factor(self, candidate: int) -> int:
        """a_c: what a point is worth. A project without a cost is bought at ρ = 0 whatever its factor."""
        return (self.election.costs[candidate] or 1) if self.utility is Utility.COST else 1

    @cached_property
    def floors(self) -> dict[int, float]:
        """A lower bound of ρ that holds for every endowment: everyone pays the same per point."""
        costs, scores = self.election.costs, self.election.raw_scores
        return {c: costs[c] / (scores[c] * self.factor(c)) * (1 - _ULP) for c in self.candidates}


@dataclass(slots=True)
class _Demand:
    """The supporters of one project by (class, points): parallel arrays of class, points and people."""

    classes: Ints
    points: Ints
    people: Ints


@dataclass(slots=True)
class _Offer:
    """An exact price: `numerator / (denominator · scale)` per point, and ρ."""

    project: int
    numerator: int
    denominator: int
    rho: Fraction
    emptied: int
    demand: _Demand


class _Ledger:
    """What everyone holds, by class. Class 0 holds nothing."""

    def __init__(self, market: Market, endowment: Fraction) -> None:
        self.market = market
        self.scale = endowment.denominator
        self.balances = [0, endowment.numerator]
        self.shadow: Floats = np.array([0.0, float(endowment)])
        self.of_ballot: Ints = np.ones(len(market.election.ballots), dtype=np.int64)
        self.population = [0, len(market.election.ballots)]
        self.free: list[int] = []

    def demand(self, candidate: int) -> _Demand:
        market = self.market
        classes = self.of_ballot[market.members[candidate]]
        weights = market.member_weights[candidate]
        if not market.points:
            people = np.bincount(classes, weights=weights, minlength=1)
            present = np.flatnonzero(people)
            present = present[present > 0]
            return _Demand(present, np.ones(len(present), dtype=np.int64), people[present].astype(np.int64))
        points = market.points[candidate]
        width = int(points.max()) + 1
        keys, inverse = np.unique(classes * width + points, return_inverse=True)
        people = np.bincount(inverse, weights=weights)
        kept = keys >= width
        return _Demand(keys[kept] // width, keys[kept] % width, people[kept].astype(np.int64))

    def held(self, demand: _Demand) -> int:
        """What the supporters hold together, in units of 1 / scale."""
        pairs = zip(demand.classes.tolist(), demand.people.tolist(), strict=True)
        by_class = self.balances
        return sum(by_class[number] * people for number, people in pairs)

    def floor(self, candidate: int, demand: _Demand) -> float | None:
        """A lower bound of ρ, or None when the supporters can certainly not pay. 0 when floats cannot tell.

        h(t) = Σ people · min(balance, t · points) is concave and grows, so where an estimate t solves h(t) = k but
        for a relative error η, the true price is at least t − 2ηk / (slope of h at t).
        """
        cost = float(self.market.election.costs[candidate])
        error = (len(demand.classes) + 16) * _ULP
        balances, points, people = self.shadow[demand.classes], demand.points, demand.people
        total = float(balances @ people)
        if total < cost * (1 - 4 * error):
            return None
        if total < cost * (1 + 4 * error):
            return 0.0
        rich = np.ones(len(points), dtype=bool)
        weight = people * points
        paid, slope = 0.0, float(weight.sum())
        while True:
            price = (cost - paid) / slope
            poor = rich & (balances < price * points)
            if not poor.any():
                break
            rich &= ~poor
            paid = float(balances[~rich] @ people[~rich])
            slope = float(weight[rich].sum())
            if slope <= 0 or paid >= cost:
                return 0.0
        lowest = price - 2 * error * cost / slope - 4 * price * _ULP
        return max(lowest / self.market.factor(candidate) * (1 - 4 * _ULP), 0.0)

    def offer(self, candidate: int, demand: _Demand) -> _Offer | None:
        """The exact price, or None when the supporters cannot pay."""
        cost = self.market.election.costs[candidate] * self.scale
        rich = [
            (self.balances[number], points, people)
            for number, points, people in zip(
                demand.classes.tolist(), demand.points.tolist(), demand.people.tolist(), strict=True
            )
        ]
        if sum(balance * people for balance, _, people in rich) < cost:
            return None
        need, emptied = cost, 0
        slope = sum(points * people for _, points, people in rich)
        while slope:
            poor = [row for row in rich if row[0] * slope < need * row[1]]
            if not poor:
                break
            rich = [row for row in rich if row[0] * slope >= need * row[1]]
            need -= sum(balance * people for balance, _, people in poor)
            slope -= sum(points * people for _, points, people in poor)
            emptied += sum(people for _, _, people in poor)
        emptied += sum(people for balance, points, people in rich if balance * slope == need * points)
        rho = Fraction(need, slope * self.scale * self.market.factor(candidate))
        shared = math.gcd(need, slope)
        return _Offer(candidate, need // shared, slope // shared, rho, emptied, demand)

    def pay(self, offer: _Offer) -> Purchase:
        """Take the price from the supporters."""
        price = Fraction(offer.numerator, offer.denominator * self.scale)
        if offer.denominator != 1:
            self.scale *= offer.denominator
            self.balances = [balance * offer.denominator for balance in self.balances]
        rows = self.market.members[offer.project]
        classes = self.of_ballot[rows]
        if self.market.points:
            self._charge_by_points(rows, classes, offer)
        else:
            self._charge(rows, classes, np.flatnonzero(classes), offer.numerator)
        return Purchase(offer.project, offer.rho, price, offer.emptied)

    def _charge_by_points(self, rows: Ints, classes: Ints, offer: _Offer) -> None:
        points = self.market.points[offer.project]
        for value in np.unique(points).tolist():
            self._charge(rows, classes, np.flatnonzero((points == value) & (classes > 0)), offer.numerator * value)

    def _charge(self, rows: Ints, classes: Ints, chosen: Ints, price: int) -> None:
        """Move the chosen ballots, class by class, to the class that holds `price` less (or nothing)."""
        counts = np.bincount(classes[chosen], minlength=len(self.balances))
        target = np.arange(len(self.balances))
        changed: list[int] = []
        for number in np.flatnonzero(counts).tolist():
            rest = max(self.balances[number] - price, 0)
            moved = int(counts[number])
            self.population[number] -= moved
            if rest == 0:
                target[number] = 0
                if self.population[number] == 0:
                    self.balances[number] = 0
                    self.free.append(number)
                continue
            place = number if self.population[number] == 0 else self._open()
            self.balances[place] = rest
            self.population[place] += moved
            target[number] = place
            changed.append(place)
        self.of_ballot[rows[chosen]] = target[classes[chosen]]
        if len(self.shadow) < len(self.balances):
            self.shadow = np.concatenate([self.shadow, np.zeros(len(self.balances) - len(self.shadow))])
        for place in changed:
            self.shadow[place] = self.balances[place] / self.scale

    def _open(self) -> int:
        if self.free:
            return self.free.pop()
        self.balances.append(0)
        self.population.append(0)
        return len(self.balances) - 1


class _Search:
    """The lazy heap: for each candidate a lower bound of its ρ, exact offers only where they can matter."""

    def __init__(self, market: Market, ledger: _Ledger) -> None:
        self.market = market
        self.ledger = ledger
        self.heap: list[tuple[float, int, int]] = [(bound, -1, c) for c, bound in market.floors.items()]
        heapq.heapify(self.heap)
        self.out: set[int] = set()
        self.round = 0

    def best(self, below: tuple[Fraction, int] | None = None) -> tuple[_Offer | None, list[_Offer]]:
        """The offer with the least (ρ, ≺), and every other offer that had to be priced.

        With `below` = (ρ, rank), offers are priced at least up to that ρ, so that the caller can compare.
        """
        best: _Offer | None = None
        priced: list[_Offer] = []
        reach = _above(below[0]) if below else -1.0
        while self.heap and (best is None or self.heap[0][0] <= max(_above(best.rho), reach)):
            _, seen, candidate = heapq.heappop(self.heap)
            if candidate in self.out:
                continue
            demand = self.ledger.demand(candidate)
            if seen != self.round:
                bound = self.ledger.floor(candidate, demand)
                if bound is not None:
                    heapq.heappush(self.heap, (bound, self.round, candidate))
                continue
            offer = self.ledger.offer(candidate, demand)
            if offer is None:
                continue  # balances only fall: it stays out of reach
            priced.append(offer)
            if best is None or self._key(offer) < self._key(best):
                best = offer
        for offer in priced:
            if offer is not best:
                heapq.heappush(self.heap, (_below(offer.rho), self.round, offer.project))
        return best, [offer for offer in priced if offer is not best]

    def _key(self, offer: _Offer) -> tuple[Fraction, int]:
        return offer.rho, self.market.ranks[offer.project]

    def bought(self, project: int) -> None:
        self.out.add(project)
        self.out |= self.market.rivals.get(project, frozenset())
        self.round += 1


def _above(value: Fraction) -> float:
    return math.nextafter(float(value), math.inf)


def _below(value: Fraction) -> float:
    return math.nextafter(float(value), 0.0)


def run(market: Market, endowment: Fraction, *, limit: int | None = None, details: bool = False) -> Run | None:
    """MES with `endowment` (money units) for everyone. None as soon as the purchases cost more than `limit`.

    `details` adds what the supporters of each project that was not bought hold at the end.
    """
    ledger = _Ledger(market, endowment)
    search = _Search(market, ledger)
    purchases: list[Purchase] = []
    spent = 0
    while True:
        best, others = search.best()
        if best is None:
            break
        spent += market.election.costs[best.project]
        if limit is not None and spent > limit:
            return None
        tied = tuple(offer.project for offer in others if offer.rho == best.rho)
        bought = ledger.pay(best)
        purchases.append(Purchase(bought.project, bought.rho, bought.price, bought.emptied, tied))
        search.bought(best.project)
    return Run(tuple(purchases), spent, _held(market, ledger, purchases) if details else {})


def rerun(market: Market, endowment: Fraction, before: Run) -> Run | None:
    """The run at a higher endowment, if the same projects are bought in the same order there *and everywhere between*.

    For a fixed order balances never fall and ρ never rises with the endowment. So if at each step the project's ρ at
    the lower end (its highest) is below every rival's ρ at the upper end (its lowest), nothing changes between.
    None means: not shown.
    """
    ledger = _Ledger(market, endowment)
    search = _Search(market, ledger)
    purchases: list[Purchase] = []
    for old in before.purchases:
        highest = (old.rho, market.ranks[old.project])
        best, others = search.best(below=highest)
        if best is None or best.project != old.project:
            return None
        if any((offer.rho, market.ranks[offer.project]) <= highest for offer in others):
            return None
        purchases.append(ledger.pay(best))
        search.bought(best.project)
    if search.best()[0] is not None:
        return None
    return Run(tuple(purchases), before.spent)


def _held(market: Market, ledger: _Ledger, purchases: Sequence[Purchase]) -> dict[int, Fraction]:
    bought = {purchase.project for purchase in purchases}
    return {
        candidate: Fraction(ledger.held(ledger.demand(candidate)), ledger.scale)
        for candidate in market.candidates
        if candidate not in bought
    }
