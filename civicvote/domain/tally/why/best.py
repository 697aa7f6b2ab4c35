"""Maximum welfare: what a project lacks to be in the best choice. Exact but for ties, which `rerun.confirm` settles.

With the project in it, a choice gets what it and the best of the others beside it get; without it, what the winners
got. The difference is what further supporters must bring. How dear it may be follows from the least money with which the
others get what is then missing to the winners' points: one search. With alternatives or caps `rerun.confirm` finds it by
halving, counting at each step: a lower cost leaves the others more, so the choice stays permitted.
"""

from civicvote.domain.tally.election import Election
from civicvote.domain.tally.outcome import Outcome
from civicvote.domain.tally.rules import Rule
from civicvote.domain.tally.screen import screen
from civicvote.domain.tally.welfare import lightest, worth
from civicvote.domain.tally.why.changed import with_supporters
from civicvote.domain.tally.why.figures import Best
from civicvote.domain.tally.why.room import entry, losers, top_points


def figures(election: Election, outcome: Outcome) -> dict[int, Best]:
    """The figures of every loser."""
    won = (election.index[step.project] for step in outcome.steps if not step.locked)
    most = sum(election.raw_scores[number] for number in won)
    return {number: _figures(election, outcome, number, most) for number in losers(election, outcome)}


def _figures(election: Election, outcome: Outcome, number: int, most: int) -> Best:
    best, enter = Best(), entry(election, outcome.rule, number)
    entered = with_supporters(election, election.projects[number].id, enter)
    with_it = worth(screen(entered, outcome.rule), number)
    if with_it is not None:
        best.take(max(enter - (with_it - most) // top_points(election), 1), None)
    if not enter:
        best.take(None, _cost(election, outcome, number, most))
    return best


def _cost(election: Election, outcome: Outcome, number: int, most: int) -> int | None:
    """The largest cost at which the best choice has it; where only equally good ones would, the largest for that."""
    for goal in (most + 1, most):
        cost = _dearest(election, outcome.rule, number, goal)
        if cost is not None:
            return cost
    return None


def _dearest(election: Election, rule: Rule, number: int, goal: int) -> int | None:
    """The largest cost, below its own, at which a choice with the project gets `goal` points. Without limits only."""
    area = screen(election, rule)
    least = None if area.limits else lightest(area, number, goal - election.raw_scores[number])
    if least is None:
        return None
    cost = min(area.pool - least, election.costs[number] - 1)
    return cost if cost > 0 else None
