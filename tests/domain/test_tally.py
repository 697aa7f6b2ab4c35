"""The count as people meet it: who is in, who is out and why, and what a rule may say."""

from fractions import Fraction

import pytest

from civicvote.domain.errors import InvalidError
from civicvote.domain.money import format_won_exact
from civicvote.domain.tally import (
    Amount,
    Code,
    Completion,
    Election,
    Method,
    Project,
    Rule,
    Tie,
    TieKey,
    Utility,
    compare,
    explain,
    explain_step,
    tally,
)
from tests.domain.contest import contest, reasons

SHARES = Method.EQUAL_SHARES


def test_greedy_funds_what_fits_from_the_top_down() -> None:
    outcome = tally(contest({"a": 60, "b": 50, "c": 40}, 100, a=3, b=2, c=1), Rule())
    assert outcome.selected == ("a", "c")
    assert (outcome.spent, outcome.left) == (100, 0)
    assert [(step.votes, step.left, step.price) for step in outcome.steps] == [(3, 40, None), (1, 0, None)]
    (reason,) = outcome.rejected
    assert (reason.code, dict(reason.facts)) == (Code.NO_MONEY_LEFT, {"cost": 50, "left": 40, "votes": 2})


def test_no_skip_ends_at_the_first_that_does_not_fit() -> None:
    outcome = tally(contest({"a": 60, "b": 50, "c": 40}, 100, a=3, b=2, c=1), Rule(Method.GREEDY_NO_SKIP))
    assert outcome.selected == ("a",)
    assert reasons(outcome) == {"b": Code.NO_MONEY_LEFT, "c": Code.AFTER_STOP}
    assert outcome.rejected[1].facts == {"stopped": "b", "left": 40}


@pytest.mark.parametrize(("cost", "selected", "paid"), [(50, ("a", "b"), 40), (51, ("a",), 60)])
def test_the_80_percent_rule_funds_the_last_one_in_part(cost: int, selected: tuple[str, ...], paid: int) -> None:
    outcome = tally(contest({"a": 60, "b": cost, "c": 1}, 100, a=3, b=2, c=1), Rule(Method.GREEDY_POZNAN))
    assert outcome.selected == selected
    assert outcome.steps[-1].paid == paid
    assert outcome.spent == (100 if len(selected) == 2 else 60)
    assert reasons(outcome)["c"] is Code.AFTER_STOP


def test_votes_per_won() -> None:
    outcome = tally(contest({"a": 90, "b": 20, "c": 30}, 100, a=5, b=2, c=3), Rule(Method.GREEDY_PER_COST))
    assert outcome.selected == ("b", "c")  # 1/10 each: the tie order decides between them
    assert outcome.ties == ()


def test_before_any_rule() -> None:
    election = contest({"a": 10, "b": 10, "c": 10, "d": 200, "e": 10}, 100, a=3, a_b=1, d=9, e=9)
    outcome = tally(election, Rule(threshold=2, withdrawn=frozenset({"e"})))
    assert outcome.selected == ("a",)
    assert reasons(outcome) == {
        "d": Code.TOO_EXPENSIVE,
        "e": Code.WITHDRAWN,
        "b": Code.BELOW_THRESHOLD,
        "c": Code.NO_SUPPORT,
    }
    assert [str(explain(reason, lambda value: format_won_exact(int(value)))) for reason in outcome.rejected] == [
        "사업비(200원)가 쓸 수 있는 예산(100원)보다 큽니다.",
        "투표안건에서 제외된 사업이어서 집계하지 않았습니다.",
        "1표를 얻어 최소 득표 2표에 미치지 못했습니다.",
        "이 사업에 투표한 사람이 없습니다.",
    ]


@pytest.mark.parametrize("method", list(Method))
def test_of_an_exclusive_group_one_is_funded(method: Method) -> None:
    election = contest({"a": 10, "b": 10, "c": 10}, 1000, a_b_c=1, a_b=1, a=1)
    rule = Rule(method, completion=Completion.ADD1, exclusive=(frozenset({"a", "b"}),))
    outcome = tally(election, rule)
    assert set(outcome.selected) == {"a", "c"}
    assert (outcome.rejected[0].code, outcome.rejected[0].facts) == (Code.EXCLUDED_BY, {"by": "a"})


@pytest.mark.parametrize(
    ("tie", "first"),
    [
        (Tie(), "10"),
        (Tie.parse("number"), "9"),
        (Tie.parse("cost"), "11"),
        (Tie.parse("cost-desc, id"), "10"),
        (Tie.by_lot(["9", "11"]), "9"),
        (Tie.by_lot(["11"]), "11"),
    ],
)
def test_ties_follow_the_published_order(tie: Tie, first: str) -> None:
    election = contest({"9": 70, "10": 80, "11": 60}, 100, **{"9_10_11": 2})
    for method in (Method.GREEDY, SHARES):
        outcome = tally(election, Rule(method, tie=tie))
        assert outcome.selected == (first,)
        assert {winner for winner, _ in outcome.ties} <= {first}
    assert len(tally(election, Rule(tie=tie)).ties) == 2


def test_ties_in_points_can_go_by_votes() -> None:
    election = Election.of([Project("a", 60), Project("b", 60)], 100, [{"a": 4}, {"b": 2}, {"b": 2}])
    assert tally(election, Rule()).selected == ("a",)
    assert tally(election, Rule(tie=Tie((TieKey.VOTES,)))).selected == ("b",)


def test_equal_shares_gives_every_group_its_part() -> None:
    costs: dict[str, Amount] = {"a": 30, "b": 30, "c": 30, "d": 30}
    election = contest(costs, 90, a_b_c=6, d=3)
    assert tally(election, Rule()).selected == ("a", "b", "c")
    outcome = tally(election, Rule(SHARES))
    assert outcome.selected == ("a", "b", "d")
    assert (outcome.endowment, outcome.rounds) == (Fraction(10), 0)
    assert [(str(step.price), step.emptied) for step in outcome.steps] == [("5", 0), ("5", 6), ("10", 3)]
    (reason,) = outcome.rejected
    assert (reason.code, reason.facts) == (Code.SUPPORTERS_SPENT, {"cost": 30, "held": 0, "supporters": 6})
    assert str(explain(reason)) == "지지자 6명에게 남은 몫의 합(0)이 사업비(30)에 미치지 못합니다."


def test_add1_ends_as_soon_as_nothing_fits_any_more() -> None:
    election = contest({"a": 10, "b": 7}, 10, a=1, b=1)
    outcome = tally(election, Rule(SHARES, completion=Completion.ADD1, step=Fraction(1, 4)))
    assert outcome.selected == ("b",)
    assert outcome.rounds == 8  # at 5 + 2 the second can be paid; nothing else fits after it


def test_add1_without_the_exhaustive_stop_goes_on_until_it_overspends() -> None:
    election = contest({"a": 10, "b": 7}, 10, a=1, b=1)
    rule = Rule(SHARES, completion=Completion.ADD1, step=Fraction(1, 4), exhaustive_stop=False)
    assert tally(election, rule).rounds == 19


def test_tiny_steps_are_skipped_over() -> None:
    election = contest({"a": 300_000_000, "b": 70_000_000}, 400_000_000, a=2, b=2, none=36)
    outcome = tally(election, Rule(SHARES, completion=Completion.ADD1, step=1))
    assert outcome.selected == ("a", "b")
    assert outcome.rounds == 140_000_000


def test_utilitarian_completion_spends_the_rest_by_votes() -> None:
    election = contest({"a": 40, "b": 60}, 100, a=3, b=1)
    assert tally(election, Rule(SHARES)).selected == ("a",)
    outcome = tally(election, Rule(SHARES, completion=Completion.UTILITARIAN))
    assert [(step.project, step.completion) for step in outcome.steps] == [("a", False), ("b", True)]


def test_projects_without_a_cost_come_first() -> None:
    election = contest({"a": 10, "b": 0}, 10, a=3, b=1)
    for method in Method:
        assert tally(election, Rule(method, completion=Completion.ADD1)).selected == ("b", "a")


def test_the_comparison_adopts_what_more_voters_prefer() -> None:
    """Six like a, b and c; three like only d. With greedy the six get one project more, the three one less."""
    election = contest({"a": 30, "b": 30, "c": 30, "d": 30}, 90, a_b_c=6, d=3)
    outcome = tally(election, Rule(SHARES, comparison=True))
    assert outcome.adopted
    assert outcome.selected == ("a", "b", "c")
    shares = tally(election, Rule(SHARES))
    assert compare(election, outcome, shares).prefer == 6
    assert compare(election, shares, outcome).prefer == 3
    assert (compare(election, shares, outcome).with_one, compare(election, outcome, shares).with_one) == (9, 6)
    assert compare(election, outcome, shares).mean == 2


def test_decimals_and_fractions_of_points_are_exact() -> None:
    projects = [Project("a", Fraction("0.1")), Project("b", Fraction("0.2"))]
    election = Election.of(projects, Fraction("0.3"), [{"a": Fraction("0.5"), "b": 1}, {"b": Fraction("1.5")}])
    outcome = tally(election, Rule())
    assert outcome.selected == ("b", "a")
    assert outcome.spent == Fraction("0.3")
    assert outcome.scores == {"a": Fraction(1, 2), "b": Fraction(5, 2)}
    assert tally(election, Rule(SHARES, Utility.CARDINALITY, Completion.ADD1, step=Fraction("0.01"))).left == 0


def test_winners_say_why() -> None:
    election = contest({"a": 60, "b": 50}, 100, a=3, b=2)
    step = tally(election, Rule()).steps[0]
    assert str(explain_step(step, 1)) == "1번째로 선정되었습니다. 득표 3, 선정 후 남은 예산 40."
    step = tally(election, Rule(SHARES, completion=Completion.ADD1)).steps[0]
    assert "한 사람의 부담 20" in str(explain_step(step, 1))
    partly = tally(election, Rule(Method.GREEDY_POZNAN)).steps[1]
    assert "80% 이상" in str(explain_step(partly, 2))


def test_every_reason_has_a_sentence() -> None:
    election = contest({"a": 60, "b": 50, "c": 1}, 100, a=3, b=2, c=1)
    outcome = tally(election, Rule(Method.GREEDY_NO_SKIP))
    assert [str(explain(reason)) for reason in outcome.rejected] == [
        "2표를 얻었으나, 차례가 왔을 때 남은 예산(40)이 사업비(50)보다 적었습니다.",
        "앞 순위 사업(b)의 사업비가 남은 예산(40)보다 커서 그 자리에서 선정이 끝났습니다.",
    ]
    excluded = tally(election, Rule(exclusive=(frozenset({"a", "c"}),))).rejected[-1]
    assert str(explain(excluded)) == "함께 시행할 수 없는 사업(a)이 선정되었습니다."


def test_no_ballots_fund_nothing() -> None:
    election = contest({"a": 1}, 10)
    for method in Method:
        outcome = tally(election, Rule(method, completion=Completion.ADD1))
        assert outcome.selected == ()
        assert reasons(outcome) == {"a": Code.NO_SUPPORT}


def test_empty_ballots_count_among_the_voters_only_if_the_vote_says_so() -> None:
    projects = [Project("a", 10)]
    assert Election.of(projects, 10, [["a"], []]).voters == 2
    assert Election.of(projects, 10, [["a"], []], count_empty=False).voters == 1


def test_a_project_twice_in_a_ballot_counts_once() -> None:
    assert Election.of([Project("a", 10)], 10, [["a", "a"]]).votes == (1,)


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda: contest({"a": 1}, 0), "예산"),
        (lambda: contest({"a": -1}, 5), "사업비"),
        (lambda: contest({"a": 1}, 5, b=1), "없는 사업"),
        (lambda: Election.of([Project("a", 1), Project("a", 2)], 5, []), "겹칩니다"),
        (lambda: Election.of([Project("a", 1)], 5, [{"a": -1}]), "점수"),
        (lambda: Election.of([Project("a", 1)], 5, [["a"], {"a": 1}]), "섞을 수"),
        (lambda: Election.from_rows([Project("a", 1)], 5, [0, 1], [0], None, [1], voters=0), "투표자 수"),
        (lambda: Rule(step=0), "한 번에"),
        (lambda: Rule(threshold=-1), "최소 득표"),
        (lambda: Tie.parse("random"), "동점"),
        (lambda: tally(contest({"a": 1}, 5), Rule(withdrawn=frozenset({"x"}))), "이 선거에 없는"),
    ],
)
def test_what_cannot_be_counted_is_refused(build: object, words: str) -> None:
    assert callable(build)
    with pytest.raises(InvalidError, match=words):
        build()
