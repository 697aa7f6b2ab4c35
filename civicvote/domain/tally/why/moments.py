"""One project against the final run of Equal Shares: would it be bought if it had more supporters, or were cheaper?

Until a project is bought, a run depends neither on its cost nor on people who want nothing else. So the recorded run
goes on unchanged until the moment at which the changed project is the next: a new count would say nothing that its
supporters' purses, moment by moment, don't. They are floats within a proven error; what lies closer than that (equal
prices, money that is just enough) is left open, and counted again.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from civicvote.domain.tally.election import Election
from civicvote.domain.tally.outcome import Outcome
from civicvote.domain.tally.rules import Utility
from civicvote.domain.tally.shares.market import ULP
from civicvote.domain.tally.why.room import Floats, Room, entry, locked, top_points, total


@dataclass(frozen=True, slots=True)
class _Moment:
    """Before a purchase at ρ = `rate` (None: after the last one): what each supporting ballot's voter holds, no more than
    `error` from the truth, and the most the project may cost beside what is funded (`room`).
    """

    held: Floats
    error: float
    rate: Fraction | None
    room: int


class Moments:
    """Of one project that the final run did not buy. Money in units of 1 / `money_unit`, points of 1 / `point_unit`."""

    def __init__(self, election: Election, outcome: Outcome, number: int) -> None:
        self.election, self.outcome, self.number = election, outcome, number
        columns = election.columns
        self.groups = columns.of(number)
        points = columns.points_of(number)
        self.points = None if points is None else points.astype(np.float64)
        self.people = election.rows.people[self.groups].astype(np.float64)
        self.share = float(Fraction(outcome.endowment or 0) * election.money_unit)
        self.by_cost = outcome.rule.utility is Utility.COST
        self.moments = list(self._moments())

    @property
    def work(self) -> int:
        """Picks read to answer one question."""
        return len(self.groups) * len(self.moments)

    def funded(self, extra: int, cost: int) -> bool | None:
        """Whether the run buys the project with `extra` further supporters, at `cost`. None: too close to tell."""
        rule = self.outcome.rule
        if not cost or (extra and rule.threshold_share):  # with more voters, others may fall below their share
            return None
        if entry(self.election, rule, self.number) > extra:
            return False
        clear = True
        for moment in self.moments:
            if cost > moment.room:
                continue
            gap, doubt = self._gap(moment, extra, cost)
            if gap > doubt:
                return True
            clear = clear and gap < -doubt
        return False if clear else None

    def _gap(self, moment: _Moment, extra: int, cost: int) -> tuple[float, float]:
        """What the supporters would pay at no more than ρ, less the cost; and by how much that may be wrong."""
        if moment.rate is None:
            paid, more = moment.held, self.share
        else:
            price = float(moment.rate * cost if self.by_cost else moment.rate)
            paid = np.minimum(moment.held, price if self.points is None else price * self.points)
            more = min(self.share, price * top_points(self.election))
        sure, new = total(paid, self.people), extra * more
        rounding = (len(self.groups) + 16) * ULP * (sure + new + cost)
        return sure + new - cost, (self.election.votes[self.number] + extra) * moment.error + rounding

    def _moments(self) -> Iterator[_Moment]:
        election, rule = self.election, self.outcome.rule
        room, funded = Room(election, rule), locked(election, self.outcome)
        held, due = np.full(len(self.groups), self.share), np.zeros(len(election.rows))
        bought = [step for step in self.outcome.steps if step.price is not None]
        for place, step in enumerate(bought):
            winner = election.index[step.project]
            price = Fraction(step.price or 0) * election.money_unit / election.point_unit
            rate = price / ((election.costs[winner] if self.by_cost else 1) or 1)
            yield _Moment(held, self._error(place), rate, room.of(self.number, funded))
            rows, points = election.columns.of(winner), election.columns.points_of(winner)
            due[rows] = float(price) if points is None else float(price) * points
            held = np.maximum(held - due[self.groups], 0.0)  # wrong by no more than before, and by the rounding here
            due[rows] = 0.0
            funded.append(winner)
        yield _Moment(held, self._error(len(bought)), None, room.of(self.number, funded))

    def _error(self, purchases: int) -> float:
        """Each purchase rounds price, product and difference, none of them above what a voter started with."""
        return 4 * (purchases + 2) * ULP * self.share
