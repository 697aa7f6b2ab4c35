"""What holds before any rule: quorum, thresholds, projects locked in. And which ties are named."""

from fractions import Fraction

import pytest

from civicvote.domain.errors import InvalidError
from civicvote.domain.tally import Code, Completion, Election, Method, Project, Rule, Tie, TieKey, tally
from tests.domain.contest import contest, facts, reasons

SHARES = Method.EQUAL_SHARES
ALL = pytest.mark.parametrize("method", list(Method))


@ALL
def test_without_a_quorum_the_contest_is_void(method: Method) -> None:
    election = contest({"a": 10, "b": 10}, 20, a=4, none=1)
    rule = Rule(method, quorum=6, withdrawn=frozenset({"b"}), locked=("a",))
    outcome = tally(election, rule)
    assert outcome.void
    assert (outcome.selected, outcome.left) == ((), 20)
    assert reasons(outcome) == {"a": Code.VOID, "b": Code.VOID}
    assert facts(outcome, "a") == {"voters": 5, "quorum": 6}
    enough = tally(election, Rule(method, quorum=5, locked=("a",)))
    assert (enough.void, enough.selected) == (False, ("a",))


@ALL
def test_a_share_of_the_voters_must_support_a_project(method: Method) -> None:
    """A quarter of seven voters are 1.75: one is too few, two are enough."""
    election = contest({"a": 10, "b": 10}, 100, a=1, b=2, none=4)
    outcome = tally(election, Rule(method, completion=Completion.UTILITARIAN, threshold_share=Fraction(1, 4)))
    assert outcome.selected == ("b",)
    assert reasons(outcome) == {"a": Code.BELOW_SHARE}
    assert facts(outcome, "a") == {"votes": 1, "voters": 7, "needed": 2}


@pytest.mark.parametrize("method", [method for method in Method if method is not SHARES])
def test_what_is_locked_in_comes_first_and_leaves_less_to_the_others(method: Method) -> None:
    election = contest({"a": 60, "b": 50, "c": 40, "d": 30}, 100, a=5, b=3, c=2)
    outcome = tally(election, Rule(method, locked=("d",)))
    assert outcome.selected == ("d", "a")
    first, second = outcome.steps
    assert (first.locked, first.votes, first.left, first.price) == (True, 0, 70, None)
    assert (second.locked, second.left) == (False, 10)
    assert set(reasons(outcome)) == {"b", "c"}
    late = tally(contest({"a": 90, "d": 30}, 100, a=5), Rule(method, locked=("d",)))
    assert reasons(late) == {"a": Code.TOO_EXPENSIVE}
    assert facts(late, "a") == {"cost": 90, "budget": 70}


def test_the_comparison_leaves_aside_what_is_locked_in() -> None:
    election = contest({"a": 30, "b": 30, "c": 30, "d": 30, "e": 10}, 100, a_b_c=6, d_e=3)
    outcome = tally(election, Rule(SHARES, comparison=True, locked=("e",)))
    assert outcome.adopted
    assert outcome.selected == ("e", "a", "b", "c")


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (Rule(locked=("a", "b")), "예산보다"),
        (Rule(locked=("a", "c"), exclusive=(frozenset({"a", "c"}),)), "함께"),
        (Rule(locked=("x",)), "없는 사업"),
    ],
)
def test_what_cannot_be_locked_in_is_refused(rule: Rule, words: str) -> None:
    with pytest.raises(InvalidError, match=words):
        tally(contest({"a": 60, "b": 50, "c": 1}, 100, a=1), rule)


def test_contradictory_rules_are_refused() -> None:
    with pytest.raises(InvalidError, match="제외"):
        Rule(locked=("a",), withdrawn=frozenset({"a"}))
    with pytest.raises(InvalidError, match="최소 지지율"):
        Rule(threshold_share=Fraction(3, 2))
    with pytest.raises(InvalidError, match="투표자 수"):
        Rule(quorum=-1)


def test_a_tie_is_named_where_the_order_let_one_in_and_kept_another_out() -> None:
    """a, b and c are equal. a would have fitted beside neither b nor c, b beside c."""
    election = contest({"a": 70, "b": 50, "c": 50, "d": 200}, 100, a_b_c=3)
    assert tally(election, Rule()).ties == (("a", "b"), ("a", "c"))
    assert tally(election, Rule(tie=Tie.by_lot("bca"))).ties == (("b", "a"),)


def test_a_project_too_dear_in_any_order_lost_no_tie() -> None:
    """After x, a and b are equal: b's 90 are more than the 80 left in any order, so the tie decided nothing."""
    outcome = tally(contest({"x": 20, "a": 70, "b": 90}, 100, x=3, a_b=2), Rule())
    assert (outcome.selected, outcome.ties) == (("x", "a"), ())


def test_where_the_count_stops_a_tie_may_be_lost_to_one_that_is_out_itself() -> None:
    election = contest({"x": 20, "a": 90, "b": 70}, 100, x=3, a_b=2)
    outcome = tally(election, Rule(Method.GREEDY_NO_SKIP))
    assert reasons(outcome) == {"a": Code.NO_MONEY_LEFT, "b": Code.AFTER_STOP}
    assert outcome.ties == (("a", "b"),)
    partly = tally(election, Rule(Method.GREEDY_POZNAN))
    assert (partly.selected, partly.ties) == (("x", "a"), (("a", "b"),))


def test_a_tie_between_alternatives_is_named() -> None:
    election = contest({"a": 10, "b": 10}, 100, a_b=2)
    outcome = tally(election, Rule(exclusive=(frozenset({"a", "b"}),)))
    assert (outcome.selected, outcome.ties) == (("a",), (("a", "b"),))


def test_equal_shares_names_the_last_of_the_equals_that_came_first() -> None:
    """Each of the three can be paid by the two voters, any two of them are too much."""
    election = contest({"a": 60, "b": 60, "c": 60}, 100, a_b_c=2)
    assert tally(election, Rule(SHARES)).ties == (("a", "b"), ("a", "c"))


def test_an_equal_that_would_have_ended_the_count_is_named() -> None:
    election = contest({"a": 40, "b": 120, "c": 30}, 100, a=2, b=2, c=1)
    outcome = tally(election, Rule(Method.GREEDY_NO_SKIP))
    assert (outcome.selected, outcome.ties) == (("a", "c"), ()), "b is dearer than the pool: out before the count"
    election = contest({"x": 30, "a": 40, "b": 90, "c": 30}, 100, x=3, a=2, b=2, c=1)
    outcome = tally(election, Rule(Method.GREEDY_NO_SKIP))
    assert (outcome.selected, outcome.ties) == (("x", "a"), (("a", "b"),))
    assert tally(election, Rule(Method.GREEDY_NO_SKIP, tie=Tie.by_lot("bacx"))).selected == ("x",)
    assert tally(election, Rule()).ties == (), "where nothing ends the count, the dear one changes nothing"


def test_ties_of_the_completion_are_named_too() -> None:
    """a is bought by its supporters; of the 60 left the completion gives 50 to b, and c had as many votes."""
    election = contest({"a": 40, "b": 50, "c": 50}, 100, a=6, b=2, c=2)
    outcome = tally(election, Rule(SHARES, completion=Completion.UTILITARIAN))
    assert (outcome.selected, outcome.ties) == (("a", "b"), (("b", "c"),))


def test_points_may_be_borda_or_anything_else() -> None:
    """Three picks in order give 3, 2, 1: a 3 + 2, b 2 + 3, c 1 + 1; equals by votes, then by the ballot's order."""
    projects = [Project(name, 50) for name in "cba"]
    election = Election.of(projects, 100, [{"a": 3, "b": 2, "c": 1}, {"b": 3, "a": 2, "c": 1}])
    outcome = tally(election, Rule(tie=Tie((TieKey.VOTES, TieKey.NUMBER))))
    assert outcome.scores == {"a": 5, "b": 5, "c": 2}
    assert outcome.selected == ("b", "a")


@pytest.mark.parametrize(
    ("tie", "key"),
    [
        (Tie((TieKey.VOTES, TieKey.COST, TieKey.LOT), ("b", "a")), TieKey.LOT),
        (Tie((TieKey.COST_DESC, TieKey.NUMBER)), TieKey.NUMBER),
        (Tie((TieKey.VOTES,)), TieKey.ID),
    ],
)
def test_the_result_can_say_what_decided_a_tie(tie: Tie, key: TieKey) -> None:
    election = contest({"a": 60, "b": 60}, 100, a_b=2)
    outcome = tally(election, Rule(tie=tie))
    (pair,) = outcome.ties
    assert tie.deciding(election, *pair) is key
