"""The rules by which recount.py counts a contest, as a notice may declare them; exact: whole numbers and fractions."""

import heapq
from collections import Counter
from fractions import Fraction
from math import gcd, lcm
from typing import Any, Optional

from recount_ballots import amount, most, plain  # type: ignore[import-not-found]

Bought = list[tuple[Fraction, int, str]]  # price per point and utility, place in the order of ties, project


def paying(rich: list[Any], rest: int, weight: int) -> tuple[list[Any], int, int]:
    """Who of `rich` (purse, points, people) pays a common price per point, and that price as `rest` / `weight`."""
    while rich:  # whoever cannot pay it gives all, the others share what is left
        if len(able := [row for row in rich if row[0] * weight >= rest * row[1]]) == len(rich):
            break
        rest += sum(purse * people for purse, _, people in able) - sum(purse * people for purse, _, people in rich)
        rich, weight = able, sum(points * people for _, points, people in able)
    return rich, rest, weight


class Contest:
    """One pool: what was cast in it, and the rule by which its budget is given out.

    `rule`: of the notice, complete. `costs`: the pool's projects. `gone`: those withdrawn.
    """

    def __init__(self, rule: Any, costs: dict[str, Fraction], gone: set[str]) -> None:
        self.rule, self.costs, self.gone, self.voters, self.void = rule, costs, gone, 0, False
        self.votes, self.score = dict.fromkeys(costs, 0), dict.fromkeys(costs, 0)
        self.rows: Counter[Any] = Counter()  # equal ballots, as ((project, points), …), and how many people cast them
        self.pairs: dict[Any, Any] = {}  # each (project, points) once, so that a million ballots share them
        self.backers: dict[str, dict[Any, list[int]]] = {}  # project: (points, people of a row): numbers of rows
        self.budget, self.step = amount(rule["budget"]), amount(rule["step"])
        self.worth = {one: (cost or Fraction(1)) if rule["utility"] == "cost" else 1 for one, cost in costs.items()}
        caps = [{"projects": ids, "max": 1, "max_cost": None} for ids in rule["exclusive"]] + rule["caps"]
        self.caps = [(set(cap["projects"]), most(cap["max"]), most(cap["max_cost"])) for cap in caps]

    def sound(self) -> bool:
        """Whether what is settled without votes keeps to the budget and the caps."""
        locked = self.rule["locked"]
        return self.left(locked) >= 0 and not any(self.shut(one, locked) for one in locked)

    def take(self, picks: list[str], points: Optional[list[int]]) -> None:
        """Count a valid ballot."""
        worth = points if points and self.rule["measure"] == "points" else [1] * len(picks)
        row = tuple(self.pairs.setdefault(pair, pair) for pair in zip(picks, worth) if pair[0] in self.costs)
        if row or self.rule["empty_ballots"]:
            self.rows[row] += 1

    def add_up(self) -> None:
        """After the last ballot: votes, points, and who supported what."""
        self.voters, self.backers = sum(self.rows.values()), {one: {} for one in self.costs}
        for number, (row, people) in enumerate(self.rows.items()):
            for one, worth in row:
                self.votes[one] += people
                self.score[one] += people * worth
                self.backers[one].setdefault((worth, people), []).append(number)

    def result(self, selected: list[str]) -> tuple[Any, Fraction]:
        """What result.json has to say of this contest, and the money that is left."""
        left = max(self.left(selected), Fraction(0))  # a last project may have been paid in part
        found = {"pool": self.rule["pool"], "ballots": self.voters, "void": self.void, "votes": self.votes}
        found.update(budget=plain(self.budget), spent=plain(self.budget - left), selected=selected)
        return ({**found, "points": self.score} if self.rule["measure"] == "points" else found), left

    def ready(self) -> list[str]:
        """Lay down the order of ties and which projects may be chosen; returns those settled without votes."""
        rule, keys = self.rule, {"votes": self.votes}
        self.void, locked = self.voters < rule["quorum"], [one for one in rule["locked"] if one not in self.gone]
        by: Any = [(keys.get(key, self.costs), 1 if key == "cost" else -1) for key in rule["tie_by"]]
        order = sorted(self.costs, key=lambda c: ([of[c] * sign for of, sign in by], rule["ties"].index(c)))
        self.place = {one: place for place, one in enumerate(order)}
        least, few = max(rule["threshold"], 1), most(rule["threshold_share"]) * self.voters
        good = [one for one in order if self.score[one] >= least and self.votes[one] >= few]
        good = [one for one in good if one not in {*self.gone, *locked} and self.costs[one] <= self.left(locked)]
        self.open = [one for one in good if not self.shut(one, locked)]
        return locked

    def count(self) -> list[str]:
        """The projects chosen, in order."""
        locked = self.ready()
        names = {"equal-shares": self.equal_shares, "welfare": self.welfare, "phragmen": self.phragmen}
        return [] if self.void else names.get(self.rule["rule"].split("-skip")[0], self.greedy)(locked)

    def left(self, chosen: list[str]) -> Fraction:
        """The money that is left; below 0 when they cost too much."""
        return Fraction(self.budget - sum(self.costs[one] for one in chosen))

    def shut(self, one: str, chosen: list[str]) -> bool:
        """Whether an alternative or a cap keeps `one` out beside those chosen."""
        for ids, number, money in self.caps:
            inside = [self.costs[other] for other in {one, *chosen} if other in ids]
            if one in ids and (len(inside) > number or sum(inside) > money):
                return True
        return False

    def ranking(self) -> list[str]:
        """By votes (points) or by those per won; projects without cost first, equals in the order of ties."""
        per_cost = self.rule["rule"] == "greedy-per-cost"
        value = {one: Fraction(self.score[one]) / (self.costs[one] or 1 if per_cost else 1) for one in self.open}
        return sorted(self.open, key=lambda one: (self.costs[one] > 0, -value[one]))

    def greedy(self, locked: list[str]) -> list[str]:
        """Fund what fits, from the top down."""
        chosen, name = list(locked), self.rule["rule"]
        for one in self.ranking():
            if one in chosen or self.shut(one, chosen):
                continue
            left, cost = self.left(chosen), self.costs[one]
            if cost <= left or (name == "greedy-poznan" and cost * 4 <= left * 5):  # 80 % are enough for the last one
                chosen.append(one)
            if cost > left and name in {"greedy-no-skip", "greedy-poznan"}:
                break
        return chosen

    def welfare(self, locked: list[str]) -> list[str]:
        """The projects with the most votes (points) together; of several such sets the first in the order of ties.

        `states`: (cost, votes with the order of ties in their last bits, projects), none worse than another in all.
        """
        states: list[tuple[Fraction, int, tuple[str, ...]]] = [(Fraction(0), 0, ())]
        for place, one in enumerate(self.open):
            worth, found = (self.score[one] << len(self.open)) + (1 << (len(self.open) - place)), list(states)
            for cost, votes, ids in states:
                if cost + self.costs[one] <= self.left(locked) and not self.shut(one, [*locked, *ids]):
                    found.append((cost + self.costs[one], votes + worth, (*ids, one)))
            states, best = [], dict[Any, int]()
            for state in sorted(found, key=lambda state: (state[0], -state[1])):
                inside = [[self.costs[one] for one in state[2] if one in ids] for ids, _, _ in self.caps]
                used = tuple((len(costs), sum(costs)) for costs in inside)
                if state[1] > best.get(used, -1):
                    states.append(state)
                    best[used] = state[1]
        chosen = max(states, key=lambda state: state[1])[2]
        return locked + [one for one in self.ranking() if one in chosen]

    def at(self, one: str, level: list[int]) -> Counter[Any]:
        """How many backers of a project are where: (points, level of their row) → people."""
        found: Counter[Any] = Counter()
        for (points, people), rows in self.backers[one].items():
            for where, number in Counter(map(level.__getitem__, rows)).items():
                found[points, where] += number * people
        return found

    def phragmen(self, locked: list[str]) -> list[str]:
        """The project that its backers bear with the least load comes next; the end is one that doesn't fit, or no other."""
        chosen, rest, load, level = list(locked), self.open, [Fraction(0)], [0] * len(self.rows)
        while rest:
            new = {}
            for one in rest:  # a row's level says which purchase its load comes from
                borne = sum(load[where] * people for (_, where), people in self.at(one, level).items())
                new[one] = (self.costs[one] + borne) / self.votes[one]
            lowest = min(new.values())
            least = [one for one in rest if new[one] == lowest]  # in the order of ties
            if any(self.costs[one] > self.left(chosen) for one in least):
                break
            chosen.append(least[0])
            load.append(lowest)
            for rows in self.backers[least[0]].values():
                for row in rows:
                    level[row] = len(load) - 1
            rest = [one for one in rest if one not in chosen and not self.shut(one, chosen)]
            if self.rule["rule"] == "phragmen-skip":
                rest = [one for one in rest if self.costs[one] <= self.left(chosen)]
        return chosen

    def shares(self, locked: list[str], share: Fraction, before: Optional[Bought] = None) -> Optional[Bought]:
        """Method of Equal Shares (Peters, Pierczyński, Skowron 2021): everyone holds `share`, backers pay for theirs.

        `before`: what was bought with a smaller share. Then None, unless the same is bought with every share between:
        with more money prices only fall, so no rival's price now may be below what the bought one cost before.
        """
        unit = lcm(share.denominator, *(cost.denominator for cost in self.costs.values()))
        purses, level = [int(share * unit)], [0] * len(self.rows)  # in 1/unit; a row's level is the purse it holds
        chosen, bought = list(locked), Bought()
        heap = [(self.costs[one] / self.score[one] / self.worth[one], self.place[one], one) for one in self.open]
        heapq.heapify(heap)  # the price if all pay the same is the least possible one
        while heap:  # prices only rise from purchase to purchase: an old one is a lower bound
            one = heapq.heappop(heap)[2]
            if self.shut(one, chosen):  # and ever will be
                continue
            found = self.at(one, level)
            rest, weight = int(self.costs[one] * unit), self.score[one]
            rich = [(purses[purse], points, people) for (points, purse), people in found.items()]
            rich, rest, weight = paying(rich, rest, weight)
            if not rich:
                continue  # they cannot pay it, and never can again
            price = (Fraction(rest, weight * unit) / self.worth[one], self.place[one], one)
            old = price if before is None else before[len(bought)] if len(bought) < len(before) else None
            mark = old if old and old[2] == one else price
            if heap and heap[0] < mark:
                heapq.heappush(heap, mark)
                continue
            if old is None or old[2] != one:
                return None
            chosen.append(one)
            bought.append(price)
            shared = gcd(rest, weight)
            rest, weight = rest // shared, weight // shared
            unit, purses = unit * weight, [purse * weight for purse in purses]
            left = {(points, purse): max(purses[purse] - rest * points, 0) for points, purse in found}
            number = {purse: len(purses) + place for place, purse in enumerate(set(left.values()))}
            purses += number
            for (points, _), rows in self.backers[one].items():
                after = {purse: number[left[of, purse]] for of, purse in left if of == points}
                for row in rows:
                    level[row] = after[level[row]]
        return bought if len(bought) >= len(before or []) else None

    def equal_shares(self, locked: list[str]) -> list[str]:
        """Equal Shares with its completion, and the comparison with the greedy rule where the notice wants it."""
        chosen = self.completed(locked)
        if self.rule["completion"] in {"add1u", "utilitarian"}:
            chosen = self.greedy(chosen)
        other = self.greedy(locked) if self.rule["comparison"] else chosen
        gains = [(sum((one in other) - (one in chosen) for one, _ in row), people) for row, people in self.rows.items()]
        better = sum(people for gain, people in gains if gain > 0) > sum(people for gain, people in gains if gain < 0)
        return other if better else chosen

    def completed(self, locked: list[str]) -> list[str]:
        """add1: a step more for everyone, until it costs too much (then the round before) or nothing is left to fund.

        Rounds between which the same is bought are passed over, `stride` at a time.
        """
        base, rounds, stride = self.left(locked) / max(self.voters, 1), 0, 1
        before, bought = locked, self.shares(locked, base)
        while True:
            chosen = locked + [one for _, _, one in bought or []]
            left = self.left(chosen)
            rest = [self.costs[one] for one in self.open if one not in chosen and not self.shut(one, chosen)]
            if left < 0:
                return before
            done = not rest or (self.rule["exhaustive_stop"] and min(rest) > left)
            if done or self.rule["completion"] in {"none", "utilitarian"}:
                return chosen
            same = self.shares(locked, base + (rounds + stride) * self.step, bought) if stride > 1 else None
            if same is not None:
                rounds, bought, stride = rounds + stride, same, stride * 2
            elif stride > 1:
                stride //= 2
            else:
                before, rounds = chosen, rounds + 1
                bought = self.shares(locked, base + rounds * self.step)
                stride = 2 if chosen == locked + [one for _, _, one in bought or []] else 1
