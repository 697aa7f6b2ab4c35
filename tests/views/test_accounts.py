"""The door over HTTP: what a page says, what it does not, and which cookie it hands out."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pyotp
import pytest
import time_machine
from flask import Flask, render_template
from flask.testing import FlaskClient
from flask_babel import force_locale
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from civicvote import db, jobs
from civicvote.app import create_app
from civicvote.domain.permissions import Role
from civicvote.models.accounts import Attempt, EmailToken, LoginSession, User
from civicvote.models.audit import AuditEvent
from civicvote.models.outbox import OutboxMessage
from civicvote.services.accounts import passwords
from civicvote.settings import Settings
from tests import factories

PASSWORD = "느티나무 아래 긴의자"
#: The same for every test: hashing takes 40 ms.
HASH = passwords.hashed(PASSWORD)
PHONE = (
    "Mozilla/5.0 (Linux; Android 14; SM-S921N) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/126.0.0.0 Mobile Safari/537.36"
)


def member(session: Session, *roles: Role, **values: Any) -> User:
    values.setdefault("password_hash", HASH)
    return factories.user(session, *roles, **values)


def sign_in(client: FlaskClient, email: str, password: str = PASSWORD, **kwargs: Any) -> TestResponse:
    return client.post("/sign-in", data={"email": email, "password": password, **kwargs.pop("form", {})}, **kwargs)


def cookie(response: TestResponse, name: str = "cv") -> str:
    return next((h for h in response.headers.getlist("Set-Cookie") if h.startswith(f"{name}=")), "")


def mails(session: Session, kind: str = "") -> list[OutboxMessage]:
    found = select(OutboxMessage).order_by(OutboxMessage.id)
    return list(session.scalars(found.where(OutboxMessage.kind == kind) if kind else found))


def join(client: FlaskClient, email: str = "minju@example.org", **values: str) -> TestResponse:
    form = {"email": email, "name": "민주", "password": PASSWORD, "district": "11110", "consent": "y"} | values
    return client.post("/sign-up", data=form)


def path_of(mail: OutboxMessage) -> str:
    url: str = mail.payload["url"]
    assert url.startswith("http://localhost/")
    return url.removeprefix("http://localhost")


def test_sign_up_confirm_and_be_in(client: FlaskClient, session: Session) -> None:
    assert join(client).status_code == 200
    user = session.scalars(select(User)).one()
    assert (user.email, user.name, user.district, user.email_confirmed_at) == (
        "minju@example.org",
        "민주",
        "11110",
        None,
    )
    assert user.password_hash
    assert user.password_hash.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    path = path_of(mails(session, "confirm-email")[0])
    page = client.get(path)
    assert page.status_code == 200
    assert "minju@example.org" in page.text
    session.expire_all()
    assert session.scalars(select(User.email_confirmed_at)).one() is None  # looking changes nothing

    entered = client.post(path, data={"password": PASSWORD})
    assert (entered.status_code, entered.location) == (303, "/me")
    assert client.get("/account").status_code == 200
    assert client.post(path, data={"password": PASSWORD}).status_code == 404  # once
    actions = set(session.scalars(select(AuditEvent.action)))
    assert {"account:sign-up", "account:confirm", "session:start"} <= actions


def test_the_cookie_is_kept_from_scripts_and_from_other_sites(client: FlaskClient, session: Session) -> None:
    user = member(session)
    header = cookie(sign_in(client, user.email or ""))
    assert re.match(r"cv=[\w-]{43};", header)
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= {part.strip() for part in header.split(";")}
    assert "Domain" not in header


def test_a_confirmed_address_gets_the_same_page_and_another_mail(
    app: Flask, client: FlaskClient, session: Session
) -> None:
    member(session, email="known@example.org", name="원래 이름")
    unknown = join(client, "unknown@example.org")
    known = join(client, "known@example.org", password="완전히 다른 긴 비밀번호")
    assert (unknown.status_code, bare(unknown)) == (known.status_code, bare(known))
    assert [(m.kind, m.address) for m in mails(session)] == [
        ("confirm-email", "unknown@example.org"),
        ("already-registered", "known@example.org"),
    ]
    session.expire_all()
    user = session.scalars(select(User).where(User.email == "known@example.org")).one()
    assert (user.name, user.password_hash) == ("원래 이름", HASH)
    assert not session.scalars(select(EmailToken).where(EmailToken.user_id == user.id)).all()


def bare(response: TestResponse) -> str:
    """The page without what differs on every request."""
    text = re.sub(r'(nonce="|csrf_token" value="|X-CSRFToken":")[^"]*', r"\1", response.text)
    return re.sub(r'value="[^"]*@example\.org"', "", text)


def test_nobody_confirms_an_account_somebody_else_made_with_their_address(
    client: FlaskClient, session: Session
) -> None:
    join(client, "victim@example.org", password="공격자가 정한 비밀번호")
    path = path_of(mails(session, "confirm-email")[0])
    refused = client.post(path, data={"password": "피해자가 떠올린 비밀번호"})
    assert refused.status_code == 422
    assert session.scalars(select(User.email_confirmed_at)).one() is None
    join(client, "victim@example.org")  # the owner joins for themselves: the last sign-up counts
    assert client.get(path).status_code == 404
    path = path_of(mails(session, "confirm-email")[1])
    assert client.post(path, data={"password": "공격자가 정한 비밀번호"}).status_code == 422
    assert client.post(path, data={"password": PASSWORD}).status_code == 303


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("email", "minju", "이메일 주소를 확인해"),
        ("email", "", "입력해 주십시오"),
        ("name", "민", "2자"),
        ("name", "관리자", "쓸 수 없는 별명"),
        ("name", "minju@example.org", "별명은 모두에게 보입니다"),
        ("password", "짧은말", "10자 이상"),
        ("password", "password1234", "짐작하기 쉬운"),
        ("password", "aaaaaaaaaaaa", "짐작하기 쉬운"),
        ("password", "23456789:;<=", "짐작하기 쉬운"),
        ("password", "가" * 129, "128"),
        ("district", "99999", "없는 자치구"),
        ("consent", "", "동의하셔야"),
    ],
)
def test_bad_sign_ups_say_why_and_save_nothing(
    client: FlaskClient, session: Session, field: str, value: str, said: str
) -> None:
    response = join(client, **{field: value}) if field != "email" else join(client, value)
    assert response.status_code == 422
    assert said in response.text
    assert not session.scalars(select(User)).all()
    assert PASSWORD not in response.text


def test_wrong_password_and_unknown_address_look_the_same(client: FlaskClient, session: Session) -> None:
    user = member(session)
    wrong = sign_in(client, user.email or "", "틀린 비밀번호입니다")
    unknown = sign_in(client, "nobody@example.org", "틀린 비밀번호입니다")
    assert (wrong.status_code, bare(wrong)) == (422, bare(unknown).replace("nobody@example.org", user.email or ""))
    assert not cookie(wrong)
    assert not cookie(unknown)


def test_both_verify_one_hash(client: FlaskClient, session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    user = member(session)
    checked: list[str] = []

    class Counting:
        def verify(self, stored: str, password: str) -> bool:
            checked.append(stored[:30])
            return passwords_hasher.verify(stored, password)

        check_needs_rehash = staticmethod(passwords._hasher.check_needs_rehash)

    passwords_hasher = passwords._hasher
    monkeypatch.setattr(passwords, "_hasher", Counting())
    sign_in(client, user.email or "", "틀린 비밀번호입니다")
    sign_in(client, "nobody@example.org", "틀린 비밀번호입니다")
    assert checked == ["$argon2id$v=19$m=19456,t=2,p=1"] * 2


def test_ten_tries_then_wait(client: FlaskClient, session: Session) -> None:
    user = member(session)
    for _try in range(10):
        assert sign_in(client, user.email or "", "틀린 비밀번호입니다").status_code == 422
    refused = sign_in(client, user.email or "")
    assert refused.status_code == 429
    assert "15분 뒤에" in refused.text
    assert 0 < int(refused.headers["Retry-After"]) <= 900
    assert not cookie(refused)
    hashes = set(session.scalars(select(Attempt.key_hash)))
    assert len(hashes) == 2
    assert all(len(one) == 64 for one in hashes)
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=16), tick=False):
        assert sign_in(client, user.email or "").status_code == 303


def test_a_thousand_guesses_from_everywhere_get_ten_tries(client: FlaskClient, session: Session) -> None:
    user = member(session)
    counts = dict.fromkeys((422, 429), 0)
    for number in range(60):
        address = {"REMOTE_ADDR": f"10.0.{number % 20}.1", "HTTP_X_FORWARDED_FOR": f"192.0.2.{number}"}
        counts[
            sign_in(client, user.email or "", f"추측한 비밀번호 {number}", environ_overrides=address).status_code
        ] += 1
    assert counts == {422: 10, 429: 50}


def test_one_address_gets_ten_wrong_tries_over_all_accounts_whatever_it_forwards(client: FlaskClient) -> None:
    seen = [
        sign_in(client, f"{number}@example.org", headers={"X-Forwarded-For": f"192.0.2.{number}"}).status_code
        for number in range(12)
    ]
    assert seen == [422] * 10 + [429] * 2


def test_successes_do_not_use_up_the_address(app: Flask, session: Session) -> None:
    users = [member(session) for _one in range(12)]
    for user in users:
        assert sign_in(app.test_client(), user.email or "").status_code == 303
    assert session.scalar(select(func.count()).select_from(Attempt)) == 0


def test_an_old_hash_is_made_anew(client: FlaskClient, session: Session) -> None:
    from argon2 import PasswordHasher

    old = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(passwords.normal(PASSWORD))
    user = member(session, password_hash=old)
    assert sign_in(client, user.email or "").status_code == 303
    session.expire_all()
    fresh = session.get_one(User, user.id).password_hash or ""
    assert "m=19456,t=2,p=1" in fresh


def test_a_token_from_before_is_never_taken_over(client: FlaskClient, session: Session) -> None:
    user = member(session)
    client.set_cookie("cv", "planted-by-somebody-else-0123456789abcdefghij", domain="localhost")
    response = sign_in(client, user.email or "")
    token = cookie(response).split(";")[0].removeprefix("cv=")
    assert token
    assert "planted" not in token
    first = client.get_cookie("cv", domain="localhost")
    sign_in(client, user.email or "")  # again, in the same browser
    second = client.get_cookie("cv", domain="localhost")
    assert first
    assert second
    assert first.value != second.value
    client.set_cookie("cv", first.value, domain="localhost")
    assert client.get("/account").location.startswith("/sign-in")


def test_sign_out_ends_the_session_itself(client: FlaskClient, session: Session) -> None:
    user = member(session)
    sign_in(client, user.email or "")
    kept = client.get_cookie("cv", domain="localhost")
    assert kept
    assert client.post("/sign-out").status_code == 303
    assert client.get_cookie("cv", domain="localhost") is None
    client.set_cookie("cv", kept.value, domain="localhost")
    assert client.get("/account").status_code == 303
    assert client.post("/sign-out").status_code == 303  # twice does no harm


@pytest.mark.parametrize(
    ("target", "goes"),
    [
        ("/projects/new?pool=1", "/projects/new?pool=1"),
        ("https://evil.example/", "/me"),
        ("//evil.example/", "/me"),
        ("/\\evil.example", "/me"),
        ("javascript:alert(1)", "/me"),
        ("/ok\r\nSet-Cookie: x=1", "/me"),
    ],
)
def test_next_stays_here(client: FlaskClient, session: Session, target: str, goes: str) -> None:
    user = member(session)
    assert sign_in(client, user.email or "", form={"next": target}).location == goes


def test_an_unconfirmed_account_gets_its_link_again_and_no_session(client: FlaskClient, session: Session) -> None:
    user = member(session, email_confirmed_at=None)
    response = sign_in(client, user.email or "")
    assert response.status_code == 200
    assert "확인 링크를 다시 보냈으니" in response.text
    assert not cookie(response)
    assert [m.kind for m in mails(session)] == ["confirm-email"]


def test_the_link_is_not_sent_again_without_end(client: FlaskClient, session: Session) -> None:
    """Whoever signed up with somebody else's address must not be able to fill that mailbox."""
    user = member(session, email_confirmed_at=None)
    assert [sign_in(client, user.email or "").status_code for _try in range(7)] == [200] * 5 + [429] * 2
    assert len(mails(session)) == 5


def test_under_tls_cookies_are_bound_to_host_and_tls(
    settings: Settings, session: Session, database: db.Database
) -> None:
    secure = Settings(instance=settings.instance, base_url="https://vote.example.org")
    app = create_app(secure, database=database, testing=True)
    app.config["WTF_CSRF_ENABLED"] = False
    response = sign_in(app.test_client(), member(session).email or "", base_url="https://vote.example.org")
    header = cookie(response, "__Host-cv")
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= {part.strip() for part in header.split(";")}
    assert "Domain" not in header


def test_a_link_never_follows_the_host_of_a_request(client: FlaskClient, session: Session) -> None:
    client.post("/reset-password", data={"email": "a@example.org"}, headers={"X-Forwarded-Host": "evil.example"})
    assert (
        client.post("/reset-password", data={"email": "b@example.org"}, base_url="http://evil.example").status_code
        == 400
    )
    assert [path_of(one) for one in mails(session)] == ["/sign-up"]


def test_reset_says_the_same_works_once_and_ends_sessions(
    client: FlaskClient, session: Session, signed_in: Callable[[User], FlaskClient]
) -> None:
    user = member(session, email="known@example.org")
    elsewhere = signed_in(user)
    known, unknown = (client.post("/reset-password", data={"email": f"{n}@example.org"}) for n in ("known", "unknown"))
    assert (known.status_code, bare(known)) == (200, bare(unknown))
    assert [m.kind for m in mails(session)] == ["reset-password", "reset-unknown"]
    path = path_of(mails(session)[0])
    assert client.post(path, data={"password": "짧다"}).status_code == 422
    done = client.post(path, data={"password": "새로 정한 긴 비밀번호"})
    assert (done.status_code, done.location) == (303, "/sign-in")
    assert client.post(path, data={"password": "또 다른 긴 비밀번호야"}).status_code == 404
    assert elsewhere.get("/account").status_code == 303
    assert sign_in(client, "known@example.org").status_code == 422
    assert sign_in(client, "known@example.org", "새로 정한 긴 비밀번호").status_code == 303
    assert mails(session, "password-changed")


def test_links_run_out(client: FlaskClient, session: Session) -> None:
    member(session, email="known@example.org")
    client.post("/reset-password", data={"email": "known@example.org"})
    path = path_of(mails(session)[0])
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=61), tick=False):
        gone = client.get(path)
    assert gone.status_code == 404
    assert "기한이 지났습니다" in gone.text


def test_only_hashes_of_tokens_are_stored(client: FlaskClient, session: Session) -> None:
    member(session, email="known@example.org")
    client.post("/reset-password", data={"email": "known@example.org"})
    token = path_of(mails(session)[0]).rsplit("/", 1)[1]
    stored = session.scalars(select(EmailToken)).one()
    assert token not in (stored.token_hash, str(stored.id))
    assert len(stored.token_hash) == 64


def test_mails_to_one_address_are_few(client: FlaskClient, session: Session) -> None:
    member(session, email="known@example.org")
    for address in ("known@example.org", "unknown@example.org"):
        seen = [client.post("/reset-password", data={"email": address}).status_code for _try in range(6)]
        assert seen == [200] * 5 + [429]


def test_forms_need_their_token_where_csrf_is_on(app: Flask, client: FlaskClient, session: Session) -> None:
    user = member(session)
    app.config["WTF_CSRF_ENABLED"] = True
    try:
        refused = sign_in(client, user.email or "")
        assert refused.status_code == 400
        assert not cookie(refused)
        token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/sign-in").text)
        assert token
        assert sign_in(app.test_client(), user.email or "", form={"csrf_token": token[1]}).status_code == 400
        assert sign_in(client, user.email or "", form={"csrf_token": token[1]}).status_code == 303
        assert client.post("/account/password", data={"password": PASSWORD}).status_code == 400
    finally:
        app.config["WTF_CSRF_ENABLED"] = False


def test_a_foreign_origin_is_refused(client: FlaskClient, session: Session) -> None:
    user = member(session)
    assert sign_in(client, user.email or "", headers={"Origin": "https://evil.example"}).status_code == 403


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


def test_the_door_needs_few_statements(client: FlaskClient, queries: Any) -> None:
    for path in ("/sign-in", "/sign-up", "/reset-password"):
        queries.clear()
        assert client.get(path).status_code == 200
        assert len(queries) == 0


# --- for real: committed, with the worker's letters -------------------------------------------------------------------


class Box:
    """A mail server that keeps what it gets."""

    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []

    def send(self, letter: EmailMessage) -> None:
        self.letters.append(letter)

    def last(self) -> tuple[str, str, str]:
        """(address, subject, text)."""
        letter = self.letters[-1]
        return letter["To"], letter["Subject"], letter.get_content()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_from_sign_up_to_erasure_in_a_real_database(
    make_database: Callable[[str], Engine], settings: Settings, kind: str
) -> None:
    """Every transaction of its own kind commits here, which the fixtures' single connection would hide."""
    engine = make_database(kind)
    app = create_app(settings, database=db.Database(engine), testing=True)
    app.config["WTF_CSRF_ENABLED"] = False
    client, box = app.test_client(), Box()
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "ko"

    def letter() -> tuple[str, str, str]:
        with app.app_context():
            assert jobs.deliver(app, settings, box) >= 1
        return box.last()

    def link(text: str) -> str:
        found = re.search(r"http://localhost(/\S+)", text)
        assert found
        return found[1]

    began = datetime.now(UTC)
    with time_machine.travel(began, tick=False) as moved:
        assert join(client).status_code == 200
        address, subject, text = letter()
        assert (address, subject) == ("minju@example.org", "[civicvote] 가입을 마쳐 주십시오")
        assert client.post(link(text), data={"password": PASSWORD}).location == "/me"
        assert client.post("/account/security/app/begin").status_code == 303
        secret = re.search(r"secret=([A-Z2-7]{32})", client.get("/account/security/app").text)
        assert secret
        code = pyotp.TOTP(secret[1]).at(datetime.now(UTC))
        assert client.post("/account/security/app", data={"code": code}).status_code == 200
        moved.move_to(began + timedelta(minutes=6))  # the session's last use is noted again: one more transaction
        assert sign_in(client, "minju@example.org", "틀린 비밀번호입니다").status_code == 422
        assert sign_in(client, "minju@example.org").location.startswith("/second-factor")
        code = pyotp.TOTP(secret[1]).at(datetime.now(UTC))
        assert client.post("/second-factor", data={"code": code}).location == "/me"
        moved.move_to(began + timedelta(minutes=12))
        assert client.post("/account/email", data={"email": "new@example.org", "password": PASSWORD}).status_code == 200
        letter()
        change = next(one for one in box.letters if one["To"] == "new@example.org")
        assert client.post(link(change.get_content())).status_code == 303
        assert client.post("/account/data").status_code == 200
        moved.move_to(began + timedelta(minutes=18))
        assert client.post("/account/erase", data={"sure": "y", "password": PASSWORD}).status_code == 303
        address, subject, _text = letter()
        assert (address, subject) == ("new@example.org", "[civicvote] 계정과 개인정보를 지웠습니다")
    with Session(engine) as session:
        assert not [one for one in session.scalars(select(OutboxMessage)) if one.payload or one.address]
    engine.dispose()


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_every_letter_has_a_subject_a_body_and_its_link(app: Flask, lang: str) -> None:
    folder = Path(app.jinja_loader.searchpath[0]) / "mail"  # type: ignore[union-attr]
    ours = "confirm-email already-registered reset-password reset-unknown change-email change-email-notice"
    for kind in (ours + " email-changed password-changed second-factor-changed account-erased").split():
        assert (folder / f"{kind}.txt").exists()
        with app.test_request_context(), force_locale(lang):
            text = render_template(
                f"mail/{kind}.txt",
                url="http://localhost/x?a=1&b=2",
                base_url="http://localhost",
                recipient_name="김 & 이",
            )
        subject, _, body = text.strip().partition("\n")
        assert subject.startswith("[civicvote]")
        assert len(body) > 40
        assert "&amp;" not in text
        if "url" in (folder / f"{kind}.txt").read_text(encoding="utf-8").replace("base_url", ""):
            assert "http://localhost/x?a=1&b=2" in body
