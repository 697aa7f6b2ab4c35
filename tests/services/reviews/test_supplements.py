"""Questions to the author, answered in time or not."""

import pytest
import time_machine
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from civicvote.domain.errors import ConflictError, InvalidError, NotFoundError
from civicvote.domain.lifecycles import ProjectState
from civicvote.domain.permissions import VISITOR
from civicvote.models.outbox import OutboxMessage
from civicvote.services import clock, reviews
from tests import factories as make
from tests.support.reviews import DAY, FULL, Case, letters


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
