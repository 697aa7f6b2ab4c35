"""What waits for a department and for staff."""

from uuid import UUID, uuid4

import pytest
import time_machine
from sqlalchemy.orm import Session

from civicvote.domain.errors import ForbiddenError
from civicvote.domain.lifecycles import CycleState, ProjectState
from civicvote.domain.permissions import VISITOR, Role
from civicvote.services import clock, reviews
from civicvote.services import staff as desks
from tests import factories as make
from tests.conftest import Queries
from tests.support.reviews import DAY, FULL, REASON, Case


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
