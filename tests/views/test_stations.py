"""A tablet in the browser: what it may open, when it ends, and who else may use its cookie."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from civicvote.models.accounts import LoginSession, User
from civicvote.models.channels import CheckIn, StationSeat
from civicvote.models.votes import Ballot, Participation
from civicvote.services import clock
from civicvote.settings import Settings
from tests.support.channels import Hall, hall
from tests.support.clerks import as_tablet, beside, code, come, value
from tests.support.door import bare
from tests.support.voting import voter

SignIn = Callable[[User], FlaskClient]


@pytest.fixture
def place(session: Session, settings: Settings) -> Hall:
    return hall(session, settings.keystore)


@pytest.fixture
def clerks(place: Hall, signed_in: SignIn) -> tuple[FlaskClient, FlaskClient]:
    return signed_in(place.users[0]), signed_in(place.users[1])


def test_a_tablet_votes_and_does_nothing_else(
    app: Flask, session: Session, place: Hall, clerks: tuple[FlaskClient, FlaskClient]
) -> None:
    desk, own = clerks
    user, _actor = voter(session)
    given = code(desk, come(desk, place, user, "station"))
    living = select(func.count()).where(LoginSession.user_id == place.users[1].id, LoginSession.revoked_at.is_(None))
    assert session.scalar(living) == 1
    tablet = as_tablet(own, place)
    assert session.scalar(living) == 0, "the clerk is signed out here"
    page = tablet.get("/station")
    assert page.status_code == 200
    assert "no-store" in page.headers["Cache-Control"]
    vote = f"/budget/{place.slug}/vote"
    for path in ("/", "/me", "/sign-in", "/sign-up", "/account", vote, f"/budget/{place.slug}/desk", "/staff"):
        assert tablet.get(path).location == "/station", path
    wrong = tablet.post("/station", data={"code": "ABCD-2345"})
    assert wrong.status_code == 422
    assert "ABCD" not in bare(wrong)
    seated = tablet.post("/station", data={"code": given})
    assert seated.location == vote
    assert given not in str(seated.headers)
    basket = tablet.get(vote)
    assert basket.status_code == 200
    assert "no-store" in basket.headers["Cache-Control"]
    assert 'http-equiv="refresh"' in basket.text
    for path in ("/", "/me", "/sign-in", "/proposals/new", f"/budget/{place.slug}/desk"):
        assert tablet.get(path).location == "/station", path
    assert tablet.get("/station").location == vote
    assert tablet.post("/station/stay").status_code == 204
    confirm = tablet.post(f"{vote}/confirm", data={"picks": ["A1"]})
    assert confirm.status_code == 200
    form = {"picks": ["A1"], "key": value(confirm, "key")}
    receipt = tablet.post(f"{vote}/receipt", data=form)
    assert receipt.status_code == 200
    assert "투표가 접수되었습니다" in receipt.text
    assert "파일로 저장" not in receipt.text
    assert "no-store" in receipt.headers["Cache-Control"]
    assert tablet.post(f"{vote}/receipt", data=form).location == "/station", "the seat is empty"
    assert tablet.post("/station/stay").status_code == 404
    assert session.scalars(select(StationSeat.station_id)).all() == []
    assert session.scalar(select(func.count()).select_from(Ballot)) == 1
    assert session.scalar(select(func.count()).select_from(Participation)) == 1


def test_sixty_idle_seconds(app: Flask, session: Session, place: Hall, clerks: tuple[FlaskClient, FlaskClient]) -> None:
    desk, own = clerks
    first, second = (code(desk, come(desk, place, voter(session)[0], "station")) for _ in range(2))
    vote = f"/budget/{place.slug}/vote"
    tablet = as_tablet(own, place)
    with time_machine.travel(clock.now(), tick=False) as moving:
        tablet.post("/station", data={"code": first})
        assert tablet.post("/station", data={"code": second}).status_code == 409
        moving.shift(timedelta(seconds=50))
        assert tablet.get(vote).status_code == 200
        moving.shift(timedelta(seconds=50))
        assert tablet.post("/station/stay").status_code == 204
        moving.shift(timedelta(seconds=61))
        late = tablet.post(f"{vote}/receipt", data={"picks": ["A1"], "key": "k" * 20})
        assert late.location == "/station"
        assert "60초 동안 쓰지 않아" in tablet.get("/station").text
        part = tablet.post(vote, data={"picks": ["A1"]}, headers={"HX-Request": "true"})
        assert (part.status_code, part.headers["HX-Redirect"]) == (204, "/station")
        assert tablet.post("/station", data={"code": second}).location == vote
        left = tablet.post("/station/leave")
        assert left.location == "/station"
        assert tablet.get(vote).location == "/station"
    assert session.scalar(select(func.count()).select_from(Ballot)) == 0


def test_codes_are_throttled_by_wrong_ones_only(
    app: Flask, session: Session, place: Hall, clerks: tuple[FlaskClient, FlaskClient]
) -> None:
    desk, own = clerks
    given = code(desk, come(desk, place, voter(session)[0], "station"))
    tablet = as_tablet(own, place)
    for _ in range(3):
        assert tablet.post("/station", data={"code": "ABCD2345"}).status_code == 422
    assert tablet.post("/station", data={"code": given}).status_code == 303
    tablet.post("/station/leave")
    answers = [tablet.post("/station", data={"code": "ABCD2345"}).status_code for _ in range(21)]
    assert answers == [422] * 20 + [429]


def test_a_closed_station_is_a_browser_again(
    app: Flask, session: Session, place: Hall, clerks: tuple[FlaskClient, FlaskClient]
) -> None:
    desk, own = clerks
    tablet = as_tablet(own, place)
    page = desk.get(f"/budget/{place.slug}/desk")
    found = re.search(r'action="(/budget/[^"]+/close)"', page.text)
    assert found
    assert desk.post(found[1]).status_code == 303
    assert tablet.get("/station").status_code == 404
    assert tablet.get("/").status_code == 200
    assert tablet.get("/me").location.startswith("/sign-in")
    assert session.scalar(select(func.count()).select_from(CheckIn)) == 0


def test_a_copied_cookie_sees_nothing_and_ends_both(
    app: Flask, session: Session, place: Hall, clerks: tuple[FlaskClient, FlaskClient]
) -> None:
    desk, own = clerks
    path = come(desk, place, voter(session)[0], "station")
    tablet = as_tablet(own, place)
    tablet.get("/station")
    copy = beside(app, tablet)
    vote = f"/budget/{place.slug}/vote"
    assert tablet.post("/station", data={"code": code(desk, path)}).location == vote
    assert tablet.get(vote).status_code == 200
    part = copy.get(vote, headers={"HX-Request": "true"})
    assert (part.status_code, part.headers["HX-Redirect"]) == (204, "/station")
    assert copy.post("/station/stay").status_code == 404
    assert tablet.get(vote).status_code == 200, "what a page's script sends late stops nobody"
    form = {"picks": ["A1"], "key": "k" * 20}
    assert copy.post(f"{vote}/receipt", data=form).location == "/station"
    stopped = copy.get("/station")
    assert stopped.status_code == 403
    assert "이 기기를 멈췄습니다" in stopped.text
    assert session.scalar(select(func.count()).select_from(Ballot)) == 0
    assert tablet.post("/station/stay").status_code == 404
    assert tablet.post(f"{vote}/confirm", data={"picks": ["A1"]}).location == "/station"
    assert tablet.get("/station").status_code == 403
    assert "멈춘 기기: 1번 기기" in desk.get(f"/budget/{place.slug}/desk").text
    given = code(desk, path)
    assert tablet.post("/station", data={"code": given}).status_code == 403
    given_back = tablet.post("/station/leave")
    assert given_back.location == "/sign-in"
    assert tablet.get("/sign-in").status_code == 200
    assert tablet.get("/station").status_code == 404


def test_a_ballot_cast_beside_the_tablet_is_noticed(
    app: Flask, session: Session, place: Hall, clerks: tuple[FlaskClient, FlaskClient]
) -> None:
    """Nothing takes a ballot back that a fresh copy has cast; but the tablet says so at its next page."""
    desk, own = clerks
    path = come(desk, place, voter(session)[0], "station")
    tablet = as_tablet(own, place)
    vote = f"/budget/{place.slug}/vote"
    with time_machine.travel(clock.now(), tick=False) as moving:
        tablet.post("/station", data={"code": code(desk, path)})
        tablet.get(vote)
        copy = beside(app, tablet)
        assert copy.post(f"{vote}/receipt", data={"picks": ["A1"], "key": "k" * 20}).status_code == 200
        moving.shift(timedelta(seconds=6))
        assert tablet.post(f"{vote}/confirm", data={"picks": ["A2"]}).location == "/station"
        assert tablet.get("/station").status_code == 403


def test_pressing_twice_casts_once_and_stops_nothing(
    app: Flask, session: Session, place: Hall, clerks: tuple[FlaskClient, FlaskClient]
) -> None:
    desk, own = clerks
    path = come(desk, place, voter(session)[0], "station")
    tablet = as_tablet(own, place)
    vote = f"/budget/{place.slug}/vote"
    tablet.post("/station", data={"code": code(desk, path)})
    tablet.get(vote)
    before = beside(app, tablet)
    form = {"picks": ["A1"], "key": "k" * 20}
    assert tablet.post(f"{vote}/receipt", data=form).status_code == 200
    assert before.post(f"{vote}/receipt", data=form).location == "/station", "the browser's second press"
    assert before.get("/station").status_code == 200
    assert session.scalar(select(func.count()).select_from(Ballot)) == 1
