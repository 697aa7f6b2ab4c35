"""What people type never reaches a log: canaries in every field of a few journeys, errors included."""

import json
import logging
import re
from collections.abc import Callable, Iterator

import pytest
import structlog
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from civicvote import db
from civicvote.app import create_app
from civicvote.domain.permissions import Role
from civicvote.models.accounts import User
from civicvote.services import clock, sessions
from civicvote.settings import Settings
from civicvote.web import observe
from civicvote.web.access import public
from tests import factories
from tests.conftest import LIMITS, OneConnection
from tests.support.elections import closed_vote

CANARY = "kanarienvogel"
#: One of each kind that a person may type.
TYPED = {
    "email": f"{CANARY}@example.org",
    "name": f"{CANARY} 김시민",
    "password": f"{CANARY}-Passw0rt-9931",
    "title": f"{CANARY} 보행등",
    "problem": f"{CANARY} 어두운 길입니다.",
    "idea": f"{CANARY} 불을 켭니다.",
    "place": f"{CANARY}로 7",
    "phone": "010-9931-9931",
    "birth": "1990-12-31",
    "birth_date": "1990-12-31",
    "body": f"{CANARY} 댓글",
    "text": f"{CANARY} 댓글",
    "reason": f"{CANARY} 이유",
    "code": f"{CANARY}",
    "tracker": f"{CANARY}",
    "picks": f"{CANARY}",
    "q": f"{CANARY}",
    "next": f"/{CANARY}",
    "requested": f"{CANARY}",
    "slug": f"{CANARY}",
}
#: Holes of addresses that take no word of ours.
FIXED = {"number": "1", "key": "roll", "kind": "proposal", "answer": "accept"}
SEEN = (CANARY, "9931-9931", "99319931", "1990-12-31")


@pytest.fixture
def spoken(settings: Settings, database: OneConnection) -> Iterator[Flask]:
    """An application that logs, as in production."""
    app = create_app(settings.model_copy(update={"log_level": "DEBUG"}), database=database)
    app.config.update(WTF_CSRF_ENABLED=False)

    @public
    def broken(word: str) -> str:
        raise RuntimeError(f"{CANARY} {word}")

    app.add_url_rule("/broken/<word>", "broken", broken, methods=["GET", "POST"])
    yield app
    observe.configure_logs(settings.log_level)


def browser(app: Flask, session: Session, user: User) -> FlaskClient:
    token = sessions.start(session, user, device="test", limits=LIMITS, second_factor_at=clock.now())
    session.flush()
    client = app.test_client()
    client.set_cookie("cv", token, domain="localhost")
    return client


def everywhere(app: Flask, client: FlaskClient, fill: Callable[[str], str]) -> int:
    """Send the typed to every address, in fields, query, path, headers and file names. Returns how many were sent."""
    sent = 0
    for rule in app.url_map.iter_rules():
        values = {name: fill(name) for name in rule.arguments}
        with app.test_request_context():
            url = rule.build(values)[1]  # type: ignore[index]  # None only for unbuildable values
        headers = {"User-Agent": CANARY, "Referer": f"http://localhost/{CANARY}", "X-Request-ID": f"{CANARY} 1"}
        for method in sorted((rule.methods or set()) & {"GET", "POST"}):
            data = TYPED if method == "POST" else None
            client.open(
                url, method=method, data=data, query_string={"q": CANARY, "next": CANARY}, headers=headers
            ).close()
            sent += 1
    return sent


def test_nothing_typed_is_logged(
    spoken: Flask,
    session: Session,
    settings: Settings,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG, "flask")
    caplog.set_level(logging.DEBUG, "werkzeug")
    vote = closed_vote(session, settings.keystore, people=2)
    project = vote.polls.projects["A1"]
    citizen = factories.user(session, level=2)
    official = factories.user(session, Role.STAFF, Role.ADMIN, Role.AUDITOR, Role.MODERATOR)

    def fill(name: str) -> str:
        if name == "slug":
            return vote.slug
        if name in FIXED:
            return FIXED[name]
        return str(project.id) if name.endswith("id") else CANARY

    sent = 0
    for client in (spoken.test_client(), browser(spoken, session, citizen), browser(spoken, session, official)):
        sent += everywhere(spoken, client, fill)
    assert sent > 150
    out, err = capfd.readouterr()
    lines = [line for line in err.splitlines() if line.startswith("{")]
    assert len(lines) >= sent * 0.9
    assert out == ""
    assert any(json.loads(line).get("error") == "RuntimeError" for line in lines), "what broke is logged"
    told = re.sub(r'"request_id": "[0-9a-f]{16,32}"', "", err)  # drawn by lot, of digits among others
    for word in (*SEEN, str(project.id), str(citizen.id), vote.slug, "127.0.0.1"):
        assert word not in told, word
        assert word not in caplog.text, word
    for line in lines:
        entry = json.loads(line)
        assert set(entry) <= observe.ALLOWED
        assert entry["event"] in {"request", "unexpected", "mail", "tick", "database", "error-page"}


def test_only_known_keys_are_written(capfd: pytest.CaptureFixture[str]) -> None:
    observe.configure_logs("INFO")
    structlog.get_logger().info("x", email=CANARY, body=CANARY, count=3, status=200)
    entry = json.loads(capfd.readouterr().err)
    assert set(entry) == {"event", "level", "timestamp", "count", "status"}


def test_an_error_leaves_its_place_and_not_its_words(capfd: pytest.CaptureFixture[str]) -> None:
    observe.configure_logs("INFO")
    try:
        raise ValueError(CANARY)
    except ValueError as error:
        structlog.get_logger().error("x", error=type(error).__name__, exc_info=error)
    err = capfd.readouterr().err
    assert CANARY not in err
    assert "test_logs.py" in json.loads(err)["exception"][0]


def test_the_databases_address_is_never_shown(settings: Settings) -> None:
    own = settings.model_copy(
        update={"database_url": settings.database_url.__class__("postgresql+psycopg://u:geheim@h/n")}
    )
    assert "geheim" not in repr(own) + str(own)
    engine = db.make_engine("postgresql+psycopg://u:geheim@h/n")
    assert "geheim" not in repr(engine)
    engine.dispose()
