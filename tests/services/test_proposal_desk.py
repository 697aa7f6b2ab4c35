"""The city's desk: who answers, until when, and that nothing is public before it is published."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta

import pytest
import time_machine
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from civicvote import db
from civicvote.domain.errors import ConflictError, ForbiddenError, InvalidError
from civicvote.domain.korean import in_seoul, seoul_date
from civicvote.domain.lifecycles import ProposalState
from civicvote.domain.notices import NoticeKind
from civicvote.domain.permissions import Actor, Role
from civicvote.domain.proposals import Verdict
from civicvote.models.accounts import User
from civicvote.models.notices import Notice
from civicvote.models.proposals import DueExtension, Proposal, ProposalAnswer, ProposalMove
from civicvote.services import clock
from civicvote.services.proposals import answers, assigning, desk, overdue
from tests import factories
from tests.conftest import DATABASES
from tests.support import proposals as made
from tests.support.races import together

DRAFT = answers.Draft(Verdict.ACCEPTED, "내년 봄까지 그늘막을 열 곳에 설치하겠습니다.")


class City:
    """Staff, a department with one official, a citizen and a proposal that waits for a department."""

    def __init__(self, session: Session) -> None:
        self.author = factories.user(session)
        self.proposal = made.proposal(session, self.author, ProposalState.AWAITING_DEPARTMENT)
        self.unit = factories.department(session)
        self.official = factories.user(session, Role.DEPARTMENT, department_id=self.unit.id)
        self.clerk = factories.user(session, Role.STAFF)
        self.staff = factories.actor(self.clerk, Role.STAFF)
        self.department = factories.actor(self.official, Role.DEPARTMENT)

    def assigned(self, session: Session) -> "City":
        assigning.assign(session, self.staff, self.proposal.id, self.unit.id)
        return self

    def ready(self, session: Session) -> ProposalAnswer:
        return answers.write(session, self.department, self.proposal.id, DRAFT, ready=True)


def _told(session: Session, user: User) -> set[NoticeKind]:
    return set(session.scalars(select(Notice.kind).where(Notice.recipient_id == user.id)))


def test_assignment_sets_the_end_of_the_day_and_tells_both_sides(session: Session) -> None:
    city = City(session).assigned(session)
    due = city.proposal.due_at
    assert due is not None
    assert seoul_date(due) == seoul_date(clock.now()) + timedelta(days=30)
    assert (in_seoul(due).hour, in_seoul(due).minute) == (23, 59)
    assert city.proposal.state is ProposalState.IN_REVIEW
    assert NoticeKind.DEPARTMENT_ASSIGNED in _told(session, city.author)
    assert NoticeKind.WORK_WAITS in _told(session, city.official)


def test_another_department_needs_a_reason_and_begins_anew(session: Session) -> None:
    city = City(session).assigned(session)
    city.ready(session)
    other = factories.department(session)
    with pytest.raises(InvalidError, match="이유"):
        assigning.assign(session, city.staff, city.proposal.id, other.id)
    assigning.assign(session, city.staff, city.proposal.id, other.id, reason="공원 업무가 옮겨졌습니다.")
    assert answers.of(session, city.proposal.id) is None
    assert session.scalars(select(ProposalMove.reason).where(ProposalMove.reason != "")).one().startswith("공원")
    with pytest.raises(ForbiddenError):
        answers.write(session, city.department, city.proposal.id, DRAFT)


def test_nobody_answers_or_publishes_their_own(session: Session) -> None:
    city = City(session)
    made.co_author(session, city.proposal, city.official)
    city.assigned(session)
    made.co_author(session, city.proposal, city.clerk)
    assert NoticeKind.WORK_WAITS not in _told(session, city.official)
    with pytest.raises(ForbiddenError):
        answers.write(session, city.department, city.proposal.id, DRAFT)
    with pytest.raises(ForbiddenError):
        answers.publish(session, city.staff, city.proposal.id, seen=1)


def test_people_are_told_of_the_answer_when_it_is_published(session: Session) -> None:
    city = City(session).assigned(session)
    answers.write(session, city.department, city.proposal.id, DRAFT)
    with pytest.raises(ConflictError):
        answers.publish(session, city.staff, city.proposal.id, seen=1)
    kept = answers.write(session, city.department, city.proposal.id, DRAFT, seen=1, ready=True)
    assert NoticeKind.ANSWERED not in _told(session, city.author)
    assert desk.tools(session, factories.actor(city.author), city.proposal).answer is None
    with pytest.raises(ConflictError, match="고쳤습니다"):
        answers.publish(session, city.staff, city.proposal.id, seen=1)
    answers.publish(session, city.staff, city.proposal.id, seen=kept.version)
    assert city.proposal.verdict is Verdict.ACCEPTED
    assert city.proposal.state.value == "answered"
    assert NoticeKind.ANSWERED in _told(session, city.author)


def test_a_draft_made_from_an_older_one_is_refused(session: Session) -> None:
    city = City(session).assigned(session)
    city.ready(session)
    with pytest.raises(ConflictError):
        answers.write(session, city.department, city.proposal.id, DRAFT, seen=0)


def test_elsewhere_names_where_and_other_verdicts_do_not(session: Session) -> None:
    with pytest.raises(InvalidError):
        answers.Draft(Verdict.ELSEWHERE, DRAFT.text).checked()
    assert answers.Draft(Verdict.REFUSED, DRAFT.text, "경기도").checked().elsewhere == ""


def test_an_extension_keeps_the_old_day_and_says_why(session: Session) -> None:
    city = City(session).assigned(session)
    old = city.proposal.due_at
    assert old is not None
    with pytest.raises(InvalidError):
        answers.extend(session, city.department, city.proposal.id, seoul_date(old), reason="현장 조사")
    later: date = seoul_date(old) + timedelta(days=10)
    answers.extend(session, city.department, city.proposal.id, later, reason="현장 조사가 더 필요합니다.")
    line = session.scalars(select(DueExtension)).one()
    assert (line.old_due_at, seoul_date(line.new_due_at)) == (old, later)
    assert city.proposal.due_at == line.new_due_at
    assert NoticeKind.DUE_EXTENDED in _told(session, city.author)


def test_a_department_sees_its_own_cases_only(session: Session) -> None:
    city = City(session).assigned(session)
    other = factories.user(session, Role.DEPARTMENT, department_id=factories.department(session).id)
    assert [row.id for row in desk.queue(session, city.department).rows] == [city.proposal.id]
    assert not desk.queue(session, factories.actor(other, Role.DEPARTMENT)).rows
    assert not desk.queue(session, city.staff, "ready").rows
    city.ready(session)
    assert desk.queue(session, city.staff, "ready").rows[0].ready


@pytest.fixture(params=DATABASES)
def base(request: pytest.FixtureRequest, make_database: Callable[[str], Engine]) -> Iterator[db.Database]:
    """A database whose transactions really commit."""
    engine = make_database(request.param)
    yield db.Database(engine)
    engine.dispose()


def test_two_staff_at_once_one_department(base: db.Database) -> None:
    with base.transaction() as session:
        city = City(session)
        units = [city.unit.id, factories.department(session).id]
        key, staff = city.proposal.id, city.staff

    def deed(number: int) -> str:
        return _tried(base, staff, key, units[number])

    assert sorted(together(2, deed)) == ["done", "refused"]
    with base.transaction() as session:
        assert len(session.scalars(select(ProposalMove)).all()) == 1
        assert session.get_one(Proposal, key).state is ProposalState.IN_REVIEW


def _tried(base: db.Database, staff: Actor, key: object, unit: object) -> str:
    try:
        with base.transaction() as session:
            assigning.assign(session, staff, key, unit)  # type: ignore[arg-type]
    except (ConflictError, InvalidError):
        return "refused"
    return "done"


def test_a_late_answer_is_told_once_for_each_due_date(session: Session) -> None:
    city = City(session).assigned(session)
    assert overdue.note_overdue(session) == 0
    city.proposal.due_at = clock.now() - timedelta(hours=1)
    session.flush()
    assert (overdue.note_overdue(session), overdue.note_overdue(session)) == (2, 0)
    assert NoticeKind.OVERDUE in _told(session, city.official) & _told(session, city.clerk)
    answers.extend(
        session, city.department, city.proposal.id, seoul_date(clock.now()) + timedelta(days=5), reason="현장 조사"
    )
    assert overdue.note_overdue(session) == 0
    with time_machine.travel(clock.now() + timedelta(days=7), tick=False):
        assert (overdue.note_overdue(session), overdue.note_overdue(session)) == (2, 0)
