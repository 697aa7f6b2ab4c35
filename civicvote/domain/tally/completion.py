"""What Equal Shares does with the money it leaves: add1 with the semantics of the linear scan, in fewer runs.

Bisection would be wrong: overspending is not monotone in the endowment. Skipping is right where `shares.rerun` shows
that the same projects are bought at every endowment between; the step doubles while it does and halves when not.
"""

from dataclasses import dataclass
from fractions import Fraction

from civicvote.domain.errors import InvalidError
from civicvote.domain.messages import msg
from civicvote.domain.tally.rules import Completion, Rule
from civicvote.domain.tally.screen import Field
from civicvote.domain.tally.shares import Market, Run, rerun, run

MAX_RUNS = 100_000
"""A count that needs more runs than this has an unreasonably small step; it is refused rather than run for hours."""


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
    market = Market(election, area.candidates, rule.utility, area.ranks, area.rivals)
    base = Fraction(election.pool, max(election.voters, 1))
    rounds = 0
    if rule.completion in {Completion.ADD1, Completion.ADD1U}:
        rounds = _last_round(market, base, Fraction(rule.step) * election.money_unit, stop=rule.exhaustive_stop)
    endowment = base + rounds * Fraction(rule.step) * election.money_unit
    final = run(market, endowment, details=True)
    assert final is not None
    return Completed(final, endowment, rounds, market)


def _last_round(market: Market, base: Fraction, step: Fraction, *, stop: bool) -> int:
    """The round whose run is the result of add1.

    At each round in this order: (o) costs more than the pool: the round before; (e) with `stop`, nothing fits any
    more: this round; (a) everything is in: this round.
    """
    pool = market.election.pool
    current = run(market, base, limit=pool)
    if current is None:
        raise InvalidError(msg("균등배분의 첫 계산이 예산을 넘었습니다. 투표자 수를 확인해 주십시오."))
    number, stride, runs = 0, 1, 1
    while not _ends(market, current, stop=stop):
        runs += 1
        if runs > MAX_RUNS:
            raise InvalidError(msg("한 번에 더하는 금액이 너무 작아 계산을 마칠 수 없습니다."), field="step")
        if stride > 1:
            same = rerun(market, base + (number + stride) * step, current)
            if same is None:
                stride //= 2
            else:
                number, current, stride = number + stride, same, stride * 2
            continue
        following = run(market, base + (number + 1) * step, limit=pool)
        if following is None:
            return number
        stride = 2 if following.projects == current.projects else 1
        number, current = number + 1, following
    return number


def _ends(market: Market, current: Run, *, stop: bool) -> bool:
    bought = set(current.projects)
    blocked = {rival for number in bought for rival in market.rivals.get(number, frozenset())}
    open_ = [number for number in market.candidates if number not in bought and number not in blocked]
    if not open_:
        return True
    left = market.election.pool - current.spent
    return stop and all(market.election.costs[number] > left for number in open_)
