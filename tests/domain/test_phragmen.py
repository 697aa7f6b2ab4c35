"""Sequential Phragmén, worked by hand."""

from fractions import Fraction

import pytest

from civicvote.domain.tally import Code, Election, Method, Project, Rule, Tie, tally
from tests.domain.contest import contest, facts, reasons

BOTH = pytest.mark.parametrize("method", [Method.PHRAGMEN, Method.PHRAGMEN_SKIP])


@BOTH
def test_loads_are_shared_by_the_supporters(method: Method) -> None:
    """a: 12/4 = 3 each. Then c: 8/2 = 4 before b: (12 + 2·3)/3 = 6. Then b's supporters carry 3, 3, 4: (12 + 10)/3."""
    election = contest({"a": 12, "b": 12, "c": 8}, 100, a=2, a_b=2, b_c=1, c=1)
    outcome = tally(election, Rule(method))
    assert outcome.selected == ("a", "c", "b")
    assert [step.price for step in outcome.steps] == [3, 4, Fraction(22, 3)]
    assert outcome.ties == ()
    assert outcome.left == 68


def test_it_ends_where_the_next_does_not_fit() -> None:
    election = contest({"a": 60, "b": 50, "c": 40}, 100, a=6, b=3, c=2)
    outcome = tally(election, Rule(Method.PHRAGMEN))
    assert outcome.selected == ("a",)
    assert reasons(outcome) == {"b": Code.NO_MONEY_LEFT, "c": Code.AFTER_STOP}
    assert facts(outcome, "c") == {"stopped": "b", "left": 40}
    skipping = tally(election, Rule(Method.PHRAGMEN_SKIP))
    assert skipping.selected == ("a", "c")
    assert facts(skipping, "b") == {"cost": 50, "left": 40, "votes": 3}


def test_it_ends_even_where_an_equal_would_fit() -> None:
    """After a, b and c both have the load 20; b does not fit any more."""
    election = contest({"a": 50, "b": 60, "c": 40}, 100, a=5, b=3, c=2)
    assert tally(election, Rule(Method.PHRAGMEN, tie=Tie.by_lot("cba"))).selected == ("a",)
    assert tally(election, Rule(Method.PHRAGMEN_SKIP)).selected == ("a", "c")


@BOTH
def test_equals_follow_the_tie_order(method: Method) -> None:
    election = contest({"a": 60, "b": 60, "c": 30}, 100, a=2, b=2, c=1)
    outcome = tally(election, Rule(method, tie=Tie.by_lot("cba")))
    assert outcome.selected == ("c", "b")
    assert set(outcome.ties) == {("b", "a")}


@BOTH
def test_unlike_fractions_are_told_apart(method: Method) -> None:
    """One unit in 10^30 is less than a float64 sees."""
    big = 10**30
    election = contest({"a": 3 * big + 1, "b": 3 * big}, 4 * big, a=3, b=3)
    outcome = tally(election, Rule(method))
    assert outcome.selected == ("b",)
    assert outcome.ties == ()


@BOTH
def test_points_are_support(method: Method) -> None:
    projects = [Project("a", 10), Project("b", 10)]
    election = Election.of(projects, 10, [{"a": 9}, {"b": 1}, {"b": 1}])
    assert tally(election, Rule(method)).selected == ("b",)


@BOTH
def test_alternatives_drop_out(method: Method) -> None:
    election = contest({"a": 10, "b": 11, "c": 30}, 100, a_b_c=3)
    outcome = tally(election, Rule(method, exclusive=(frozenset("ab"),)))
    assert outcome.selected == ("a", "c")
    assert facts(outcome, "b") == {"by": "a"}


def test_an_alternative_of_a_winner_is_not_called_late() -> None:
    election = contest({"a": 50, "b": 52, "c": 51}, 100, a=5, b=2, c=3)
    outcome = tally(election, Rule(Method.PHRAGMEN, exclusive=(frozenset("ab"),)))
    assert reasons(outcome) == {"b": Code.EXCLUDED_BY, "c": Code.NO_MONEY_LEFT}
