"""Addresses and forms that broke a page or stopped a server once, sent by hand."""

from collections.abc import Callable

import pytest
from flask import Flask, Request
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from civicvote.domain.permissions import Role
from civicvote.models.accounts import User
from civicvote.settings import Settings
from civicvote.web import headers
from tests import factories
from tests.support.voting import polls

FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize("number", [10**6, 2**31, 2**63, 10**22])
def test_a_number_past_every_column_is_no_error_of_ours(
    session: Session, settings: Settings, signed_in: Callable[[User], FlaskClient], number: int
) -> None:
    """SQLite's driver gives up past 64 bits, PostgreSQL past 32; what fits is simply not there."""
    slug = polls(session, settings.keystore).slug
    answer = signed_in(factories.user(session, Role.STAFF)).get(f"/budget/{slug}/paper/{number}")
    assert answer.status_code in ({404} if number < 2**31 else {400, 404})


@pytest.mark.parametrize("address", ["/sign-in", "/language"])
def test_nobody_has_a_million_fields_read(client: FlaskClient, monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    """8 MB of tiny fields, from anybody, took a worker's every thread eleven seconds before the CSRF check refused them."""
    read: list[int] = []
    whole = Request._load_form_data

    def load(request: Request) -> None:
        whole(request)
        read.append(len(request.form))

    monkeypatch.setattr(Request, "_load_form_data", load)
    assert client.post(address, data=b"a=1", content_type=FORM).status_code != 413
    assert read.pop() == 1, "a form of one field is read"
    many = b"&".join(b"%d=" % n for n in range(headers.MOST_FIELDS + 1))
    assert client.post(address, data=many, content_type=FORM).status_code == 413
    assert client.post(address, data=b"a=" + b"%ff" * 400_000, content_type=FORM).status_code == 413
    assert sum(read) == 0


def test_a_visitor_sends_no_file(client: FlaskClient) -> None:
    body = b"--x\r\n" + b"A: b\r\n" * 200_000 + b"\r\n\r\n--x--\r\n"
    answer = client.post("/sign-in", data=body, content_type="multipart/form-data; boundary=x")
    assert answer.status_code == 413


def test_the_largest_ballot_is_still_read(app: Flask) -> None:
    """A tick, points and a place beside each of 3,000 projects."""
    body = "&".join(f"picks=26-{n:04}&v-26-{n:04}=3&compare=26-{n:04}" for n in range(3000)).encode()
    assert len(body) < headers.MOST_BYTES
    with app.test_request_context("/sign-in", method="POST", data=body, content_type=FORM):
        assert app.preprocess_request() is None
