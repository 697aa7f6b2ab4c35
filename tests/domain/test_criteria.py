"""The criteria form: what may be kept, what a verdict needs."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicvote.domain.criteria import (
    ANSWERS,
    COST_CLASSES,
    MAX_LINES,
    QUESTIONS,
    Answer,
    Cost,
    Criterion,
    Finding,
    Findings,
    check_draft,
    check_verdict,
)
from civicvote.domain.errors import InvalidError

FULL = Findings(
    {criterion: Finding(Answer.YES, "좋습니다.") for criterion in Criterion},
    (Cost("programme", "보행등", 30_000_000), Cost("staff", "감독", 5_000_000)),
    35_000_000,
)


def with_answer(criterion: Criterion, answer: Answer | None) -> Findings:
    return replace(FULL, answers={**FULL.answers, criterion: Finding(answer)})


def test_everything_has_words() -> None:
    assert set(QUESTIONS) == set(Criterion)
    assert set(ANSWERS) == set(Answer)


def test_a_full_review_passes_both_ways() -> None:
    check_verdict(FULL, "accept", pool_won=35_000_000)
    check_verdict(FULL, "refuse", pool_won=1)
    check_verdict(replace(FULL, costs=(), first_year_won=None), "refuse", pool_won=1)


def test_costs_by_class() -> None:
    assert FULL.total_won == 35_000_000
    assert FULL.by_class() == {"programme": 30_000_000, "staff": 5_000_000}


@pytest.mark.parametrize(
    ("findings", "verdict", "field"),
    [
        (FULL, "perhaps", "verdict"),
        (with_answer(Criterion.BENEFIT, None), "refuse", "benefit_answer"),
        (with_answer(Criterion.LEGALITY, Answer.NO), "accept", "legality_answer"),
        (with_answer(Criterion.JURISDICTION, Answer.NO), "accept", "jurisdiction_answer"),
        (replace(FULL, costs=()), "accept", "costs"),
        (replace(FULL, costs=(Cost("programme", "보행등", 35_000_001),)), "accept", "costs"),
        (replace(FULL, first_year_won=None), "accept", "first_year_won"),
        (replace(FULL, first_year_won=35_000_001), "accept", "first_year_won"),
    ],
)
def test_an_incomplete_verdict_names_its_field(findings: Findings, verdict: str, field: str) -> None:
    with pytest.raises(InvalidError) as refused:
        check_verdict(findings, verdict, pool_won=35_000_000)
    assert refused.value.field == field


@pytest.mark.parametrize(
    ("findings", "field"),
    [
        (replace(FULL, costs=(Cost("fun", "보행등", 1),)), "costs"),
        (replace(FULL, costs=(Cost("staff", "", 1),)), "costs"),
        (replace(FULL, costs=(Cost("staff", "감독", 0),)), "costs"),
        (replace(FULL, costs=(Cost("staff", "감독", 1),) * (MAX_LINES + 1)), "costs"),
        (replace(FULL, first_year_won=-1), "first_year_won"),
        (replace(FULL, answers={Criterion.COST: Finding(None, "가" * 1001)}), "cost_note"),
    ],
)
def test_what_cannot_be_kept(findings: Findings, field: str) -> None:
    with pytest.raises(InvalidError) as refused:
        check_draft(findings)
    assert refused.value.field == field


answers = st.dictionaries(
    st.sampled_from(Criterion), st.builds(Finding, st.none() | st.sampled_from(Answer), st.text(max_size=20))
)
costs = st.lists(
    st.builds(Cost, st.sampled_from(sorted(COST_CLASSES)), st.text(min_size=1, max_size=10), st.integers(1, 10**12)),
    max_size=5,
).map(tuple)


@given(answers, costs, st.none() | st.integers(0, 10**12))
def test_what_is_kept_comes_back(given_answers: dict[Criterion, Finding], lines: tuple[Cost, ...], first: int) -> None:
    kept = Findings(given_answers, lines, first)
    back = Findings.from_json(kept.to_json())
    assert back.costs == kept.costs
    assert back.first_year_won == kept.first_year_won
    assert set(back.missing()) == set(kept.missing())
    for criterion, finding in given_answers.items():
        assert back.answers[criterion] == finding


def test_an_untouched_form_misses_everything() -> None:
    assert Findings.from_json({}).missing() == list(Criterion)
