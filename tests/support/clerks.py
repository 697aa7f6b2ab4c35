"""What clerks and tablets do in a test client."""

import re
from html import unescape

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from civicvote.models.accounts import User
from tests.support.channels import Hall


def value(response: TestResponse, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', response.text)
    assert found, name
    return unescape(found[1])


def come(browser: FlaskClient, place: Hall, user: User, channel: str = "paper") -> str:
    """Find and check in by the account's address; the path of the check-in."""
    found = browser.post(f"/budget/{place.slug}/desk/find", data={"email": user.email})
    assert found.status_code == 200
    made = browser.post(f"/budget/{place.slug}/desk", data={"email": user.email, "channel": channel})
    assert made.status_code == 303, made.text
    return str(made.location)


def as_tablet(browser: FlaskClient, place: Hall) -> FlaskClient:
    """The clerk's browser, which is a station from now on."""
    opened = browser.post(f"/budget/{place.slug}/desk/stations", data={"station-name": "1번 기기"})
    assert (opened.status_code, opened.location) == (303, "/station")
    return browser


def code(browser: FlaskClient, path: str) -> str:
    answer = browser.post(f"{path}/code")
    assert answer.status_code == 200
    assert "no-store" in answer.headers["Cache-Control"]
    found = re.search(r'class="code-shown">([^<]+)<', answer.text)
    assert found
    return found[1]


def beside(app: Flask, tablet: FlaskClient) -> FlaskClient:
    """A second browser with the tablet's cookies as they are now."""
    copy = app.test_client()
    for name in ("cv-station", "form"):
        cookie = tablet.get_cookie(name)
        if cookie is not None:
            copy.set_cookie(name, cookie.value)
    return copy
