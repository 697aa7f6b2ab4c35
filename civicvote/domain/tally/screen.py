"""Before any rule: who is out from the start, who is funded first, and what is left of the money after that."""

from dataclasses import dataclass
from math import ceil

from civicvote.domain.errors import InvalidError
from civicvote.domain.messages import msg
from civicvote.domain.tally.election import Election
from civicvote.domain.tally.limits import Limits, limits
from civicvote.domain.tally.outcome import Code, Reason
from civicvote.domain.tally.rules import Rule


@dataclass(frozen=True, slots=True)
class Field:
    """`candidates` may win (indices); `out` says why each of the others may not; `ranks` is ≺.

    `locked` (indices) are funded already, from the budget; `pool` is what they leave, in money units. A candidate
    costs at most that, and none is shut by `limits` as long as nothing but the locked-in projects is funded.
    """

    election: Election
    candidates: tuple[int, ...]
    out: dict[int, Reason]
    ranks: tuple[int, ...]
    limits: Limits
    locked: tuple[int, ...]
    pool: int
    void: bool = False

    def id(self, number: int) -> str:
        return self.election.projects[number].id


def screen(election: Election, rule: Rule) -> Field:
    """Void, withdrawn, without support, below a threshold, dearer than the pool, shut: the first that applies.

    Raises `InvalidError` for a rule that names unknown projects, or whose locked-in projects cost more than the budget
    or may not be funded together.
    """
    rule.check(election)
    bounds = limits(election, rule)
    ranks = tuple(rule.tie.ranks(election))
    numbers = range(len(election.projects))
    if election.voters < rule.quorum:
        facts = {"voters": election.voters, "quorum": rule.quorum}
        void = {number: Reason(election.projects[number].id, Code.VOID, facts) for number in numbers}
        return Field(election, (), void, ranks, bounds, (), election.pool, void=True)
    locked = tuple(election.index[project] for project in rule.locked)
    pool = election.pool - sum(election.costs[number] for number in locked)
    if pool < 0:
        raise InvalidError(msg("확정 사업의 사업비가 예산보다 큽니다."), field="locked")
    if not bounds.allow(()):
        raise InvalidError(msg("확정 사업들을 함께 선정할 수 없습니다."), field="locked")
    shut = bounds.shut(())
    out: dict[int, Reason] = {}
    for number in set(numbers) - set(locked):
        reason = _out(election, rule, number, pool)
        if reason is None and number in shut:
            reason = bounds.reason((), number)
        if reason:
            out[number] = reason
    candidates = tuple(number for number in numbers if number not in out and number not in locked)
    return Field(election, candidates, out, ranks, bounds, locked, pool)


def _out(election: Election, rule: Rule, number: int, pool: int) -> Reason | None:
    project = election.projects[number]
    votes, score = election.votes[number], election.scores[number]
    needed = ceil(rule.threshold_share * election.voters)
    if project.id in rule.withdrawn:
        return Reason(project.id, Code.WITHDRAWN)
    if not score:
        return Reason(project.id, Code.NO_SUPPORT)
    if score < rule.threshold:
        return Reason(project.id, Code.BELOW_THRESHOLD, {"votes": score, "threshold": rule.threshold})
    if votes < needed:
        return Reason(project.id, Code.BELOW_SHARE, {"votes": votes, "voters": election.voters, "needed": needed})
    if election.costs[number] > pool:
        return Reason(project.id, Code.TOO_EXPENSIVE, {"cost": project.cost, "budget": election.money(pool)})
    return None
