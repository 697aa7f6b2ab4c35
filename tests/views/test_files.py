"""Attached files over HTTP: headers, forms, and what stays out."""

import io
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from civicvote.models.accounts import User
from civicvote.models.files import Attachment
from tests import factories
from tests.services.test_files import draft
from tests.support import files as samples


class Page:
    """The files page of somebody's draft."""

    def __init__(self, session: Session, signed_in: Callable[[User], FlaskClient]) -> None:
        self.session = session
        author = factories.user(session)
        self.browser = signed_in(author)
        self.address = f"/files/of/proposal/{draft(session, author).id}"

    def send(self, content: bytes, name: str = "사진.jpg") -> int:
        form = {"file": (io.BytesIO(content), name), "alt": "길", "back": "/me"}
        answer = self.browser.post(self.address, data=form, content_type="multipart/form-data")
        self.text = answer.text
        return answer.status_code

    def one(self) -> Attachment:
        return self.session.query(Attachment).one()


@pytest.fixture
def page(session: Session, signed_in: Callable[[User], FlaskClient]) -> Page:
    return Page(session, signed_in)


def test_a_picture_is_shown_and_a_document_only_kept(page: Page) -> None:
    assert page.send(samples.picture()) == 303
    address = f"/files/{page.one().id}"
    shown = page.browser.get(address)
    assert (shown.status_code, shown.mimetype) == (200, "image/webp")
    assert shown.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in shown.headers["Content-Security-Policy"]
    assert page.browser.get(address, headers={"If-None-Match": shown.headers["ETag"]}).status_code == 304
    assert page.browser.get(address + "?small=1").headers["ETag"] != shown.headers["ETag"]
    assert address in page.browser.get(page.address).text
    assert page.browser.post(f"{address}/remove", data={"back": "/me"}).status_code == 303
    assert page.browser.get(address).status_code == 404


def test_a_document_is_sent_as_an_attachment(page: Page) -> None:
    assert page.send(samples.pdf(), "설명서.pdf") == 303
    answer = page.browser.get(f"/files/{page.one().id}")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.mimetype == "application/pdf"


def test_a_bad_file_is_told_beside_the_field(page: Page) -> None:
    assert page.send(b"<svg onload=alert(1)>", "a.svg") == 422
    assert "올릴 수 없는 형식" in page.text
    assert page.session.query(Attachment).count() == 0


def test_nothing_here_is_for_others(page: Page, session: Session, signed_in: Callable[[User], FlaskClient]) -> None:
    page.send(samples.picture())
    other = signed_in(factories.user(session))
    assert other.get(f"/files/{page.one().id}").status_code == 404
    assert other.get(page.address).status_code == 404
    assert other.post(f"/files/{page.one().id}/remove").status_code == 404
    assert other.get("/files/of/cycle/" + page.address.rsplit("/", 1)[1]).status_code == 404
    assert 'href="//evil' not in page.browser.get(page.address + "?back=//evil.example").text
