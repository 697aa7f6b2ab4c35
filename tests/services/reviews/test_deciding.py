"""The department's work, verdicts, and review again."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from civicvote import db
from civicvote.domain.criteria import Answer, Cost, Criterion, Finding, Findings
from civicvote.domain.errors import ConflictError, InvalidError
from civicvote.domain.lifecycles import CycleState, ProjectState
from civicvote.domain.permissions import Role
from civicvote.models.projects import CostLine, Project
from civicvote.models.reviews import Review
from civicvote.services import clock, reviews
from tests import factories as make
from tests.conftest import DATABASES
from tests.support.races import attempt, together
from tests.support.reviews import FULL, REASON, Case, letters, member

NAMED = "신청인 900101-1234567 님이 낸 제안입니다."


def test_a_review_from_start_to_verdict(session: Session, case: Case) -> None:
    review = case.begun(session)
    assert review.reviewer_id == case.reviewer.id
    half = Findings({Criterion.COST: Finding(Answer.PARTLY, "비쌉니다.")}, (Cost("staff", "감독", 1000),))
    reviews.save(session, case.reviewer, review.id, half, version=review.version)
    public_cost = session.scalar(select(Project.cost_won).where(Project.id == case.project.id))
    assert public_cost is None, "a draft says nothing to the public"
    assert reviews.published(session, case.project.id) == []
    reviews.decide(session, case.colleague, review.id, FULL, version=review.version, verdict="accept", reason=REASON)
    assert (case.project.state, case.project.cost_won) == (ProjectState.ELIGIBLE, 45_000_000)
    lines = session.scalars(select(CostLine).where(CostLine.project_id == case.project.id).order_by(CostLine.position))
    assert [(c.kind, c.amount_won) for c in lines] == [("programme", 40_000_000), ("staff", 5_000_000)]
    (public,) = reviews.published(session, case.project.id)
    assert (public.verdict, public.reason, public.cost_won) == ("accept", REASON, 45_000_000)
    assert case.author.id in letters(session, "project-moved")
    with pytest.raises(ConflictError):
        reviews.save(session, case.reviewer, review.id, FULL, version=review.version)


def test_a_refusal_needs_a_reason_but_no_cost(session: Session, case: Case) -> None:
    review = case.begun(session)
    bare = replace(FULL, costs=(), first_year_won=None)
    with pytest.raises(InvalidError) as refused:
        reviews.decide(
            session, case.reviewer, review.id, bare, version=review.version, verdict="refuse", reason="안 됨"
        )
    assert refused.value.field == "reason"
    with pytest.raises(InvalidError, match="주민등록번호"):
        reviews.decide(session, case.reviewer, review.id, bare, version=review.version, verdict="refuse", reason=NAMED)
    with pytest.raises(InvalidError, match="주민등록번호"):
        reviews.request_supplement(
            session, case.reviewer, review.id, question=NAMED, due_at=clock.now() + timedelta(days=3)
        )
    reviews.decide(
        session,
        case.reviewer,
        review.id,
        bare,
        version=review.version,
        verdict="refuse",
        reason="국가가 관리하는 도로입니다.",
    )
    assert (case.project.state, case.project.cost_won) == (ProjectState.INELIGIBLE, None)
    assert case.project.state_reason == "국가가 관리하는 도로입니다."


def test_a_cost_above_the_pool_is_refused_with_both_amounts(session: Session, case: Case) -> None:
    review = case.begun(session)
    dear = replace(FULL, costs=(Cost("programme", "지하도", 100_000_001),))
    with pytest.raises(InvalidError, match=r"100,000,001원.*100,000,000원"):
        reviews.decide(session, case.reviewer, review.id, dear, version=review.version, verdict="accept", reason=REASON)
    assert case.project.state is ProjectState.IN_REVIEW


def test_a_form_of_an_old_version_is_refused(session: Session, case: Case) -> None:
    review = case.begun(session)
    seen = review.version
    reviews.save(session, case.reviewer, review.id, FULL, version=seen)
    with pytest.raises(ConflictError, match="먼저 저장"):
        reviews.save(session, case.colleague, review.id, FULL, version=seen)


def test_review_again(session: Session, case: Case) -> None:
    review = case.begun(session)
    reviews.decide(session, case.reviewer, review.id, FULL, version=review.version, verdict="refuse", reason=REASON)
    with pytest.raises(InvalidError):
        reviews.reopen(session, case.staff, case.project.id, reason="", department_id=case.department.id)
    with pytest.raises(InvalidError, match="주민등록번호"):
        reviews.reopen(session, case.staff, case.project.id, reason=NAMED, department_id=case.department.id)
    again = reviews.reopen(
        session, case.staff, case.project.id, reason="새 조례가 생겼습니다.", department_id=case.department.id
    )
    assert case.project.state is ProjectState.ASSIGNED
    assert [r.id for r in reviews.detail(session, case.reviewer, again.id).earlier] == [review.id]
    reviews.start(session, case.reviewer, again.id)
    reviews.decide(session, case.reviewer, again.id, FULL, version=again.version, verdict="accept", reason=REASON)
    assert [p.verdict for p in reviews.published(session, case.project.id)] == ["accept", "refuse"]
    assert session.scalar(select(func.count()).where(CostLine.project_id == case.project.id)) == 2
    case.project.state = ProjectState.INELIGIBLE
    cycle = make.cycle(session, CycleState.LISTED)
    case.project.cycle_id = cycle.id
    session.flush()
    with pytest.raises(ConflictError, match="투표안건이 확정"):
        reviews.reopen(session, case.staff, case.project.id, reason="늦었습니다.", department_id=case.department.id)


@pytest.mark.parametrize("kind", DATABASES)
def test_of_a_department_deciding_twice_one_wins(make_database: Callable[[str], Engine], kind: str) -> None:
    database = db.Database(make_database(kind))
    with database.transaction() as session:
        chief = make.actor(make.user(session, Role.STAFF), Role.STAFF)
        department = make.department(session)
        members = [member(session, department) for _ in range(3)]
        project = make.project(session, make.pool(session, make.cycle(session, opened="review")))
        review = reviews.assign(session, chief, [project.id], department_id=department.id)[0]
        reviews.start(session, members[0], review.id)
        review_id, version = review.id, review.version
    verdicts = ["accept", "refuse", "accept"]
    said = together(
        3,
        lambda n: attempt(
            database,
            lambda s: reviews.decide(
                s, members[n], review_id, FULL, version=version, verdict=verdicts[n], reason=REASON
            ),
        ),
    )
    assert sorted(said) == ["conflict", "conflict", "done"]
    with database.reading() as session:
        kept = session.get_one(Review, review_id)
        project = session.get_one(Project, kept.project_id)
        expected = ProjectState.ELIGIBLE if kept.verdict == "accept" else ProjectState.INELIGIBLE
        assert project.state is expected
    database.engine.dispose()
