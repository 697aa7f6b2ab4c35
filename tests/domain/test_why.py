"""Why a project is in or out: every figure against patience, the reference counting each changed contest anew."""

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from civicvote.domain.tally import Completion, Election, Method, Outcome, Project, Rule, Utility, explain, tally
from civicvote.domain.tally.electorates import Electorate, combine
from civicvote.domain.tally.explain import explain_step, percent
from civicvote.domain.tally.outcome import Code, Reason
from civicvote.domain.tally.why import Basis, Why, anew, confirm, figures, proved, why
from civicvote.domain.tally.why.moments import Moments
from civicvote.domain.tally.why.rerun import Asked
from civicvote.domain.tally.why.search import Purse, turn
from tests.domain.reference.contest import Contest
from tests.domain.reference.greedy import greedy
from tests.domain.reference.phragmen import phragmen
from tests.domain.reference.shares import equal_shares, mes
from tests.domain.reference.welfare import welfare
from tests.domain.test_brute_force import contests, elected, ruled

FAR = 12
"""So many further supporters are tried one by one."""
GONE = {Code.WITHDRAWN, Code.VOID}
some = settings(
    derandomize=True,
    deadline=None,
    max_examples=25,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.generate),  # a contest of this size is small enough to read as it is
)


def again(contest: Contest, outcome: Outcome) -> set[str]:
    """The winners of a changed contest by the reference; Equal Shares with the endowment of `outcome`."""
    rule = outcome.rule
    method = rule.method
    if outcome.adopted:
        assert rule.comparison
        by_cost = rule.utility is Utility.COST
        step = Fraction(rule.step)
        return set(equal_shares(contest, rule.completion, step, by_cost=by_cost, stop=True, comparison=True))
    if method is Method.EQUAL_SHARES:
        assert outcome.endowment is not None
        chosen = mes(contest, Fraction(outcome.endowment), by_cost=outcome.rule.utility is Utility.COST)
        if outcome.rule.completion in {Completion.ADD1U, Completion.UTILITARIAN}:
            chosen = greedy(contest, start=chosen)
        return set(chosen)
    if method in {Method.PHRAGMEN, Method.PHRAGMEN_SKIP}:
        return set(phragmen(contest, drop=method is Method.PHRAGMEN_SKIP))
    if method is Method.WELFARE:
        return set(welfare(contest))
    last = Fraction(4, 5) if method is Method.GREEDY_POZNAN else Fraction(2)
    skip = method not in {Method.GREEDY_POZNAN, Method.GREEDY_NO_SKIP}
    return set(greedy(contest, skip=skip, last=last, per_cost=method is Method.GREEDY_PER_COST))


def with_more(contest: Contest, project: str, extra: int) -> Contest:
    top = max((points for ballot in contest.ballots for points in ballot.values()), default=1)
    return replace(contest, ballots=[*contest.ballots, *[{project: top}] * extra])


def at_cost(contest: Contest, project: str, cost: int) -> Contest:
    return replace(contest, costs=contest.costs | {project: Fraction(cost)})


def check(contest: Contest, method: Method, **more: object) -> None:
    election, rule = elected(contest), ruled(contest, method, **more)
    outcome = tally(election, rule)
    for project, proposed in why(election, outcome).items():
        if proposed.code in {None, *GONE}:
            assert (proposed.supporters, proposed.cost) == (None, None)
            continue
        told = confirm(election, outcome, proposed)
        assert told.confirmed
        if outcome.adopted:  # not monotone: two rules compete, so only the number and its neighbour are certain
            extra = told.supporters
            assert extra is None or project in again(with_more(contest, project, extra), outcome)
            assert extra is None or project not in again(with_more(contest, project, extra - 1), outcome)
            continue
        few = [extra for extra in range(1, FAR) if project in again(with_more(contest, project, extra), outcome)]
        most = int(contest.costs[project])
        dear = [cost for cost in range(1, most) if project in again(at_cost(contest, project, cost), outcome)]
        said = (proposed, contest)
        if told.supporters is None or told.supporters >= FAR:
            assert not few, said
        else:
            assert told.supporters == few[0], said
        assert told.cost == (dear[-1] if dear else None), said


@some
@given(contests(), st.sampled_from([Method.GREEDY, Method.GREEDY_NO_SKIP, Method.GREEDY_PER_COST]))
def test_figures_of_greedy(contest: Contest, method: Method) -> None:
    check(contest, method)


@some
@given(contests())
def test_figures_of_the_last_one_in_part(contest: Contest) -> None:
    check(contest, Method.GREEDY_POZNAN)


@some
@given(contests(), st.booleans(), st.booleans())
def test_figures_of_equal_shares(contest: Contest, by_cost: bool, utilitarian: bool) -> None:  # noqa: FBT001
    utility = Utility.COST if by_cost else Utility.CARDINALITY
    completion = Completion.UTILITARIAN if utilitarian else Completion.NONE
    check(contest, Method.EQUAL_SHARES, utility=utility, completion=completion)


@some
@given(contests(), st.sampled_from([Completion.ADD1, Completion.ADD1U]), st.booleans())
def test_figures_of_add1(contest: Contest, completion: Completion, comparison: bool) -> None:  # noqa: FBT001
    check(contest, Method.EQUAL_SHARES, completion=completion, step=Fraction(1, 2), comparison=comparison)


@some
@given(contests(), st.booleans())
def test_figures_of_phragmen(contest: Contest, skip: bool) -> None:  # noqa: FBT001
    check(contest, Method.PHRAGMEN_SKIP if skip else Method.PHRAGMEN)


@some
@given(contests())
def test_figures_of_maximum_welfare(contest: Contest) -> None:
    check(contest, Method.WELFARE)


@some
@given(contests(), st.sampled_from(Completion), st.booleans(), st.booleans())
def test_figures_of_a_whole_new_count(
    contest: Contest,
    completion: Completion,
    by_cost: bool,  # noqa: FBT001
    comparison: bool,  # noqa: FBT001
) -> None:
    """The number is counted by the reference, and its neighbour; that is all that is said of it."""
    utility, step = (Utility.COST if by_cost else Utility.CARDINALITY), Fraction(1, 2)
    rule = ruled(contest, Method.EQUAL_SHARES, utility=utility, completion=completion, step=step, comparison=comparison)
    election = elected(contest)
    outcome = tally(election, rule)

    def wins(changed: Contest, project: str) -> bool:
        return project in equal_shares(changed, completion, step, by_cost=by_cost, stop=True, comparison=comparison)

    for project, told in why(election, outcome).items():
        fresh = anew(election, outcome, told)
        if fresh is None:
            assert told.code in {None, *GONE} or outcome.adopted
            continue
        if fresh.supporters is not None and fresh.supporters < FAR:
            assert wins(with_more(contest, project, fresh.supporters), project)
            assert not wins(with_more(contest, project, fresh.supporters - 1), project)
        if fresh.cost is not None:
            assert wins(at_cost(contest, project, int(fresh.cost)), project)
            assert not wins(at_cost(contest, project, int(fresh.cost) + 1), project)


@some
@given(contests(), st.sampled_from(Completion), st.booleans())
def test_what_the_recorded_run_tells_is_what_a_new_count_would_say(
    contest: Contest,
    completion: Completion,
    by_cost: bool,  # noqa: FBT001
) -> None:
    utility = Utility.COST if by_cost else Utility.CARDINALITY
    election = elected(contest)
    outcome = tally(election, ruled(contest, Method.EQUAL_SHARES, utility=utility, completion=completion, step=1))
    plain = replace(outcome.rule, completion=Completion.NONE)
    for reason in outcome.rejected:
        if reason.code in GONE:
            continue
        asked = Asked(election, replace(outcome, rule=plain), reason.project)
        moments = Moments(election, asked.outcome, asked.number)
        for extra in range(1, 5):
            sure = moments.funded(extra, asked.units)
            assert sure in {None, asked.counted_at(asked.more(extra))}
        for cost in range(1, asked.units):
            assert moments.funded(0, cost) in {None, asked.counted_at(asked.at(cost))}


def town() -> Election:
    """Twelve voters, 1,200 won. The library's supporters also pay for the park."""
    projects = [
        Project("1", 600, "공원"),
        Project("2", 500, "도서관"),
        Project("3", 300, "주차장"),
        Project("4", 90, "벤치"),
    ]
    return Election.of(projects, 1200, [["1", "2"]] * 5 + [["1"]] * 3 + [["3"]] * 3 + [["4"]])


def told(rule: Rule) -> dict[str, Why]:
    election = town()
    return why(election, tally(election, rule))


def test_equal_shares_tells_winners_what_it_left_and_losers_where_their_money_went() -> None:
    by_id = told(Rule(Method.EQUAL_SHARES))
    assert (by_id["1"].place, by_id["1"].price, by_id["1"].emptied, by_id["1"].kept) == (1, 75, 0, 200)
    library = by_id["2"]
    assert (library.code, library.rank, library.held) == (Code.SUPPORTERS_SPENT, 2, 125)
    assert library.paid_for == (("1", 375),)
    assert library.support == pytest.approx(312.5 / 500)
    assert (library.supporters, library.cost, library.basis) == (3, 125, Basis.ENDOWMENT)
    sentences = [str(one) for one in figures(library, name={"1": "공원"}.__getitem__)]
    assert sentences == [
        "그때그때 선정된 사업만큼만 부담한다고 하면, 지지자들이 모을 수 있었던 돈은 많아야 사업비의 62.5%였습니다.",
        "지지자들의 몫은 다른 선정 사업에 먼저 쓰였습니다. 가장 많이 쓰인 곳은 공원(375)입니다.",
        "최종 배분액 기준: 이 사업에만 투표한 사람이 3명 더 있었거나 사업비가 125 이하였다면 선정되었습니다.",
        "처음부터 다시 개표하면 한 사람의 몫이 달라져 이 값과 다를 수 있습니다.",
        "다시 계산해 확인한 값은 아니어서 실제와 조금 다를 수 있습니다.",
    ]
    election = town()
    sure = confirm(election, tally(election, Rule(Method.EQUAL_SHARES)), library)
    assert sure.supporters == 4  # at three the tie order decides against it
    assert [str(one) for one in figures(sure)][-1] == "다시 계산해 확인한 값입니다."
    (kept,) = figures(by_id["1"])
    assert str(kept) == "이 사업을 선정한 뒤 지지자들에게 남은 몫은 모두 200, 한 사람 평균 25입니다."


def test_a_whole_new_count_divides_the_money_anew() -> None:
    election = town()
    outcome = tally(election, Rule(Method.EQUAL_SHARES, completion=Completion.ADD1, exhaustive_stop=False))
    assert outcome.selected == ("1", "3", "4")
    library = why(election, outcome)["2"]
    fixed, fresh = confirm(election, outcome, library), anew(election, outcome, library)
    assert (fixed.basis, fixed.confirmed) == (Basis.ENDOWMENT, True)
    assert fresh is not None
    assert (fixed.supporters, fixed.cost) != (fresh.supporters, fresh.cost)
    assert [str(one) for one in figures(replace(fixed, anew=fresh))][-3:] == [
        "최종 배분액 기준: 이 사업에만 투표한 사람이 1명 더 있었거나 사업비가 495 이하였다면 선정되었습니다.",
        "처음부터 다시 개표하면: 그런 사람이 4명 더 있거나 사업비가 210이면 선정됩니다. 3명으로는 선정되지 않습니다.",
        "두 기준 모두 다시 계산해 확인했습니다.",
    ]
    assert [str(one) for one in figures(fixed)][-1] == "다시 계산해 확인한 값입니다."
    assert anew(town(), tally(town(), Rule()), told(Rule())["3"]) is None, "by votes there is nothing to divide anew"


def test_greedy_tells_the_money_left_and_the_votes_that_would_have_done() -> None:
    by_id = told(Rule())
    assert [by_id[one].place for one in "1234"] == [1, 2, None, 3]
    parking = by_id["3"]
    assert (parking.rank, parking.left, parking.supporters, parking.cost) == (3, 100, 3, 100)
    assert [str(one) for one in figures(confirm(town(), tally(town(), Rule()), parking))] == [
        "이 사업에만 투표한 사람이 3명 더 있었거나 사업비가 100 이하였다면 선정되었습니다.",
        "다시 계산해 확인한 값입니다.",
    ]


def test_figures_that_would_take_too_long_to_prove_stand_as_computed() -> None:
    election = town()
    outcome = tally(election, Rule())
    assert proved(election, outcome, most_work=0) == why(election, outcome)
    assert proved(election, outcome, most_work=10**9)["3"] == confirm(election, outcome, why(election, outcome)["3"])


def test_work_goes_to_those_who_came_nearest_first() -> None:
    projects = [Project("near", 600), Project("far", 900), *[Project(f"won{n}", 100) for n in range(4)]]
    ballots = [["near", "won0"]] * 5 + [["far", "won1", "won2"]] * 2 + [["won3"]]
    election = Election.of(projects, 800, ballots)
    outcome = tally(election, Rule(Method.EQUAL_SHARES, completion=Completion.ADD1, step=5))
    everything = proved(election, outcome, most_work=10**9, most_anew=10**9)
    lost = sorted((one for one in everything.values() if one.code), key=lambda one: -(one.support or 0))
    assert [one.project for one in lost] == ["near", "far"]
    assert all(one.confirmed and one.anew for one in lost)
    some = proved(election, outcome, most_work=10**9, most_anew=1)
    assert some == proved(election, outcome, most_work=10**9), "one count more than allowed tells nothing yet"
    half = Purse(1e9)
    anew(election, outcome, lost[0], half)
    assert half.left is not None
    first = proved(election, outcome, most_work=10**9, most_anew=1e9 - half.left + 1)
    assert (first["near"].anew, first["far"].anew) == (lost[0].anew, None)


def test_nobody_asks_what_would_have_saved_a_withdrawn_project_or_a_void_vote() -> None:
    gone = told(Rule(withdrawn=frozenset({"2"})))["2"]
    assert (gone.code, gone.supporters, gone.cost, figures(gone)) == (Code.WITHDRAWN, None, None, [])
    void = told(Rule(quorum=13))
    assert {one.code for one in void.values()} == {Code.VOID}
    assert all(one.supporters is None and one.cost is None for one in void.values())


def test_minimum_support_is_part_of_what_is_missing() -> None:
    by_id = told(Rule(threshold=4))
    assert (by_id["3"].code, by_id["3"].supporters, by_id["3"].cost) == (Code.BELOW_THRESHOLD, 3, None)
    share = told(Rule(threshold_share=Fraction(1, 2)))["2"]
    assert (share.code, share.supporters) == (Code.BELOW_SHARE, 2)


def test_where_electorates_are_weighted_a_supporter_is_no_measure() -> None:
    parts = [Electorate(name, Fraction(1, 2), town()) for name in ("위원회", "온라인")]
    election = combine(parts)
    outcome = tally(election, Rule())
    parking = confirm(election, outcome, why(election, outcome)["3"])
    assert (parking.supporters, parking.cost, parking.confirmed) == (None, 100, True)
    assert str(figures(parking)[0]) == "사업비가 100 이하였다면 선정되었습니다."


@pytest.mark.parametrize("method", Method)
@pytest.mark.parametrize("locked", [(), ("a",)])
def test_a_project_without_cost_below_the_minimum_needs_supporters_only(
    method: Method, locked: tuple[str, ...]
) -> None:
    """Also where the voters have no money at all."""
    projects = [Project("a", 10), Project("b", 5), Project("c", 0)]
    election = Election.of(projects, 10, [["b"]] * 3 + [["c"]])
    outcome = tally(election, Rule(method, threshold=3, locked=locked))
    proposed = why(election, outcome)["c"]
    free = confirm(election, outcome, proposed)
    assert (free.code, free.supporters, free.cost, free.support) == (Code.BELOW_THRESHOLD, 2, None, None)
    assert method is Method.WELFARE or proposed.supporters == 2
    assert "이 사업에만 투표한 사람이 2명 더 있었다면 선정되었습니다." in str(figures(free)[0])


def test_every_code_has_a_sentence() -> None:
    facts: dict[str, int | str | None] = dict.fromkeys(
        ("votes", "threshold", "voters", "quorum", "needed", "cost", "budget", "left", "held", "supporters"), 1000
    )
    facts |= {"by": "17", "stopped": "18", "cap": "복지", "most": 2, "with_it": 5, "best": 6}
    sentences = {code: str(explain(Reason("1", code, facts), lambda value: f"{value:,}원")) for code in Code}
    assert len(set(sentences.values())) == len(Code)
    assert all("%(" not in sentence for sentence in sentences.values())
    assert "복지" in sentences[Code.CAPPED]
    dear = Reason("1", Code.CAPPED, facts | {"left": 10, "most": None})
    assert (
        str(explain(dear)) == "같은 묶음(복지)에 쓸 수 있는 1,000 가운데 남은 금액(10)이 사업비(1,000)보다 적었습니다."
    )


def test_every_kind_of_step_has_a_sentence() -> None:
    election = town()
    for rule, expected in (
        (Rule(), "1번째로 선정되었습니다. 득표 8, 선정 후 남은 예산 600."),
        (Rule(locked=("4",)), "투표 없이 확정된 사업입니다. 선정 후 남은 예산 1,110."),
        (Rule(Method.EQUAL_SHARES), "1번째로 선정되었습니다. 득표 8, 한 사람의 부담 75, 몫을 모두 쓴 지지자 0명."),
        (Rule(Method.PHRAGMEN), "1번째로 선정되었습니다. 득표 8, 지지자 한 사람이 나누어 맡은 금액 75."),
    ):
        step = tally(election, rule).steps[0]
        assert str(explain_step(step, 1, load=rule.method is Method.PHRAGMEN)) == expected
    poor = Election.of([Project("1", 60), Project("2", 100)], 160, [["1", "2"]] * 2 + [[]] * 2)
    last = tally(poor, Rule(Method.EQUAL_SHARES, completion=Completion.UTILITARIAN)).steps[-1]
    assert "몫을 나누어 고른 뒤" in str(explain_step(last, 4))
    part = tally(town().without(["3", "4"]), Rule(Method.GREEDY_POZNAN))
    assert part.steps[-1].paid == 500
    dear = Election.of([Project("1", 100), Project("2", 100)], 190, [["1", "2"]])
    assert "80% 이상이 남아" in str(explain_step(tally(dear, Rule(Method.GREEDY_POZNAN)).steps[-1], 2))


def test_points_are_told_as_points() -> None:
    """Six people give 11 points; what they pay is so much per point, not per head."""
    ballots = [{"1": 2}] * 5 + [{"1": 1, "2": 3}]
    election = Election.of([Project("1", 22), Project("2", 21)], 42, ballots)
    outcome = tally(election, Rule(Method.EQUAL_SHARES, Utility.CARDINALITY))
    assert str(explain_step(outcome.steps[0], 1)) == (
        "1번째로 선정되었습니다. 득표 6, 1점마다의 부담 2, 몫을 모두 쓴 지지자 0명."
    )
    for rule, sentence in (
        (Rule(), "3점을 얻었으나, 차례가 왔을 때 남은 예산(20)이 사업비(21)보다 적었습니다."),
        (Rule(threshold=4), "3점을 얻어 최소 4점에 미치지 못했습니다."),
        (
            Rule(Method.WELFARE),
            "이 사업을 넣어 고르면 모두 합해 3점까지 얻을 수 있어, 선정된 사업들의 11점을 넘지 못합니다.",
        ),
    ):
        (lost,) = tally(election, rule).rejected
        assert str(explain(lost)) == sentence


@pytest.mark.parametrize("guess", [None, 1, 36, 37, 38, 90, 400])
def test_the_search_finds_the_turn_from_any_guess(guess: int | None) -> None:
    found = turn(lambda number: number >= 37, 0, 100, guess)
    assert (found.number, found.proved) == (37, True)
    assert found.runs <= (2 if guess == 37 else 20)
    never = turn(lambda _: False, 0, 100, guess)
    assert (never.number, never.proved) == (None, True)
    assert not turn(lambda number: number >= 37, 0, 10**9, most=3).proved


@pytest.mark.parametrize(
    ("share", "shown"),
    [
        (0, "0%"),
        (1, "100%"),
        (0.945, "94.5%"),
        (0.5, "50%"),
        (0.99996, "99.9%"),
        (0.00001, "0.1%"),
        (Fraction(2, 3), "66.7%"),
    ],
)
def test_a_share_is_written_one_way(share: float, shown: str) -> None:
    assert percent(share) == shown
