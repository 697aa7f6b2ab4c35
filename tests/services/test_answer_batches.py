"""Answers published together: all of them as they were read, or none, and by one of two who press at once."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from civicvote import db
from civicvote.domain.discussion import HideReason
from civicvote.domain.errors import ConflictError, ForbiddenError, NotFoundError
from civicvote.domain.lifecycles import ProposalState
from civicvote.domain.notices import NoticeKind
from civicvote.domain.permissions import Role
from civicvote.models.notices import Notice
from civicvote.models.proposals import AnswerBatch, DueExtension, Proposal, ProposalAnswer
from civicvote.services import clock
from civicvote.services.proposals import answers, batches, overdue, writing
from tests import factories
from tests.conftest import DATABASES
from tests.services.test_proposal_desk import DRAFT, City
from tests.support.races import attempt, together


@pytest.fixture(params=DATABASES)
def base(request: pytest.FixtureRequest, make_database: Callable[[str], Engine]) -> Iterator[db.Database]:
    """A database whose transactions really commit."""
    engine = make_database(request.param)
    yield db.Database(engine)
    engine.dispose()


def _gathered(session: Session, count: int = 3) -> tuple[list[City], AnswerBatch, dict[UUID, int]]:
    """So many answers in a batch, with the versions that were read."""
    cities = [City(session).assigned(session) for _ in range(count)]
    for city in cities:
        city.ready(session)
    batch = batches.make(session, cities[0].staff, title="12월 첫째 주 답변")
    batches.put(session, cities[0].staff, batch.id, [city.proposal.id for city in cities])
    inside = batches.detail(session, cities[0].staff, batch.id).inside
    return cities, batch, {item.proposal_id: item.version for item in inside}


def _answered(session: Session) -> int:
    states = select(func.count()).select_from(Proposal).where(Proposal.state == ProposalState.ANSWERED)
    return session.scalar(states) or 0


def test_a_batch_is_published_as_a_whole(session: Session) -> None:
    cities, batch, seen = _gathered(session)
    told = select(func.count()).select_from(Notice).where(Notice.kind == NoticeKind.ANSWERED)
    assert _answered(session) == session.scalar(told) == 0
    assert batches.publish(session, cities[0].staff, batch.id, seen) == 3
    assert _answered(session) == 3
    assert (session.scalar(told) or 0) >= 3
    assert batches.listing(session, cities[0].staff)[0].published_at is not None


def test_one_changed_answer_holds_back_all(session: Session) -> None:
    cities, batch, seen = _gathered(session)
    last = cities[-1]
    other = answers.Draft(DRAFT.verdict, "다른 문장으로 고친 답변입니다. 내년 봄까지 설치합니다.")
    version = seen[last.proposal.id]
    answers.write(session, last.department, last.proposal.id, other, seen=version, ready=True)
    with pytest.raises(ConflictError), session.begin_nested():
        batches.publish(session, cities[0].staff, batch.id, seen)
    assert _answered(session) == 0
    assert batch.published_at is None


def test_an_empty_batch_is_refused_and_one_answer_is_in_one_batch(session: Session) -> None:
    cities, batch, _seen = _gathered(session, 1)
    staff, key = cities[0].staff, cities[0].proposal.id
    second = batches.make(session, staff, title="둘째 묶음")
    assert batches.put(session, staff, second.id, [key]) == 0
    with pytest.raises(ConflictError, match="답변이 없습니다"):
        batches.publish(session, staff, second.id, {})
    with pytest.raises(NotFoundError):
        batches.take_out(session, staff, second.id, key)
    batches.take_out(session, staff, batch.id, key)
    assert batches.put(session, staff, second.id, [key]) == 1


def test_only_staff_see_batches(session: Session) -> None:
    cities, batch, seen = _gathered(session, 1)
    for actor in (cities[0].department, factories.actor(factories.user(session))):
        with pytest.raises(ForbiddenError):
            batches.detail(session, actor, batch.id)
        with pytest.raises(ForbiddenError):
            batches.publish(session, actor, batch.id, seen)


def test_of_two_who_publish_one_batch_one_is_told(base: db.Database) -> None:
    with base.transaction() as session:
        cities, batch, seen = _gathered(session)
        clerks = [factories.actor(factories.user(session, Role.STAFF), Role.STAFF) for _ in range(2)]
        key = batch.id

    def publish(number: int) -> str:
        return attempt(base, lambda session: batches.publish(session, clerks[number], key, dict(seen)))

    assert sorted(together(2, publish)) == ["conflict", "done"]
    with base.reading() as session:
        assert _answered(session) == len(cities)
        kept = select(func.count()).select_from(ProposalAnswer).where(ProposalAnswer.published_at.is_not(None))
        assert session.scalar(kept) == len(cities)
        told = select(Notice.recipient_id).where(Notice.kind == NoticeKind.ANSWERED)
        people = session.scalars(told).all()
        assert len(people) == len(set(people))


def test_what_is_late_stands_in_public_with_its_extensions(session: Session) -> None:
    city = City(session).assigned(session)
    assert overdue.listing(session).rows == []
    due = city.proposal.due_at = clock.now() - timedelta(days=3)
    session.add(
        DueExtension(
            proposal_id=city.proposal.id,
            old_due_at=due - timedelta(days=7),
            new_due_at=due,
            reason="현장을 조사하는 데 시간이 더 필요합니다.",
            at=due - timedelta(days=8),
        )
    )
    session.flush()
    (row,) = overdue.listing(session).rows
    assert (row.id, row.department, row.days) == (city.proposal.id, city.unit.name, 3)
    assert [line.reason for line in row.extensions] == ["현장을 조사하는 데 시간이 더 필요합니다."]
    assert overdue.count(session) == 1
    city.proposal.hidden_at, city.proposal.hidden_reason = clock.now(), "개인정보가 있습니다."
    city.proposal.hidden_code = HideReason.PERSONAL_DATA
    session.flush()
    assert overdue.listing(session).rows == []


def test_each_due_date_is_told_once(session: Session) -> None:
    city = City(session).assigned(session)
    told = select(func.count()).select_from(Notice).where(Notice.kind == NoticeKind.OVERDUE)
    city.proposal.due_at = clock.now() - timedelta(days=1)
    session.flush()
    first = overdue.note_overdue(session)
    assert first == session.scalar(told)
    assert first >= 2
    assert overdue.note_overdue(session) == 0
    city.proposal.due_at = clock.now() + timedelta(days=1)
    session.flush()
    assert overdue.note_overdue(session) == 0


def test_a_withdrawn_proposal_leaves_its_batch(session: Session) -> None:
    cities, batch, seen = _gathered(session)
    gone, staff = cities[0], cities[1].staff
    writing.withdraw(session, factories.actor(gone.author), gone.proposal.id, reason="뜻을 바꾸었습니다.")
    inside = batches.detail(session, staff, batch.id).inside
    assert gone.proposal.id not in {item.proposal_id for item in inside}
    with pytest.raises(ConflictError, match="공개할 답변이 없습니다"):
        answers.publishable(session, staff, gone.proposal.id)
    del seen[gone.proposal.id]
    assert batches.publish(session, staff, batch.id, seen) == 2
    assert len(batches.detail(session, staff, batch.id).inside) == 2
