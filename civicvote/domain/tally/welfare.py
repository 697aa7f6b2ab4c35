"""Maximum welfare: of all affordable, permitted sets of projects the one with the most votes (points), exactly.

Of several such sets the tie order decides: the one that has the first project of ≺ in which two of them differ.
"""

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from civicvote.domain.errors import InvalidError
from civicvote.domain.messages import msg
from civicvote.domain.tally.election import plain
from civicvote.domain.tally.greedy import Picked, ranking
from civicvote.domain.tally.knapsack import Knapsack
from civicvote.domain.tally.outcome import Code, Reason
from civicvote.domain.tally.rules import Method
from civicvote.domain.tally.screen import Field

_LARGEST = 2**52
"""Sums up to here are exact as int64, and float64 tells them apart by one."""


def welfare(area: Field) -> Picked:
    """The best set, listed by votes. A tie is named (winner, loser) where a set as good has the loser and not the
    winner, which comes first in ≺ of all projects in which the two sets differ.
    """
    election, result = area.election, Picked(left=area.pool)
    order = sorted(area.candidates, key=area.ranks.__getitem__)
    sack = _sack(area, order)
    chosen = _first(sack)
    most = int(sack.values[sorted(chosen)].sum())
    for number in ranking(area, Method.GREEDY, (order[item] for item in chosen)):
        result.paid[number] = election.costs[number]
        result.left -= election.costs[number]
    shut = area.limits.shut(result.paid)
    for item, number in enumerate(order):
        if item in chosen:
            continue
        as_good = sack.best([item], floor=most)
        if as_good is not None:
            result.ties.append((order[min(chosen - as_good)], number))
        if number in shut:
            result.rejected[number] = area.limits.reason(result.paid, number)
            continue
        other = as_good or sack.best([item]) or frozenset()
        facts = {
            "votes": election.scores[number],
            "with_it": plain(Fraction(int(sack.values[sorted(other)].sum()), election.point_unit)),
            "best": plain(Fraction(most, election.point_unit)),
        }
        result.rejected[number] = Reason(area.id(number), Code.NOT_IN_BEST, facts)
    return result


def best(area: Field) -> frozenset[int]:
    """The best set alone (indices)."""
    order = sorted(area.candidates, key=area.ranks.__getitem__)
    return frozenset(order[item] for item in _first(_sack(area, order)))


def worth(area: Field, number: int, floor: int = 0) -> int | None:
    """The most points that a permitted set with project `number` gets; None where none gets `floor`, or none is permitted."""
    if number not in area.candidates:
        return None
    order = sorted(area.candidates, key=area.ranks.__getitem__)
    sack = _sack(area, order)
    found = sack.best([order.index(number)], floor=floor)
    return None if found is None else int(sack.values[sorted(found)].sum())


def lightest(area: Field, without: int, goal: int) -> int | None:
    """The least money (money units) with which the candidates other than `without` reach `goal` points; None: none.

    One search: of all others together, the dearest are left out whose points can be spared. Without limits only.
    """
    others = [number for number in area.candidates if number != without and area.election.costs[number]]
    free = [number for number in area.candidates if number != without and not area.election.costs[number]]
    costs = np.array([area.election.costs[number] for number in others], dtype=np.int64)
    values = np.array([area.election.raw_scores[number] for number in others], dtype=np.int64)
    spare = int(values.sum()) + sum(area.election.raw_scores[number] for number in free) - goal
    if spare < 0:
        return None
    spared = Knapsack(spare, values, costs, np.zeros((0, len(others)), np.int64), np.zeros(0, np.int64)).best()
    return int(costs.sum()) - int(costs[sorted(spared or ())].sum())


def _first(sack: Knapsack) -> frozenset[int]:
    """Of the best choices the one with the first item in which two of them differ."""
    chosen = sack.best() or frozenset()
    most = int(sack.values[sorted(chosen)].sum())
    taken: list[int] = []
    for item in range(len(sack.values)):
        if item not in chosen:
            gone = [other for other in range(item) if other not in taken]
            chosen = sack.best([*taken, item], gone, most) or chosen
        if item in chosen:
            taken.append(item)
    return chosen


def _sack(area: Field, order: Sequence[int]) -> Knapsack:
    """The candidates in this order, with what the limits leave them beside the locked-in projects."""
    election, locked = area.election, set(area.locked)
    usage, rooms = [], []
    for group in area.limits.groups:
        if not group & locked:
            usage.append([int(number in group) for number in order])
            rooms.append(1)
    for ceiling in area.limits.ceilings:
        inside = ceiling.members & locked
        if ceiling.most is not None:
            usage.append([int(number in ceiling.members) for number in order])
            rooms.append(ceiling.most - len(inside))
        if ceiling.money is not None:
            usage.append([election.costs[number] * (number in ceiling.members) for number in order])
            rooms.append(ceiling.money - sum(election.costs[number] for number in inside))
    if max(area.pool, sum(election.costs), sum(election.raw_scores)) >= _LARGEST:
        raise InvalidError(msg("금액이나 점수가 너무 커서 최대 만족 조합을 정확히 계산할 수 없습니다."), field="rule")
    return Knapsack(
        area.pool,
        np.array([election.costs[number] for number in order], dtype=np.int64),
        np.array([election.raw_scores[number] for number in order], dtype=np.int64),
        np.array(usage, dtype=np.int64).reshape(len(usage), len(order)),
        np.array(rooms, dtype=np.int64),
    )
