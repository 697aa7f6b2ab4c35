"""The staff's first page."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from civicvote.domain.lifecycles import CycleState, ProjectState
from civicvote.domain.permissions import Role
from civicvote.models.accounts import User
from civicvote.models.cycles import Hold
from civicvote.models.reviews import Review
from civicvote.services import clock
from tests import factories as make
from tests.conftest import Queries

SignIn = Callable[[User], FlaskClient]


def test_everything_that_waits_is_there(session: Session, signed_in: SignIn, queries: Queries) -> None:
    me, other = make.user(session, Role.STAFF), make.user(session, Role.STAFF)
    department = make.department(session, "보행정책과")
    pool = make.pool(session, make.cycle(session, opened="review", title="검토하는 예산"))
    make.project(session, pool)
    late = make.project(session, pool, state=ProjectState.IN_REVIEW, title="늦어진 제안")
    session.add(
        Review(
            project_id=late.id,
            department_id=department.id,
            assigned_at=clock.now() - timedelta(days=20),
            due_at=clock.now() - timedelta(days=1),
            criteria={},
        )
    )
    ready = make.cycle(session, opened="review")
    make.project(session, make.pool(session, ready), state=ProjectState.ELIGIBLE)
    make.cycle(session, CycleState.DRAFT)
    make.cycle(session, CycleState.LIST_REQUESTED, list_requested_by=other.id)
    make.cycle(session, CycleState.LISTED, opened="closed")
    make.cycle(session, CycleState.SEALED, opened="closed")
    make.cycle(session, CycleState.COUNTED, opened="closed")
    held = make.cycle(session, title="멈춘 예산")
    session.add(Hold(cycle_id=held.id, reason="심의 중입니다.", placed_at=clock.now()))
    session.flush()
    client = signed_in(me)
    queries.clear()
    page = client.get("/staff")
    assert page.status_code == 200
    assert len(queries) <= 8
    for words in (
        "부서 배정하기", "늦어진 제안", "기한 지남", "투표안건 승인 요청하기", "투표안건 확인하고 승인하기", "투표함 봉인하기",
        "개표하기", "개표 결과 검산하고 승인하기", "공고하기", "심의 중입니다.", "멈춘 예산",
    ):  # fmt: skip
        assert words in page.text, words


def test_an_empty_desk_says_so(session: Session, signed_in: SignIn) -> None:
    text = signed_in(make.user(session, Role.STAFF)).get("/staff").text
    assert "진행 중인 예산이 없습니다" in text
    assert "기한이 지난 검토가 없습니다" in text


@pytest.mark.parametrize(
    ("role", "status"),
    [(None, 403), (Role.DEPARTMENT, 403), (Role.ADMIN, 403), (Role.AUDITOR, 200), (Role.STAFF, 200)],
)
def test_who_sees_the_desk(session: Session, signed_in: SignIn, role: Role | None, status: int) -> None:
    make.cycle(session, CycleState.DRAFT)
    assert signed_in(make.user(session, *([role] if role else []))).get("/staff").status_code == status


def test_visitors_sign_in_first(client: FlaskClient) -> None:
    answer = client.get("/staff")
    assert answer.status_code == 303
    assert "/sign-in" in answer.location
