"""The count: an election and a rule in, an outcome out."""

from dataclasses import dataclass, replace
from fractions import Fraction

from civicvote.domain.errors import InvalidError
from civicvote.domain.messages import msg
from civicvote.domain.tally.compare import happier
from civicvote.domain.tally.completion import Completed, equal_shares, last
from civicvote.domain.tally.election import Election
from civicvote.domain.tally.electorates import Combined
from civicvote.domain.tally.greedy import Picked, greedy
from civicvote.domain.tally.outcome import Code, Outcome, Reason, Step
from civicvote.domain.tally.phragmen import phragmen
from civicvote.domain.tally.rules import Completion, Method, Rule
from civicvote.domain.tally.screen import Field, screen
from civicvote.domain.tally.welfare import best, welfare


def tally(election: Election, rule: Rule) -> Outcome:
    """Count `election` by `rule`. Pure and deterministic; raises `InvalidError` for a rule that does not fit."""
    if isinstance(election, Combined) and rule.method not in Method.ranked():
        raise InvalidError(
            msg("여러 선거인단의 결과를 합칠 때는 득표 순서로 정하는 방식만 쓸 수 있습니다."), field="rule"
        )
    area = screen(election, rule)
    if area.void:
        return replace(_outcome(area, rule, [], area.out), void=True)
    if rule.method is not Method.EQUAL_SHARES:
        return _greedy_outcome(area, rule, _picked(area, rule.method))
    completed = equal_shares(area, rule)
    outcome = _shares_outcome(area, rule, completed)
    if rule.comparison:
        other = greedy(area, Method.GREEDY)
        chosen = {election.index[project] for project in outcome.selected}.difference(area.locked)
        if happier(election, other.paid, chosen) > happier(election, chosen, other.paid):
            return _greedy_outcome(area, rule, other, adopted=True)
    return outcome


@dataclass(frozen=True, slots=True)
class Won:
    """The funded projects (indices) alone, without the record. `round`, `runs`: where add1 ended, and what it took."""

    projects: frozenset[int]
    round: int = 0
    runs: int = 1


def winners(election: Election, rule: Rule, begin: int = 0) -> Won:
    """Who wins by `tally`, in less time. `begin`: the round of add1 to begin with; above 0 the answer is a guess."""
    area = screen(election, rule)
    if area.void:
        return Won(frozenset())
    first = frozenset(area.locked)
    if rule.method is not Method.EQUAL_SHARES:
        return Won(first | (best(area) if rule.method is Method.WELFARE else set(_picked(area, rule.method).paid)))
    end = last(area, rule, begin)
    chosen = set(end.projects)
    if rule.completion in {Completion.ADD1U, Completion.UTILITARIAN}:
        left = area.pool - sum(election.costs[number] for number in chosen)
        chosen.update(greedy(area, Method.GREEDY, funded=end.projects, left=left).paid)
    if rule.comparison:
        other = greedy(area, Method.GREEDY)
        if happier(election, other.paid, chosen) > happier(election, chosen, other.paid):
            chosen = set(other.paid)
    return Won(first | chosen, end.round, end.runs)


def _picked(area: Field, method: Method) -> Picked:
    if method in {Method.PHRAGMEN, Method.PHRAGMEN_SKIP}:
        return phragmen(area, method)
    if method is Method.WELFARE:
        return welfare(area)
    return greedy(area, method)


def _outcome(area: Field, rule: Rule, steps: list[Step], reasons: dict[int, Reason]) -> Outcome:
    election = area.election
    ids = [project.id for project in election.projects]
    steps = _locked_steps(area) + steps
    order = sorted(reasons, key=lambda number: (-election.raw_scores[number], area.ranks[number]))
    return Outcome(
        rule=rule,
        budget=election.budget,
        voters=election.voters,
        steps=tuple(steps),
        rejected=tuple(_told(election, number, reasons[number]) for number in order),
        votes=dict(zip(ids, election.votes, strict=True)),
        scores=dict(zip(ids, election.scores, strict=True)),
    )


def _told(election: Election, number: int, reason: Reason) -> Reason:
    """The reason with figures that read as what they are: points as points, weighted shares as the votes behind them."""
    if "votes" not in reason.facts or reason.code is Code.BELOW_SHARE:
        return reason
    if isinstance(election, Combined) and reason.code is Code.NO_MONEY_LEFT:
        return replace(reason, facts={**reason.facts, "votes": election.votes[number]})
    return replace(reason, facts={**reason.facts, "unit": "points"}) if election.scored else reason


def _locked_steps(area: Field) -> list[Step]:
    """Those funded before the count."""
    election, left, steps = area.election, area.election.pool, []
    for number in area.locked:
        left -= election.costs[number]
        steps.append(_step(area, number, left))
    return [replace(step, locked=True) for step in steps]


def _step(area: Field, number: int, left: int) -> Step:
    """Project `number` funded in full; `left` money units remain."""
    election, project = area.election, area.election.projects[number]
    return Step(
        project.id, project.cost, election.votes[number], election.scores[number], election.money(left), project.cost
    )


def _greedy_steps(area: Field, picked: Picked, left: int, *, completion: bool = False) -> list[Step]:
    steps = []
    for number, paid in picked.paid.items():
        left -= paid
        step = _step(area, number, left)
        price = picked.prices.get(number)
        price = None if price is None else price / area.election.money_unit
        steps.append(replace(step, paid=area.election.money(paid), price=price, completion=completion))
    return steps


def _greedy_outcome(area: Field, rule: Rule, picked: Picked, *, adopted: bool = False) -> Outcome:
    steps = _greedy_steps(area, picked, area.pool)
    ties = tuple((area.id(winner), area.id(loser)) for winner, loser in picked.ties)
    return replace(_outcome(area, rule, steps, area.out | picked.rejected), ties=ties, adopted=adopted)


def _shares_outcome(area: Field, rule: Rule, completed: Completed) -> Outcome:
    election, run = area.election, completed.run
    steps, left = [], area.pool
    for purchase in run.purchases:
        left -= election.costs[purchase.project]
        price = purchase.price * election.point_unit / election.money_unit
        steps.append(replace(_step(area, purchase.project, left), price=price, emptied=purchase.emptied))
    reasons, late = dict(area.out), list[tuple[int, int]]()
    if rule.completion in {Completion.ADD1U, Completion.UTILITARIAN}:
        picked = greedy(area, Method.GREEDY, funded=run.projects, left=left)
        steps += _greedy_steps(area, picked, left, completion=True)
        reasons |= picked.rejected
        late = picked.ties
    else:
        reasons |= _unaffordable(area, completed)
    selected = {step.project for step in steps}
    ahead = {other: purchase.project for purchase in run.purchases for other in purchase.tied}  # the last one decided
    early = [(winner, other) for other, winner in ahead.items() if area.id(other) not in selected]
    ties = tuple((area.id(winner), area.id(other)) for winner, other in [*early, *late])
    outcome = _outcome(area, rule, steps, reasons)
    endowment = completed.endowment / election.money_unit
    return replace(outcome, endowment=endowment, rounds=completed.rounds, ties=ties)


def _unaffordable(area: Field, completed: Completed) -> dict[int, Reason]:
    election, bought = area.election, completed.run.projects
    shut = area.limits.shut(bought)
    reasons = {}
    for number, held in completed.run.held.items():
        if number in shut:
            reasons[number] = area.limits.reason(bought, number)
            continue
        facts = {
            "cost": election.projects[number].cost,
            "held": election.money(Fraction(held)),
            "supporters": election.votes[number],
        }
        reasons[number] = Reason(area.id(number), Code.SUPPORTERS_SPENT, facts)
    return reasons
