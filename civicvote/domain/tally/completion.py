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


def equal_shares(area: Field, rule: Rule) -> Completed:
    """The run that counts: MES(B/n), or the one add1 ends with."""
    election = area.election
    market = Market(election, area.candidates, rule.utility, area.ranks, area.limits, area.pool)
    base = Fraction(area.pool, max(election.voters, 1))
    step = Fraction(rule.step) * election.money_unit
    rounds = 0
    if rule.completion in {Completion.ADD1, Completion.ADD1U}:
        rounds = _last_round(market, base, step, stop=rule.exhaustive_stop)
    return Completed(run(market, base + rounds * step), base + rounds * step, rounds, market)


def _last_round(market: Market, base: Fraction, step: Fraction, *, stop: bool) -> int:
    """The round whose run is the result of add1.

    At each round in this order: (o) costs more than the pool: the round before; (e) with `stop`, nothing fits any
    more: this round; (a) everything is in: this round. `ahead` are runs at later rounds, the nearest last: one is
    reached when nothing changes up to it, or when it is the next; else there has to be one half-way.
    """
    current = trace(market, base)
    if current is None:
        raise InvalidError(msg("균등분배의 첫 계산이 예산을 넘었습니다. 투표자 수를 확인해 주십시오."))
    number, stride, runs = 0, 1, 1
    ahead: list[tuple[int, Trace | None]] = []
    while not _ends(market, current, stop=stop):
        if ahead:
            goal, following = ahead[-1]
            if goal == number + 1 or (following and steady(market, current, following)):
                ahead.pop()
                if following is None:
                    return number
                stride = 2 * (goal - number) if following.projects == current.projects else 1
                number, current = goal, following
                continue
            goal = (number + goal) // 2
        else:
            goal = number + stride
        runs += 1
        if runs > MAX_RUNS:
            raise InvalidError(msg("한 번에 더하는 금액이 너무 작아 계산을 마칠 수 없습니다."), field="step")
        ahead.append((goal, trace(market, base + goal * step, current if goal > number + 1 else None)))
    return number


def _ends(market: Market, current: Trace, *, stop: bool) -> bool:
    bought = set(current.projects)
    shut = market.limits.shut(bought)
    open_ = [number for number in market.candidates if number not in bought and number not in shut]
    left = market.pool - current.spent
    return not open_ or (stop and all(market.election.costs[number] > left for number in open_))
