"""One's own pages over HTTP: devices, password, address, profile, data, erasure."""

import json
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from civicvote.models.accounts import LoginSession, User
from civicvote.models.audit import AuditEvent
from tests import factories
from tests.support.door import PASSWORD, PHONE, bare, cookie, mails, member, path_of, sign_in


def test_devices_are_words_and_can_be_signed_out(app: Flask, session: Session) -> None:
    user = member(session)
    phone, desk = app.test_client(), app.test_client()
    sign_in(phone, user.email or "", headers={"User-Agent": PHONE})
    sign_in(desk, user.email or "", headers={"User-Agent": "Mozilla/5.0 (Windows NT 10.0; rv:128.0) Firefox/128.0"})
    page = desk.get("/account/sessions")
    assert "Chrome · Android" in page.text
    assert "Firefox · Windows" in page.text
    assert "Mozilla" not in page.text
    other = session.scalars(select(LoginSession).where(LoginSession.device == "Chrome · Android")).one()
    assert desk.post(f"/account/sessions/{other.id}/revoke").status_code == 303
    assert phone.get("/account").status_code == 303
    assert desk.get("/account").status_code == 200
    sign_in(phone, user.email or "")
    assert phone.post("/account/sessions/revoke-others").status_code == 303
    assert desk.get("/account").status_code == 303


def test_somebody_elses_session_is_not_found(session: Session, signed_in: Callable[[User], FlaskClient]) -> None:
    mine, theirs = signed_in(member(session)), member(session)
    signed_in(theirs)
    other = session.scalars(select(LoginSession).where(LoginSession.user_id == theirs.id)).one()
    assert mine.post(f"/account/sessions/{other.id}/revoke").status_code == 404
    session.expire_all()
    assert session.get_one(LoginSession, other.id).revoked_at is None


def test_a_new_password_keeps_only_this_browser(app: Flask, session: Session) -> None:
    user = member(session)
    here, there = app.test_client(), app.test_client()
    sign_in(here, user.email or "")
    sign_in(there, user.email or "")
    old = here.get_cookie("cv", domain="localhost")
    wrong = here.post(
        "/account/password", data={"password": "틀린 비밀번호입니다", "new_password": "새로 정한 긴 비밀번호"}
    )
    assert wrong.status_code == 422
    assert "비밀번호가 맞지 않습니다" in wrong.text
    done = here.post("/account/password", data={"password": PASSWORD, "new_password": "새로 정한 긴 비밀번호"})
    assert done.status_code == 303
    assert here.get("/account").status_code == 200
    assert there.get("/account").status_code == 303
    assert old
    there.set_cookie("cv", old.value, domain="localhost")
    assert there.get("/account").status_code == 303  # the token changed as well


def test_a_change_of_address_writes_to_both(
    client: FlaskClient, session: Session, signed_in: Callable[[User], FlaskClient]
) -> None:
    user = member(session, email="old@example.org")
    browser, elsewhere = signed_in(user), signed_in(user)
    assert browser.post("/account/email", data={"email": "new@example.org", "password": PASSWORD}).status_code == 200
    assert {(m.kind, m.address) for m in mails(session)} == {
        ("change-email", "new@example.org"),
        ("change-email-notice", "old@example.org"),
    }
    path = path_of(mails(session, "change-email")[0])
    assert client.get(path).status_code == 200
    assert browser.post(path).status_code == 303
    session.expire_all()
    assert session.get_one(User, user.id).email == "new@example.org"
    assert browser.get("/account").status_code == 200
    assert elsewhere.get("/account").status_code == 303
    assert mails(session, "email-changed")[0].address == "old@example.org"
    assert client.post(path).status_code == 404


def test_anothers_address_is_neither_taken_nor_told(session: Session, signed_in: Callable[[User], FlaskClient]) -> None:
    member(session, email="taken@example.org")
    browser = signed_in(member(session))
    said = [
        bare(browser.post("/account/email", data={"email": f"{name}@example.org", "password": PASSWORD}))
        for name in ("taken", "free")
    ]
    assert said[0] == said[1]
    kinds = {m.address: m.kind for m in mails(session) if m.kind != "change-email-notice"}
    assert kinds == {"taken@example.org": "already-registered", "free@example.org": "change-email"}


def test_profile(session: Session, signed_in: Callable[[User], FlaskClient]) -> None:
    user = member(session)
    browser = signed_in(user)
    done = browser.post("/account", data={"name": "새 별명", "district": "11680", "locale": "en"})
    assert done.status_code == 303
    assert "cv_lang=en" in cookie(done, "cv_lang")
    session.expire_all()
    assert (user.name, user.district, user.locale) == ("새 별명", "11680", "en")
    assert browser.post("/account", data={"name": "x", "locale": "ko"}).status_code == 422
    event = session.scalars(select(AuditEvent).where(AuditEvent.action == "account:profile")).one()
    assert event.detail == {"fields": ["name", "district", "locale"]}


def test_my_data_is_all_mine_and_no_pick(session: Session, signed_in: Callable[[User], FlaskClient]) -> None:
    user = member(session, email="me@example.org", level=2)
    other = member(session)
    pool = factories.pool(session, factories.cycle(session))
    factories.project(session, pool, user, title="내가 쓴 제안")
    factories.project(session, pool, other, title="남이 쓴 제안")
    response = signed_in(user).post("/account/data")
    assert response.status_code == 200
    assert response.headers["Content-Disposition"].startswith("attachment")
    found = json.loads(response.text)
    assert found["account"]["email"] == "me@example.org"
    assert [one["title"] for one in found["proposals"]] == ["내가 쓴 제안"]
    assert found["identity"]["person"] == [{"birth_year": 1990, "sex": "f", "district": "11110"}]
    assert "ballot" not in response.text
    assert "password" not in response.text
    assert "남이 쓴" not in response.text


def test_erasing_asks_for_the_password_and_signs_out(
    session: Session, signed_in: Callable[[User], FlaskClient]
) -> None:
    user = member(session, email="me@example.org")
    browser = signed_in(user)
    assert browser.post("/account/erase", data={"sure": "y", "password": "틀린 비밀번호입니다"}).status_code == 422
    assert browser.post("/account/erase", data={"password": PASSWORD}).status_code == 422
    assert browser.get("/account").status_code == 200
    assert browser.post("/account/erase", data={"sure": "y", "password": PASSWORD}).status_code == 303
    session.expire_all()
    assert session.get_one(User, user.id).erased_at
    assert browser.get("/account").status_code == 303
    assert sign_in(browser, "me@example.org").status_code == 422


@pytest.mark.parametrize(
    "path", ["/account", "/account/email", "/account/password", "/account/sessions", "/account/data", "/account/erase"]
)
def test_own_pages(client: FlaskClient, session: Session, signed_in: Callable[[User], FlaskClient], path: str) -> None:
    assert client.get(path).location.startswith("/sign-in?next=")
    page = signed_in(member(session)).get(path)
    assert page.status_code == 200
    assert page.text.count("<h1>") == 1
