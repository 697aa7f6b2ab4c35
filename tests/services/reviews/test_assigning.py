"""Who gives a project to which department, once, and who sees it."""

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from civicvote import db
from civicvote.domain.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from civicvote.domain.lifecycles import CycleState, ProjectState
from civicvote.domain.permissions import VISITOR, Role
from civicvote.models.accounts import User
from civicvote.models.audit import AuditEvent
from civicvote.models.reviews import Review
from civicvote.services import clock, reviews
from tests import factories as make
from tests.conftest import DATABASES
from tests.support.races import attempt, together
from tests.support.reviews import DAY, FULL, REASON, Case, letters


def test_assignment_tells_the_department(session: Session, case: Case) -> None:
    review = case.assign(session)
    assert case.project.state is ProjectState.ASSIGNED
    assert case.project.department_id == case.department.id
    assert timedelta(days=13) < review.due_at - clock.now() <= timedelta(days=14)
    assert letters(session, "review-assigned") == {case.reviewer.id, case.colleague.id}
    session.flush()
    assert "review:assign" in set(session.scalars(select(AuditEvent.action).where(AuditEvent.subject_id == review.id)))


def test_many_at_once_are_all_or_nothing(session: Session, case: Case) -> None:
    more = [make.project(session, case.pool) for _ in range(3)]
    ids = [p.id for p in more]
    with pytest.raises(NotFoundError):
        reviews.assign(session, case.staff, [*ids, uuid4()], department_id=case.department.id)
    assert {p.state for p in more} == {ProjectState.SUBMITTED}
    made = reviews.assign(session, case.staff, [*ids, ids[0]], department_id=case.department.id)
    assert len(made) == 3


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"due_at": timedelta(days=-1)}, "due_at"),
        ({"due_at": timedelta(days=400)}, "due_at"),
        ({"reviewer_id": "stranger"}, "reviewer"),
    ],
)
def test_what_an_assignment_refuses(session: Session, case: Case, values: dict[str, object], field: str) -> None:
    asked = dict(values)
    if "due_at" in asked:
        asked["due_at"] = clock.now() + asked["due_at"]  # type: ignore[operator]  # a timedelta
    else:
        asked["reviewer_id"] = case.stranger.id
    with pytest.raises(InvalidError) as refused:
        case.assign(session, **asked)
    assert refused.value.field == field
    case.department.active = False
    session.flush()
    with pytest.raises(InvalidError):
        case.assign(session)
    with pytest.raises(InvalidError):
        reviews.assign(session, case.staff, [], department_id=case.department.id)


@pytest.mark.parametrize("role", [None, Role.DEPARTMENT, Role.AUDITOR, Role.ADMIN])
def test_only_staff_assign_and_reopen(session: Session, case: Case, role: Role | None) -> None:
    other = make.actor(make.user(session), *([role] if role else []))
    with pytest.raises(ForbiddenError):
        reviews.assign(session, other, [case.project.id], department_id=case.department.id)
    with pytest.raises(ForbiddenError):
        reviews.reopen(session, other, case.project.id, reason="다시", department_id=case.department.id)
    with pytest.raises(ForbiddenError):
        reviews.choices(session, other)


def test_a_second_assignment_is_told_so_unless_it_replaces(session: Session, case: Case) -> None:
    first = case.assign(session)
    with pytest.raises(ConflictError, match="먼저 배정"):
        case.assign(session)
    second = case.assign(session, replace=True)
    assert first.closed_at is not None
    assert second.closed_at is None
    reviews.start(session, case.reviewer, second.id)
    with pytest.raises(ConflictError):
        case.assign(session, replace=True)
    with pytest.raises(ConflictError):
        reviews.start(session, case.reviewer, first.id)


def test_projects_of_a_listed_cycle_are_not_assigned(session: Session, case: Case) -> None:
    late = make.pool(session, make.cycle(session, CycleState.LISTED))
    project = make.project(session, late)
    with pytest.raises(ConflictError, match="더 이상 배정"):
        reviews.assign(session, case.staff, [project.id], department_id=case.department.id)


def test_another_department_finds_nothing(session: Session, case: Case) -> None:
    review = case.assign(session)
    for attempt_ in (
        lambda: reviews.detail(session, case.stranger, review.id),
        lambda: reviews.start(session, case.stranger, review.id),
        lambda: reviews.save(session, case.stranger, review.id, FULL, version=1),
        lambda: reviews.decide(session, case.stranger, review.id, FULL, version=1, verdict="accept", reason=REASON),
        lambda: reviews.request_supplement(
            session, case.stranger, review.id, question="어느 길인지 알려 주십시오.", due_at=clock.now() + DAY
        ),
    ):
        with pytest.raises(NotFoundError):
            attempt_()
    for nobody in (VISITOR, case.author):
        with pytest.raises(ForbiddenError):
            reviews.detail(session, nobody, review.id)
        with pytest.raises(ForbiddenError):
            reviews.queue(session, nobody, filters=reviews.QueueFilters())
    assert [row.id for row in reviews.queue(session, case.stranger, filters=reviews.QueueFilters()).rows] == []


def test_overseers_read_but_do_not_decide(session: Session, case: Case) -> None:
    review = case.begun(session)
    for actor in (case.staff, make.actor(make.user(session, Role.AUDITOR), Role.AUDITOR)):
        assert not reviews.detail(session, actor, review.id).may_write
        with pytest.raises(ForbiddenError):
            reviews.save(session, actor, review.id, FULL, version=review.version)


def test_nobody_reviews_their_own(session: Session, case: Case) -> None:
    own = make.project(session, case.pool, session.get_one(User, case.reviewer.id))
    with pytest.raises(InvalidError, match="제안자 본인"):
        reviews.assign(session, case.staff, [own.id], department_id=case.department.id, reviewer_id=case.reviewer.id)
    session.refresh(own)
    review = reviews.assign(session, case.staff, [own.id], department_id=case.department.id)[0]
    view = reviews.detail(session, case.reviewer, review.id)
    assert view.own
    assert not view.may_write
    with pytest.raises(ForbiddenError, match="자신이 낸 제안"):
        reviews.start(session, case.reviewer, review.id)
    reviews.start(session, case.colleague, review.id)
    with pytest.raises(ForbiddenError):
        reviews.decide(session, case.reviewer, review.id, FULL, version=review.version, verdict="accept", reason=REASON)


@pytest.mark.parametrize("kind", DATABASES)
def test_of_staff_racing_to_assign_one_wins(make_database: Callable[[str], Engine], kind: str) -> None:
    database = db.Database(make_database(kind))
    with database.transaction() as session:
        people = [make.actor(make.user(session, Role.STAFF), Role.STAFF) for _ in range(4)]
        department = make.department(session)
        project = make.project(session, make.pool(session, make.cycle(session, opened="review")))
        ids, department_id = [project.id], department.id
    said = together(
        4,
        lambda n: attempt(database, lambda s: reviews.assign(s, people[n], ids, department_id=department_id)),
    )
    assert sorted(said) == ["conflict"] * 3 + ["done"]
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Review)) == 1
    database.engine.dispose()
