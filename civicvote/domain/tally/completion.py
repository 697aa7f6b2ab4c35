"""What Equal Shares does with the money it leaves: add1 with the semantics of the linear scan, in fewer runs.

Bisection would be wrong: overspending is not monotone in the endowment. Skipping is right where `shares.steady` shows
that the same projects are bought at every endowment between; the stride doubles while it does.
"""

from dataclasses import dataclass
from fractions import Fraction

from civicvote.domain.errors import InvalidError
from civicvote.domain.messages import msg
from civicvote.domain.tally.rules import Completion, Rule
from civicvote.domain.tally.screen import Field
from civicvote.domain.tally.shares import Market, Run, Trace, run, steady, trace

MAX_RUNS = 1_000_000
"""A count that needs more runs than this has an unreasonably small step; it is refused rather than run for days."""


@dataclass(frozen=True, slots=True)
class Completed:
    """The final run, its endowment in money units, and how many steps it took."""

    run: Run
    endowment: Fraction
    rounds: int
    market: Market


@dataclass(frozen=True, slots=True)
class Last:
    """Where add1 ends: the round, the projects its run buys in order, and how many runs it took to find it."""

    round: int
    projects: tuple[int, ...]
    runs: int


def equal_shares(area: Field, rule: Rule) -> Completed:
    """The run that counts: MES(B/n), or the one add1 ends with."""
    market, scan = _prepared(area, rule)
    rounds = scan.last().round if rule.completion in _ADD1 else 0
    endowment = scan.endowment(rounds)
    return Completed(run(market, endowment), endowment, rounds, market)


def last(area: Field, rule: Rule, begin: int = 0) -> Last:
    """What `equal_shares` ends with, without its prices. Beginning later than at round 0 is a guess: see `_Scan.last`."""
    market, scan = _prepared(area, rule)
    if rule.completion in _ADD1:
        return scan.last(begin)
    only = trace(market, scan.endowment(0))
    return Last(0, only.projects if only else run(market, scan.endowment(0)).projects, 1)


_ADD1 = {Completion.ADD1, Completion.ADD1U}


def _prepared(area: Field, rule: Rule) -> tuple[Market, "_Scan"]:
    election = area.election
    market = Market(election, area.candidates, rule.utility, area.ranks, area.limits, area.pool)
    base = Fraction(area.pool, max(election.voters, 1))
    return market, _Scan(market, base, Fraction(rule.step) * election.money_unit, stop=rule.exhaustive_stop)


class _Scan:
    """The rounds of add1.

    At each round in this order: (o) costs more than the pool: the round before; (e) with `stop`, nothing fits any
    more: this round; (a) everything is in: this round.
    """

    def __init__(self, market: Market, base: Fraction, step: Fraction, *, stop: bool) -> None:
        self.market, self.base, self.step, self.stop = market, base, step, stop
        self.runs = 0

    def endowment(self, number: int) -> Fraction:
        return self.base + number * self.step

    def last(self, begin: int = 0) -> Last:
        """The round whose run is the result.

        `begin` above 0 leaves out the rounds before it, in which the count may have ended already: quick, and mostly
        right where the end is known of a similar count, but no proof. Where it ends at `begin`, earlier rounds are
        tried.
        """
        current, back = self._trace(begin), 1
        while begin and (current is None or self._ends(current)):
            begin, back = max(begin - back, 0), 2 * back
            current = self._trace(begin)
        if current is None:
            raise InvalidError(msg("균등분배의 첫 계산이 예산을 넘었습니다. 투표자 수를 확인해 주십시오."))
        number, current = self._from(begin, current)
        return Last(number, current.projects, self.runs)

    def _from(self, number: int, current: Trace) -> tuple[int, Trace]:
        """`ahead` are runs at later rounds, the nearest last: one is reached when nothing changes up to it, or when it
        is the next; else there has to be one half-way.
        """
        stride = 1
        ahead: list[tuple[int, Trace | None]] = []
        while not self._ends(current):
            if ahead:
                goal, following = ahead[-1]
                if goal == number + 1 or (following and steady(self.market, current, following)):
                    ahead.pop()
                    if following is None:
                        break
                    stride = 2 * (goal - number) if following.projects == current.projects else 1
                    number, current = goal, following
                    continue
                goal = (number + goal) // 2
            else:
                goal = number + stride
            ahead.append((goal, self._trace(goal, current if goal > number + 1 else None)))
        return number, current

    def _trace(self, number: int, below: Trace | None = None) -> Trace | None:
        self.runs += 1
        if self.runs > MAX_RUNS:
            raise InvalidError(msg("한 번에 더하는 금액이 너무 작아 계산을 마칠 수 없습니다."), field="step")
        return trace(self.market, self.endowment(number), below)

    def _ends(self, current: Trace) -> bool:
        market, bought = self.market, set(current.projects)
        shut = market.limits.shut(bought)
        open_ = [number for number in market.candidates if number not in bought and number not in shut]
        left = market.pool - current.spent
        return not open_ or (self.stop and all(market.election.costs[number] > left for number in open_))
