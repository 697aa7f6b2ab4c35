"""Checking a certificate: nothing here is shared with the rules, and nothing is searched for.

Money is kept in whole numbers over one common denominator, so every sum and comparison is exact.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from fractions import Fraction
from math import lcm
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from civicvote.domain.errors import InvalidError
from civicvote.domain.messages import msg
from civicvote.domain.tally.election import Election
from civicvote.domain.tally.rows import Rows

Ints = NDArray[np.int64]
Objects = NDArray[np.object_]


def verify(election: Election, certificate: Mapping[str, Any]) -> None:
    """Raise `InvalidError`, naming what is wrong, unless the certificate shows the result it claims."""
    try:
        _verify(election, certificate)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, ZeroDivisionError) as error:
        raise InvalidError(
            msg("증명서를 읽을 수 없습니다: %(where)s", where=f"{type(error).__name__} {error}"[:80])
        ) from error


def _verify(election: Election, body: Mapping[str, Any]) -> None:
    if body["format"] != "civicvote-certificate/1":
        wrong("format")
    contest = Contest(election, body["rule"])
    if Fraction(body["budget"]) != contest.budget or body["voters"] != election.voters:
        wrong("budget, voters")
    if body["void"] != (election.voters < contest.rule["quorum"]):
        wrong("void")
    if body["void"]:
        funded: list[str] = []
    elif contest.rule["method"] == "equal-shares":
        funded = _check_shares(contest, body)
    elif contest.rule["method"] in {"phragmen", "phragmen-skip"}:
        funded = _check_loads(contest, body["steps"])
    else:
        funded = _check_greedy(contest, body["steps"])
    if funded != body["selected"]:
        wrong("selected")


def wrong(where: str) -> NoReturn:
    """Refuse."""
    raise InvalidError(msg("증명서가 맞지 않습니다: %(where)s", where=where))


class Contest:
    """An election and a rule as plain numbers by project id, read from the ballots anew."""

    def __init__(self, election: Election, rule: Mapping[str, Any]) -> None:
        self.rule = rule
        rows = election.rows
        self.people = rows.people
        self.costs = {one.id: Fraction(one.cost) for one in election.projects}
        self.ids = list(self.costs)
        self.budget, self.voters = Fraction(election.budget), election.voters
        self.unit = election.point_unit if rows.points is not None else 1
        self.rows, self.worth = self._supporters(rows)
        self.votes = {one: int(self.people[self.rows[one]].sum()) for one in self.ids}
        weighted: Sequence[Fraction] = getattr(election, "shares", ())  # several electorates: not read from the rows
        points = weighted or [Fraction(int(self._points(one)), self.unit) for one in self.ids]
        self.scores = dict(zip(self.ids, points, strict=True))
        self.locked = list(rule["locked"])
        self.pool = self.budget - sum(self.costs[one] for one in self.locked)
        self.place = {one: number for number, one in enumerate(sorted(self.ids, key=self._order))}
        self.open = {one for one in self.ids if self._may_win(one)}

    def _supporters(self, rows: Rows) -> tuple[dict[str, Ints], dict[str, Objects | None]]:
        """By project: the ballots that support it, and their points as whole numbers of any size (None: one each)."""
        order = np.argsort(rows.picks, kind="stable")
        row = np.repeat(np.arange(len(rows.people)), np.diff(rows.indptr))[order]
        ends = np.searchsorted(rows.picks[order], np.arange(len(self.ids) + 1))
        points = None if rows.points is None else rows.points[order].astype(np.object_)
        supporters, worth = {}, dict[str, Objects | None]()
        for number, one in enumerate(self.ids):
            part = slice(ends[number], ends[number + 1])
            supporters[one] = row[part]
            worth[one] = None if points is None else points[part]
        return supporters, worth

    def _points(self, one: str) -> int:
        worth = self.worth[one]
        points: int = self.votes[one] if worth is None else (worth * self.people[self.rows[one]]).sum()
        return points

    def _order(self, one: str) -> tuple[Any, ...]:
        lot = {other: number for number, other in enumerate(self.rule["lot"])}
        values = {
            "id": one,
            "number": self.ids.index(one),
            "votes": -self.votes[one],
            "cost": self.costs[one],
            "cost-desc": -self.costs[one],
            "lot": lot.get(one, len(lot)),
        }
        return (*(values[key] for key in self.rule["tie"]), one)

    def _may_win(self, one: str) -> bool:
        rule = self.rule
        return (
            one not in rule["withdrawn"]
            and one not in self.locked
            and self.scores[one] > 0
            and self.scores[one] >= Fraction(rule["threshold"])
            and self.votes[one] >= Fraction(rule["threshold_share"]) * self.voters
            and self.costs[one] <= self.pool
        )

    def allowed(self, one: str, funded: Collection[str]) -> bool:
        """Whether the groups and caps leave room for `one` beside `funded`."""
        for group in self.rule["exclusive"]:
            if one in group and any(other in group for other in funded):
                return False
        for cap in self.rule["caps"]:
            inside = [other for other in funded if other in cap["projects"]]
            if one not in cap["projects"]:
                continue
            if cap["most"] is not None and len(inside) >= cap["most"]:
                return False
            money = sum((self.costs[other] for other in inside), self.costs[one])
            if cap["budget"] is not None and money > Fraction(cap["budget"]):
                return False
        return True


class _Purse:
    """What the voters of each row hold, in whole numbers of 1 / `scale`: as large as they need be."""

    def __init__(self, contest: Contest, endowment: Fraction, prices: Iterable[Fraction]) -> None:
        self.contest = contest
        parts = [endowment, *(price / contest.unit for price in prices), *contest.costs.values()]
        self.scale = lcm(*(part.denominator for part in parts))
        self.held: Objects = np.full(len(contest.people), self.whole(endowment), dtype=np.object_)
        self.single = bool((contest.people == 1).all())

    def whole(self, value: Fraction) -> int:
        return int(value * self.scale)

    def _due(self, one: str, price: Fraction) -> Any:
        worth, due = self.contest.worth[one], self.whole(price / self.contest.unit)
        return due if worth is None else due * worth

    def sum(self, one: str, price: Fraction | None) -> int:
        """What the supporters can pay together at a price per point; all they hold without one."""
        rows = self.contest.rows[one]
        held = self.held[rows]
        paid = held if price is None else np.minimum(held, self._due(one, price))
        total: int = paid.sum() if self.single else (paid * self.contest.people[rows]).sum()
        return total

    def full(self, one: str, price: Fraction) -> bool:
        """Whether a supporter can pay the price in full. If nobody can, a lower one brings as much."""
        return bool((self.held[self.contest.rows[one]] >= self._due(one, price)).any())

    def pay(self, one: str, price: Fraction) -> None:
        """Take the price; it must come to the cost exactly, and somebody must pay it in full, or less would do."""
        rows, due = self.contest.rows[one], self._due(one, price)
        if self.sum(one, price) != self.whole(self.contest.costs[one]) or not self.full(one, price):
            wrong(f"{one}: price")
        held = self.held[rows]
        self.held[rows] = held - np.minimum(held, due)


def _check_shares(contest: Contest, body: Mapping[str, Any]) -> list[str]:
    rule, step = contest.rule, Fraction(contest.rule["step"])
    endowment = Fraction(body["endowment"])
    grows = rule["completion"] in {"add1", "add1u"}
    if not isinstance(body["rounds"], int) or body["rounds"] < 0:
        wrong("rounds")
    if endowment != contest.pool / max(contest.voters, 1) + body["rounds"] * step or (body["rounds"] and not grows):
        wrong("endowment")
    bought = _Run(contest, endowment, body).check(ends=True)
    left = contest.pool - sum(contest.costs[one] for one in bought)
    if left < 0:
        wrong("budget")
    if grows:
        _check_last(contest, body, bought, left)
    rest = list(body["rest"])
    wanted = (
        _greedy(contest, [*contest.locked, *bought], left)[0] if rule["completion"] in {"add1u", "utilitarian"} else []
    )
    if rest != wanted:
        wrong("rest")
    return [*contest.locked, *bought, *rest]


def _check_last(contest: Contest, body: Mapping[str, Any], bought: Sequence[str], left: Fraction) -> None:
    """Why add1 went no further: everything is in, nothing fits, or the next endowment overspends."""
    funded = [*contest.locked, *bought]
    waiting = [one for one in contest.open if one not in bought and contest.allowed(one, funded)]
    if not waiting:
        return
    if contest.rule["exhaustive_stop"] and all(contest.costs[one] > left for one in waiting):
        return
    endowment = Fraction(body["endowment"]) + Fraction(contest.rule["step"])
    over = _Run(contest, endowment, body["next"]).check(ends=False)
    if sum(contest.costs[one] for one in over) <= contest.pool:
        wrong("next")


class _Run:
    """A run of Equal Shares: its purchases in order, and the bounds that show nobody was cheaper."""

    def __init__(self, contest: Contest, endowment: Fraction, body: Mapping[str, Any]) -> None:
        self.contest = contest
        self.steps = [(step["project"], Fraction(step["price"])) for step in body["steps"]]
        self.bounds = [(after, one, None if price is None else Fraction(price)) for after, one, price in body["bounds"]]
        prices = [price for _, price in self.steps] + [price for _, _, price in self.bounds if price is not None]
        self.purse = _Purse(contest, endowment, prices)
        # At the flat price everyone pays the same, so no price is ever lower.
        self.least: dict[str, Fraction | None] = {one: contest.costs[one] / contest.scores[one] for one in contest.open}
        self.funded = list(contest.locked)

    def factor(self, one: str) -> Fraction:
        return (self.contest.costs[one] or Fraction(1)) if self.contest.rule["utility"] == "cost" else Fraction(1)

    def check(self, *, ends: bool) -> list[str]:
        for after, (one, price) in enumerate(self.steps):
            self._take_bounds(after)
            if one not in self.contest.open or one in self.funded or not self.contest.allowed(one, self.funded):
                wrong(f"{one}: steps")
            rho = price / self.factor(one)
            for other in self._waiting(one):
                least = self.least[other]
                if least is None:
                    continue
                mine = least / self.factor(other)
                if mine < rho or (mine == rho and self.contest.place[other] < self.contest.place[one]):
                    wrong(f"{one}: {other}")
            self.purse.pay(one, price)
            self.funded.append(one)
        self._take_bounds(len(self.steps))
        if ends and any(self.least[one] is not None for one in self._waiting(None)):
            wrong("bounds")
        return [one for one, _ in self.steps]

    def _waiting(self, winner: str | None) -> list[str]:
        contest, funded = self.contest, self.funded
        return [one for one in self.least if one != winner and one not in funded and contest.allowed(one, funded)]

    def _take_bounds(self, now: int) -> None:
        cost = self.contest.costs
        for after, one, price in self.bounds:
            if after == now:
                paid = self.purse.sum(one, price)
                due = self.purse.whole(cost[one])
                if paid > due or (paid == due and (price is None or not self.purse.full(one, price))):
                    wrong(f"bounds: {one}")
                self.least[one] = price


def _greedy(
    contest: Contest, before: Sequence[str], left: Fraction, method: str = "greedy"
) -> tuple[list[str], list[Fraction]]:
    """From the top down: who is funded after `before`, and what is paid for each."""

    def key(one: str) -> tuple[bool, Fraction, int]:
        cost = contest.costs[one]
        value = contest.scores[one] / cost if method == "greedy-per-cost" and cost else contest.scores[one]
        return cost > 0, -value, contest.place[one]

    funded: list[str] = []
    paid: list[Fraction] = []
    for one in sorted(contest.open - set(before), key=key):
        cost = contest.costs[one]
        if not contest.allowed(one, [*before, *funded]):
            continue
        part = method == "greedy-poznan" and left < cost and left >= Fraction(8, 10) * cost
        if cost <= left or part:
            funded.append(one)
            paid.append(min(cost, left))
            left -= paid[-1]
        if part or (left < cost and one not in funded and method in {"greedy-no-skip", "greedy-poznan"}):
            break
    return funded, paid


def _check_greedy(contest: Contest, steps: Sequence[Mapping[str, Any]]) -> list[str]:
    funded, paid = _greedy(contest, contest.locked, contest.pool, contest.rule["method"])
    for step, one, money in zip(steps, funded, paid, strict=False):
        if step["project"] != one or Fraction(step["paid"]) != money:
            wrong(f"{step['project']}: steps")
    if len(steps) != len(funded):
        wrong("steps")
    return [*contest.locked, *funded]


class _Levels:
    """How many supporters of each project carry which load: loads are those of the purchases, so counting is enough."""

    def __init__(self, contest: Contest, steps: Sequence[Mapping[str, Any]]) -> None:
        self.contest, self.loads = contest, [Fraction(0)]
        self.level = np.zeros(len(contest.people), dtype=np.int64)
        self.people, self.groups = contest.people, contest.rows
        self.most = len(steps) + 1

    def load(self, one: str) -> Fraction:
        """What each supporter would carry with `one`."""
        rows = self.groups[one]
        counts = np.bincount(self.level[rows], weights=self.people[rows], minlength=self.most).tolist()
        carried = sum((int(count) * load for count, load in zip(counts, self.loads, strict=False)), Fraction(0))
        level: Fraction = (self.contest.costs[one] + carried) / self.contest.votes[one]
        return level

    def put(self, one: str, load: Fraction) -> None:
        self.level[self.groups[one]] = len(self.loads)
        self.loads.append(load)


def _check_loads(contest: Contest, steps: Sequence[Mapping[str, Any]]) -> list[str]:
    levels, funded, left = _Levels(contest, steps), list(contest.locked), contest.pool
    skips, waiting = contest.rule["method"] == "phragmen-skip", set(contest.open)
    for step in [*steps, None]:
        waiting = {one for one in waiting if contest.allowed(one, funded)}
        if skips:
            waiting = {one for one in waiting if contest.costs[one] <= left}
        loads = {one: levels.load(one) for one in waiting}
        least = min(loads.values(), default=None)
        tied = [one for one in waiting if loads[one] == least]
        stops = any(contest.costs[one] > left for one in tied) or not tied
        if step is None:
            if not stops:
                wrong("steps")
            break
        one = min(tied, key=contest.place.__getitem__, default=None)
        if stops or one is None or step["project"] != one or Fraction(step["price"]) != least:
            wrong(f"{step['project']}: steps")
        levels.put(one, loads[one])
        funded.append(one)
        waiting.discard(one)
        left -= contest.costs[one]
    return funded
