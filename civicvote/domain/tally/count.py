"""The count: an election and a rule in, an outcome out."""

from dataclasses import replace
from fractions import Fraction

from civicvote.domain.tally.compare import happier
from civicvote.domain.tally.completion import Completed, equal_shares
from civicvote.domain.tally.election import Election
from civicvote.domain.tally.greedy import Picked, greedy
from civicvote.domain.tally.outcome import Code, Outcome, Reason, Step
from civicvote.domain.tally.rules import Completion, Method, Rule
from civicvote.domain.tally.screen import Field, screen


def tally(election: Election, rule: Rule) -> Outcome:
    """Count `election` by `rule`. Pure and deterministic; raises `InvalidError` for a rule that does not fit."""
    area = screen(election, rule)
    if rule.method is not Method.EQUAL_SHARES:
        return _greedy_outcome(area, rule, greedy(area, rule.method))
    completed = equal_shares(area, rule)
    outcome = _shares_outcome(area, rule, completed)
    if rule.comparison:
        other = greedy(area, Method.GREEDY)
        chosen = {election.index[project] for project in outcome.selected}
        if happier(election, other.paid, chosen) > happier(election, chosen, other.paid):
            return _greedy_outcome(area, rule, other, adopted=True)
    return outcome


def _outcome(area: Field, rule: Rule, steps: list[Step], reasons: dict[int, Reason]) -> Outcome:
    election = area.election
    ids = [project.id for project in election.projects]
    order = sorted(reasons, key=lambda number: (-election.raw_scores[number], area.ranks[number]))
    return Outcome(
        rule=rule,
        budget=election.budget,
        voters=election.voters,
        steps=tuple(steps),
        rejected=tuple(reasons[number] for number in order),
        votes=dict(zip(ids, election.votes, strict=True)),
        scores=dict(zip(ids, election.scores, strict=True)),
    )


def _greedy_steps(area: Field, picked: Picked, left: int, *, completion: bool = False) -> list[Step]:
    election = area.election
    steps = []
    for number, paid in picked.paid.items():
        left -= paid
        project = election.projects[number]
        steps.append(
            Step(
                project.id,
                project.cost,
                election.votes[number],
                election.scores[number],
                election.money(left),
                election.money(paid),
                completion=completion,
            )
        )
    return steps


def _greedy_outcome(area: Field, rule: Rule, picked: Picked, *, adopted: bool = False) -> Outcome:
    steps = _greedy_steps(area, picked, area.election.pool)
    ties = tuple((area.id(winner), area.id(loser)) for winner, loser in picked.ties)
    return replace(_outcome(area, rule, steps, area.out | picked.rejected), ties=ties, adopted=adopted)


def _shares_outcome(area: Field, rule: Rule, completed: Completed) -> Outcome:
    election, run = area.election, completed.run
    steps, left = [], election.pool
    for purchase in run.purchases:
        project = election.projects[purchase.project]
        left -= election.costs[purchase.project]
        steps.append(
            Step(
                project.id,
                project.cost,
                election.votes[purchase.project],
                election.scores[purchase.project],
                election.money(left),
                project.cost,
                price=purchase.price * election.point_unit / election.money_unit,
                emptied=purchase.emptied,
            )
        )
    reasons = dict(area.out)
    if rule.completion in {Completion.ADD1U, Completion.UTILITARIAN}:
        picked = greedy(area, Method.GREEDY, funded=run.projects, left=left)
        steps += _greedy_steps(area, picked, left, completion=True)
        reasons |= picked.rejected
    else:
        reasons |= _unaffordable(area, completed)
    selected = {step.project for step in steps}
    ties = tuple(
        (area.id(purchase.project), area.id(other))
        for purchase in run.purchases
        for other in purchase.tied
        if area.id(other) not in selected
    )
    outcome = _outcome(area, rule, steps, reasons)
    endowment = completed.endowment / election.money_unit
    return replace(outcome, endowment=endowment, rounds=completed.rounds, ties=ties)


def _unaffordable(area: Field, completed: Completed) -> dict[int, Reason]:
    election, bought = area.election, set(completed.run.projects)
    reasons = {}
    for number, held in completed.run.held.items():
        rival = min(area.rivals.get(number, frozenset()) & bought, key=area.id, default=None)
        if rival is not None:
            reasons[number] = Reason(area.id(number), Code.EXCLUDED_BY, {"by": area.id(rival)})
            continue
        facts = {
            "cost": election.projects[number].cost,
            "held": election.money(Fraction(held)),
            "supporters": election.votes[number],
        }
        reasons[number] = Reason(area.id(number), Code.SUPPORTERS_SPENT, facts)
    return reasons
