"""What META allows a ballot to say, in Pabulib's keys, and which ballots say something else."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from civicvote.domain.messages import Message, msg
from civicvote.domain.pabulib.convert import points_of
from civicvote.domain.pabulib.marks import UNKNOWN
from civicvote.domain.pabulib.model import PabulibFile
from civicvote.domain.pabulib.numbers import written
from civicvote.domain.tally.election import Amount, Election

LENGTH, COST, SUM, EACH = "length", "cost", "sum", "each"
"""Projects chosen; their costs together; points together; points of one project."""


@dataclass(frozen=True, slots=True)
class Limit:
    """`key` of META: `kind` must be at least (`least`) or at most `bound`; `category` narrows it to projects of one."""

    key: str
    kind: str
    bound: Fraction
    least: bool
    category: str = ""


@dataclass(frozen=True, slots=True)
class Broken:
    """The ballots (numbers, ascending) that break a limit, and what they come to."""

    limit: Limit
    ballots: NDArray[np.int64]
    values: NDArray[Any]
    unit: int

    def message(self, place: int) -> Message:
        """What is wrong with the ballot at `place` of `ballots`."""
        value: Amount = Fraction(int(self.values[place]), self.unit)
        return told(self.limit, value)


_TOLD: dict[tuple[str, bool], Message] = {
    (LENGTH, True): msg("고른 사업이 %(n)s개로, 최소 %(limit)s개보다 적습니다."),
    (LENGTH, False): msg("고른 사업이 %(n)s개로, 최대 %(limit)s개보다 많습니다."),
    (COST, True): msg("고른 사업비의 합(%(n)s)이 최소(%(limit)s)보다 적습니다."),
    (COST, False): msg("고른 사업비의 합(%(n)s)이 최대(%(limit)s)보다 많습니다."),
    (SUM, True): msg("점수의 합이 %(n)s점으로, 최소 %(limit)s점보다 적습니다."),
    (SUM, False): msg("점수의 합이 %(n)s점으로, 최대 %(limit)s점보다 많습니다."),
    (EACH, True): msg("한 사업에 %(n)s점을 주어, 최소 %(limit)s점보다 적습니다."),
    (EACH, False): msg("한 사업에 %(n)s점을 주어, 최대 %(limit)s점보다 많습니다."),
}
_TOLD_IN: dict[tuple[str, bool], Message] = {
    (LENGTH, True): msg("'%(category)s' 분야에서 고른 사업이 %(n)s개로, 최소 %(limit)s개보다 적습니다."),
    (LENGTH, False): msg("'%(category)s' 분야에서 고른 사업이 %(n)s개로, 최대 %(limit)s개보다 많습니다."),
    (COST, True): msg("'%(category)s' 분야에서 고른 사업비의 합(%(n)s)이 최소(%(limit)s)보다 적습니다."),
    (COST, False): msg("'%(category)s' 분야에서 고른 사업비의 합(%(n)s)이 최대(%(limit)s)보다 많습니다."),
}


def told(limit: Limit, value: Amount) -> Message:
    """A broken limit as a sentence."""
    facts = {"n": written(value), "limit": written(limit.bound)}
    if limit.category:
        return Message(_TOLD_IN[limit.kind, limit.least].text, facts | {"category": limit.category})
    return Message(_TOLD[limit.kind, limit.least].text, facts)


def number(text: str) -> Fraction | None:
    """A number of META, None when it is missing or none."""
    try:
        return Fraction(text.replace(",", ".")) if 0 < len(text) < 20 else None
    except (ValueError, ZeroDivisionError):
        return None


def categories(file: PabulibFile) -> dict[str, NDArray[np.bool_]]:
    """Category → which projects are of it. A project may be of several (`a,b`)."""
    column = file.projects.column("category", "categories") or []
    of = [{part.strip() for part in cell.split(",") if part.strip()} for cell in column]
    declared = [part.strip() for part in file.meta.get("categories", "").split(",") if part.strip()]
    names = declared or sorted(set().union(*of))
    return {name: np.array([name in parts for parts in of], np.bool_) for name in names if of}


def limits(file: PabulibFile) -> list[Limit]:
    """The limits that META sets, and those a vote type has of itself (choose-1: one; knapsack: the budget)."""
    found = []
    for key, kind in (("length", LENGTH), ("sum_cost", COST), ("points", EACH), ("sum_points", SUM)):
        if kind in {EACH, SUM} and not file.scored:
            continue
        for least in (True, False):
            name = f"{'min' if least else 'max'}_{key}"
            bound = _bound(file, name, kind, least=least)
            if bound is not None:
                found.append(Limit(name, kind, bound, least))
    return found + list(_by_category(file))


def _bound(file: PabulibFile, name: str, kind: str, *, least: bool) -> Fraction | None:
    for alias in (name, f"{name}_unit", f"{name}_district"):  # the last two are older names of the same
        bound = number(file.meta.get(alias, ""))
        if bound is not None:
            return bound
    if kind == LENGTH and file.vote_type == "choose-1":
        return Fraction(1)
    if kind == COST and not least and file.vote_type == "knapsack":
        return number(file.meta["budget"])
    return None


def _by_category(file: PabulibFile) -> Iterator[Limit]:
    """`…_per_category`: one number for all, or one for each of META's categories in their order."""
    for key, kind in (("length", LENGTH), ("sum_cost", COST)):
        for least in (True, False):
            name = f"{'min' if least else 'max'}_{key}_per_category"
            parts = [number(part.strip()) for part in file.meta.get(name, "").split(",") if part.strip()]
            names = list(categories(file)) if parts else []
            for category, bound in zip(names, parts * len(names) if len(parts) == 1 else parts, strict=False):
                if bound is not None:
                    yield Limit(name, kind, bound, least, category)


class Measures:
    """What the ballots of a file come to."""

    def __init__(self, file: PabulibFile, contest: Election) -> None:
        self.file = file
        self.contest = contest
        self.marks = file.marks
        self.known = self.marks.picks != UNKNOWN

    @cached_property
    def worth(self) -> tuple[NDArray[np.int64], int]:
        """The points beside every mark, and their unit."""
        return points_of(self.file)

    @cached_property
    def costs(self) -> NDArray[Any]:
        """The cost of every mark in money units, 0 for ids nobody listed."""
        return _costs(self.contest, int(self.marks.lengths.max(initial=1)))[self.marks.picks]

    def broken(self, limit: Limit) -> Broken:
        """The ballots that break a limit."""
        values, unit = self._values(limit)
        bound = limit.bound * unit
        edge = -(-bound.numerator // bound.denominator) if limit.least else bound.numerator // bound.denominator
        wrong = values < edge if limit.least else values > edge
        if limit.kind == EACH:
            wrong &= self.marks.lengths > 0
        ballots = np.flatnonzero(wrong)
        return Broken(limit, ballots, values[ballots], unit)

    def _values(self, limit: Limit) -> tuple[NDArray[Any], int]:
        """For each ballot what the limit is about, and its unit."""
        inside = self._inside(limit.category)
        if limit.kind == LENGTH:
            return (self.marks.lengths if inside is None else self._sums(inside.astype(np.int64))), 1
        if limit.kind == COST:
            costs = self.costs if inside is None else np.where(inside, self.costs, 0)
            return self._sums(costs), self.contest.money_unit
        worth, unit = self.worth
        if limit.kind == SUM:
            return self._sums(worth), unit
        values = np.zeros(len(self.marks.lengths), np.int64)
        full = np.flatnonzero(self.marks.lengths)
        if len(full):
            best = np.minimum if limit.least else np.maximum
            values[full] = best.reduceat(worth, self.marks.start[full])
        return values, unit

    def _inside(self, category: str) -> NDArray[np.bool_] | None:
        if not category:
            return None
        inside: NDArray[np.bool_] = categories(self.file)[category][self.marks.picks] & self.known
        return inside

    def _sums(self, values: NDArray[Any]) -> NDArray[Any]:
        """By ballot. Sums of whole columns may wrap around; those of one ballot, their differences, are right."""
        before = np.concatenate([[0], np.cumsum(values)])
        sums: NDArray[Any] = before[self.marks.start[1:]] - before[self.marks.start[:-1]]
        return sums


def _costs(contest: Election, longest: int) -> NDArray[Any]:
    """Costs by project number; the last place, which `UNKNOWN` points to, is 0."""
    small = max(contest.costs, default=0) * longest < 2**62
    return np.array([*contest.costs, 0], np.int64 if small else np.object_)
