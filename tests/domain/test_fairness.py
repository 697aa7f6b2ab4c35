"""What a result means to the voters, against counting on fingers."""

from fractions import Fraction

import pytest
from hypothesis import given

from civicvote.domain.tally import Completion, Election, Method, Outcome, Project, Rule, tally
from civicvote.domain.tally.alternatives import compare_rules, sensible
from civicvote.domain.tally.fairness import BINS, bins, fairness, gini, kinds, preferences, split, use
from tests.domain.reference.contest import Contest
from tests.domain.test_brute_force import contests, elected, ruled
from tests.domain.test_why import some


def funded_of(contest: Contest, outcome: Outcome) -> list[list[str]]:
    return [[one for one in ballot if one in outcome.selected] for ballot in contest.ballots]


@some
@given(contests())
def test_every_figure_is_what_it_says(contest: Contest) -> None:
    election = elected(contest)
    outcomes = [tally(election, ruled(contest, method)) for method in (Method.GREEDY, Method.PHRAGMEN_SKIP)]
    got = [funded_of(contest, outcome) for outcome in outcomes]
    people = len(contest.ballots)
    for outcome, mine in zip(outcomes, got, strict=True):
        told = fairness(election, outcome)
        costs = {step.project: Fraction(step.paid) for step in outcome.steps}
        assert told.with_one == sum(bool(one) for one in mine)
        assert told.mean_projects == Fraction(sum(map(len, mine)), people)
        assert told.mean_cost == sum((costs[p] for one in mine for p in one), Fraction(0)) / people
        parts = [float(sum(costs[p] / len(contest.supporters(p)) for p in one)) for one in mine]
        apart = sum(abs(a - b) for a in parts for b in parts)
        assert told.gini == pytest.approx(apart / (2 * people * sum(parts)) if sum(parts) else 0.0, abs=1e-9)
    for i, mine in enumerate(got):
        for j, other in enumerate(got):
            better = sum(len(a) > len(b) for a, b in zip(mine, other, strict=True))
            assert preferences(election, outcomes)[i][j] == better


def small() -> tuple[Election, Outcome]:
    """Ten for A and B, ten for C alone; the money is enough for A and B, or for C and one of them."""
    projects = [Project("A", 100), Project("B", 90), Project("C", 110)]
    election = Election.of(projects, 200, [["A", "B"]] * 11 + [["C"]] * 10)
    return election, tally(election, Rule())


def test_kinds_of_voters_and_what_they_used() -> None:
    election, outcome = small()
    one, two = kinds(election, outcome)
    assert (one.low, one.high, one.voters, one.with_one, one.use) == (1, 1, 10, 0, 0.0)
    assert one.bins == (10, 0, 0, 0, 0, 0)
    assert (two.low, two.voters, two.with_one, two.bins) == (2, 11, 11, (0, 0, 0, 0, 0, 11))
    assert two.use == pytest.approx(190 / 11 / (200 / 21))
    lonely = Election.of([Project("A", 1)], 1, [["A"]] * 9)
    (few,) = kinds(lonely, tally(lonely, Rule()))
    assert (few.voters, few.with_one, few.use, few.bins) == (9, None, None, None)


def test_equal_shares_tells_what_everyone_used_of_their_share() -> None:
    election, _ = small()
    outcome = tally(election, Rule(Method.EQUAL_SHARES))
    assert outcome.selected == ("A",)
    assert sorted(use(election, outcome)) == pytest.approx([0.0, 100 / 11 / (200 / 21)])
    assert sum(bins(use(election, outcome), election.rows.people)) == 21
    assert split(election, outcome).max() == pytest.approx(100 / 11)


def test_bins_and_gini_at_their_edges() -> None:
    election, _ = small()
    people = election.rows.people
    values = use(election, tally(election, Rule())) * 0
    assert bins(values, people)[0] == 21
    assert len(bins(values, people)) == len(BINS) + 1
    assert gini(values, people, 21) == 0.0
    assert gini(values + 5, people, 21) == pytest.approx(0.0)
    assert gini(values + 5, people, 42) == pytest.approx(0.5)  # as many again hold nothing


def test_other_rules_beside_the_one_that_counts() -> None:
    election, outcome = small()
    sides = {side.outcome.rule.method: side for side in compare_rules(election, outcome)}
    assert set(sides) == {Method.GREEDY_PER_COST, Method.WELFARE, Method.EQUAL_SHARES, Method.PHRAGMEN_SKIP}
    assert sides[Method.WELFARE].added == sides[Method.WELFARE].dropped == ()
    assert sides[Method.EQUAL_SHARES].outcome.rule.completion is Completion.ADD1U
    (side,) = compare_rules(election, outcome, [Rule(withdrawn=frozenset({"A"}))])
    assert (side.added, side.dropped) == (("C",), ("A",))
    rule = Rule(Method.EQUAL_SHARES, completion=Completion.ADD1)
    assert Method.EQUAL_SHARES not in {other.method for other in sensible(rule, election)}
