"""What every request promises: looking changes nothing, a refusal leaves nothing, errors speak for people."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask.typing import ResponseReturnValue
from sqlalchemy import create_engine, delete, insert, select, text, update
from sqlalchemy.orm import Session

from civicvote import db
from civicvote.app import create_app
from civicvote.domain.errors import (
    ConflictError,
    DomainError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    TooManyError,
)
from civicvote.domain.messages import msg
from civicvote.models.departments import Department
from civicvote.settings import Settings
from civicvote.web.access import public
from tests.conftest import OneConnection

CANARY = "canary-4711"
NAME = "예산담당관"
MOMENT = datetime(2026, 3, 2, tzinfo=UTC)


def _office(name: str) -> Department:
    return Department(name=name, created_at=MOMENT)


def _add(session: Session) -> None:
    session.add(_office(NAME))
    session.flush()


WRITES: dict[str, Callable[[Session], object]] = {
    "add": _add,
    "insert": lambda s: s.execute(insert(Department).values(id=uuid4(), name=NAME, active=True, created_at=MOMENT)),
    "update": lambda s: s.execute(update(Department).values(name=NAME)),
    "delete": lambda s: s.execute(delete(Department)),
    "text": lambda s: s.execute(text("UPDATE department SET name = 'x'")),
}
ERRORS: dict[str, tuple[int, Callable[[], DomainError]]] = {
    "missing": (404, NotFoundError),
    "forbidden": (403, ForbiddenError),
    "conflict": (409, ConflictError),
    "invalid": (422, lambda: InvalidError(msg("금액은 1원 이상이어야 합니다."))),
    "often": (429, lambda: TooManyError(retry_after=60)),
}


def _write(name: str) -> ResponseReturnValue:
    WRITES[name](db.session())
    return "written"


def _answer(status: int) -> ResponseReturnValue:
    _add(db.session())
    return "answer", status


def _raise(name: str) -> ResponseReturnValue:
    _add(db.session())
    refused = ERRORS[name][1]()
    raise refused


def _break() -> ResponseReturnValue:
    _add(db.session())
    raise RuntimeError(CANARY)


def _violate() -> ResponseReturnValue:
    """Two departments of one name: noticed by the database, at commit."""
    db.session().add_all([_office(CANARY), _office(CANARY)])
    return "written"


VIEWS: dict[str, Callable[..., ResponseReturnValue]] = {
    "/write/<name>": _write,
    "/answer/<int:status>": _answer,
    "/raise/<name>": _raise,
    "/break": _break,
    "/violate": _violate,
}


@pytest.fixture(scope="module")
def _house(settings: Settings) -> Flask:
    """The application as it is served, and a few views that misbehave."""
    app = create_app(settings, database=db.Database(create_engine("sqlite://")))
    app.config.update(WTF_CSRF_ENABLED=False, RATELIMIT_ENABLED=False)
    for rule, view in VIEWS.items():
        app.add_url_rule(rule, rule, public(view), methods=["GET", "POST"])
    return app


@pytest.fixture
def browser(_house: Flask, database: OneConnection) -> Iterator[FlaskClient]:
    _house.extensions[db.EXTENSION] = database
    with _house.test_client() as client:
        client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "ko"
        yield client


def _names(session: Session) -> list[str]:
    return list(session.scalars(select(Department.name)))


@pytest.mark.parametrize("name", WRITES)
def test_a_get_that_writes_breaks(browser: FlaskClient, session: Session, name: str) -> None:
    session.add(_office("원래 부서"))
    session.flush()
    assert browser.get(f"/write/{name}").status_code == 500
    assert browser.head(f"/write/{name}").status_code == 500
    session.expire_all()
    assert _names(session) == ["원래 부서"]


@pytest.mark.parametrize("name", WRITES)
def test_the_same_may_write_when_it_is_posted(browser: FlaskClient, name: str) -> None:
    assert browser.post(f"/write/{name}").status_code == 200


@pytest.mark.parametrize(
    ("status", "kept"), [(200, True), (204, True), (303, True), (400, False), (409, False), (422, False), (503, False)]
)
def test_what_a_request_wrote_stays_under_400_only(
    browser: FlaskClient, session: Session, status: int, *, kept: bool
) -> None:
    assert browser.post(f"/answer/{status}").status_code == status
    assert _names(session) == ([NAME] if kept else [])


@pytest.mark.parametrize("name", ERRORS)
def test_an_error_of_the_rules_has_its_status_and_leaves_nothing(
    browser: FlaskClient, session: Session, name: str
) -> None:
    answer = browser.post(f"/raise/{name}")
    assert answer.status_code == ERRORS[name][0]
    assert _names(session) == []


def test_a_violated_constraint_is_a_conflict_with_words(browser: FlaskClient, session: Session) -> None:
    answer = browser.post("/violate")
    assert answer.status_code == 409
    assert "그사이에 내용이 바뀌었습니다" in answer.text
    for inside in (CANARY, "uq_department", "INSERT", "Error"):
        assert inside not in answer.text
    assert _names(session) == []


@pytest.mark.parametrize(
    "headers", [{}, {"HX-Request": "true"}, {"Accept": "application/json"}], ids=["page", "part", "json"]
)
def test_nobody_reads_what_an_error_says_to_programmers(
    browser: FlaskClient, session: Session, headers: dict[str, str]
) -> None:
    answer = browser.post("/break", headers=headers)
    assert answer.status_code == 500
    assert CANARY not in answer.text
    assert "RuntimeError" not in answer.text
    assert "일시적인 문제가 생겼습니다" in (answer.get_json() or {}).get("title", answer.text)
    assert _names(session) == []
