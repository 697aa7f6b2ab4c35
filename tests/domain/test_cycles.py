"""Phases by the clock, half-open windows, holds, eligibility, and what a plan refuses."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicvote.domain.ballot_list import Item, changes, digest
from civicvote.domain.cycle_plan import Plan, PoolPlan
from civicvote.domain.cycles import PHASE_LABELS, BallotType, Eligibility, Phase, TallyRule, Timetable, Window
from civicvote.domain.errors import InvalidError
from civicvote.domain.lifecycles import CycleState
from civicvote.models.base import new_id

START = datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)
TICK = timedelta(microseconds=1)
PROPOSALS = Window(START, START + 30 * DAY)
VOTING = Window(START + 60 * DAY, START + 75 * DAY)


def times(state: CycleState, *, held: bool = False) -> Timetable:
    return Timetable(state, PROPOSALS, VOTING, held=held)


@pytest.mark.parametrize(
    ("state", "moment", "phase"),
    [
        (CycleState.DRAFT, PROPOSALS.opens_at, Phase.PREPARING),
        (CycleState.ANNOUNCED, PROPOSALS.opens_at - TICK, Phase.BEFORE_PROPOSALS),
        (CycleState.ANNOUNCED, PROPOSALS.opens_at, Phase.PROPOSALS),
        (CycleState.ANNOUNCED, PROPOSALS.closes_at - TICK, Phase.PROPOSALS),
        (CycleState.ANNOUNCED, PROPOSALS.closes_at, Phase.REVIEW),
        (CycleState.ANNOUNCED, VOTING.closes_at, Phase.REVIEW),
        (CycleState.LIST_REQUESTED, VOTING.opens_at, Phase.REVIEW),
        (CycleState.LISTED, VOTING.opens_at - TICK, Phase.BALLOT_LIST),
        (CycleState.LISTED, VOTING.opens_at, Phase.VOTING),
        (CycleState.LISTED, VOTING.closes_at - TICK, Phase.VOTING),
        (CycleState.LISTED, VOTING.closes_at, Phase.COUNTING),
        (CycleState.SEALED, VOTING.opens_at, Phase.COUNTING),
        (CycleState.COUNTED, VOTING.closes_at, Phase.COUNTING),
        (CycleState.PUBLISHED, PROPOSALS.opens_at, Phase.RESULT),
    ],
)
def test_phase(state: CycleState, moment: datetime, phase: Phase) -> None:
    assert times(state).phase(moment) is phase


def test_every_phase_has_words() -> None:
    assert set(PHASE_LABELS) == set(Phase)


moments = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 — hypothesis adds the zone


@given(state=st.sampled_from(CycleState), moment=moments, held=st.booleans())
def test_writes_are_taken_exactly_inside_their_window(*, state: CycleState, moment: datetime, held: bool) -> None:
    table = times(state, held=held)
    inside = PROPOSALS.opens_at <= moment < PROPOSALS.closes_at
    assert table.takes_proposals(moment) == (state is CycleState.ANNOUNCED and inside and not held)
    voting = VOTING.opens_at <= moment < VOTING.closes_at
    assert table.takes_ballots(moment) == (state is CycleState.LISTED and voting and not held)
    assert not (table.takes_proposals(moment) and table.takes_ballots(moment))


@given(state=st.sampled_from(CycleState), moment=moments)
def test_a_hold_only_closes(state: CycleState, moment: datetime) -> None:
    held, free = times(state, held=True), times(state)
    assert held.takes_proposals(moment) <= free.takes_proposals(moment)
    assert held.takes_ballots(moment) <= free.takes_ballots(moment)
    assert held.phase(moment) is free.phase(moment)


@pytest.mark.parametrize(
    ("level", "born", "fine"),
    [(2, 2012, True), (2, 2013, False), (1, 1990, False), (2, None, False), (0, 1990, False)],
)
def test_eligibility(*, level: int, born: int | None, fine: bool) -> None:
    assert (Eligibility(2, 14).refusal(level=level, birth_year=born, year=2026) is None) is fine


PLAN = Plan(
    slug="2026-budget",
    title="2026년 시민공감예산",
    summary="",
    year=2026,
    proposals_open_at=PROPOSALS.opens_at,
    proposals_close_at=PROPOSALS.closes_at,
    review_until=PROPOSALS.closes_at + 20 * DAY,
    voting_open_at=VOTING.opens_at,
    voting_close_at=VOTING.closes_at,
)


def test_a_good_plan_passes() -> None:
    PLAN.check()
    assert PLAN.warnings() == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("slug", "new"),
        ("slug", "-x-"),
        ("slug", "대문자"),
        ("slug", "a"),
        ("title", "짧"),
        ("title", "가" * 121),
        ("year", 26),
        ("proposals_close_at", PROPOSALS.opens_at),
        ("review_until", PROPOSALS.closes_at - TICK),
        ("voting_open_at", PROPOSALS.closes_at),
        ("voting_close_at", VOTING.opens_at),
        ("min_picks", -1),
        ("min_picks", 11),
        ("max_picks", 0),
        ("max_picks", 1001),
        ("min_level", 3),
        ("min_age", 121),
        ("utility", "joy"),
        ("completion", "add2"),
        ("tie", "coin"),
        ("step_won", 0),
        ("step_won", 1_000_001),
        ("min_support", -1),
    ],
)
def test_a_bad_plan_names_its_field(field: str, value: object) -> None:
    with pytest.raises(InvalidError) as refused:
        replace(PLAN, **{field: value}).check()  # type: ignore[arg-type]  # wrong on purpose
    assert refused.value.field == field


def test_equal_shares_with_few_picks_is_warned_of() -> None:
    few = replace(PLAN, max_picks=3)
    assert len(few.warnings()) == 1
    assert len(replace(few, tally_rule=TallyRule.PHRAGMEN).warnings()) == 1
    assert replace(few, tally_rule=TallyRule.GREEDY).warnings() == []
    spread = replace(PLAN, ballot_type=BallotType.POINTS, point_sum=3, utility="cardinality")
    assert len(spread.warnings()) == 1, "three points are three projects at most"
    assert replace(spread, point_sum=10).warnings() == []
    assert len(replace(PLAN, completion="none", min_level=0).warnings()) == 2


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"ballot_type": BallotType.KNAPSACK}, "예산 담기"),
        ({"ballot_type": BallotType.KNAPSACK, "tally_rule": TallyRule.PHRAGMEN_SKIP}, "예산 담기"),
        ({"ballot_type": BallotType.RANKING, "tally_rule": TallyRule.PHRAGMEN}, "순위를 보지 않고"),
        ({"ballot_type": BallotType.SCORE, "point_max": 5}, "건수"),
        ({"comparison": True, "tally_rule": TallyRule.GREEDY}, "견주기"),
        ({"tally_rule": TallyRule.GREEDY_NO_SKIP}, "건너뛰지 않고"),
        ({"ballot_type": BallotType.KNAPSACK, "tally_rule": TallyRule.GREEDY_PER_COST}, "두 번 유리"),
    ],
)
def test_what_does_not_fit_is_warned_of(values: dict[str, object], words: str) -> None:
    (warning,) = replace(PLAN, **values).warnings()  # type: ignore[arg-type]  # fields by name
    assert words in str(warning)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"objection_days": 366}, "objection_days"),
        ({"ballot_type": BallotType.SCORE}, "point_max"),
        ({"ballot_type": BallotType.POINTS}, "point_sum"),
        ({"ballot_type": BallotType.POINTS, "point_sum": 5, "point_max": 6}, "point_max"),
        ({"ballot_type": BallotType.POINTS, "point_sum": 2, "min_picks": 3}, "min_picks"),
        ({"point_max": 0}, "point_max"),
        ({"point_sum": 1001}, "point_sum"),
        ({"min_share": 1001}, "min_share"),
        ({"quorum": -1}, "quorum"),
    ],
)
def test_points_shares_and_quorums_are_plausible(values: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidError) as refused:
        replace(PLAN, **values).check()  # type: ignore[arg-type]  # fields by name
    assert refused.value.field == field


@pytest.mark.parametrize(
    ("plan", "field"),
    [
        (PoolPlan("안전", 0), "amount_won"),
        (PoolPlan("안전", 10**14 + 1), "amount_won"),
        (PoolPlan("", 1), "name"),
        (PoolPlan("환경", 1), "name"),
        (PoolPlan("안전", 1, district="99999"), "district"),
        (PoolPlan("안전", 1, max_picks=0), "max_picks"),
        (PoolPlan("안전", 1, theme="가" * 41), "theme"),
    ],
)
def test_a_bad_pool_names_its_field(plan: PoolPlan, field: str) -> None:
    with pytest.raises(InvalidError) as refused:
        plan.check(["환경"])
    assert refused.value.field == field


def item(number: str, cost: int = 100) -> Item:
    return Item(new_id(), number, f"사업 {number}", cost, new_id())


def test_a_list_keeps_its_fingerprint_in_any_order() -> None:
    items = [item("1"), item("2"), item("3")]
    assert digest(items) == digest(reversed(items))
    assert digest(items) != digest(items[:2])


def test_changes_of_a_list_are_told() -> None:
    one, two, three = item("1"), item("2"), item("3")
    dearer = replace(two, cost_won=200)
    told = changes([one, two], [dearer, three])
    assert [title for _words, title in told] == ["사업 1", "사업 2", "사업 3"]
    assert "100원에서 200원" in str(told[1][0])
    assert changes([one], [one]) == []
    assert "분야" in str(changes([one], [replace(one, pool_id=new_id())])[0][0])
    assert "제목" in str(changes([one], [replace(one, title="다른 제목")])[0][0])


def test_a_vote_of_one_district_is_for_those_verified_there() -> None:
    rule = Eligibility(2, 14, "11110")
    assert rule.refusal(level=2, birth_year=1990, year=2026, home="11110") is None
    for home in ("11140", None):
        words = rule.refusal(level=2, birth_year=1990, year=2026, home=home)
        assert words is not None
        assert "종로구" in str(words)


def test_a_step_that_takes_hours_is_warned_of() -> None:
    tiny = replace(PLAN, step_won=10)
    (warning,) = tiny.warnings()
    assert "몇 시간" in str(warning)
    assert replace(tiny, completion="utilitarian").warnings() == []
    assert replace(tiny, tally_rule=TallyRule.GREEDY).warnings() == []
