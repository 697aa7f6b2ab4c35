"""The rules by which recount.py counts a contest, each as the notice of the vote may declare it.

Needs nothing but Python 3.9 and shares no code with the platform. Everything is exact: whole numbers and fractions.
"""

import heapq
from collections import Counter
from fractions import Fraction
from math import gcd, lcm
from typing import Any, Optional

Bought = list[tuple[Fraction, int, str]]  # price per point and utility, place in the order of ties, project


def most(limit: Any) -> Any:
    """A limit of the notice as a number; without one it is infinite."""
    return float("inf") if limit is None else Fraction(limit)


class Contest:
    """One pool: what was cast in it, and the rule by which its budget is given out.

    `costs`: the pool's projects. `gone`: those withdrawn. `budget`: with what flowed in from other pools.
    """

    def __init__(self, rule: Any, costs: dict[str, Fraction], gone: set[str], budget: Fraction) -> None:
        self.rule, self.costs, self.gone, self.budget, self.voters = rule, costs, gone, budget, 0
        self.votes, self.score = dict.fromkeys(costs, 0), dict.fromkeys(costs, 0)
        self.backers: dict[str, list[tuple[int, int, int]]] = {one: [] for one in costs}  # row, points, people
        self.rows: Counter[Any] = Counter()  # equal ballots, as ((project, points), …), and how many people cast them
        groups = [{"projects": ids, "max": 1, "max_cost": None} for ids in rule.get("exclusive", [])]
        self.caps = [
            (cap["projects"], most(cap["max"]), most(cap["max_cost"])) for cap in groups + rule.get("caps", [])
        ]

    def read(self, ballots: list[Any]) -> None:
        """Take the valid ballots of plaintexts.json."""
        for ballot in ballots:
            points = ballot["p"] if self.rule["measure"] == "points" else [1] * len(ballot["c"])
            row = tuple(pair for pair in zip(ballot["c"], points) if pair[0] in self.costs)
            if row or self.rule["empty_ballots"]:
                self.rows[row] += 1
        for number, (row, people) in enumerate(self.rows.items()):
            for one, worth in row:
                self.votes[one] += people
                self.score[one] += people * worth
                self.backers[one].append((number, worth, people))
        self.voters = sum(self.rows.values())

    def believe(self, claim: Any) -> bool:
        """Take the totals of result.json where no ballots were published; False if no ballots can have them."""
        self.voters, self.votes = claim["ballots"], claim["votes"]
        self.score = claim["points"] if self.rule["measure"] == "points" else self.votes
        rows = [(self.voters, self.votes[one], self.score[one]) for one in self.costs]
        whole = {type(n) for row in rows for n in row} <= {int} and len(rows) == len(self.votes) == len(self.score)
        good = whole and all(0 <= votes <= people and votes <= sums <= votes * 10**6 for people, votes, sums in rows)
        return good and bool(self.rule["empty_ballots"] or self.voters <= sum(self.votes.values()))

    @property
    def void(self) -> bool:
        return bool(self.voters < self.rule.get("quorum", 0))

    def ready(self) -> list[str]:
        """Lay down the order of ties and which projects may be chosen; returns those settled without votes."""
        rule, keys = self.rule, {"votes": self.votes}
        by: Any = [(keys.get(key, self.costs), 1 if key == "cost" else -1) for key in rule["tie_by"]]
        order = sorted(self.costs, key=lambda c: ([of[c] * sign for of, sign in by], rule["ties"].index(c)))
        self.place = {one: place for place, one in enumerate(order)}
        locked = [one for one in rule.get("locked", []) if one not in self.gone]
        least, few = max(rule["threshold"], 1), Fraction(rule.get("threshold_share", 0)) * self.voters
        good = [one for one in order if self.score[one] >= least and self.votes[one] >= few]
        good = [one for one in good if one not in {*self.gone, *locked} and self.costs[one] <= self.left(locked)]
        self.open = [one for one in good if not self.shut(one, locked)]
        return locked

    def fits(self, chosen: list[str]) -> bool:
        """All that can be said of `chosen` without ballots: they are open to choice, and within budget and caps."""
        rest = chosen[len(locked := self.ready()) :]
        good = locked + rest == chosen and len({*rest}) == len(rest) and {*rest} <= {*self.open}
        good = good and all(not self.shut(one, [other for other in chosen if other != one]) for one in rest)
        return not chosen if self.void else good and (not rest or self.left(chosen) >= 0)

    def count(self) -> list[str]:
        """The projects chosen, in order."""
        locked = self.ready()
        names = {"equal-shares": self.equal_shares, "welfare": self.welfare, "phragmen": self.phragmen}
        return [] if self.void else names.get(self.rule["rule"].removesuffix("-skip"), self.greedy)(locked)

    def left(self, chosen: list[str]) -> Fraction:
        """The money that is left; below 0 when they cost too much."""
        return self.budget - sum(self.costs[one] for one in chosen)

    def shut(self, one: str, chosen: list[str]) -> bool:
        """Whether an alternative or a cap keeps `one` out beside those chosen."""
        for ids, number, money in self.caps:
            inside = [self.costs[other] for other in [one, *chosen] if other in ids]
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

    def phragmen(self, locked: list[str]) -> list[str]:
        """Sequential Phragmén: next comes the project that its backers bear with the least load each.

        It ends when such a project doesn't fit; "phragmen-skip" leaves out what doesn't fit.
        """
        chosen, rest, load, level = list(locked), self.open, [Fraction(0)], [0] * len(self.rows)
        while rest:
            new = {}
            for one in rest:
                people: Counter[int] = Counter()  # how many of its backers bear the load of which purchase
                for row, _, number in self.backers[one]:
                    people[level[row]] += number
                borne = sum(load[at] * number for at, number in people.items())
                new[one] = (self.costs[one] + borne) / self.votes[one]
            least = [one for one in rest if new[one] == min(new.values())]  # in the order of ties
            if any(self.costs[one] > self.left(chosen) for one in least):
                break
            chosen.append(least[0])
            load.append(new[least[0]])
            for row, _, _ in self.backers[least[0]]:
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
        held = [int(share * unit)] * len(self.rows)  # in 1/unit
        chosen, bought = list(locked), Bought()
        heap = [(self.flat(one), self.place[one], one) for one in self.open]
        heapq.heapify(heap)
        while heap:  # prices only rise from purchase to purchase: an old one is a lower bound
            one = heapq.heappop(heap)[2]
            rest, weight, rich = int(self.costs[one] * unit), self.score[one], self.backers[one]
            while rich:  # whoever cannot pay the common price per point gives all, the others share what is left
                able = [row for row in rich if held[row[0]] * weight >= rest * row[1]]
                if len(able) == len(rich):
                    break
                rest -= sum(held[row] * people for row, _, people in rich)
                rest += sum(held[row] * people for row, _, people in able)
                rich, weight = able, sum(points * people for _, points, people in able)
            if not rich or self.shut(one, chosen):
                continue  # and never again
            price = (Fraction(rest, weight * unit) / self.worth(one), self.place[one], one)
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
            unit, held = unit * weight, [balance * weight for balance in held]
            for row, points, _ in self.backers[one]:
                held[row] -= min(held[row], rest * points)
        return bought if len(bought) >= len(before or []) else None

    def worth(self, one: str) -> Fraction:
        """What a point for a funded project is worth to its backers."""
        return (self.costs[one] or Fraction(1)) if self.rule["utility"] == "cost" else Fraction(1)

    def flat(self, one: str) -> Fraction:
        """The price when all backers pay the same: it can't be lower."""
        return self.costs[one] / self.score[one] / self.worth(one)

    def equal_shares(self, locked: list[str]) -> list[str]:
        """Equal Shares with its completion, and the comparison with the greedy rule where the notice wants it."""
        chosen = self.completed(locked)
        if self.rule["completion"] in {"add1u", "utilitarian"}:
            chosen = self.greedy(chosen)
        other = self.greedy(locked)
        gains = [(sum((one in other) - (one in chosen) for one, _ in row), people) for row, people in self.rows.items()]
        better = sum(people for gain, people in gains if gain > 0) > sum(people for gain, people in gains if gain < 0)
        return other if self.rule.get("comparison") and better else chosen

    def completed(self, locked: list[str]) -> list[str]:
        """add1: a step more for everyone, until it costs too much (then the round before) or nothing is left to fund.

        Rounds between which the same is bought are passed over, `stride` at a time.
        """
        step, base, rounds, stride = Fraction(self.rule["step"]), self.left(locked) / max(self.voters, 1), 0, 1
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
            same = self.shares(locked, base + (rounds + stride) * step, bought) if stride > 1 else None
            if same is not None:
                rounds, bought, stride = rounds + stride, same, stride * 2
            elif stride > 1:
                stride //= 2
            else:
                before, rounds = chosen, rounds + 1
                bought = self.shares(locked, base + rounds * step)
                stride = 2 if chosen == locked + [one for _, _, one in bought or []] else 1
