"""Equal Shares, replayed from its prices: what every loser's supporters could have paid at each moment of the final run.

Before the purchase of a project at ρ, a loser is bought instead if its supporters can pay its cost at no more than ρ.
That gives, moment by moment, how many supporters with a full share are missing and how dear it may be; after the last
purchase all that counts is what the supporters still hold. float64 proposes the numbers; `rerun.confirm` proves them.
"""

from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor, inf

import numpy as np

from civicvote.domain.tally.election import Election
from civicvote.domain.tally.outcome import Outcome, Step
from civicvote.domain.tally.rules import Utility
from civicvote.domain.tally.why.figures import Best
from civicvote.domain.tally.why.room import Floats, Ints, Room, entered, locked, losers, top_points, total

_NEAR = 1e-9
"""Relative: closer than this to a whole number, a float stands for it."""


@dataclass(slots=True)
class Winner:
    """What a purchase left its supporters together, in money units."""

    kept: float


class _Loser:
    """One project that was not bought. Money in units of 1 / `money_unit`."""

    def __init__(self, election: Election, number: int, utility: Utility) -> None:
        self.number = number
        self.groups, self.points, self.people = column(election, number)
        self.cost = election.costs[number]
        self.by_cost = utility is Utility.COST
        units = self.people if self.points is None else self.people * self.points
        self.score = float(units.sum())
        self.top = top_points(election) / election.point_unit
        self.held = 0.0
        self.values: Floats = np.empty(0)
        self.best = Best(support=0.0 if self.cost else None)

    def look(self, balances: Floats, bought: int | None) -> None:
        """Take the supporters' balances; what they paid since the last look was for `bought`."""
        self.values = balances[self.groups]
        held = total(self.values, self.people)
        if bought is not None and self.held - held > _NEAR * self.held:
            self.best.paid_for[bought] = self.held - held
        self.held = held

    def pays(self, price: float) -> float:
        """What the supporters can pay together at `price` per point."""
        due = price if self.points is None else price * self.points
        return total(np.minimum(self.values, due), self.people)

    def moment(self, rho: float, share: float, room: int) -> None:
        """Before a purchase at `rho`; everyone started with `share`."""
        if rho <= 0 or room < 0:
            return
        if not self.cost:
            self.best.take(1, None)  # only a minimum kept it out
            return
        price = rho * self.cost if self.by_cost else rho
        one = min(share, price * self.top)
        reach, support = min(self.held, price * self.score), self.best.support or 0.0
        few = inf if self.best.supporters is None else self.best.supporters
        paid = None
        if reach > support * self.cost or (self.cost - reach) / one < few:
            paid = self.pays(price)
            self.best.support = max(support, paid / self.cost)
            if self.cost <= room:
                self.best.take(missing(self.cost - paid, one), None)
        if min(self.held, room) > (self.best.cost or 0):
            self.best.take(None, min(self._dearest(rho, paid), room))

    def _dearest(self, rho: float, paid: float | None) -> int:
        """The largest cost (money units) the supporters would have paid at `rho`."""
        if not self.by_cost:
            return whole(self.pays(rho) if paid is None else paid)
        least = float(self.best.cost or 0)
        if least and self.pays(rho * least) < least:
            return 0
        return whole(self._root(rho))

    def _root(self, rho: float) -> float:
        """The largest k with Σ min(balance, ρ k points) = k: concave in k, so Newton's steps from above stay above."""
        cost, points = self.held, 1.0 if self.points is None else self.points
        while True:
            rich = self.values >= rho * cost * points
            slope = 1 - rho * float((self.people * points * rich).sum())
            poor = total(self.values * ~rich, self.people)
            lower = poor / slope if slope > 0 else cost
            if lower >= cost * (1 - 1e-15):
                return cost
            cost = lower

    def end(self, share: float, room: int) -> None:
        """After the last purchase."""
        self.best.held = self.held
        if room < 0:
            return
        if not self.cost:
            self.best.take(1, None)
            return
        self.best.support = max(self.best.support or 0.0, self.held / self.cost)
        self.best.take(
            missing(self.cost - self.held, share) if self.cost <= room else None, min(whole(self.held), room)
        )


def column(election: Election, number: int) -> tuple[Ints, Floats | None, Floats]:
    """The ballots that support a project, their points for it (whole points) and how many people cast each."""
    columns = election.columns
    start, stop = int(columns.indptr[number]), int(columns.indptr[number + 1])
    groups = columns.groups[start:stop].astype(np.int64)
    points = None if columns.points is None else columns.points[start:stop] / election.point_unit
    return groups, points, election.rows.people[groups].astype(np.float64)


def missing(money: float, one: float) -> int:
    """How many more people who pay `one` each bring `money`; at least one, for an equal price lost to the tie order."""
    return max(ceil(money / one - _NEAR), 1)


def whole(value: float) -> int:
    """Down to whole units."""
    return floor(value * (1 + _NEAR * 1e-3) + _NEAR)


def figures(election: Election, outcome: Outcome) -> tuple[dict[int, Best], dict[int, Winner]]:
    """The figures of every loser, and of every project bought."""
    rule, unit = outcome.rule, election.money_unit
    share = float(Fraction(outcome.endowment or 0) * unit)
    balances = np.full(len(election.rows.people), share)
    room, funded = Room(election, rule), locked(election, outcome)
    rows = [_Loser(election, number, rule.utility) for number in losers(election, outcome)]
    winners: dict[int, Winner] = {}
    bought: int | None = None
    for step in (step for step in outcome.steps if step.price is not None):
        for loser in rows:
            loser.look(balances, bought)
            loser.moment(rho_of(election, step, rule.utility), share, room.of(loser.number, funded))
        bought = election.index[step.project]
        winners[bought] = _buy(election, balances, bought, float(Fraction(step.price or 0) * unit))
        funded.append(bought)
    for loser in rows:
        loser.look(balances, bought)
        loser.end(share, room.of(loser.number, funded))
    return {loser.number: entered(election, rule, loser.number, loser.best) for loser in rows}, winners


def rho_of(election: Election, step: Step, utility: Utility) -> float:
    """ρ of a purchase, in money units."""
    price = Fraction(step.price or 0) * election.money_unit
    factor = election.costs[election.index[step.project]] if utility is Utility.COST else 1
    return float(price / (factor or 1))


def _buy(election: Election, balances: Floats, number: int, price: float) -> Winner:
    """Take the price from the supporters; what certainly emptied becomes 0."""
    groups, points, people = column(election, number)
    before = balances[groups]
    after = before - (price if points is None else price * points)
    after[after <= _NEAR * before] = 0.0
    balances[groups] = after
    return Winner(total(after, people))


def held(election: Election, outcome: Outcome) -> Floats:
    """What each ballot's voter holds after the final run, in the election's currency."""
    balances = np.full(len(election.rows.people), float(Fraction(outcome.endowment or 0) * election.money_unit))
    for step in outcome.steps:
        if step.price is not None:
            _buy(election, balances, election.index[step.project], float(step.price * election.money_unit))
    return balances / election.money_unit
