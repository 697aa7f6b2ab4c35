"""What everyone holds, in float64 within a proven error, and the prices that follow from it."""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from civicvote.domain.tally.rows import Ints
from civicvote.domain.tally.shares.market import ULP, Bools, Floats, Market, Supporters

LEAST = 1e-300
"""Stands for a balance that is above 0 but rounds to nothing."""
NEVER = int(np.iinfo(np.int32).max)


@dataclass(slots=True)
class Bid:
    """A price per point with what is certain of it: it is within `radius` of `price`, and ρ within [low, high].

    `held` is what each supporting ballot holds. `clear`: the same ballots pay all they have at the exact price as at
    `price`, and none holds exactly what is due. What is not clear has no upper bound (high = ∞).
    """

    project: int
    low: float
    high: float
    price: float
    radius: float
    held: Floats
    clear: bool


class Ledger:
    """Balances by ballot. One that paid all it had holds exactly 0.0, and `left` says in which purchase (else NEVER).

    No other balance is further than `error` from its exact value. `bought` are the projects in order.
    """

    def __init__(self, market: Market, endowment: Fraction) -> None:
        ballots = len(market.election.rows)
        self.market = market
        self.top = float(endowment)
        self.error = self.top * ULP
        self.balances: Floats = np.full(ballots, self.top)
        self.left = np.full(ballots, NEVER, dtype=np.int32)
        self.bought: list[int] = []
        self.starts = dict(market.flat_prices)

    def bid(self, project: int) -> Bid | None:
        """What `project` would cost its supporters; None when they can certainly not pay.

        h(t) = Σ people · min(balance, t · points) is concave and grows; the price solves h(t) = cost. Where no balance
        lies near t · points, h is a line of known slope, so the price is wrong by at most the errors of the balances
        paid whole and of the sums (in any order of addition), divided by the slope. Anyway it is not lower than
        that for the errors of all balances.
        """
        made = self.market.supporters[project]
        held = self.balances.take(made.rows)
        wealth = made.wealth(held)
        total, alive = float(wealth.sum()), made.count(held > 0)
        rounding = (len(held) + 16) * ULP
        doubt = alive * self.error + rounding * max(total, made.cost)
        if total < made.cost - doubt:
            return None
        factor = self.market.factor(project)
        found = self._price(project, made, held, wealth) if total > made.cost + doubt else None
        if found is None:  # just enough, or not: only whole numbers can tell
            low = self.market.flat_prices[project] / factor * (1 - 4 * ULP)
            return Bid(project, low, np.inf, 0.0, 0.0, held, clear=False)
        price, slope, poor = found
        whole = made.count(poor) - (made.votes - alive)
        radius = (whole * self.error + rounding * made.cost) / slope + 4 * ULP * price
        reach = radius + self.error + 4 * ULP * price
        below, above = held < made.due(price - reach), held < made.due(price + reach)
        clear = price > reach and made.weigh(below) == made.weigh(above)
        if not clear:
            radius = doubt / slope + 4 * ULP * price
        low = max((price - radius) / factor * (1 - 4 * ULP), 0.0)
        high = (price + radius) / factor * (1 + 4 * ULP) if clear else np.inf
        return Bid(project, low, high, price, radius, held, clear)

    def _price(self, project: int, made: Supporters, held: Floats, wealth: Floats) -> tuple[float, float, Bools] | None:
        """The price, the slope of h there, and who pays all they have: t ← (cost − Σ poor) / units of the others.

        These are Newton's steps: for a concave function they land at or below the solution from anywhere, and from
        there they rise to it. None when floats do not find it.
        """
        price, gone, first = self.starts[project], -1.0, True
        while True:
            poor = held < made.due(price)
            weight = made.weigh(poor)
            if weight == gone:
                break
            gone, slope = weight, made.total - weight
            if slope <= 0:
                if not first:
                    return None
                price, gone = self.market.flat_prices[project], -1.0
            else:
                better = (made.cost - float(wealth.compress(poor).sum())) / slope
                price = better if first else max(better, price)
            first = False
        self.starts[project] = price
        return price, slope, poor

    def pay(self, bid: Bid) -> None:
        """Take a clear bid's price from the supporters."""
        made = self.market.supporters[bid.project]
        if made.cost:
            rest = np.maximum(bid.held - made.due(bid.price), 0.0)
            self._leave(made, bid.held, rest)
            self.error += bid.radius * made.most + 4 * ULP * self.top
        self.bought.append(bid.project)

    def pay_exactly(self, project: int, price: float, full: Bools) -> None:
        """Take a known price from the supporters: from those marked in `full`, all they have from the others."""
        made = self.market.supporters[project]
        if made.cost:
            held = self.balances.take(made.rows)
            rest = np.where(full, np.maximum(held - made.due(price), LEAST), 0.0)
            self._leave(made, held, rest)
            self.error += 4 * ULP * self.top
        self.bought.append(project)

    def _leave(self, made: Supporters, held: Floats, rest: Floats) -> None:
        self.balances[made.rows] = rest
        self.left[made.rows.compress((rest == 0) & (held > 0))] = len(self.bought)

    def refresh(self, prices: list[float]) -> None:
        """The balances anew from the exact prices of all purchases, each rounded once: `error` becomes small again."""
        self.balances.fill(self.top)
        for project, price in zip(self.bought, prices, strict=True):
            made = self.market.supporters[project]
            self.balances[made.rows] -= made.due(price)
        np.maximum(self.balances, LEAST, out=self.balances)
        self.balances[self.left != NEVER] = 0.0
        self.error = (len(prices) + 1) * 4 * ULP * self.top

    def alive(self, project: int) -> Ints:
        """The supporting ballots that hold something."""
        rows = self.market.supporters[project].rows
        return rows[self.balances.take(rows) > 0].astype(np.int64)
