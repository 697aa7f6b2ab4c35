"""What a count would say of a slightly different election: proved by counting it again.

Two things are asked. `confirm`: with everybody holding what they held in the final run (Equal Shares), which
`Moments` can tell without a new count but where it is close; other rules are counted again whole. `anew`: the whole
count of Equal Shares again, the money divided among more people, the rounds of add1 begun from the first.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from fractions import Fraction

from civicvote.domain.errors import InvalidError
from civicvote.domain.tally.count import winners
from civicvote.domain.tally.election import Election
from civicvote.domain.tally.outcome import Code, Outcome
from civicvote.domain.tally.rules import Completion, Method, Rule
from civicvote.domain.tally.why.changed import with_cost, with_supporters
from civicvote.domain.tally.why.figures import Basis, Fresh, Why
from civicvote.domain.tally.why.moments import Moments
from civicvote.domain.tally.why.room import entry
from civicvote.domain.tally.why.search import Found, Purse, turn

MOST_PROOFS = 10
"""Whole counts one figure may take once a quick search has said where to look."""
A_COUNT = 80_000
"""What a count takes beside reading picks, in picks."""
A_CHOICE = 200_000
"""What a choice of maximum welfare takes, per project, in picks."""
_GONE = {None, Code.WITHDRAWN, Code.VOID}
_ADD1 = {Completion.ADD1, Completion.ADD1U}
_THEN_GREEDY = {Completion.ADD1U, Completion.UTILITARIAN}


@dataclass(slots=True)
class Asked:
    """One project that was not funded, and what is asked of it. Every answer is paid from `purse`."""

    election: Election
    outcome: Outcome
    project: str
    purse: Purse = field(default_factory=Purse)
    moments: Moments | None = None
    end: Fraction = Fraction(0)
    """The endowment at which the count ended that was made last."""

    @property
    def number(self) -> int:
        return self.election.index[self.project]

    @property
    def units(self) -> int:
        """The cost."""
        return self.election.costs[self.number]

    def more(self, extra: int) -> Election:
        return with_supporters(self.election, self.project, extra)

    def at(self, units: int) -> Election:
        return with_cost(self.election, self.project, self.election.money(units))

    def counted(self, election: Election, rule: Rule | None = None, begin: int = 0) -> bool:
        """Whether the project is funded in a whole new count; `begin` as in `winners`."""
        rule = rule or self.outcome.rule
        self.purse.spend(0)
        won = winners(election, rule, begin)
        one = A_CHOICE * len(election.projects) if rule.method is Method.WELFARE else A_COUNT + len(election.rows.picks)
        self.purse.spend(won.runs * one)
        self.end = self._base(election) + won.round * Fraction(rule.step)
        return self.number in won.projects

    def near(self, election: Election) -> bool:
        """A good guess at `counted`: add1 begun a little before the endowment at which it last ended."""
        rounds = (self.end - self._base(election)) / Fraction(self.outcome.rule.step)
        return self.counted(election, begin=max(int(rounds) - 2, 0))

    def _base(self, election: Election) -> Fraction:
        first = sum(election.projects[election.index[one]].cost for one in self.outcome.rule.locked)
        return Fraction(election.budget - first) / max(election.voters, 1)

    def held(self, extra: int, units: int) -> bool:
        """Whether it is funded when everyone holds what the voters held in the final run."""
        changed = self.at(units) if extra == 0 else self.more(extra)
        if self.moments is None:
            self.moments = Moments(self.election, self.outcome, self.number)
        self.purse.spend(self.moments.work)
        sure = self.moments.funded(extra, units)
        if sure is None:
            return self.counted_at(changed)
        if sure or self.outcome.rule.completion not in _THEN_GREEDY:
            return sure
        return self._second(changed, [step.project for step in self.outcome.steps if not step.completion])

    def counted_at(self, changed: Election) -> bool:
        """The same by a new count with that endowment."""
        rule, costs = self.outcome.rule, {one.id: one.cost for one in changed.projects}
        first = sum((costs[one] for one in rule.locked), 0)
        dear = {one for one, cost in costs.items() if cost > self.outcome.budget - first} - {*rule.locked}
        if self.project in dear:
            return False
        fixed = replace(changed, budget=Fraction(self.outcome.endowment or 0) * changed.voters + first)
        fixed.__dict__.update(columns=changed.columns, votes=changed.votes, raw_scores=changed.raw_scores)
        plain = replace(rule, completion=Completion.NONE, comparison=False, withdrawn=rule.withdrawn | dear)
        self.purse.spend(A_COUNT + len(changed.rows.picks))
        won = winners(fixed, plain).projects
        if self.number in won or rule.completion not in _THEN_GREEDY:
            return self.number in won
        return self._second(changed, [changed.projects[number].id for number in won])

    def _second(self, changed: Election, bought: list[str]) -> bool:
        """What is left goes greedily."""
        rest = replace(self.outcome.rule, method=Method.GREEDY, comparison=False, locked=tuple(bought))
        try:
            return self.number in winners(changed, rest).projects
        except InvalidError:  # the purchases cost more than there is: nothing is left for the second part
            return False


def confirm(election: Election, outcome: Outcome, why: Why, purse: Purse | None = None) -> Why:
    """`why` with its figures put to the test, and mended where they were off by one (equal prices, rounding).

    Each figure takes two answers where it is right; the cost of maximum welfare with limits is found by halving.
    `SpentError` where `purse` doesn't reach.
    """
    if why.code in _GONE:
        return why
    asked = Asked(election, outcome, why.project, purse or Purse())
    units = asked.units
    whole = why.basis is Basis.COUNT

    def few(extra: int) -> bool:
        return asked.counted(asked.more(extra)) if whole else asked.held(extra, units)

    def dear(less: int) -> bool:
        return asked.counted(asked.at(units - less)) if whole else asked.held(0, units - less)

    fewest, least = Found(None, proved=True, runs=0), Found(None, proved=True, runs=0)
    if why.supporters is not None:
        fewest = turn(few, 0, max(why.supporters * 4, why.supporters + 64), why.supporters)
    halved = outcome.rule.method is Method.WELFARE and bool(outcome.rule.caps or outcome.rule.exclusive)
    if why.cost is not None:
        least = turn(dear, 0, units - 1, units - int(why.cost * election.money_unit))
    elif halved and units > 1 and not entry(election, outcome.rule, asked.number):
        least = turn(dear, 0, units - 1)
    cost = None if least.number is None else election.money(units - least.number)
    return replace(why, supporters=fewest.number, cost=cost, confirmed=fewest.proved and least.proved)


def anew(election: Election, outcome: Outcome, why: Why, purse: Purse | None = None) -> Fresh | None:
    """The figures of a whole new count; None for a project of which nothing is asked, and for other rules.

    The way there is quick and only mostly right (see `Asked.near`); the number it ends with, and its neighbour, are
    counted whole. `SpentError` where `purse` doesn't reach.
    """
    if why.code in _GONE or why.basis is Basis.COUNT:
        return None
    asked = Asked(election, outcome, why.project, purse or Purse())
    units = asked.units
    top = max(2 * election.voters, 100)
    few = _found(asked, asked.more, top, why.supporters, pace=max((why.supporters or 0) // 16, 1))
    cost = None
    if units > 1:
        guess = None if why.cost is None else units - int(why.cost * election.money_unit)
        less = _found(asked, lambda less: asked.at(units - less), units - 1, guess, pace=max(units // 512, 1))
        cost = None if less is None else election.money(units - less)
    return Fresh(few, cost)


def _found(asked: Asked, change: Callable[[int], Election], high: int, guess: int | None, pace: int) -> int | None:
    """The number at which a whole count says yes and one below no; None where none was found."""

    def exact(number: int) -> bool:
        return asked.counted(change(number))

    if asked.outcome.rule.completion in _ADD1:
        asked.end = Fraction(asked.outcome.endowment or 0)
        near = turn(lambda number: asked.near(change(number)), 0, high, guess, pace=pace)
        guess = high if near.number is None else near.number
    found = turn(exact, 0, high, guess, most=MOST_PROOFS if asked.outcome.rule.completion in _ADD1 else 60)
    return found.number if found.proved else None
