"""Phragmén, replayed: at which load each loser could have been bought instead of the project that was.

float64 proposes the numbers; `rerun.confirm` proves them.
"""

from math import inf

import numpy as np

from civicvote.domain.tally.election import Election
from civicvote.domain.tally.outcome import Outcome
from civicvote.domain.tally.rules import Method
from civicvote.domain.tally.why.figures import Best
from civicvote.domain.tally.why.room import OUT, Floats, Ints, Room, entered, locked, losers, total
from civicvote.domain.tally.why.shares import column, missing, whole


class _Replay:
    """The loads while the funded projects are bought once more. Money in units of 1 / `money_unit`."""

    def __init__(self, election: Election, outcome: Outcome) -> None:
        self.election, self.outcome = election, outcome
        self.loads: Floats = np.zeros(len(election.rows.people))
        self.room, self.funded = Room(election, outcome.rule), locked(election, outcome)
        self.left = election.pool - sum(election.costs[number] for number in self.funded)
        self.rows = {number: Best() for number in losers(election, outcome)}
        self.supporters: dict[int, tuple[Ints, Floats]] = {}

    def carried(self, number: int) -> float:
        """The load of a project's supporters together."""
        if number not in self.supporters:
            groups, _, people = column(self.election, number)
            self.supporters[number] = groups, people
        groups, people = self.supporters[number]
        return total(self.loads[groups], people)

    def level(self, number: int) -> float:
        """The load each supporter of a project would have after it."""
        votes = self.election.votes[number]
        return (self.election.costs[number] + self.carried(number)) / votes if votes else inf

    def look(self, number: int, level: float) -> None:
        """What it takes for a loser to come before a project of `level`."""
        election, best = self.election, self.rows[number]
        most = min(self.left, self.room.of(number, self.funded))
        if most < 0 or not level:
            return
        cost = election.costs[number]
        if level == inf:
            best.take(1 if cost <= most else None, most)  # it fits, so only the minimum kept it out
            return
        carried, votes = self.carried(number), election.votes[number]
        if cost <= most:
            best.take(missing((cost + carried) / level - votes, 1.0), None)
        best.take(None, min(most, whole(level * votes - carried)))

    def buy(self, number: int) -> None:
        level = self.level(number)
        for loser in self.rows:
            self.look(loser, level)
        self.loads[self.supporters[number][0]] = level
        self.funded.append(number)
        self.left -= self.election.costs[number]

    def end(self) -> None:
        """Where the rule stops, a loser must come before every project that stops it; else it need only fit."""
        levels = {}
        if self.outcome.rule.method is Method.PHRAGMEN:
            out = {reason.project for reason in self.outcome.rejected if reason.code in OUT}
            for number in self.rows:
                shut = self.room.of(number, self.funded) < self.election.costs[number]
                if self.election.projects[number].id not in out and not shut:
                    levels[number] = self.level(number)
        for number in self.rows:
            others = min((level for other, level in levels.items() if other != number), default=inf)
            first = number in levels and levels[number] <= others
            self.look(number, inf if first else others)


def figures(election: Election, outcome: Outcome) -> dict[int, Best]:
    """The figures of every loser."""
    replay = _Replay(election, outcome)
    for step in outcome.steps:
        if not step.locked:
            replay.buy(election.index[step.project])
    replay.end()
    return {number: entered(election, outcome.rule, number, best) for number, best in replay.rows.items()}
