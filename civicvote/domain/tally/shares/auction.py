"""The rounds of one run: a lazy heap of lower bounds on ρ, floats where they can tell, whole numbers where not."""

import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property

from civicvote.domain.tally.shares.books import Books, Offer
from civicvote.domain.tally.shares.ledger import Bid, Ledger
from civicvote.domain.tally.shares.market import ULP, Market


@dataclass(frozen=True, slots=True)
class Purchase:
    """A project bought: ρ, the price per point in money units, and how many supporters paid all they had.

    `tied` are the projects with the same ρ that ≺ put behind it.
    """

    project: int
    rho: Fraction
    price: Fraction
    emptied: int
    tied: tuple[int, ...] = ()


@dataclass(frozen=True)
class Run:
    """Purchases in order, and their total in money units."""

    purchases: tuple[Purchase, ...]
    spent: int
    books: Books = field(repr=False, compare=False)

    @property
    def projects(self) -> tuple[int, ...]:
        return tuple(purchase.project for purchase in self.purchases)

    @cached_property
    def held(self) -> dict[int, Fraction]:
        """What the supporters of each project that was not bought still hold together, in money units."""
        bought = set(self.projects)
        return self.books.held([one for one in self.books.market.candidates if one not in bought])


@dataclass(frozen=True, slots=True)
class Mark:
    """A purchase as its round saw it: ρ is at most `high`, and exactly `rho` where that had to be settled.

    `rivals`: no other project's ρ was lower than this; `rival`: nor, of those settled exactly, lower than this (ρ, ≺).
    """

    project: int
    high: float
    rho: Fraction | None = None
    tied: tuple[int, ...] = ()
    rivals: float = math.inf
    rival: tuple[Fraction, int] | None = None


@dataclass(frozen=True, slots=True)
class Trace:
    """A run without exact prices: its purchases in order and their total in money units."""

    marks: tuple[Mark, ...]
    spent: int

    @property
    def projects(self) -> tuple[int, ...]:
        return tuple(mark.project for mark in self.marks)


class _Auction:
    """ρ never falls within a run, so a lower bound stays valid until its project's turn: the heap is lazy."""

    def __init__(self, market: Market, endowment: Fraction) -> None:
        self.market = market
        self.ledger = Ledger(market, endowment)
        self.books = Books(market, self.ledger, endowment)
        self.out = set(market.limits.shut(()))
        self.heap = [(price / market.factor(one) * (1 - 4 * ULP), one) for one, price in market.flat_prices.items()]
        heapq.heapify(self.heap)

    def buy(self, reach: float = 0.0) -> Mark | None:
        """The next purchase, or None when nobody can pay for anything. Rivals are looked at up to ρ = `reach`."""
        while bids := self._bids(reach):
            ceiling = min(bid.high for bid in bids)
            near = [bid for bid in bids if bid.low <= ceiling]
            mark: Mark | None = None
            if len(near) == 1 and near[0].clear:
                self.ledger.pay(near[0])
                mark = Mark(near[0].project, near[0].high, rivals=self._least(bids, near))
            elif self.books.settled:
                mark = self._best(self._offers(near), self._least(bids, near))
            else:
                self.books.settle()
                self.ledger.refresh(self.books.floats())
            for bid in bids:
                heapq.heappush(self.heap, (bid.low, bid.project))
            if mark:
                self._close(mark.project)
                return mark
        return None

    def _least(self, bids: Sequence[Bid], near: Sequence[Bid]) -> float:
        """No ρ but those of the bids `near` is lower than this."""
        while self.heap and self.heap[0][1] in self.out:
            heapq.heappop(self.heap)
        far = [bid.low for bid in bids if bid not in near]
        return min(far + [low for low, _ in self.heap[:1]], default=math.inf)

    def _bids(self, reach: float) -> list[Bid]:
        """Every bid that may be the least one, or does not certainly lie above `reach`."""
        bids: list[Bid] = []
        limit = math.inf
        while self.heap and self.heap[0][0] <= max(limit, reach):
            _, project = heapq.heappop(self.heap)
            bid = None if project in self.out else self.ledger.bid(project)
            if bid:  # else it stays out of reach: balances only fall
                bids.append(bid)
                limit = min(limit, bid.high)
        return bids

    def _offers(self, bids: Sequence[Bid]) -> dict[int, Offer]:
        """The exact offers of these bids; projects whose supporters cannot pay are out."""
        offers = {bid.project: self.books.offer(bid) for bid in bids}
        self.out |= {project for project, offer in offers.items() if offer is None}
        return {project: offer for project, offer in offers.items() if offer is not None}

    def _best(self, offers: dict[int, Offer], rivals: float) -> Mark | None:
        """Buy the offer with the least (ρ, ≺)."""
        order = sorted((offer.rho, self.market.ranks[one], one) for one, offer in offers.items())
        if not order:
            return None
        rho, _, best = order[0]
        self.books.pay(offers[best])
        tied = tuple(one for other, _, one in order[1:] if other == rho)
        rival = order[1][:2] if order[1:] else None
        return Mark(best, math.nextafter(float(rho), math.inf), rho, tied, rivals, rival)

    def _close(self, project: int) -> None:
        self.out.add(project)
        if self.market.limits:
            self.out |= self.market.limits.shut(self.ledger.bought)


def trace(market: Market, endowment: Fraction, below: Trace | None = None) -> Trace | None:
    """MES with `endowment` (money units) for everyone. None as soon as the purchases cost more than the pool.

    `below` is the trace of a lower endowment, with which this one shall be compared (see `steady`).
    """
    auction = _Auction(market, endowment)
    old = list(below.marks) if below else []
    marks: list[Mark] = []
    spent = 0
    while mark := auction.buy(old[len(marks)].high if len(marks) < len(old) else 0.0):
        if len(marks) < len(old) and old[len(marks)].project != mark.project:
            old = []
        marks.append(mark)
        spent += market.election.costs[mark.project]
        if spent > market.pool:
            return None
    return Trace(tuple(marks), spent)


def steady(market: Market, lower: Trace, upper: Trace) -> bool:
    """Whether the same projects are certainly bought in the same order at every endowment between these two.

    For a fixed order balances never fall and ρ never rises with the endowment. So if at each step the project's ρ at
    the lower end (its highest) is below every rival's ρ at the upper end (its lowest), nothing changes between.
    """
    return lower.projects == upper.projects and all(
        _behind(low, high, market.ranks[low.project]) for low, high in zip(lower.marks, upper.marks, strict=True)
    )


def _behind(low: Mark, high: Mark, rank: int) -> bool:
    if high.rivals <= low.high:
        return False
    if high.rival is None:
        return True
    return high.rival > (low.rho, rank) if low.rho is not None else high.rival[0] > low.high


def run(market: Market, endowment: Fraction) -> Run:
    """MES with `endowment` for everyone, on the record: every price is computed exactly from who paid what.

    Raises `ArithmeticError` if an exact price is not where the floats said it must be.
    """
    auction = _Auction(market, endowment)
    marks: list[Mark] = []
    while mark := auction.buy():
        marks.append(mark)
    books = auction.books
    books.settle()
    prices = [Fraction(price, books.scale) for price in books.prices]
    rhos = [price / market.factor(mark.project) for price, mark in zip(prices, marks, strict=True)]
    if any(rho > mark.high for rho, mark in zip(rhos, marks, strict=True)):
        raise ArithmeticError("an exact price lies outside of its bounds")
    purchases = tuple(
        Purchase(mark.project, rho, price, emptied, mark.tied)
        for mark, rho, price, emptied in zip(marks, rhos, prices, books.emptied(), strict=True)
    )
    return Run(purchases, sum(market.election.costs[mark.project] for mark in marks), books)
