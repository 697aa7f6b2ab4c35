"""Every refusal as a page, as an htmx part and as JSON, in words written for people."""

from collections.abc import Callable, Iterator

import pytest
from flask import Flask, abort
from flask.testing import FlaskClient
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.orm.exc import StaleDataError

from civicvote import db
from civicvote.app import create_app
from civicvote.domain.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError, TooManyError
from civicvote.domain.messages import msg
from civicvote.settings import Settings
from civicvote.web.access import public

SECRET = "geheimnis-900101-1234567"
WORDS = msg("이미 처리한 일입니다.")


def _raise(error: BaseException) -> Callable[[], str]:
    def view() -> str:
        raise error

    return view


def _abort(status: int) -> Callable[[], str]:
    def view() -> str:
        abort(status, description=SECRET)

    return view


CASES: dict[str, tuple[Callable[[], str], int, str]] = {
    "not-found": (_raise(NotFoundError(WORDS)), 404, str(WORDS)),
    "forbidden": (_raise(ForbiddenError()), 403, "권한이 없습니다"),
    "conflict": (_raise(ConflictError(WORDS)), 409, str(WORDS)),
    "invalid": (_raise(InvalidError(WORDS, field="x")), 422, str(WORDS)),
    "too-many": (_raise(TooManyError(retry_after=77)), 429, "시도가 너무 많습니다"),
    "stale": (_raise(StaleDataError(SECRET)), 409, "내용이 바뀌었습니다"),
    "constraint": (_raise(IntegrityError(SECRET, {}, Exception(SECRET))), 409, "내용이 바뀌었습니다"),
    "database": (_raise(OperationalError(SECRET, {}, Exception(SECRET))), 503, "이용이 몰리고"),
    "bad": (_abort(400), 400, "이해할 수 없습니다"),
    "denied": (_abort(403), 403, "권한이 없습니다"),
    "none": (_abort(404), 404, "페이지가 없습니다"),
    "large": (_abort(413), 413, "너무 큽니다"),
    "media": (_abort(415), 400, "이해할 수 없습니다"),
    "teapot": (_abort(418), 400, "이해할 수 없습니다"),
    "busy": (_abort(429), 429, "시도가 너무 많습니다"),
    "broken": (_raise(RuntimeError(SECRET)), 500, "일시적인 문제"),
    "down": (_abort(503), 503, "이용이 몰리고"),
    "gateway": (_abort(502), 500, "일시적인 문제"),
}


@pytest.fixture(scope="module")
def broken(settings: Settings) -> Iterator[Flask]:
    """An application as in production, with a page for each way to fail."""
    engine = create_engine("sqlite://")
    app = create_app(settings, database=db.Database(engine))
    for name, (view, _, _) in CASES.items():
        app.add_url_rule(f"/fail/{name}", name, public(view), methods=["GET", "POST"])
    app.config["WTF_CSRF_ENABLED"] = False
    yield app
    engine.dispose()


@pytest.fixture
def visitor(broken: Flask) -> FlaskClient:
    client = broken.test_client()
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "ko"
    return client


@pytest.mark.parametrize("name", CASES)
def test_each_failure_in_each_form(visitor: FlaskClient, name: str, capfd: pytest.CaptureFixture[str]) -> None:
    _, status, words = CASES[name]
    url = f"/fail/{name}"
    page = visitor.get(url)
    part = visitor.post(url, headers={"HX-Request": "true"})
    boosted = visitor.get(url, headers={"HX-Request": "true", "HX-Boosted": "true"})
    problem = visitor.get(url, headers={"Accept": "application/json"})
    assert {answer.status_code for answer in (page, part, boosted, problem)} == {status}
    for answer in (page, boosted):
        body = answer.get_data(as_text=True)
        assert words in body
        assert body.count("<h1") == 1
        assert "처음 화면으로" in body
    body = part.get_data(as_text=True)
    assert words in body
    assert "<html" not in body
    assert (part.headers["HX-Retarget"], part.headers["HX-Reswap"]) == ("#messages", "innerHTML")
    assert problem.content_type == "application/problem+json"
    told = problem.get_json()
    assert (told["status"], set(told)) == (status, {"status", "title", "detail", "request_id"})
    assert words in told["title"] + told["detail"]
    for answer in (page, part, boosted, problem):
        assert SECRET not in answer.get_data(as_text=True)
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Request-ID"] in answer.get_data(as_text=True)
        assert ("Retry-After" in answer.headers) is (status in {429, 503} and name != "down")
    out, err = capfd.readouterr()
    assert SECRET not in out + err


def test_english_readers_get_english(visitor: FlaskClient) -> None:
    body = visitor.get("/fail/none", headers={"Accept-Language": "en"}).get_data(as_text=True)
    assert 'lang="en"' in body


def test_a_wrong_method_names_the_right_ones(visitor: FlaskClient) -> None:
    answer = visitor.post("/healthz")
    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]
    assert "앞 화면으로" in answer.get_data(as_text=True)


def test_an_unknown_address_and_a_slash_too_many(visitor: FlaskClient) -> None:
    assert visitor.get("/no/such/page").status_code == 404
    assert visitor.get("/budget").status_code == 308


def test_a_page_that_cannot_be_made_is_bare_words(visitor: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def dead(*_: object) -> None:
        raise OperationalError(SECRET, {}, Exception(SECRET))

    monkeypatch.setattr("civicvote.services.sessions.find", dead)
    visitor.set_cookie("cv", "x" * 40, domain="localhost")
    for headers in ({}, {"HX-Request": "true"}):
        answer = visitor.get("/fail/none", headers=headers)
        body = answer.get_data(as_text=True)
        assert answer.status_code in {404, 503}
        assert "<main>" in body
        assert SECRET not in body


def test_a_dead_database_is_a_page_too(settings: Settings) -> None:
    engine = db.make_engine("postgresql+psycopg://nobody:x@127.0.0.1:9/none")
    client = create_app(settings, database=db.Database(engine)).test_client()
    for url in ("/", "/budget/", "/readyz"):
        answer = client.get(url)
        assert answer.status_code == 503
        assert "Retry-After" in answer.headers
    client.set_cookie("cv", "x" * 40, domain="localhost")
    assert client.get("/").status_code == 503
    assert client.get("/healthz").status_code in {200, 503}
    engine.dispose()


def test_nothing_is_saved_when_a_request_fails(settings: Settings, database: db.Database) -> None:
    app = create_app(settings, database=database, testing=True)
    app.config["WTF_CSRF_ENABLED"] = False

    @public
    def half() -> str:
        db.session().execute(text("CREATE TABLE half_done (a int)"))
        raise ConflictError

    app.add_url_rule("/half", "half", half, methods=["POST"])
    assert app.test_client().post("/half").status_code == 409
    with database.writer() as session, pytest.raises(DBAPIError, match="half_done"):
        session.execute(text("SELECT * FROM half_done"))
