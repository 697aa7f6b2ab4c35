"""The same exactly: prices and everyone's money as whole numbers over one common denominator.

A ballot pays the full price of each project it supports until the purchase that takes all it has, and nothing after
that. So `Ledger.left` and the order of the purchases say everything: the money of any ballots is their endowment less
the points they paid for, times the prices. Groups of millions need a few sums of small whole numbers.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from civicvote.domain.tally.rows import Ints
from civicvote.domain.tally.shares.ledger import Bid, Ledger
from civicvote.domain.tally.shares.market import ULP, Bools, Floats, Market, Supporters


@dataclass(slots=True)
class Offer:
    """An exact price, need / (slope · scale) per point, its ρ, and who pays it and keeps something (`full`)."""

    project: int
    need: int
    slope: int
    rho: Fraction
    full: Bools


class Books:
    """Exact prices of the first purchases of a ledger, `prices[j] / scale` each; `start / scale` is the endowment."""

    def __init__(self, market: Market, ledger: Ledger, endowment: Fraction) -> None:
        self.market = market
        self.ledger = ledger
        self.scale = endowment.denominator
        self.start = endowment.numerator
        self.prices: list[int] = []

    @property
    def settled(self) -> bool:
        """Every purchase so far has its exact price."""
        return len(self.prices) == len(self.ledger.bought)

    def settle(self) -> None:
        """Price the purchases that have none yet: by substitution, as each depends on those before it."""
        if self.settled:
            return
        paid, emptied = self._paid(), self.emptied()
        for number, project in enumerate(self.ledger.bought[len(self.prices) :], len(self.prices)):
            spent = sum(paid[before][number] * price for before, price in enumerate(self.prices))
            cost = self.market.election.costs[project] * self.scale
            need, slope = cost - (emptied[number] * self.start - spent), sum(paid[number][number + 1 :])
            self._enter(need if cost else 0, slope if cost else 1)

    def _paid(self) -> list[list[int]]:
        """[j][i]: the units for project j of the ballots emptied in purchase i (at the end: of those never emptied)."""
        count = len(self.ledger.bought)
        left = np.minimum(self.ledger.left, count)
        table = []
        for project in self.ledger.bought:
            made = self.market.supporters[project]
            table.append(np.bincount(left.take(made.rows), made.units, minlength=count + 1))
        return [[int(units) for units in row.tolist()] for row in table]

    def emptied(self) -> list[int]:
        """How many people paid all they had, by purchase."""
        count = len(self.ledger.bought)
        left = np.minimum(self.ledger.left, count)
        people = np.bincount(left, self.market.people, minlength=count + 1)
        return [int(number) for number in people[:count].tolist()]

    def _enter(self, need: int, slope: int) -> None:
        """A further price, need / (slope · scale), on a common denominator with the others."""
        shared = math.gcd(need, slope)
        need, slope = need // shared, slope // shared
        self.scale *= slope
        self.start *= slope
        self.prices = [price * slope for price in self.prices]
        self.prices.append(need)

    def floats(self) -> list[float]:
        """The prices, each rounded once."""
        return [price / self.scale for price in self.prices]

    def money(self, rows: Ints) -> int:
        """What these ballots, none of them empty, hold together, in units of 1 / scale. Everything is settled."""
        ballots, people = self.market.election.rows, self.market.people
        total = len(rows) if people is None else int(people[rows].sum())
        places = ballots.places(rows)
        weights = None if people is None else np.repeat(people[rows], ballots.lengths[rows])
        if ballots.points is not None:
            points = ballots.points[places].astype(np.float64)
            weights = points if weights is None else weights * points
        units = np.bincount(ballots.picks[places], weights, minlength=len(self.market.election.projects))
        paid = zip(self.ledger.bought, self.prices, strict=True)
        return total * self.start - sum(int(units[project]) * price for project, price in paid)

    def held(self, projects: Sequence[int]) -> dict[int, Fraction]:
        """What the supporters of each of these projects hold together, in money units. Everything is settled."""
        if self.market.people is not None or self.market.election.scored:
            return {one: Fraction(self.money(self.ledger.alive(one)), self.scale) for one in projects}
        alive = self.ledger.balances > 0
        bought = np.stack([self._bits(one, alive) for one in self.ledger.bought]) if self.ledger.bought else None
        found = {}
        for one in projects:
            bits = self._bits(one, alive)
            money = int(np.bitwise_count(bits).sum()) * self.start
            if bought is not None:
                both = np.bitwise_count(bought & bits).sum(axis=1).tolist()
                money -= sum(count * price for count, price in zip(both, self.prices, strict=True))
            found[one] = Fraction(money, self.scale)
        return found

    def _bits(self, project: int, among: Bools) -> NDArray[np.uint64]:
        """The supporting ballots `among` these, as a set of bits."""
        some = np.zeros(-(-len(among) // 64) * 64, dtype=bool)
        some[self.market.supporters[project].rows] = True
        some[: len(among)] &= among
        return np.packbits(some).view(np.uint64)

    def offer(self, bid: Bid) -> Offer | None:
        """The exact price, or None when the supporters cannot pay. Everything is settled; the bid is of this moment."""
        project, held = bid.project, bid.held
        made = self.market.supporters[project]
        alive = held > 0
        cost = self.market.election.costs[project] * self.scale
        if not cost:
            return Offer(project, 0, 1, Fraction(0), alive)
        if not bid.clear and self.money(made.rows[alive].astype(np.int64)) < cost:
            return None
        rich = alive & (held >= made.due(bid.price))
        while True:
            slope = int(made.weigh(rich))
            if not slope:
                rich, slope = alive, int(made.weigh(alive))
            need = cost - self.money(made.rows[alive & ~rich].astype(np.int64))
            richer, equal = self._split(made, held, need, slope)
            if np.array_equal(richer, rich):
                break
            rich = richer
        rho = Fraction(need, slope * self.scale * self.market.factor(project))
        return Offer(project, need, slope, rho, rich & ~equal)

    def _split(self, made: Supporters, held: Floats, need: int, slope: int) -> tuple[Bools, Bools]:
        """Who holds at least the price for their points, and who exactly that: by floats where they can tell."""
        due = np.broadcast_to(made.due(need / (slope * self.scale)), held.shape)
        gap = held - due
        rich, equal = (gap >= 0) & (held > 0), np.zeros(len(gap), dtype=bool)
        near = np.flatnonzero((np.abs(gap) <= self.ledger.error + 8 * ULP * due) & (held > 0))
        if len(near):
            points = np.ones(len(near), dtype=np.int64) if made.points is None else made.points[near].astype(np.int64)
            kinds, kind = self._kinds(made.rows[near].astype(np.int64), points)
            holds = [
                self.start - sum(count * price for count, price in zip(counts, self.prices, strict=True))
                for _, *counts in kinds
            ]
            wanted = [need * points for points, *_ in kinds]
            rich[near] = np.array([mine * slope >= due for mine, due in zip(holds, wanted, strict=True)])[kind]
            equal[near] = np.array([mine * slope == due for mine, due in zip(holds, wanted, strict=True)])[kind]
        return rich, equal

    def _kinds(self, rows: Ints, points: Ints) -> tuple[list[list[int]], Ints]:
        """The different (points, points paid for by purchase …) among these ballots, and which each of them has."""
        ballots = self.market.election.rows
        number = np.full(len(self.market.election.projects), -1, dtype=np.int64)
        number[self.ledger.bought] = np.arange(len(self.ledger.bought))
        places = ballots.places(rows)
        purchase, row = number[ballots.picks[places]], np.repeat(np.arange(len(rows)), ballots.lengths[rows])
        given = np.ones(len(places), dtype=np.int64) if ballots.points is None else ballots.points[places]
        most = max(int(given.max(initial=1)), int(points.max()))
        table = np.zeros((len(rows), 1 + len(self.ledger.bought)), dtype=np.min_scalar_type(most))
        table[:, 0] = points
        table[row[purchase >= 0], 1 + purchase[purchase >= 0]] = given[purchase >= 0]
        kinds, kind = np.unique(table, axis=0, return_inverse=True)
        return kinds.tolist(), kind.reshape(-1)

    def pay(self, offer: Offer) -> None:
        """Buy at an exact price."""
        self._enter(offer.need, offer.slope)
        self.ledger.pay_exactly(offer.project, self.prices[-1] / self.scale, offer.full)
