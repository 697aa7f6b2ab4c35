"""At most n or at most w won per category or district, under every rule and at every step."""

import pytest

from civicvote.domain.errors import InvalidError
from civicvote.domain.tally import Amount, Cap, Code, Completion, Method, Rule, tally
from civicvote.domain.tally.limits import limits
from tests.domain.contest import contest, facts, reasons

COSTS: dict[str, Amount] = {"a": 30, "b": 30, "c": 30, "d": 10}
ALL = pytest.mark.parametrize("method", list(Method))
SHARES = Method.EQUAL_SHARES


def cap(projects: str, most: int | None = None, budget: Amount | None = None) -> Cap:
    return Cap(frozenset(projects), most, budget, "북구")


@ALL
def test_no_more_than_so_many(method: Method) -> None:
    election = contest(COSTS, 100, a_b_c_d=3, a_b_c=1, a_b=1, a=4)
    outcome = tally(election, Rule(method, completion=Completion.UTILITARIAN, caps=(cap("abc", 2),)))
    assert sorted(outcome.selected) == ["a", "b", "d"]
    assert reasons(outcome) == {"c": Code.CAPPED}
    assert facts(outcome, "c") == {"cap": "북구", "most": 2, "budget": None, "left": None, "cost": 30}


@ALL
def test_no_more_than_so_much(method: Method) -> None:
    election = contest(COSTS, 100, a_b_c_d=3, a_b_c=1, a_b=1, a=4)
    outcome = tally(election, Rule(method, completion=Completion.UTILITARIAN, caps=(cap("abc", budget=85),)))
    assert sorted(outcome.selected) == ["a", "b", "d"]
    assert reasons(outcome) == {"c": Code.CAPPED}
    assert facts(outcome, "c") == {"cap": "북구", "most": None, "budget": 85, "left": 25, "cost": 30}


@ALL
def test_dearer_than_the_cap_alone(method: Method) -> None:
    election = contest(COSTS, 100, a=3, d=3)
    outcome = tally(election, Rule(method, completion=Completion.UTILITARIAN, caps=(cap("ab", budget=29),)))
    assert outcome.selected == ("d",)
    assert reasons(outcome) == {"a": Code.CAPPED, "b": Code.NO_SUPPORT, "c": Code.NO_SUPPORT}


@ALL
def test_what_is_locked_in_uses_up_the_cap(method: Method) -> None:
    election = contest(COSTS, 100, a_b=3, d=3)
    rule = Rule(method, completion=Completion.UTILITARIAN, caps=(cap("abc", 1),), locked=("c",))
    outcome = tally(election, rule)
    assert outcome.selected == ("c", "d")
    assert reasons(outcome) == {"a": Code.CAPPED, "b": Code.CAPPED}


def test_caps_do_not_stop_a_count_that_stops() -> None:
    election = contest(COSTS, 100, a=4, b=3, c=2, d=1)
    assert tally(election, Rule(Method.GREEDY_NO_SKIP, caps=(cap("ab", 1),))).selected == ("a", "c", "d")


def test_the_exhaustive_test_of_add1_looks_only_at_what_is_allowed() -> None:
    """Once a is bought its neighbour b is shut, so nothing that may be funded fits: add1 ends there and then."""
    election = contest({"a": 40, "b": 40, "c": 90}, 100, a=2, b=1, c=1)
    rule = Rule(SHARES, completion=Completion.ADD1, step=1, caps=(cap("ab", 1),))
    outcome = tally(election, rule)
    assert (outcome.selected, outcome.rounds) == (("a",), 0)
    assert reasons(outcome)["b"] is Code.CAPPED
    free = tally(election, Rule(SHARES, completion=Completion.ADD1, step=1))
    assert (free.selected, free.rounds) == (("a", "b"), 15)


def test_the_completion_keeps_the_caps() -> None:
    """Everyone holds 10. Only the supporters of a can pay; of the 80 left b takes nothing, for a cap of 70."""
    election = contest({"a": 20, "b": 60, "c": 30}, 100, a=5, b=3, c=2)
    rule = Rule(SHARES, completion=Completion.UTILITARIAN, caps=(cap("ab", budget=70),))
    outcome = tally(election, rule)
    assert [(step.project, step.completion) for step in outcome.steps] == [("a", False), ("c", True)]
    assert facts(outcome, "b")["left"] == 50


def test_limits_answer_for_themselves() -> None:
    election = contest({"a": 30, "b": 30, "c": 20, "d": 0}, 100, a=1)
    rule = Rule(exclusive=(frozenset("ad"), frozenset("bd")), caps=(cap("abc", budget=50),))
    bounds = limits(election, rule)
    assert bounds
    assert not limits(election, Rule())
    assert bounds.shut([]) == frozenset()
    assert bounds.shut([0]) == {1, 3}
    assert bounds.shut([0, 2]) == {1, 3}
    assert bounds.allow([0, 2])
    assert not bounds.allow([0, 1])
    assert not bounds.allow([1, 3])
    assert bounds.reason([0, 1], 3).facts == {"by": "a"}
    assert bounds.reason([0], 1).facts["left"] == 20


@pytest.mark.parametrize("make", [lambda: cap("a"), lambda: cap("a", -1), lambda: cap("a", None, -1)])
def test_a_cap_says_how_much(make: object) -> None:
    assert callable(make)
    with pytest.raises(InvalidError, match="상한"):
        make()
    with pytest.raises(InvalidError, match="없는 사업"):
        tally(contest(COSTS, 100, a=1), Rule(caps=(cap("x", 1),)))
