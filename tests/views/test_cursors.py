"""A place in a list that nobody was given: every list says so in words."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from civicvote.domain.paging import Cursor
from civicvote.domain.permissions import Role
from civicvote.models.accounts import User
from tests import factories

VALUES = (
    "abc", "2026-01-01T00:00:00", "2026-01-01T00:00:00+09:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:00:00-12:00",
    10**30, -(10**30), -1, "", None,
)  # fmt: skip
LISTS = (
    ("/projects/", "cursor"),
    ("/projects/?sort=endorsed", "cursor"),
    ("/projects/?sort=cost-low", "cursor"),
    ("/proposals/", "cursor"),
    ("/proposals/?sort=closing", "cursor"),
    ("/proposals/?sort=endorsed", "cursor"),
    ("/proposals/?sort=random", "cursor"),
    ("/budget/", "after"),
    ("/board/", "after"),
    ("/reviews", "after"),
    ("/reviews?done=1", "after"),
    ("/reviews/assign", "after"),
    ("/admin/users", "cursor"),
    ("/audit", "cursor"),
    ("/audit/access", "cursor"),
)


@pytest.mark.parametrize(("address", "name"), LISTS)
def test_an_odd_place_is_refused_in_words(
    session: Session, signed_in: Callable[[User], FlaskClient], address: str, name: str
) -> None:
    role = {"admin": Role.ADMIN, "audit": Role.AUDITOR}.get(address.split("/")[1], Role.STAFF)
    browser = signed_in(factories.user(session, role))
    sign = "&" if "?" in address else "?"
    assert browser.get(address).status_code == 200
    for value in VALUES:
        answer = browser.get(f"{address}{sign}{name}={Cursor(uuid4(), value).encode()}")
        assert answer.status_code in {200, 422}, value
        assert answer.status_code == 200 or "첫 쪽부터 다시 보십시오" in answer.text
