"""What tests of the door share: somebody with a password, and the forms as a browser sends them."""

import re
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from civicvote.domain.permissions import Role
from civicvote.models.accounts import User
from civicvote.models.outbox import OutboxMessage
from civicvote.services.accounts import passwords
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


def bare(response: TestResponse) -> str:
    """The page without what differs on every request."""
    text = re.sub(r'(nonce="|csrf_token" value="|X-CSRFToken":")[^"]*', r"\1", response.text)
    return re.sub(r'value="[^"]*@example\.org"', "", text)
