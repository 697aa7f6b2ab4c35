"""What a count would say of a slightly different election: by counting it again, exactly."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from civicvote.domain.errors import InvalidError
from civicvote.domain.tally.count import tally
from civicvote.domain.tally.election import Amount, Election
from civicvote.domain.tally.outcome import Code, Outcome
from civicvote.domain.tally.rows import Columns, Rows
from civicvote.domain.tally.rules import Completion, Method, Rule
from civicvote.domain.tally.why.figures import Basis, Why
from civicvote.domain.tally.why.room import top_points

MOST_RUNS = 40
"""Counts that one search may take."""


def with_supporters(election: Election, project: str, extra: int) -> Election:
    """`extra` more people, each for `project` alone, with the most points that any ballot gives a project."""
    if not extra:
        return election
    rows, number = election.rows, election.index[project]
    points = None if rows.points is None else np.append(rows.points, top_points(election))
    changed = Rows(
        np.append(rows.indptr, rows.indptr[-1] + 1),
        np.append(rows.picks, np.int32(number)),
        points,
        np.append(rows.people, extra),
    )
    result = replace(election, rows=changed, voters=election.voters + extra)
    columns, end = election.columns, int(election.columns.indptr[number + 1])
    indptr = columns.indptr.copy()
    indptr[number + 1 :] += 1
    result.__dict__["columns"] = Columns(  # one more entry, without sorting everything again
        indptr,
        np.insert(columns.groups, end, len(rows.people)),
        None if columns.points is None else np.insert(columns.points, end, top_points(election)),
    )
    return result


def with_cost(election: Election, project: str, cost: Amount) -> Election:
    """`project` at another cost."""
    changed = tuple(replace(one, cost=cost) if one.id == project else one for one in election.projects)
    result = replace(election, projects=changed)
    result.__dict__["columns"] = election.columns
    return result


def counted(election: Election, rule: Rule, project: str) -> bool:
    """Whether `project` is funded in a whole new count."""
    return project in tally(election, rule).selected


def counted_at(election: Election, outcome: Outcome, project: str) -> bool:
    """Whether `project` is funded when everyone holds what the voters held in `outcome`'s final run.

    For rules other than Equal Shares this is the whole count.
    """
    rule = outcome.rule
    if outcome.adopted:
        return counted(election, replace(rule, method=Method.GREEDY, comparison=False), project)
    if rule.method is not Method.EQUAL_SHARES or outcome.endowment is None:
        return counted(election, rule, project)
    costs = {one.id: one.cost for one in election.projects}
    first = sum((costs[one] for one in rule.locked), 0)
    if costs[project] > outcome.budget - first and project not in rule.locked:
        return False
    dear = {one for one, cost in costs.items() if cost > outcome.budget - first} - {*rule.locked}
    fixed = replace(election, budget=Fraction(outcome.endowment) * election.voters + first)
    fixed.__dict__["columns"] = election.columns
    plain = replace(rule, completion=Completion.NONE, comparison=False, withdrawn=rule.withdrawn | dear)
    bought = tally(fixed, plain).selected
    if project in bought or rule.completion not in {Completion.ADD1U, Completion.UTILITARIAN}:
        return project in bought
    rest = replace(rule, method=Method.GREEDY, comparison=False, locked=bought)
    try:
        return counted(election, rest, project)
    except InvalidError:  # the purchases cost more than there is: nothing is left for the second part
        return False


Changed = Callable[[int], bool]


def with_more(election: Election, outcome: Outcome, project: str, *, basis: Basis) -> Changed:
    """`extra` → whether the project is funded with so many further supporters."""
    if basis is Basis.COUNT:
        return lambda extra: counted(with_supporters(election, project, extra), outcome.rule, project)
    return lambda extra: counted_at(with_supporters(election, project, extra), outcome, project)


def at_cost(election: Election, outcome: Outcome, project: str, *, basis: Basis) -> Changed:
    """Cost in units of 1 / `money_unit` → whether the project is funded at it."""

    def funded(units: int) -> bool:
        changed = with_cost(election, project, election.money(units))
        return (
            counted(changed, outcome.rule, project) if basis is Basis.COUNT else counted_at(changed, outcome, project)
        )

    return funded


@dataclass(frozen=True, slots=True)
class Found:
    """`number`: where the answer changes; None where nothing in reach changes it. `runs`: counts it took.

    `proved`: the number and its neighbour were both counted. The count of Equal Shares with add1 is not monotone:
    a smaller change may also do, so the sentence says "with", not "only with".
    """

    number: int | None
    proved: bool
    runs: int


def turn(holds: Changed, low: int, high: int, guess: int | None = None, *, most: int = MOST_RUNS) -> Found:
    """The least number in (low, high] that holds, where low does not; from a guess outward, then by halving.

    With the guess right it takes two counts. `low` is taken as known.
    """
    runs, at, reach = 0, high if guess is None else min(max(guess, low + 1), high), 1
    while runs < most and not holds(at):
        runs += 1
        if at == high:
            return Found(None, proved=True, runs=runs)
        low, at, reach = at, min(at + reach, high), reach * 2
    runs, reach = runs + 1, 1
    while at - low > 1 and runs < most:
        below = max(at - reach, low + 1) if guess is not None and reach <= (at - low) // 2 else (low + at) // 2
        runs += 1
        if holds(below):
            at, reach = below, reach * 2
        else:
            low, reach = below, 1
    return Found(at, proved=at - low == 1, runs=runs)


def confirm(election: Election, outcome: Outcome, why: Why, *, most: int = MOST_RUNS) -> Why:
    """`why` with its figures put to the test, and mended where they were off by one (equal prices, rounding).

    Costs two counts per figure where it is right. Maximum welfare: searched for, some forty counts.
    """
    if outcome.rule.method is Method.WELFARE:
        return anew(election, outcome, why, most=most)
    if why.code in _GONE:
        return why
    few, dear = Found(None, proved=True, runs=0), Found(None, proved=True, runs=0)
    if why.supporters is not None:
        few = _fewest(election, outcome, why, max(why.supporters * 4, why.supporters + 64), most)
    if why.cost is not None:
        dear = _dearest(election, outcome, why, most)
    return _found(election, why, few, dear)


def anew(election: Election, outcome: Outcome, why: Why, *, most: int = MOST_RUNS) -> Why:
    """The figures for a whole new count instead of the final endowment: the money is divided anew."""
    if why.code in _GONE:
        return why
    why = replace(why, basis=Basis.COUNT)
    few = _fewest(election, outcome, why, max(election.voters * 2, 100), most)
    return _found(election, why, few, _dearest(election, outcome, why, most))


_GONE = {None, Code.WITHDRAWN, Code.VOID}


def _fewest(election: Election, outcome: Outcome, why: Why, high: int, most: int) -> Found:
    more = with_more(election, outcome, why.project, basis=why.basis)
    return turn(more, 0, high, why.supporters, most=most)


def _dearest(election: Election, outcome: Outcome, why: Why, most: int) -> Found:
    """By how many money units it would have to be cheaper."""
    units = election.costs[election.index[why.project]]
    if units < 2:
        return Found(None, proved=True, runs=0)
    cheaper = at_cost(election, outcome, why.project, basis=why.basis)
    guess = None if why.cost is None else units - int(why.cost * election.money_unit)
    return turn(lambda less: cheaper(units - less), 0, units - 1, guess, most=most)


def _found(election: Election, why: Why, few: Found, dear: Found) -> Why:
    units = election.costs[election.index[why.project]]
    cost = None if dear.number is None else election.money(units - dear.number)
    return replace(why, supporters=few.number, cost=cost, confirmed=few.proved and dear.proved)
