"""Writing a certificate from an outcome.

For Equal Shares the verifier must see that at every purchase each other project was dearer. Prices never fall within a
run, so one proof lasts until the purchases have become as dear: a *bound* (after how many purchases, project, price)
says that from then on its price per point is at least that; price null: its supporters can't pay any more. Each bound
is checked by one sum over the project's supporters.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import lcm
from typing import Any

import numpy as np
from numpy.typing import NDArray

from civicvote.domain.errors import InvalidError
from civicvote.domain.messages import msg
from civicvote.domain.tally.count import tally
from civicvote.domain.tally.election import Election
from civicvote.domain.tally.outcome import Outcome, Step
from civicvote.domain.tally.rules import Completion, Method, Utility
from civicvote.domain.tally.values import rule_values
from civicvote.domain.tally.why.room import OUT, Floats, Room, locked, total
from civicvote.domain.tally.why.shares import column

FORMAT = "civicvote-certificate/1"
_MARGIN = 1e-7
"""Bounds stay this far (relative) below the float price, so that they certainly hold."""


def certificate(election: Election, outcome: Outcome) -> dict[str, Any]:
    """JSON values; fractions as "p/q". InvalidError for maximum welfare, which no short list proves."""
    rule = outcome.rule
    method = Method.GREEDY if outcome.adopted else rule.method
    if method is Method.WELFARE:
        raise InvalidError(msg("최대 만족 방식에는 짧은 증명서를 만들 수 없습니다. 다시 집계해 확인하십시오."))
    body: dict[str, Any] = {
        "format": FORMAT,
        "rule": rule_values(replace(rule, method=method)),
        "budget": str(outcome.budget),
        "voters": outcome.voters,
        "void": outcome.void,
        "adopted": outcome.adopted,
        "selected": list(outcome.selected),
    }
    if outcome.void:
        return body
    if method is Method.EQUAL_SHARES:
        return body | _shares(election, outcome)
    if method in {Method.PHRAGMEN, Method.PHRAGMEN_SKIP}:
        return body | {
            "steps": [{"project": s.project, "price": _text(s.price)} for s in outcome.steps if not s.locked]
        }
    return body | {"steps": [{"project": s.project, "paid": str(s.paid)} for s in outcome.steps if not s.locked]}


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _shares(election: Election, outcome: Outcome) -> dict[str, Any]:
    bought = [step for step in outcome.steps if step.price is not None]
    endowment = Fraction(outcome.endowment or 0)
    body = {
        "endowment": str(endowment),
        "rounds": outcome.rounds,
        "steps": [{"project": step.project, "price": str(step.price)} for step in bought],
        "bounds": _Bounds(election, outcome, endowment).of(bought, ends=True),
        "rest": [step.project for step in outcome.steps if step.completion],
    }
    if outcome.rule.completion in {Completion.ADD1, Completion.ADD1U}:
        body["next"] = _next(election, outcome, endowment + Fraction(outcome.rule.step))
    return body


def _next(election: Election, outcome: Outcome, endowment: Fraction) -> dict[str, Any] | None:
    """The run at the next endowment, up to the purchase that overspends; None when it does not (the stop applied)."""
    first = sum((election.projects[number].cost for number in locked(election, outcome)), 0)
    dear = {one.id for one in election.projects if one.cost > outcome.budget - first} - {*outcome.rule.locked}
    fixed = replace(election, budget=endowment * election.voters + first)
    rule = replace(outcome.rule, completion=Completion.NONE, comparison=False)
    again = tally(fixed, replace(rule, withdrawn=rule.withdrawn | dear))
    left, steps = outcome.budget - first, []
    for step in again.steps:
        if step.locked:
            continue
        steps.append(step)
        left -= step.cost
        if left < 0:
            bounds = _Bounds(election, outcome, endowment).of(steps, ends=False)
            return {"steps": [{"project": s.project, "price": str(s.price)} for s in steps], "bounds": bounds}
    return None


@dataclass(slots=True)
class _Rival:
    """An open project: its supporters, and the price it has been shown to cost at least. None: out of reach."""

    number: int
    factor: int
    bound: Fraction | None


class _Bounds:
    """Replays a run with float64 and writes the bounds the verifier needs."""

    def __init__(self, election: Election, outcome: Outcome, endowment: Fraction) -> None:
        self.election, self.rule = election, outcome.rule
        self.unit, self.endowment = Fraction(1, election.point_unit), endowment
        self.ranks = outcome.rule.tie.ranks(election)
        self.room, self.funded = Room(election, outcome.rule), locked(election, outcome)
        self.columns = {number: column(election, number) for number in range(len(election.projects))}
        self.balances: Floats = np.full(len(election.rows.people), float(endowment))
        out = {reason.project for reason in outcome.rejected if reason.code in OUT} | {*outcome.rule.locked}
        self.rivals = [self._rival(n) for n, one in enumerate(election.projects) if one.id not in out]

    def _rival(self, number: int) -> _Rival:
        election = self.election
        flat = Fraction(election.projects[number].cost) / Fraction(election.scores[number])
        factor = election.costs[number] or 1 if self.rule.utility is Utility.COST else 1
        return _Rival(number, factor, flat)

    def of(self, steps: Sequence[Step], *, ends: bool) -> list[list[Any]]:
        """The bounds of a run; `ends`: also that nobody can buy after it."""
        bounds: list[list[Any]] = []
        for after, step in enumerate(steps):
            number = self.election.index[step.project]
            winner = next(rival for rival in self.rivals if rival.number == number)
            rho = Fraction(step.price or 0) / winner.factor
            for rival in self._open(number):
                if rival.bound is not None and not self._dearer(rival, rho, number):
                    rival.bound = self._price(rival, rho * rival.factor)
                    if rival.bound is not None and not self._dearer(rival, rho, number):
                        rival.bound = self._exactly(rival, steps[:after])
                    bounds.append(self._written(after, rival))
            self._buy(number, float(step.price or 0))
        rest = [rival for rival in self._open(None) if ends and rival.bound is not None]
        return bounds + [[len(steps), self.election.projects[rival.number].id, None] for rival in rest]

    def _open(self, winner: int | None) -> list[_Rival]:
        costs = self.election.costs
        return [
            rival
            for rival in self.rivals
            if rival.number != winner
            and rival.number not in self.funded
            and self.room.of(rival.number, self.funded) >= costs[rival.number]
        ]

    def _dearer(self, rival: _Rival, rho: Fraction, winner: int) -> bool:
        mine = Fraction(rival.bound or 0) / rival.factor
        return mine > rho or (mine == rho and self.ranks[rival.number] > self.ranks[winner])

    def _written(self, after: int, rival: _Rival) -> list[Any]:
        return [after, self.election.projects[rival.number].id, _text(rival.bound)]

    def _buy(self, number: int, price: float) -> None:
        groups, points, _ = self.columns[number]
        before = self.balances[groups]
        after = before - (price if points is None else price * points)
        after[after <= 1e-9 * before] = 0.0
        self.balances[groups] = after
        self.funded.append(number)

    def _price(self, rival: _Rival, least: Fraction) -> Fraction | None:
        """A price the project costs at least: `least` at any rate, more where floats are sure."""
        groups, points, people = self.columns[rival.number]
        values, cost = self.balances[groups], float(self.election.projects[rival.number].cost)
        units = people if points is None else people * points
        held = total(values, people)
        if held < cost * (1 - _MARGIN):
            return None
        price, before = cost / float(units.sum()), -1
        while True:  # Newton from below: h is concave
            rich = values >= (price if points is None else price * points)
            count = int(np.count_nonzero(rich))
            if count == before or not count:
                break
            before = count
            price = max(price, (cost - total(values * ~rich, people)) / total(units, rich.astype(np.float64)))
        bound = Fraction(f"{price * (1 - _MARGIN):.9g}")
        return max(bound, least) if bound > 0 and bound * (1 + Fraction(1, 10**8)) < Fraction(price) else least

    def _exactly(self, rival: _Rival, bought: Sequence[Step]) -> Fraction | None:
        """The price itself, where it is too near the winner's for floats: everyone's money in whole numbers."""
        election, columns = self.election, self.election.columns
        prices = [Fraction(step.price or 0) * self.unit for step in bought]
        cost = Fraction(election.projects[rival.number].cost)
        scale = lcm(*(part.denominator for part in (self.endowment, cost, *prices)))
        rows = columns.of(rival.number)
        held = np.full(len(rows), int(self.endowment * scale), dtype=np.object_)
        for step, price in zip(bought, prices, strict=True):
            number = election.index[step.project]
            both = np.isin(columns.of(number), rows)
            at, due = np.searchsorted(rows, columns.of(number)[both]), int(price * scale) * self._worth(number)[both]
            held[at] = np.maximum(held[at] - due, 0)
        worth, people = self._worth(rival.number), election.rows.people[rows].astype(np.object_)
        rich = np.ones(len(rows), dtype=bool)
        while rich.any():  # whoever cannot pay the common price gives all
            need = int(cost * scale) - (held * people)[~rich].sum()
            units = (worth * people)[rich].sum()
            able = (held * units >= need * worth).astype(bool)
            if (able == rich).all():
                return Fraction(int(need), int(units) * scale) / self.unit
            rich = able
        return None

    def _worth(self, number: int) -> NDArray[np.object_]:
        """The points of a project's ballots as whole numbers of any size."""
        points = self.election.columns.points_of(number)
        size = len(self.election.columns.of(number))
        return np.ones(size, dtype=np.object_) if points is None else points.astype(np.object_)
