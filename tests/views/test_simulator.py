"""The rule simulator's page."""

from collections.abc import Callable
from io import BytesIO

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from civicvote.domain.lifecycles import CycleState
from civicvote.domain.permissions import Role
from civicvote.models.accounts import User
from tests import factories as make
from tests.services.test_simulator import FILE


@pytest.fixture
def staff(session: Session, signed_in: Callable[[User], FlaskClient]) -> FlaskClient:
    return signed_in(make.user(session, Role.STAFF))


def test_the_page_starts_from_the_cycles_own_rule(session: Session, staff: FlaskClient) -> None:
    make.cycle(session, slug="next", state=CycleState.DRAFT)
    page = staff.get("/budget/next/simulator")
    assert page.status_code == 200
    assert 'value="equal-shares" checked' in page.text or 'checked class="check__input" id="methods-0"' in page.text


def test_a_file_is_counted_and_shown(session: Session, staff: FlaskClient) -> None:
    make.cycle(session, slug="next", state=CycleState.DRAFT)
    text = FILE.replace("budget;100", "budget;120")
    data = {
        "file": (BytesIO(text.encode()), "two.pb"),
        "methods": ["greedy", "equal-shares"],
        "utility": "cost",
        "completion": "none",
        "min_share": "0",
        "source": "",
    }
    page = staff.post("/budget/next/simulator", data=data)
    assert page.status_code == 200
    assert "방식에 따라 갈리는 사업 2건" in page.text
    assert "작은 마을 쉼터" in page.text


def test_mistakes_stand_beside_their_fields(session: Session, staff: FlaskClient) -> None:
    make.cycle(session, slug="next", state=CycleState.DRAFT)
    data = {"methods": ["greedy"], "utility": "cost", "completion": "none", "min_share": "0", "source": ""}
    page = staff.post("/budget/next/simulator", data=data)
    assert page.status_code == 422
    assert "지난 투표를 고르거나 파일을 올려 주십시오." in page.text
    page = staff.post("/budget/next/simulator", data=data | {"file": (BytesIO(b"META\n"), "x.pb")})
    assert page.status_code == 422
    assert 'id="file-error"' in page.text


def test_locked_rules_are_said_to_be_locked(session: Session, staff: FlaskClient) -> None:
    make.cycle(session, slug="running", state=CycleState.LISTED)
    page = staff.get("/budget/running/simulator")
    assert "규칙이 잠겨 있습니다." in page.text
    assert '<form method="post" enctype' not in page.text
