"""Sequential Phragmén for budgets (Phragmén 1894; Los, Christoff, Grossi 2022), exact.

A funded project's cost is a load that its supporters carry together, in such a way that all of them carry the same
afterwards: L_c = (cost + what they carry already) / supporters. The project with the least (L, ≺) is next. Loads
therefore only take the values L_0 = 0, L_1, … of the purchases: it is enough to count a project's supporters by level,
and everything is a sum of whole numbers over one common denominator.
"""

import heapq
from collections.abc import Iterator
from fractions import Fraction
from math import gcd

import numpy as np

from civicvote.domain.tally.greedy import Picked, no_money
from civicvote.domain.tally.outcome import Code, Reason
from civicvote.domain.tally.rules import Method
from civicvote.domain.tally.screen import Field


class _Loads:
    """Who carries what. Level j is the load `numerators[j] / scale` in money units."""

    def __init__(self, area: Field) -> None:
        self.election = area.election
        self.people = None if (area.election.rows.people == 1).all() else area.election.rows.people.astype(np.float64)
        deep = np.uint8 if len(area.candidates) < 256 else np.uint16
        self.levels = np.zeros(len(area.election.rows), dtype=deep)
        self.numerators = [0]
        self.scale = 1

    def carried(self, project: int) -> int:
        """What L would be with `project`, times `scale` and its supporters."""
        rows = self.election.columns.of(project)
        weights = None if self.people is None else self.people[rows]
        counts = np.bincount(self.levels[rows], weights=weights).tolist()  # whole numbers below 2^53
        before = sum(int(count) * load for count, load in zip(counts, self.numerators, strict=False) if count)
        return self.election.costs[project] * self.scale + before

    def load(self, project: int, carried: int) -> Fraction:
        return Fraction(carried, self.scale * self.election.votes[project])

    def put(self, project: int, carried: int) -> None:
        """The supporters of `project` all carry the same from now on."""
        votes = self.election.votes[project]
        factor = votes // gcd(carried, votes)
        self.numerators = [load * factor for load in self.numerators]
        self.scale *= factor
        self.levels[self.election.columns.of(project)] = len(self.numerators)
        self.numerators.append(carried * factor // votes)


class _Queue:
    """Candidates by a lower bound of L: loads never fall, so a former L is one. Dividing whole numbers rounds
    correctly, so that a smaller float means a smaller L; equal floats are compared as whole numbers.
    """

    def __init__(self, area: Field, loads: _Loads) -> None:
        self.loads, self.votes = loads, area.election.votes
        self.heap = [(area.election.costs[c] / self.votes[c], c) for c in area.candidates]
        heapq.heapify(self.heap)

    def least(self) -> dict[int, int]:
        """Takes the projects with the least L out; what they carry by project. Empty at the end."""
        fresh: list[tuple[float, int, int]] = []
        best = float("inf")
        while self.heap and self.heap[0][0] <= best:
            _, project = heapq.heappop(self.heap)
            carried = self.loads.carried(project)
            load = carried / (self.loads.scale * self.votes[project])
            fresh.append((load, project, carried))
            best = min(best, load)
        tied: dict[int, int] = {}
        for load, project, carried in fresh:
            order = 1 if load > best else self._compare(project, carried, tied)
            if order < 0:
                self.back(tied, best)
                tied = {}
            if order <= 0:
                tied[project] = carried
            else:
                heapq.heappush(self.heap, (load, project))
        return tied

    def back(self, projects: dict[int, int], bound: float) -> None:
        for project in projects:
            heapq.heappush(self.heap, (bound, project))

    def rest(self) -> Iterator[int]:
        return (project for _, project in self.heap)

    def _compare(self, project: int, carried: int, tied: dict[int, int]) -> int:
        """Negative if its L is below that of the `tied` ones, 0 if equal (or there are none)."""
        for other, same in tied.items():
            return carried * self.votes[other] - same * self.votes[project]
        return 0


def phragmen(area: Field, method: Method) -> Picked:
    """The count ends when a project with the least L does not fit; with `PHRAGMEN_SKIP` that one is left out.

    `Picked.prices` are the loads. A tie decided where an equal was passed over and is not funded later either.
    """
    election, result, loads = area.election, Picked(left=area.pool), _Loads(area)
    queue = _Queue(area, loads)
    shut = area.limits.shut(())
    ahead: dict[int, int] = {}
    while tied := queue.least():
        for number in [number for number in tied if number in shut]:
            result.rejected[number] = area.limits.reason(result.paid, number)
            del tied[number]
        poor = [number for number in tied if election.costs[number] > result.left]
        for number in poor:
            result.rejected[number] = no_money(area, number, election.money(result.left))
            del tied[number]
        if poor and method is Method.PHRAGMEN:
            _stop(area, result, min(poor, key=lambda number: area.ranks[number]), [*tied, *queue.rest()])
            break
        if not tied:
            continue
        winner = min(tied, key=lambda number: area.ranks[number])
        carried = tied.pop(winner)
        result.prices[winner] = loads.load(winner, carried)
        result.paid[winner] = election.costs[winner]
        result.left -= election.costs[winner]
        ahead |= dict.fromkeys(tied, winner)
        queue.back(tied, float(result.prices[winner]))
        loads.put(winner, carried)
        shut = area.limits.shut(result.paid)
    result.ties = [(winner, number) for number, winner in ahead.items() if number not in result.paid]
    return result


def _stop(area: Field, result: Picked, stopped: int, rest: list[int]) -> None:
    shut = area.limits.shut(result.paid)
    facts = {"stopped": area.id(stopped), "left": area.election.money(result.left)}
    for number in rest:
        late = Reason(area.id(number), Code.AFTER_STOP, facts)
        result.rejected[number] = area.limits.reason(result.paid, number) if number in shut else late
