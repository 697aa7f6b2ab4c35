"""A 0/1 knapsack with side limits, solved exactly.

Items are decided one after the other. Of all partial choices those are kept that no other beats with at most its weight
and at least its value while leaving the same room under the limits (Nemhauser and Ullmann 1969), and that can still
reach the goal: a value just below the bound first, and lower until a choice is found. The bound is the linear
relaxation (Dantzig 1957) with a fine on every use of a limit (Lagrange multipliers): an upper bound whatever the fines
are. It is a float with room for its rounding; weights, values and limits are whole numbers.

Without limits there are never more partial choices than the values' sum, nor than the capacity. Limits that cross one
another can multiply them: a search that would need more than `MOST_NUMBERS` at a time is refused, never cut short.
"""

import math
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from civicvote.domain.errors import InvalidError
from civicvote.domain.messages import msg

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

MOST_NUMBERS = 24_000_000
"""About 200 MB with what sorting takes: three million choices without limits, 300,000 beside seventy."""
_FINE_ROUNDS = 300
_CUTS = 4


class _Choices(NamedTuple):
    """Partial choices: what each weighs and is worth, and the room it leaves under each limit (rows: choices)."""

    weights: Ints
    values: Ints
    rooms: Ints

    def plus(self, sack: "Knapsack", items: Collection[int]) -> "_Choices":
        """The same with more items, permitted or not."""
        more = np.array(sorted(items), dtype=np.int64)
        return _Choices(
            self.weights + sack.weights[more].sum(),
            self.values + sack.values[more].sum(),
            self.rooms - sack.usage[:, more].sum(axis=1),
        )

    def at(self, rows: Any) -> "_Choices":
        return _Choices(self.weights[rows], self.values[rows], self.rooms[rows])


@dataclass(frozen=True, eq=False)
class Knapsack:
    """Items with `weights` (0 or more) and `values` (above 0), int64[m]; together at most `capacity`.

    Limit j allows Σ `usage[j]` ≤ `rooms[j]` (int64[limits, m] and int64[limits], none below 0). What follows from the
    given limits and makes the bound lower is added behind them.
    """

    capacity: int
    weights: Ints
    values: Ints
    usage: Ints
    rooms: Ints
    limits: int = field(init=False)

    def __post_init__(self) -> None:
        cuts = [cut for use, room in zip(self.usage, self.rooms, strict=True) for cut in _cuts(use, int(room))]
        object.__setattr__(self, "limits", len(self.rooms))
        if cuts:
            object.__setattr__(self, "usage", np.vstack([self.usage, *(heavy[None, :] for heavy, _ in cuts)]))
            object.__setattr__(self, "rooms", np.concatenate([self.rooms, [most for _, most in cuts]]))

    def best(self, taken: Collection[int] = (), dropped: Collection[int] = (), floor: int = 0) -> frozenset[int] | None:
        """A choice of the greatest value with all of `taken` and none of `dropped`; None if that is below `floor`.

        Without a floor the search aims just below the bound, and lower until it finds something.
        """
        root = _Choices(np.zeros(1, dtype=np.int64), np.zeros(1, dtype=np.int64), self.rooms[None, :])
        start = root.plus(self, taken)
        if not self.allows(start):
            return None
        free = [item for item in range(len(self.weights)) if item not in taken and item not in dropped]
        top = float(_Search(self, free, start, 0).bounds(start, 0)[0]) + self.slack
        aim, goal = top / 1024 + 1, floor
        while True:
            goal = floor or max(0, math.floor(top - aim))
            found = self._reach(start, free, goal)
            if found is not None or goal == floor:
                return None if found is None else found.union(taken)
            aim *= 3

    def allows(self, choice: _Choices) -> bool:
        """Whether one choice keeps within capacity and limits."""
        return bool(choice.weights[0] <= self.capacity and (choice.rooms >= 0).all())

    def _reach(self, start: _Choices, free: list[int], goal: int) -> frozenset[int] | None:
        """The best choice from `start` on, if it is worth at least `goal`.

        At any price of weight the bound is what is there, plus what the capacity left and the limits' rooms cost, plus
        every item worth more than it weighs. Deciding an item otherwise lowers it by the difference: where that is
        more than the bound has to spare, the item is decided.
        """
        left = self.capacity - int(start.weights[0])
        price = self._price(free, left)
        gains = self.worth - price * self.weights
        fixed = float(start.values[0] + start.rooms[0] @ self.fines) + price * left
        spare = fixed + float(np.maximum(gains[free], 0).sum()) + self.slack - goal
        sure = [item for item in free if gains[item] > spare]
        start = start.plus(self, sure)
        if spare < 0 or not self.allows(start):
            return None
        core = [item for item in free if abs(gains[item]) <= spare]
        core.sort(key=lambda item: -abs(gains[item]))
        found = _Search(self, self._order(core), start, goal).run()
        return None if found is None else frozenset([*sure, *found])

    @cached_property
    def fines(self) -> Floats:
        """What a unit of each limit costs, so that the relaxation's bound gets low (subgradients, Polyak's steps)."""
        fines = best = np.zeros(len(self.rooms))
        if not len(self.rooms):
            return best
        unit = np.maximum(self.usage.max(axis=1, initial=0), 1).astype(np.float64)
        usage, rooms = self.usage / unit[:, None], self.rooms / unit
        lowest, goal, stale, pace = np.inf, self._greedy(), 0, 1.0
        for _ in range(_FINE_ROUNDS):
            worth = self.values - fines @ usage
            part, total = self._relaxed(worth)
            bound = total + fines @ rooms
            if bound < lowest - 1e-9:
                lowest, best, stale = bound, fines, 0
            else:
                stale += 1
                pace /= 1 if stale % 10 else 2
            slope = rooms - usage @ part
            length = float(slope @ slope)
            if bound - goal <= 0 or length == 0:
                break
            fines = np.maximum(fines - pace * (bound - goal) / length * slope, 0)
        fined: Floats = best / unit
        return fined

    @cached_property
    def worth(self) -> Floats:
        """Values less fines."""
        return self.values - self.fines @ self.usage

    @cached_property
    def rates(self) -> Floats:
        """Worth per unit of weight; items without weight before all others."""
        return self.worth / self._least

    @property
    def _least(self) -> Floats:
        return np.maximum(self.weights, 1e-9)

    @property
    def slack(self) -> float:
        """More than the rounding of any bound: each sums fewer than 10^5 numbers no larger than these together."""
        return 1e-9 * (float(self.values.sum()) + float(self.fines @ self.rooms) + 1)

    def _relaxed(self, worth: Floats) -> tuple[Floats, float]:
        """How much of each item the linear relaxation takes, and what that is worth."""
        order = np.argsort(-worth / self._least, kind="stable")
        part = np.zeros(len(worth))
        before = np.cumsum(self.weights[order]) - self.weights[order]
        room = np.clip((self.capacity - before) / self._least[order], 0, 1)
        part[order] = np.where(worth[order] > 0, room, 0)
        return part, float(part @ worth)

    def _greedy(self) -> int:
        """The value of a permitted choice, not a bad one."""
        left, rooms, total = self.capacity, self.rooms.copy(), 0
        for item in np.argsort(-self.values / self._least, kind="stable").tolist():
            if self.weights[item] <= left and (self.usage[:, item] <= rooms).all():
                left, rooms, total = left - self.weights[item], rooms - self.usage[:, item], total + self.values[item]
        return int(total)

    def _price(self, free: list[int], left: int) -> float:
        """What a unit of weight is worth to the relaxation: the rate of the item it splits."""
        for item in sorted(free, key=lambda item: -self.rates[item]):
            left -= int(self.weights[item])
            if left < 0:
                return max(float(self.rates[item]), 0.0)
        return 0.0

    def _order(self, items: list[int]) -> list[int]:
        """Limit by limit, the one with the fewest items first: once finished, it tells no choices apart."""
        order: list[int] = []
        while items:
            left = (self.usage[: self.limits, items] > 0).sum(axis=1)
            shortest = np.flatnonzero(left == left[left > 0].min(initial=len(items)))
            inside = [item for item in items if not len(shortest) or self.usage[shortest[0], item]]
            order += inside
            items = [item for item in items if item not in inside]
        return order


class _Search:
    """One pass over the items in this order."""

    def __init__(self, sack: Knapsack, order: list[int], root: _Choices, floor: int) -> None:
        self.sack, self.order, self.choices, self.floor = sack, order, root, floor
        self.trail: list[tuple[NDArray[np.int32], NDArray[np.bool_]]] = []
        self.later = np.cumsum(sack.usage[:, order[::-1]], axis=1)[:, ::-1] if order else sack.usage[:, :0]

    def run(self) -> list[int] | None:
        """The items of a choice with the greatest value, at least `floor`; None when there is none."""
        self._keep(np.zeros(1, dtype=np.int64), self.choices, 0)
        for place, item in enumerate(self.order):
            if not len(self.choices.weights):
                return None
            self._decide(item, place + 1)
        if self.choices.values.max(initial=-1) < self.floor:  # the bounds leave room for their rounding, a sum does not
            return None
        row, items = int(np.argmax(self.choices.values)), []
        for item, (parents, took) in zip(self.order[::-1], self.trail[:0:-1], strict=True):
            if took[row]:
                items.append(item)
            row = int(parents[row])
        return items

    def _decide(self, item: int, place: int) -> None:
        sack, old = self.sack, self.choices
        use = sack.usage[:, item]
        able = np.flatnonzero((old.weights + sack.weights[item] <= sack.capacity) & (old.rooms >= use).all(axis=1))
        more = _Choices(
            old.weights[able] + sack.weights[item], old.values[able] + sack.values[item], old.rooms[able] - use
        )
        both = _Choices(*(np.concatenate(pair) for pair in zip(old, more, strict=True)))
        self._keep(np.concatenate([np.arange(len(old.weights)), able + len(old.weights)]), both, place)
        if len(self.choices.weights) * (8 + len(sack.rooms)) > MOST_NUMBERS:
            raise InvalidError(msg("경우의 수가 너무 많아 최대 만족 조합을 정확히 계산할 수 없습니다."), field="rule")

    def _keep(self, origin: Ints, choices: _Choices, place: int) -> None:
        """Those that can still reach the floor and that no other beats; `origin` is doubled where the item is taken."""
        before = len(self.choices.weights) if place else 1
        later = self.later[:, place] if place < len(self.order) else np.zeros(len(self.sack.rooms), dtype=np.int64)
        choices = choices._replace(rooms=np.minimum(choices.rooms, later))  # room nobody can use makes no difference
        bounds = self.bounds(choices, place)
        rows = np.flatnonzero(bounds + self.sack.slack >= self.floor)
        rows = rows[_undominated(choices.at(rows), self.sack.limits)]
        self.choices = choices.at(rows)
        self.trail.append(((origin[rows] % before).astype(np.int32), origin[rows] >= before))

    def bounds(self, choices: _Choices, place: int) -> Floats:
        """The most each choice can become."""
        sack = self.sack
        rest = sorted((item for item in self.order[place:] if sack.worth[item] > 0), key=lambda item: -sack.rates[item])
        weights = np.concatenate([[0], np.cumsum(sack.weights[rest])])
        worth = np.concatenate([[0.0], np.cumsum(sack.worth[rest])])
        rates = np.append(sack.rates[rest], 0.0)
        left = sack.capacity - choices.weights
        whole = np.searchsorted(weights, left, side="right") - 1
        fined = (choices.rooms * sack.fines).sum(axis=1)
        bounds: Floats = choices.values + fined + worth[whole] + (left - weights[whole]) * rates[whole]
        return bounds


def _cuts(use: Ints, room: int) -> list[tuple[Ints, int]]:
    """Of items that use more than 1/2, 1/3 … of a limit's room at most one, two … can be taken."""
    cuts: list[tuple[Ints, int]] = []
    for most in range(1, _CUTS + 1) if use.max(initial=0) > 1 else ():
        heavy = (use * (most + 1) > room).astype(np.int64)
        if heavy.sum() > most and not any(np.array_equal(heavy, before) for before, _ in cuts):
            cuts.append((heavy, most))
    return cuts


def _undominated(choices: _Choices, limits: int) -> Ints:
    """Rows that no other beats in weight and value with the same room under the first `limits` limits."""
    kinds = _kinds(choices.rooms[:, :limits])
    order = np.lexsort((choices.weights, -choices.values, kinds))
    ranks = np.unique(choices.weights, return_inverse=True)[1][order]
    keys = ranks - kinds[order] * len(order)  # each kind below all before it
    lowest = np.minimum.accumulate(keys)
    kept = np.ones(len(order), dtype=bool)
    kept[1:] = keys[1:] < lowest[:-1]
    return order[kept]


def _kinds(rows: Ints) -> Ints:
    """A number from 0 for each row, the same for equal rows only."""
    kinds = np.zeros(len(rows), dtype=np.int64)
    if not rows.size:
        return kinds
    lows, spans = rows.min(axis=0), rows.max(axis=0) - rows.min(axis=0) + 1
    many = 1
    for limit in np.flatnonzero(spans > 1):
        column, span = rows[:, limit] - lows[limit], int(spans[limit])
        if many * span >= 2**62:
            kinds, many = np.unique(kinds, return_inverse=True)[1], len(rows)
        if many * span >= 2**62:
            column, span = np.unique(column, return_inverse=True)[1], len(rows)
        kinds, many = kinds * span + column, many * span
    return kinds if many == 1 else np.unique(kinds, return_inverse=True)[1]
