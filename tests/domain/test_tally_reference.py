"""Against a second implementation, written from the definitions with fractions only: no numpy, no heap, no skipping."""

from collections.abc import Sequence
from fractions import Fraction

from hypothesis import example, given, settings
from hypothesis import strategies as st

from civicvote.domain.tally import Completion, Election, Method, Project, Rule, Tie, TieKey, Utility, tally

Voters = list[dict[int, int]]
"""Each voter's points by project (1 for an approval)."""


class Reference:
    def __init__(self, costs: Sequence[int], budget: int, voters: Voters, *, by_cost: bool) -> None:
        self.costs, self.budget, self.voters, self.by_cost = costs, budget, voters, by_cost
        scores = [sum(voter.get(c, 0) for voter in voters) for c in range(len(costs))]
        self.scores = scores
        self.open = [c for c in range(len(costs)) if scores[c] and costs[c] <= budget]

    def price(self, c: int, held: Sequence[Fraction]) -> Fraction | None:
        """By trying every place where the payments' slope can change."""
        rows = [(held[i], voter[c]) for i, voter in enumerate(self.voters) if voter.get(c)]
        if sum(money for money, _ in rows) < self.costs[c]:
            return None
        for limit in sorted({money / points for money, points in rows}):
            if sum(min(money, limit * points) for money, points in rows) >= self.costs[c]:
                rich = [(money, points) for money, points in rows if money / points >= limit]
                poor = sum((money for money, points in rows if money / points < limit), Fraction(0))
                return (self.costs[c] - poor) / sum(points for _, points in rich)
        return None

    def mes(self, endowment: Fraction) -> list[int]:
        held = [endowment] * len(self.voters)
        bought: list[int] = []
        while True:
            offers = []
            for c in self.open:
                price = None if c in bought else self.price(c, held)
                if price is not None:
                    offers.append((price / (self.costs[c] if self.by_cost else 1), str(c), c, price))
            if not offers:
                return bought
            _, _, c, price = min(offers)
            bought.append(c)
            for i, voter in enumerate(self.voters):
                held[i] -= min(held[i], price * voter.get(c, 0))

    def add1(self, step: Fraction, *, stop: bool) -> tuple[list[int], int]:
        base = Fraction(self.budget, len(self.voters))
        before = self.mes(base)
        rounds = 0
        while True:
            left = self.budget - sum(self.costs[c] for c in before)
            rest = [c for c in self.open if c not in before]
            if not rest or (stop and all(self.costs[c] > left for c in rest)):
                return before, rounds
            after = self.mes(base + (rounds + 1) * step)
            if sum(self.costs[c] for c in after) > self.budget:
                return before, rounds
            before, rounds = after, rounds + 1

    def greedy(self, *, skip: bool) -> list[int]:
        left, chosen = self.budget, []
        for c in sorted(self.open, key=lambda c: (-self.scores[c], str(c))):
            if self.costs[c] <= left:
                chosen.append(c)
                left -= self.costs[c]
            elif not skip:
                break
        return chosen


@st.composite
def contests(draw: st.DrawFn, *, scored: bool) -> tuple[list[int], int, Voters]:
    projects = draw(st.integers(1, 6))
    costs = draw(st.lists(st.integers(1, 24), min_size=projects, max_size=projects))
    points = st.integers(1, 4 if scored else 1)
    ballot = st.dictionaries(st.integers(0, projects - 1), points, max_size=projects)
    voters = draw(st.lists(ballot, min_size=1, max_size=9))
    if scored and not any(voters):
        voters[0] = {0: 1}
    return costs, draw(st.integers(1, 60)), voters


def elect(costs: Sequence[int], budget: int, voters: Voters, *, scored: bool) -> Election:
    projects = [Project(str(c), cost) for c, cost in enumerate(costs)]
    if scored:
        return Election.of(projects, budget, [{str(c): value for c, value in voter.items()} for voter in voters])
    return Election.of(projects, budget, [[str(c) for c in voter] for voter in voters])


def ids(numbers: Sequence[int]) -> list[str]:
    return [str(number) for number in numbers]


def check_shares(contest: tuple[list[int], int, Voters], *, scored: bool, by_cost: bool) -> None:
    election = elect(*contest, scored=scored)
    reference = Reference(*contest, by_cost=by_cost)
    utility = Utility.COST if by_cost else Utility.CARDINALITY
    base = Fraction(contest[1], len(contest[2]))
    assert list(tally(election, Rule(Method.EQUAL_SHARES, utility)).selected) == ids(reference.mes(base))
    for stop in (True, False):
        rule = Rule(Method.EQUAL_SHARES, utility, Completion.ADD1, step=Fraction(1, 3), exhaustive_stop=stop)
        outcome = tally(election, rule)
        expected, rounds = reference.add1(Fraction(1, 3), stop=stop)
        assert (list(outcome.selected), outcome.rounds) == (ids(expected), rounds)


@settings(derandomize=True, deadline=None, max_examples=120)
@given(contests(scored=False), st.booleans())
@example(([4, 4], 4, [{0: 1, 1: 1}, {0: 1, 1: 1}]), True)  # cost = budget, everyone for both
@example(([20], 20, [{0: 1}] * 7), True)  # cost = budget with unanimous support: plain floats fail
def test_equal_shares_with_approvals(contest: tuple[list[int], int, Voters], by_cost: bool) -> None:  # noqa: FBT001
    check_shares(contest, scored=False, by_cost=by_cost)


@settings(derandomize=True, deadline=None, max_examples=80)
@given(contests(scored=True), st.booleans())
def test_equal_shares_with_points(contest: tuple[list[int], int, Voters], by_cost: bool) -> None:  # noqa: FBT001
    check_shares(contest, scored=True, by_cost=by_cost)


@settings(derandomize=True, deadline=None, max_examples=150)
@given(contests(scored=False))
def test_greedy(contest: tuple[list[int], int, Voters]) -> None:
    election = elect(*contest, scored=False)
    reference = Reference(*contest, by_cost=True)
    assert list(tally(election, Rule()).selected) == ids(reference.greedy(skip=True))
    assert list(tally(election, Rule(Method.GREEDY_NO_SKIP)).selected) == ids(reference.greedy(skip=False))


@settings(derandomize=True, deadline=None, max_examples=80)
@given(contests(scored=False), st.permutations(range(6)))
def test_renaming_projects_and_shuffling_ballots_changes_nothing(
    contest: tuple[list[int], int, Voters], lot: list[int]
) -> None:
    costs, budget, voters = contest
    order = Tie((TieKey.LOT,), tuple(str(c) for c in lot))
    rule = Rule(Method.EQUAL_SHARES, completion=Completion.ADD1, step=Fraction(1, 2), tie=order)
    first = tally(elect(costs, budget, voters, scored=False), rule)
    names = {str(c): f"사업-{9 - c}" for c in range(6)}
    again = Election.of(
        [Project(names[str(c)], cost) for c, cost in reversed(list(enumerate(costs)))],
        budget,
        [[names[str(c)] for c in voter] for voter in reversed(voters)],
    )
    renamed = Rule(
        Method.EQUAL_SHARES,
        completion=Completion.ADD1,
        step=Fraction(1, 2),
        tie=Tie((TieKey.LOT,), tuple(names[str(c)] for c in lot)),
    )
    assert tally(again, renamed).selected == tuple(names[project] for project in first.selected)
