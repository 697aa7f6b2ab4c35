"""The most votes for the money: small sets tried one by one, and sizes nobody can try."""

import random
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from civicvote.domain.errors import InvalidError
from civicvote.domain.pabulib import election as of_file
from civicvote.domain.pabulib import parse
from civicvote.domain.tally import Amount, Cap, Code, Election, Method, Outcome, Project, Rule, Tie, knapsack, tally
from civicvote.domain.tally.knapsack import Knapsack
from civicvote.domain.tally.why import confirm, proved, why
from civicvote.domain.tally.why.rerun import Asked
from tests.domain.contest import contest, facts, reasons
from tests.shared_data import SHARED, pabulib_files

WELFARE = Method.WELFARE


def test_the_most_votes_together() -> None:
    """By votes a is first and fills the budget; b and c together have more votes."""
    election = contest({"a": 100, "b": 60, "c": 40}, 100, a=5, b=4, c=3)
    outcome = tally(election, Rule(WELFARE))
    assert outcome.selected == ("b", "c")
    assert reasons(outcome) == {"a": Code.NOT_IN_BEST}
    assert facts(outcome, "a") == {"votes": 5, "with_it": 5, "best": 7}
    assert [step.left for step in outcome.steps] == [40, 0]


def test_points_and_projects_without_cost() -> None:
    projects = [Project("a", 50), Project("b", 60), Project("c", 0)]
    election = Election.of(projects, 100, [{"a": 2, "c": 1}, {"b": 1}, {"b": 2}])
    assert tally(election, Rule(WELFARE)).selected == ("c", "b")


@pytest.mark.parametrize(("lot", "selected"), [("abcd", "ad"), ("bcad", "bc"), ("dcba", "ad"), ("cabd", "bc")])
def test_of_equal_sets_the_one_with_the_first_of_the_tie_order(lot: str, selected: str) -> None:
    election = contest({"a": 60, "b": 50, "c": 50, "d": 40}, 100, a=4, b=3, c=3, d=2)
    outcome = tally(election, Rule(WELFARE, tie=Tie.by_lot(lot)))
    assert sorted(outcome.selected) == list(selected)
    winners = {winner for winner, _ in outcome.ties}
    assert winners == {min(selected, key=lot.index)}
    assert {loser for _, loser in outcome.ties} == set("abcd") - set(selected)


def test_one_vote_decides_among_billions() -> None:
    """What is one below the goal is no tie, however small one vote is beside the bounds' rounding."""
    election = Election.from_rows(
        [Project("a", 10), Project("b", 10)], 10, [0, 1, 2], [0, 1], None, [3 * 10**9, 3 * 10**9 - 1], voters=6 * 10**9
    )
    outcome = tally(election, Rule(WELFARE, tie=Tie.by_lot("ba")))
    assert (outcome.selected, outcome.ties) == (("a",), ())


def test_alternatives_and_caps() -> None:
    election = contest({"a": 30, "b": 30, "c": 30, "d": 30}, 100, a=5, b=4, c=3, d=1)
    outcome = tally(election, Rule(WELFARE, exclusive=(frozenset("ab"),), caps=(Cap(frozenset("ac"), 1),)))
    assert outcome.selected == ("b", "c", "d")  # 4 + 3 + 1; with a only 5 + 1
    assert reasons(outcome) == {"a": Code.EXCLUDED_BY}


def brute(costs: list[int], values: list[int], budget: int, rows: list[tuple[list[int], int]]) -> int:
    best = 0
    for taken in product((0, 1), repeat=len(costs)):
        fits = sum(cost for cost, one in zip(costs, taken, strict=True) if one) <= budget
        kept = all(sum(use for use, one in zip(usage, taken, strict=True) if one) <= room for usage, room in rows)
        if fits and kept:
            best = max(best, sum(value for value, one in zip(values, taken, strict=True) if one))
    return best


@pytest.mark.parametrize("seed", range(60))
def test_any_limits_as_by_trying_all(seed: int) -> None:
    dice = random.Random(seed)
    items = dice.randint(1, 9)
    costs = [dice.randint(0, 40) for _ in range(items)]
    values = [dice.randint(1, dice.choice([3, 50])) for _ in range(items)]
    rows = [
        ([dice.choice([0, 0, 1, dice.randint(0, 20)]) for _ in range(items)], dice.randint(0, 25)) for _ in range(3)
    ]
    budget = dice.randint(1, 150)
    sack = Knapsack(
        budget,
        np.array(costs),
        np.array(values),
        np.array([usage for usage, _ in rows]),
        np.array([r for _, r in rows]),
    )
    best = sack.best()
    assert best is not None
    assert sum(values[item] for item in best) == brute(costs, values, budget, rows)
    assert sack.best(floor=brute(costs, values, budget, rows) + 1) is None


def by_money(costs: list[int], values: list[int], budget: int) -> int:
    """The textbook's table over every amount."""
    table = np.zeros(budget + 1, dtype=np.int64)
    for cost, value in zip(costs, values, strict=True):
        table[cost:] = np.maximum(table[cost:], table[: budget + 1 - cost] + value)
    return int(table[-1])


@pytest.mark.parametrize("seed", range(3))
def test_a_hundred_projects_as_by_the_table_over_all_amounts(seed: int) -> None:
    dice = random.Random(seed)
    costs = [dice.randint(300, 9000) for _ in range(100)]
    values = [cost // 20 + dice.randint(0, 200) for cost in costs]  # votes follow costs: the hard kind
    sack = Knapsack(100_000, np.array(costs), np.array(values), np.zeros((0, 100), int), np.zeros(0, int))
    best = sack.best()
    assert best is not None
    assert sum(values[item] for item in best) == by_money(costs, values, 100_000)


def test_won_with_nothing_in_common_and_a_limit_for_every_district() -> None:
    """120 projects at won prices, 25 districts with two each at most: checked by the bound that no set can pass."""
    dice = random.Random(7)
    costs: dict[str, Amount] = {f"{n:03}": dice.randint(30_000_000, 900_000_000) for n in range(120)}
    ballots = [{project: dice.randint(500, 40_000) for project in costs}]
    election = Election.of([Project(name, cost) for name, cost in costs.items()], 10_000_000_000, ballots)
    caps = tuple(Cap(frozenset(list(costs)[district::25]), 2) for district in range(25))
    outcome = tally(election, Rule(WELFARE, caps=caps))
    for one in caps:
        assert len(one.projects & set(outcome.selected)) <= 2
    assert {reason.code for reason in outcome.rejected} <= {Code.CAPPED, Code.NOT_IN_BEST}
    per_cost = tally(election, Rule(Method.GREEDY_PER_COST, caps=caps))
    assert sum(outcome.scores[one] for one in outcome.selected) >= sum(
        per_cost.scores[one] for one in per_cost.selected
    )


def test_what_is_too_large_is_refused_not_guessed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(knapsack, "MOST_NUMBERS", 1)
    election = contest({"a": 50, "b": 60, "c": 41}, 100, a=3, b=4, c=2)
    with pytest.raises(InvalidError, match="경우의 수"):
        tally(election, Rule(WELFARE))


def thirty(seed: int, rule: Rule) -> tuple[Election, Outcome]:
    """Thirty projects whose votes follow their costs, the hard kind."""
    dice = random.Random(seed)
    costs: dict[str, Amount] = {f"{n:02}": dice.randint(300, 9000) for n in range(30)}
    points = {name: int(cost) // 20 + dice.randint(0, 200) for name, cost in costs.items()}
    election = Election.from_rows(
        [Project(name, cost) for name, cost in costs.items()],
        40_000,
        range(31),
        range(30),
        None,
        list(points.values()),
        voters=sum(points.values()),
    )
    return election, tally(election, rule)


@pytest.mark.parametrize("seed", range(2))
def test_what_a_project_lacks_as_by_the_table_over_all_amounts(seed: int) -> None:
    """Without it the best is what the winners got; with it, what it and the best of the others beside it get."""
    election, outcome = thirty(seed, Rule(WELFARE))
    best = sum(election.votes[election.index[one]] for one in outcome.selected)
    told = proved(election, outcome, most_work=10**12)
    lost = [one for one in told.values() if one.code is not None]
    assert lost
    for one in lost:
        assert one.confirmed
        number = election.index[one.project]
        others = [n for n in range(30) if n != number]
        table = np.zeros(40_001, dtype=np.int64)  # the most votes of the others for every amount
        for other in others:
            cost, votes = election.costs[other], election.votes[other]
            table[cost:] = np.maximum(table[cost:], table[: 40_001 - cost] + votes)
        gap = best - int(table[40_000 - election.costs[number]]) - election.votes[number]
        assert one.supporters in {gap, gap + 1}, "one more where an equal choice comes first in the tie order"
        missing = np.flatnonzero(table >= best - election.votes[number])
        just, more = (int(np.flatnonzero(table >= best - election.votes[number] + extra)[0]) for extra in (0, 1))
        assert len(missing)
        assert 40_000 - more <= int(one.cost or 0) <= 40_000 - just


def test_what_a_project_lacks_beside_caps_is_proved_too() -> None:
    """Thirty projects, six districts with two each: the figures of one of them."""
    dice = random.Random(5)
    costs: dict[str, Amount] = {f"{n:02}": dice.randint(3, 90) for n in range(30)}
    election = Election.of(
        [Project(name, cost) for name, cost in costs.items()],
        300,
        [{project: dice.randint(5, 60) for project in costs}],
    )
    caps = tuple(Cap(frozenset(list(costs)[district::6]), 2, 120) for district in range(6))
    outcome = tally(election, Rule(WELFARE, caps=caps, exclusive=(frozenset({"01", "02"}),)))
    asked = Asked(election, outcome, next(one.project for one in outcome.rejected if one.code is Code.CAPPED))
    one = confirm(election, outcome, why(election, outcome)[asked.project])
    assert one.confirmed
    assert one.supporters is not None
    assert one.cost is not None
    assert asked.project in tally(asked.more(one.supporters), outcome.rule).selected
    assert asked.project not in tally(asked.more(one.supporters - 1), outcome.rule).selected
    assert asked.project in tally(asked.at(int(one.cost)), outcome.rule).selected
    assert asked.project not in tally(asked.at(int(one.cost) + 1), outcome.rule).selected


def by_votes(election: Election) -> int:
    """The textbook's other table: the least money for every number of votes."""
    cheapest = np.full(sum(election.raw_scores) + 1, election.pool + 1, dtype=np.int64)
    cheapest[0] = 0
    for cost, score in zip(election.costs, election.raw_scores, strict=True):
        cheapest[score:] = np.minimum(cheapest[score:], cheapest[: len(cheapest) - score] + cost)
    return int(np.flatnonzero(cheapest <= election.pool)[-1])


if SHARED:

    @pytest.mark.parametrize("path", pabulib_files(), ids=lambda path: path.name)
    def test_real_elections_as_by_the_table_over_all_votes(path: Path) -> None:
        election = of_file(parse(path.read_bytes()))
        outcome = tally(election, Rule(WELFARE))
        assert outcome.spent <= election.budget
        assert sum(election.raw_scores[election.index[one]] for one in outcome.selected) == by_votes(election)
