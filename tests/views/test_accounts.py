"""The door over HTTP: what a page says, what it does not, and which cookie it hands out."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from civicvote import db
from civicvote.app import create_app
from civicvote.models.accounts import Attempt, EmailToken, User
from civicvote.models.audit import AuditEvent
from civicvote.services.accounts import passwords
from civicvote.settings import Settings
from tests.support.door import HASH, PASSWORD, bare, cookie, join, mails, member, path_of, sign_in


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
    _token, *parts = (part.strip() for part in header.split(";"))
    assert {part.split("=")[0] for part in parts} <= {"HttpOnly", "SameSite", "Path", "Expires", "Max-Age"}, "no Domain"
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= {*parts}


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
    _token, *parts = (part.strip() for part in header.split(";"))
    assert {part.split("=")[0] for part in parts} <= {"Secure", "HttpOnly", "SameSite", "Path", "Expires", "Max-Age"}
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= {*parts}


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


def test_the_door_needs_few_statements(client: FlaskClient, queries: Any) -> None:
    for path in ("/sign-in", "/sign-up", "/reset-password"):
        queries.clear()
        assert client.get(path).status_code == 200
        assert len(queries) == 0
