"""The auditors' pages only read."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from civicvote.domain.permissions import SYSTEM, Role
from civicvote.models.accounts import User
from civicvote.services import access_log, audit
from civicvote.settings import Settings
from tests import factories
from tests.conftest import Queries

SignIn = Callable[[User], FlaskClient]


@pytest.fixture
def browser(session: Session, signed_in: SignIn) -> FlaskClient:
    return signed_in(factories.user(session, Role.AUDITOR, name="명하늬"))


def test_the_log_speaks_korean(session: Session, browser: FlaskClient) -> None:
    user = factories.user(session, name="한결이")
    audit.record(session, factories.actor(user), "project:submit", user)
    audit.record(session, SYSTEM, "something:new", user, n=1)
    session.flush()
    text = browser.get("/audit").text
    assert "제출" in text
    assert "something:new" in text
    assert "한결이" in text
    assert "시스템" in text


def test_the_log_is_filtered_by_its_address(session: Session, browser: FlaskClient) -> None:
    one, other = factories.user(session, name="한결이"), factories.user(session, name="두루미")
    for user in (one, other):
        audit.record(session, factories.actor(user), "account:profile", user)
    session.flush()
    for query in (f"actor={one.id}", f"subject={one.id}", f"action=account:profile&actor={one.id}"):
        text = browser.get(f"/audit?{query}").text
        assert "한결이" in text
        assert "두루미" not in text
    assert "맞는 기록이 없습니다" in browser.get(f"/audit?actor={uuid4()}").text
    for bad in ("actor=x", "subject=%00", "cursor=x"):
        assert browser.get(f"/audit?{bad}").status_code == 422


def test_pages_follow_each_other(session: Session, browser: FlaskClient, queries: Queries) -> None:
    browser.get("/audit")
    queries.clear()
    browser.get("/audit")
    short = len(queries)
    for n in range(120):
        audit.record(session, SYSTEM, "demo:seed", n=n)
    session.flush()
    queries.clear()
    text = browser.get("/audit?action=demo:seed").text
    assert len(queries) == short
    assert text.count("/audit/events/") == 50
    assert "더 보기" in text


def test_one_event_with_its_place(session: Session, browser: FlaskClient) -> None:
    event = audit.record(session, SYSTEM, "demo:seed", n=7, many=["a", "b"])
    session.flush()
    waiting = browser.get(f"/audit/events/{event.id}").text
    assert "아직 사슬에 연결되지 않았습니다" in waiting
    assert "a, b" in waiting
    audit.chain(session, bytes(32))
    session.flush()
    assert browser.get(f"/audit/events/{event.id}").text.count('class="hash"') == 2
    assert browser.get(f"/audit/events/{uuid4()}").status_code == 404


def test_the_chain_is_checked_on_demand(session: Session, browser: FlaskClient, settings: Settings) -> None:
    for _ in range(3):
        audit.record(session, SYSTEM, "demo:seed")
    session.flush()
    audit.chain(session, settings.keystore.audit)
    session.flush()
    answer = browser.post("/audit/verify")
    assert answer.status_code == 200
    assert "이상이 없습니다" in answer.text


def test_a_broken_chain_is_said_aloud(session: Session, browser: FlaskClient) -> None:
    audit.record(session, SYSTEM, "demo:seed")
    session.flush()
    audit.chain(session, bytes(32))  # signed with a key that is not the platform's
    session.flush()
    assert "기록에 문제가 있습니다" in browser.post("/audit/verify").text


def test_looks_at_personal_data(session: Session, browser: FlaskClient) -> None:
    assert "기록이 없습니다" in browser.get("/audit/access").text
    clerk, user = factories.user(session, Role.STAFF, name="담당자"), factories.user(session, name="한결이")
    for whom in (user.id, None):
        access_log.note(
            session, factories.actor(clerk), whom, what="desk:look-up", purpose="창구 방문", address="192.0.2.1"
        )
    text = browser.get("/audit/access").text
    assert "한결이" in text
    assert "찾지 못함" in text
    assert "192.0.2.1" in text
    assert "찾지 못함" not in browser.get(f"/audit/access?user={user.id}").text
    assert browser.get("/audit/access?actor=x").status_code == 422


@pytest.mark.parametrize("path", ["/audit", "/audit/access", "/audit/events/01a20439-9d4d-7147-873a-0b1946b57100"])
def test_others_see_nothing(session: Session, signed_in: SignIn, client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 303
    for roles in ((), (Role.STAFF,), (Role.ADMIN,)):
        assert signed_in(factories.user(session, *roles)).get(path).status_code == 403
