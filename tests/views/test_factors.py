"""The second factor over HTTP: set up, asked for, used once."""

import base64
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pyotp
import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from civicvote.domain.permissions import Role
from civicvote.models.accounts import LoginSession, Passkey, PasskeyChallenge, RecoveryCode, Totp, User
from civicvote.models.audit import AuditEvent
from civicvote.models.outbox import OutboxMessage
from civicvote.services import clock
from tests.support.authenticator import Authenticator
from tests.support.door import PASSWORD, cookie, member, sign_in

MOMENT = datetime(2026, 6, 1, 9, 0, 5, tzinfo=UTC)


#: The secret of every app here. Drawn by lot, some day a code would be one of those that must be refused.
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.fixture(autouse=True)
def moved(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(pyotp, "random_base32", lambda _length: SECRET)
    with time_machine.travel(MOMENT, tick=False) as traveller:
        yield traveller


def later(traveller: Any, **delta: int) -> None:
    traveller.move_to(clock.now() + timedelta(**delta))


def secret_on(client: FlaskClient) -> str:
    text = client.get("/account/security/app").text
    found = re.search(r"secret=([A-Z2-7]{32})", text)
    assert found
    return found[1]


def code(secret: str) -> str:
    return pyotp.TOTP(secret).at(clock.now())


def enrol(client: FlaskClient) -> tuple[str, list[str]]:
    """An app set up by a browser that has just signed in: (secret, recovery codes)."""
    assert client.post("/account/security/app/begin").location == "/account/security/app"
    secret = secret_on(client)
    page = client.post("/account/security/app", data={"code": code(secret)})
    assert page.status_code == 200
    return secret, re.findall(r"<code>([a-z2-9]{5}-[a-z2-9]{5})</code>", page.text)


@pytest.fixture
def browser(app: Flask, session: Session) -> tuple[FlaskClient, User]:
    """Somebody who has just signed in with a password."""
    user = member(session)
    client = app.test_client()
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "ko"
    assert sign_in(client, user.email or "").status_code == 303
    return client, user


Browser = tuple[FlaskClient, User]


def test_an_app_is_set_up_and_then_asked_for(browser: Browser, app: Flask, session: Session, moved: Any) -> None:
    client, user = browser
    before = client.get_cookie("cv", domain="localhost")
    secret, codes = enrol(client)
    assert len(set(codes)) == 10
    after = client.get_cookie("cv", domain="localhost")
    assert before
    assert after
    assert before.value != after.value  # the session's rights changed, so did its token
    assert client.get("/account/security/app").status_code == 404  # the secret is never shown again
    row = session.get_one(Totp, user.id)
    assert secret.encode() not in row.secret
    later(moved, seconds=60)

    other = app.test_client()
    step = sign_in(other, user.email or "", form={"next": "/projects/new"})
    assert step.location.startswith("/second-factor")
    assert not re.search(r"cv=[^;]", cookie(step))
    assert other.get("/account").location.startswith("/sign-in")  # the password alone opens nothing
    assert other.post("/second-factor", data={"code": "000000", "next": "/projects/new"}).status_code == 422
    done = other.post("/second-factor", data={"code": code(secret), "next": "/projects/new"})
    assert (done.status_code, done.location) == (303, "/projects/new")
    assert other.get("/account").status_code == 200
    kinds = set(session.scalars(select(OutboxMessage.kind)))
    assert "second-factor-changed" in kinds


def test_a_code_works_once(browser: Browser, app: Flask, session: Session, moved: Any) -> None:
    client, user = browser
    secret, _codes = enrol(client)
    for delay in (0, 31):  # the code of the set-up, and one of the step after it
        later(moved, seconds=delay)
        used = code(secret)
        if delay:
            one = app.test_client()
            sign_in(one, user.email or "")
            assert one.post("/second-factor", data={"code": used}).status_code == 303
        two = app.test_client()
        sign_in(two, user.email or "")
        assert two.post("/second-factor", data={"code": used}).status_code == 422


def test_codes_of_a_slow_phone_are_taken_and_older_ones_not(browser: Browser, app: Flask, moved: Any) -> None:
    client, user = browser
    secret, _codes = enrol(client)
    later(moved, minutes=10)
    for age, status in ((-60, 422), (60, 422), (-30, 303)):
        other = app.test_client()
        sign_in(other, user.email or "")
        stale = pyotp.TOTP(secret).at(clock.now() + timedelta(seconds=age))
        assert other.post("/second-factor", data={"code": stale}).status_code == status


def test_guessing_codes_stops_after_ten(browser: Browser, app: Flask, moved: Any) -> None:
    client, user = browser
    secret, codes = enrol(client)
    later(moved, minutes=20)
    other = app.test_client()
    sign_in(other, user.email or "")
    seen = [other.post("/second-factor", data={"code": f"{n:06}"}).status_code for n in range(12)]
    assert seen == [422] * 10 + [429] * 2
    assert other.post("/second-factor", data={"code": code(secret)}).status_code == 429
    assert other.post("/second-factor/recovery", data={"recovery": codes[0]}).status_code == 429


def test_a_recovery_code_works_once_and_is_told(browser: Browser, app: Flask, session: Session) -> None:
    client, user = browser
    _secret, codes = enrol(client)
    typed = codes[3].upper().replace("-", " ")
    for status in (303, 422):
        other = app.test_client()
        sign_in(other, user.email or "")
        assert other.post("/second-factor/recovery", data={"recovery": typed}).status_code == status
    stored = session.scalars(select(RecoveryCode.code_hash)).all()
    assert codes[3] not in stored
    assert all(len(one) == 64 for one in stored)
    assert "factor:code-used" in session.scalars(select(AuditEvent.action)).all()


def test_new_codes_end_the_old(browser: Browser, app: Flask) -> None:
    client, user = browser
    _secret, old = enrol(client)
    page = client.post("/account/security/codes")
    new = re.findall(r"<code>([a-z2-9]{5}-[a-z2-9]{5})</code>", page.text)
    assert len(new) == 10
    for text, status in ((old[0], 422), (new[0], 303)):
        other = app.test_client()
        sign_in(other, user.email or "")
        assert other.post("/second-factor/recovery", data={"recovery": text}).status_code == status


def test_a_waiting_sign_in_ends_after_ten_minutes(browser: Browser, app: Flask, moved: Any) -> None:
    client, user = browser
    secret, _codes = enrol(client)
    other = app.test_client()
    sign_in(other, user.email or "")
    later(moved, minutes=11)
    response = other.post("/second-factor", data={"code": code(secret)})
    assert response.location.startswith("/sign-in")
    assert app.test_client().get("/second-factor").location.startswith("/sign-in")


def test_adding_a_factor_ends_other_sessions(browser: Browser, signed_in: Callable[[User], FlaskClient]) -> None:
    client, user = browser
    elsewhere = signed_in(user)
    assert elsewhere.get("/account").status_code == 200
    enrol(client)
    assert elsewhere.get("/account").status_code == 303


def test_changes_ask_for_the_password_again(browser: Browser, moved: Any, session: Session) -> None:
    client, user = browser
    later(moved, minutes=11)
    assert client.post("/account/security/app/begin").location == "/account/security"
    assert session.get(Totp, user.id) is None
    assert client.post("/account/security", data={"password": "틀린 비밀번호입니다"}).status_code == 422
    assert client.post("/account/security/app/begin").location == "/account/security"
    assert client.post("/account/security", data={"password": PASSWORD}).status_code == 303
    enrol(client)
    later(moved, minutes=11)
    assert client.post("/account/security/app/remove").status_code == 303
    session.expire_all()
    assert session.get(Totp, user.id)
    client.post("/account/security", data={"password": PASSWORD})
    client.post("/account/security/app/remove")
    session.expire_all()
    assert session.get(Totp, user.id) is None
    assert not session.scalars(select(RecoveryCode)).all()


def test_official_roles_wait_for_the_factor(app: Flask, session: Session, moved: Any) -> None:
    user = member(session, Role.ADMIN)
    client = app.test_client()
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "ko"
    sign_in(client, user.email or "")
    page = client.get("/account/security")
    assert "맡은 업무를 하려면 2단계 인증이 필요합니다" in page.text
    assert 'href="/admin"' not in page.text
    secret, _codes = enrol(client)
    assert "맡은 업무를 하려면" not in client.get("/account/security").text
    client.post("/account/security/app/remove")  # without a factor they are withheld again
    assert "맡은 업무를 하려면 2단계 인증이 필요합니다" in client.get("/account/security").text
    del secret


def test_an_official_is_led_to_the_set_up_and_back(app: Flask, session: Session) -> None:
    user = member(session, Role.STAFF)
    client = app.test_client()
    sign_in(client, user.email or "")
    sent = client.get("/staff")
    assert (sent.status_code, sent.location) == (303, "/account/security?next=/staff")
    client.get(sent.location)
    client.post("/account/security/app/begin")
    page = client.post("/account/security/app", data={"code": code(secret_on(client))})
    assert 'href="/staff"' in page.text
    assert client.get("/staff").status_code == 200


# --- passkeys -------------------------------------------------------------------------------------------------------


def new_passkey(client: FlaskClient, device: Authenticator, name: str = "내 휴대전화") -> Any:
    options = client.post("/account/security/passkeys/options")
    assert options.mimetype == "application/json"
    return client.post("/account/security/passkeys", data={"credential": device.make(options.json), "name": name})


def test_a_passkey_is_registered_and_asked_for(browser: Browser, app: Flask, session: Session) -> None:
    client, user = browser
    device = Authenticator()
    page = new_passkey(client, device)
    assert page.status_code == 200
    assert len(re.findall(r"<code>[a-z2-9]{5}-[a-z2-9]{5}</code>", page.text)) == 10
    assert session.scalars(select(Passkey.name)).one() == "내 휴대전화"
    other = app.test_client()
    assert sign_in(other, user.email or "").location.startswith("/second-factor")
    assert "data-passkey" in other.get("/second-factor").text
    options = other.post("/second-factor/passkey/options").json
    done = other.post("/second-factor/passkey", data={"credential": device.show(options)})
    assert (done.status_code, done.location) == (303, "/me")
    assert other.get("/account").status_code == 200


def test_a_passkey_alone_signs_in(browser: Browser, app: Flask, session: Session) -> None:
    client, user = browser
    device = Authenticator()
    new_passkey(client, device)
    other = app.test_client()
    options: Any = other.post("/sign-in/passkey/options").json
    assert options["userVerification"] == "required"
    done = other.post("/sign-in/passkey", data={"credential": device.show(options)})
    assert (done.status_code, done.location) == (303, "/me")
    opened = session.scalars(
        select(LoginSession).where(LoginSession.user_id == user.id).order_by(LoginSession.id.desc())
    ).first()
    assert opened
    assert opened.second_factor_at  # the device checked the person: both factors at once


@pytest.mark.parametrize(
    "fault", ["replay", "stale", "unchecked", "origin", "other purpose", "other key", "garbage", "no options"]
)
def test_bad_passkey_answers_open_nothing(browser: Browser, app: Flask, moved: Any, fault: str) -> None:
    client, user = browser
    device = Authenticator()
    new_passkey(client, device)
    other = app.test_client()
    answer = device.show(other.post("/sign-in/passkey/options").json)
    if fault == "replay":
        assert other.post("/sign-in/passkey", data={"credential": answer}).location == "/me"
        other.post("/sign-out")
        other.post("/sign-in/passkey/options")
    elif fault == "stale":
        later(moved, minutes=6)
    elif fault == "unchecked":
        answer = device.show(other.post("/sign-in/passkey/options").json, verified=False)
    elif fault == "origin":
        answer = device.show(other.post("/sign-in/passkey/options").json, origin="http://evil.example")
    elif fault == "other purpose":
        sign_in(other, user.email or "")
        answer = device.show(other.post("/second-factor/passkey/options").json)
    elif fault == "other key":
        stranger = Authenticator()
        stranger.credential_id, stranger.user_handle = device.credential_id, device.user_handle
        answer = stranger.show(other.post("/sign-in/passkey/options").json)
    elif fault == "garbage":
        answer = '{"id": "x", "rawId": 5}'
    else:
        other = app.test_client()
    refused = other.post("/sign-in/passkey", data={"credential": answer})
    assert refused.location.startswith("/sign-in")
    assert not re.search(r"cv=[^;]", cookie(refused))
    assert other.get("/account").status_code == 303


def test_a_failed_answer_uses_its_challenge_up(browser: Browser, app: Flask, session: Session) -> None:
    client, _user = browser
    device = Authenticator()
    new_passkey(client, device)
    other = app.test_client()
    other.post("/sign-in/passkey/options")
    other.post("/sign-in/passkey", data={"credential": "{}"})
    session.expire_all()
    assert all(session.scalars(select(PasskeyChallenge.used_at).where(PasskeyChallenge.purpose == "sign-in")))


def test_somebody_elses_passkey_is_neither_used_nor_removed(browser: Browser, app: Flask, session: Session) -> None:
    client, _user = browser
    mine, theirs = Authenticator(), Authenticator()
    new_passkey(client, mine)
    victim = member(session)
    there = app.test_client()
    sign_in(there, victim.email or "")
    new_passkey(there, theirs)
    key = session.scalars(select(Passkey).where(Passkey.user_id == victim.id)).one()
    assert client.post(f"/account/security/passkeys/{key.id}/remove").status_code == 404
    attacker = app.test_client()
    sign_in(attacker, victim.email or "")  # knows the victim's password
    options = attacker.post("/second-factor/passkey/options").json
    assert attacker.post("/second-factor/passkey", data={"credential": mine.show(options)}).location.startswith(
        "/second-factor"
    )
    assert attacker.get("/account").status_code == 303


def test_a_counter_that_goes_back_is_a_copy(browser: Browser, app: Flask) -> None:
    client, _user = browser
    device = Authenticator()
    new_passkey(client, device)
    for count, location in ((7, "/me"), (7, "/sign-in")):
        other = app.test_client()
        device.count = count - 1
        answer = device.show(other.post("/sign-in/passkey/options").json)
        assert other.post("/sign-in/passkey", data={"credential": answer}).location == location


def test_on_a_bare_address_passkeys_are_not_offered(app: Flask, session: Session) -> None:
    client = app.test_client()
    assert "data-passkey" in client.get("/sign-in").text
    assert "data-passkey" not in client.get("/sign-in", base_url="http://127.0.0.1").text


def test_the_key_of_a_challenge_is_32_random_bytes(client: FlaskClient) -> None:
    answers: list[Any] = [client.post("/sign-in/passkey/options").json for _one in range(3)]
    made = {answer["challenge"] for answer in answers}
    assert len(made) == 3
    assert all(len(base64.urlsafe_b64decode(one + "==")) == 32 for one in made)
