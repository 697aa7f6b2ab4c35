"""One exact run of the Method of Equal Shares (Peters, Pierczyński, Skowron 2021).

Prices are whole numbers over one common denominator, and so is everyone's money. Beside it stands a float64 with a
proven error: it gives a lower bound for each project's ρ, and only projects whose bound reaches the best exact ρ found
so far are priced exactly. ρ never falls within a run, so a bound stays valid until its project's turn (a lazy heap).
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
Bools = NDArray[np.bool_]

_ULP = 2.0**-50
"""Relative error of one rounded operation, with room to spare (float64: 2^-53)."""
_LEAST = 1e-300
"""Stands for a balance that is above 0 but rounds to nothing."""


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
    def people(self) -> dict[int, Floats]:
        """How many people cast each of `members`."""
        return {candidate: self.weights[rows].astype(np.float64) for candidate, rows in self.members.items()}

    @cached_property
    def units(self) -> dict[int, Floats]:
        """People times points of each of `members`."""
        if not self.points:
            return self.people
        return {candidate: people * self.points[candidate] for candidate, people in self.people.items()}

    @property
    def point_type(self) -> Any:
        """The smallest type that holds the points of one ballot for one project."""
        most = max((int(points.max()) for points in self.points.values()), default=1)
        return np.uint8 if most < 256 else np.int64

    def factor(self, candidate: int) -> int:
        """a_c: what a point is worth. A project without a cost is bought at ρ = 0 whatever its factor."""
        return (self.election.costs[candidate] or 1) if self.utility is Utility.COST else 1

    @cached_property
    def flat_prices(self) -> dict[int, float]:
        """A lower bound of the price per point that holds for every endowment: everyone pays the same."""
        costs, scores = self.election.costs, self.election.raw_scores
        return {c: costs[c] / scores[c] * (1 - _ULP) for c in self.candidates}


@dataclass(slots=True)
class _Offer:
    """An exact price, `need / (slope · scale)` per point, its ρ, and who pays it in full (`rich`) or all they have."""

    project: int
    need: int
    slope: int
    rho: Fraction
    rich: Bools
    emptied: int


class _Ledger:
    """What everyone holds: exactly, as the endowment less the prices paid in full, and as float64 within `error`.

    A ballot that paid all it had holds exactly 0.0. `paid[ballot, j]` are the points for which the ballot paid the
    price of purchase j in full, so that the money of any group is n·b − Σ (points paid for j)·price_j: a few products
    of whole numbers, however many people there are.
    """

    def __init__(self, market: Market, endowment: Fraction) -> None:
        self.market = market
        self.scale = endowment.denominator
        self.start = endowment.numerator
        self.prices: list[int] = []
        self.top = float(endowment)
        ballots = len(market.election.ballots)
        self.balances: Floats = np.full(ballots, self.top)
        self.paid: Any = np.zeros((ballots, len(market.candidates)), dtype=market.point_type)
        self.hints = dict(market.flat_prices)

    @property
    def error(self) -> float:
        """No balance is further than this from its exact value: each purchase adds two roundings."""
        return (len(self.prices) + 2) * _ULP * self.top

    def floor(self, candidate: int) -> float | None:
        """A lower bound of ρ, or None when the supporters can certainly not pay. 0 when floats cannot tell.

        h(t) = Σ people · min(balance, t · points) is concave and grows. Where an estimate t solves h(t) = k but for
        an error δ, the true price is at least t − 2δ / (slope of h at t). Newton's steps from below stay below.
        """
        market = self.market
        cost, people, points = float(market.election.costs[candidate]), market.people[candidate], market.points
        balances = self.balances[market.members[candidate]]
        total = _dot(balances, people)
        doubt = self._doubt(candidate, total)
        if total < cost - doubt:
            return None
        if total < cost + doubt:
            return 0.0
        units = market.units[candidate]
        price, before = self.hints[candidate], -1
        while True:
            rich = balances >= (price * points[candidate] if points else price)
            count = int(np.count_nonzero(rich))
            if count == before:
                break
            slope, before = _dot(units, rich), count
            if slope <= 0:
                return 0.0
            price = max((cost - total + _dot(balances * rich, people)) / slope, price)
        self.hints[candidate] = max(price - 4 * doubt / slope, self.hints[candidate])
        lowest = price - 2 * doubt / slope - 4 * self.error - 4 * price * _ULP
        return max(lowest / market.factor(candidate) * (1 - 4 * _ULP), 0.0)

    def _doubt(self, candidate: int, total: float) -> float:
        market = self.market
        rounding = (len(market.people[candidate]) + 16) * _ULP * max(total, float(market.election.costs[candidate]))
        return market.election.votes[candidate] * self.error + rounding

    def money(self, rows: Ints) -> int:
        """What the ballots `rows` hold together, exactly, in units of 1 / scale. None of them is empty."""
        weights = self.market.weights[rows]
        total = int(weights.sum()) * self.start
        if self.prices and len(rows):
            points = np.einsum("i,ij->j", weights, self.paid[rows, : len(self.prices)].astype(np.float64))
            total -= sum(int(count) * price for count, price in zip(points, self.prices, strict=True))
        return total

    def held(self, candidate: int) -> int:
        """What the supporters hold together, exactly, in units of 1 / scale."""
        rows = self.market.members[candidate]
        return self.money(rows[self.balances[rows] > 0])

    def offer(self, candidate: int) -> _Offer | None:
        """The exact price, or None when the supporters cannot pay."""
        market = self.market
        rows = market.members[candidate]
        balances = self.balances[rows]
        alive = balances > 0
        cost = market.election.costs[candidate] * self.scale
        total = _dot(balances, market.people[candidate])
        unsure = total < float(market.election.costs[candidate]) + self._doubt(candidate, total)
        if unsure and self.money(rows[alive]) < cost:
            return None
        units = market.units[candidate]
        rich = alive & (balances >= self.hints[candidate] * self._points(candidate))
        while True:
            slope = int(_dot(units, rich))
            if not slope:
                rich, slope = alive, int(_dot(units, alive))
            need = cost - self.money(rows[alive & ~rich])
            richer, equal = self._split(candidate, balances, need, slope)
            richer &= alive
            if np.array_equal(richer, rich):
                break
            rich = richer
        shared = math.gcd(need, slope)
        rho = Fraction(need, slope * self.scale * market.factor(candidate))
        full = rich & ~equal
        emptied = int(_dot(market.people[candidate], alive & ~full))
        return _Offer(candidate, need // shared, slope // shared, rho, full, emptied)

    def _points(self, candidate: int) -> Any:
        return self.market.points[candidate] if self.market.points else 1

    def _split(self, candidate: int, balances: Floats, need: int, slope: int) -> tuple[Bools, Bools]:
        """Who holds at least the price for their points, and who exactly that: by floats where they can tell."""
        price = need / (slope * self.scale)
        due = price * self._points(candidate)
        gap = balances - due
        rich, equal = gap >= 0, np.zeros(len(gap), dtype=bool)
        near = np.flatnonzero((np.abs(gap) <= self.error + 4 * _ULP * due) & (balances > 0))
        if not len(near):
            return rich, equal
        points = self.market.points[candidate][near] if self.market.points else np.ones(len(near), dtype=np.int64)
        rows = self.market.members[candidate][near]
        table = np.column_stack([points, self.paid[rows, : len(self.prices)].astype(np.int64)])
        kinds, kind = np.unique(table, axis=0, return_inverse=True)
        for number, (wanted, *counts) in enumerate(kinds.tolist()):
            holds = self.start - sum(count * old for count, old in zip(counts, self.prices, strict=True))
            chosen = near[kind.reshape(-1) == number]
            rich[chosen] = holds * slope >= need * wanted
            equal[chosen] = holds * slope == need * wanted
        return rich, equal

    def pay(self, offer: _Offer) -> Purchase:
        """Take the price from the supporters."""
        price = Fraction(offer.need, offer.slope * self.scale)
        self.scale *= offer.slope
        self.start *= offer.slope
        self.prices = [old * offer.slope for old in self.prices]
        rows = self.market.members[offer.project]
        points = self._points(offer.project)
        rest = np.maximum(self.balances[rows] - float(price) * points, _LEAST)
        self.balances[rows] = np.where(offer.rich, rest, 0.0)
        self.paid[rows, len(self.prices)] = offer.rich * points
        self.prices.append(offer.need)
        return Purchase(offer.project, offer.rho, price, offer.emptied)


class _Search:
    """The lazy heap: for each candidate a lower bound of its ρ, exact offers only where they can matter."""

    def __init__(self, market: Market, ledger: _Ledger) -> None:
        self.market = market
        self.ledger = ledger
        self.heap: list[tuple[float, int, int]] = [
            (price / market.factor(c) * (1 - _ULP), -1, c) for c, price in market.flat_prices.items()
        ]
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
            if seen != self.round:
                bound = self.ledger.floor(candidate)
                if bound is not None:
                    heapq.heappush(self.heap, (bound, self.round, candidate))
                continue
            offer = self.ledger.offer(candidate)
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


def _dot(values: Floats, others: Floats | Bools) -> float:
    """Σ values · others. Not by `@`: BLAS starts threads for it, which wait for one another on a busy machine."""
    return float(np.einsum("i,i->", values, others))


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
        candidate: Fraction(ledger.held(candidate), ledger.scale)
        for candidate in market.candidates
        if candidate not in bought
    }
