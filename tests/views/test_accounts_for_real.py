"""The door with transactions that commit, and the letters the worker writes."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pyotp
import pytest
import time_machine
from flask import Flask, render_template
from flask_babel import force_locale
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from civicvote import db, jobs
from civicvote.app import create_app
from civicvote.models.outbox import OutboxMessage
from civicvote.settings import Settings
from tests.support.door import PASSWORD, join, sign_in


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
