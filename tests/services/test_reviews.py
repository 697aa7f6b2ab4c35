"""Assignment, the department's work, questions to the author, verdicts, review again."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
import time_machine
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from civicvote import db
from civicvote.domain.criteria import Answer, Cost, Criterion, Finding, Findings
from civicvote.domain.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from civicvote.domain.lifecycles import CycleState, ProjectState
from civicvote.domain.permissions import VISITOR, Actor, Role
from civicvote.models.accounts import User
from civicvote.models.audit import AuditEvent
from civicvote.models.cycles import Pool
from civicvote.models.departments import Department
from civicvote.models.outbox import OutboxMessage
from civicvote.models.projects import CostLine, Project
from civicvote.models.reviews import Review
from civicvote.services import clock, reviews
from civicvote.services import staff as desks
from tests import factories as make
from tests.conftest import DATABASES, Queries
from tests.services.test_cycles import attempt, together

DAY = timedelta(days=1)
FULL = Findings(
    {criterion: Finding(Answer.YES, "문제없습니다.") for criterion in Criterion},
    (Cost("programme", "보행등 12개", 40_000_000), Cost("staff", "감독", 5_000_000)),
    45_000_000,
)
REASON = "보행 환경 개선 조례에 근거가 있어 추진할 수 있습니다."


@dataclass
class Case:
    """People and things of one review."""

    staff: Actor
    author: Actor
    reviewer: Actor
    colleague: Actor
    stranger: Actor
    department: Department
    pool: Pool
    project: Project

    def assign(self, session: Session, **values: object) -> Review:
        return reviews.assign(
            session,
            self.staff,
            [self.project.id],
            department_id=self.department.id,
            **values,  # type: ignore[arg-type]
        )[0]

    def begun(self, session: Session) -> Review:
        return reviews.start(session, self.reviewer, self.assign(session).id)


def member(session: Session, department: Department, name: str = "최검토") -> Actor:
    return make.actor(make.user(session, Role.DEPARTMENT, name=name, department_id=department.id), Role.DEPARTMENT)


@pytest.fixture
def case(session: Session) -> Case:
    ours, theirs = make.department(session, f"교통과 {uuid4().hex[:6]}"), make.department(session)
    author = make.user(session, name="김제안")
    pool = make.pool(session, make.cycle(session, opened="review"), 100_000_000)
    return Case(
        staff=make.actor(make.user(session, Role.STAFF), Role.STAFF),
        author=make.actor(author),
        reviewer=member(session, ours),
        colleague=member(session, ours, "한동료"),
        stranger=member(session, theirs, "남다른"),
        department=ours,
        pool=pool,
        project=make.project(session, pool, author, cost_won=None),
    )


def letters(session: Session, kind: str) -> set[UUID | None]:
    return set(session.scalars(select(OutboxMessage.recipient_id).where(OutboxMessage.kind == kind)))


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


def test_a_question_answered_in_time(session: Session, case: Case) -> None:
    review = case.begun(session)
    with pytest.raises(InvalidError):
        reviews.request_supplement(
            session, case.reviewer, review.id, question="어느 길인지 알려 주십시오.", due_at=clock.now() - DAY
        )
    asked = reviews.request_supplement(
        session, case.reviewer, review.id, question="어느 길인지 알려 주십시오.", due_at=clock.now() + DAY
    )
    assert case.project.state is ProjectState.SUPPLEMENT
    assert letters(session, "supplement-requested") == {case.author.id}
    moved = select(func.count()).where(
        OutboxMessage.kind == "project-moved", OutboxMessage.recipient_id == case.author.id
    )
    assert session.scalar(moved) == 2, "of the question only one letter: assigned, begun, asked"
    with pytest.raises(ConflictError):
        reviews.save(session, case.reviewer, review.id, FULL, version=review.version)
    for other in (VISITOR, case.reviewer, make.actor(make.user(session))):
        with pytest.raises(NotFoundError):
            reviews.answer_supplement(session, other, case.project.id, "제가 대신 답합니다.")
    with pytest.raises(InvalidError):
        reviews.answer_supplement(session, case.author, case.project.id, " ")
    reviews.answer_supplement(session, case.author, case.project.id, "자하문로 24길입니다.")
    assert (case.project.state, asked.answer) == (ProjectState.IN_REVIEW, "자하문로 24길입니다.")
    assert letters(session, "supplement-answered") == {case.reviewer.id}
    with pytest.raises(NotFoundError):
        reviews.answer_supplement(session, case.author, case.project.id, "한 번 더 답합니다.")
    assert reviews.lapse_supplements(session) == 0


def test_a_question_not_answered(session: Session, case: Case) -> None:
    review = case.begun(session)
    due = clock.now() + DAY
    asked = reviews.request_supplement(
        session, case.reviewer, review.id, question="어느 길인지 알려 주십시오.", due_at=due
    )
    assert reviews.lapse_supplements(session) == 0
    with time_machine.travel(due, tick=False):
        with pytest.raises(ConflictError, match="기한이 지났습니다"):
            reviews.answer_supplement(session, case.author, case.project.id, "자하문로 24길입니다.")
        assert reviews.lapse_supplements(session) == 1
        assert reviews.lapse_supplements(session) == 0
    assert asked.lapsed_at == due
    assert case.project.state is ProjectState.IN_REVIEW
    assert letters(session, "supplement-lapsed") == {case.reviewer.id}
    reviews.request_supplement(
        session, case.reviewer, review.id, question="다시 여쭙습니다. 어느 길입니까?", due_at=clock.now() + DAY
    )


def test_withdrawn_while_being_asked(session: Session, case: Case) -> None:
    review = case.begun(session)
    due = clock.now() + DAY
    reviews.request_supplement(session, case.reviewer, review.id, question="어느 길인지 알려 주십시오.", due_at=due)
    case.project.state = ProjectState.WITHDRAWN
    session.flush()
    with time_machine.travel(due, tick=False):
        assert reviews.lapse_supplements(session) == 1
    assert case.project.state is ProjectState.WITHDRAWN
    assert reviews.queue(session, case.reviewer, filters=reviews.QueueFilters()).rows == []


def test_review_again(session: Session, case: Case) -> None:
    review = case.begun(session)
    reviews.decide(session, case.reviewer, review.id, FULL, version=review.version, verdict="refuse", reason=REASON)
    with pytest.raises(InvalidError):
        reviews.reopen(session, case.staff, case.project.id, reason="", department_id=case.department.id)
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


def test_the_queue_goes_by_due_date_and_pages(session: Session, case: Case) -> None:
    due = [clock.now() + DAY * days for days in (5, 2, 9, 2, 7)]
    made = [
        reviews.assign(
            session, case.staff, [make.project(session, case.pool).id], department_id=case.department.id, due_at=at
        )[0]
        for at in due
    ]
    seen: list[UUID] = []
    cursor = None
    while True:
        found = reviews.queue(session, case.reviewer, filters=reviews.QueueFilters(), cursor=cursor, size=2)
        seen += [row.id for row in found.rows]
        cursor = found.next
        if cursor is None:
            break
    assert seen == [r.id for r in sorted(made, key=lambda r: (r.due_at, r.id))]
    with time_machine.travel(clock.now() + DAY * 3, tick=False):
        rows = reviews.queue(session, case.reviewer, filters=reviews.QueueFilters()).rows
    assert [row.overdue for row in rows] == [True, True, False, False, False]


def test_finished_cases_have_their_own_list(session: Session, case: Case) -> None:
    review = case.begun(session)
    reviews.decide(session, case.reviewer, review.id, FULL, version=review.version, verdict="accept", reason=REASON)
    assert reviews.queue(session, case.reviewer, filters=reviews.QueueFilters()).rows == []
    done = reviews.queue(session, case.reviewer, filters=reviews.QueueFilters(done=True)).rows
    assert [(row.id, row.verdict) for row in done] == [(review.id, "accept")]
    other = reviews.QueueFilters(done=True, department_id=uuid4())
    assert reviews.queue(session, case.staff, filters=other).rows == []
    assert reviews.departments(session, case.reviewer) == []
    assert case.department.id in {key for key, _name in reviews.departments(session, case.staff)}


def test_a_queue_takes_one_statement(session: Session, case: Case, queries: Queries) -> None:
    for _ in range(12):
        reviews.assign(session, case.staff, [make.project(session, case.pool).id], department_id=case.department.id)
    session.flush()
    session.expunge_all()
    queries.clear()
    assert len(reviews.queue(session, case.reviewer, filters=reviews.QueueFilters()).rows) == 12
    assert len(queries) == 1


def test_the_desk_says_what_waits(session: Session, case: Case) -> None:
    desk = desks.desk(session, case.staff)
    assert desk.unassigned == 1
    assert desk.oldest == case.project.submitted_at
    review = case.assign(session)
    make.cycle(session, CycleState.DRAFT)
    mine = make.cycle(session, CycleState.LIST_REQUESTED, list_requested_by=case.staff.id)
    other = make.user(session, Role.STAFF)
    theirs = make.cycle(session, CycleState.LIST_REQUESTED, list_requested_by=other.id)
    over = make.cycle(session, CycleState.LISTED, opened="closed")
    make.cycle(session, CycleState.SEALED, opened="closed")
    make.cycle(session, CycleState.COUNTED, opened="closed")
    make.cycle(session, CycleState.PUBLISHED, opened="closed")
    with time_machine.travel(review.due_at, tick=False):
        desk = desks.desk(session, case.staff)
    assert (desk.unassigned, desk.under_review, desk.overdue_count) == (0, 1, 1)
    assert [row.id for row in desk.overdue] == [review.id]
    ready = make.cycle(session, opened="review")
    make.project(session, make.pool(session, ready), state=ProjectState.ELIGIBLE)
    tasks = {row.slug: row.task for row in desks.desk(session, case.staff).cycles}
    assert tasks[ready.slug] is desks.Task.REQUEST_LIST
    assert tasks[mine.slug] is desks.Task.AWAIT_LIST
    assert tasks[theirs.slug] is desks.Task.APPROVE_LIST
    assert tasks[over.slug] is desks.Task.SEAL
    assert sorted(tasks.values()) == sorted(
        [
            desks.Task.ANNOUNCE, desks.Task.AWAIT_LIST, desks.Task.APPROVE_LIST, desks.Task.SEAL, desks.Task.COUNT,
            desks.Task.APPROVE_COUNT, desks.Task.REQUEST_LIST,
            desks.Task.AWAIT_REVIEWS,
        ]
    )  # fmt: skip
    for nobody in (VISITOR, case.author, case.reviewer):
        with pytest.raises(ForbiddenError):
            desks.desk(session, nobody)


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
