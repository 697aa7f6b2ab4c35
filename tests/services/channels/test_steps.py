"""A tablet's cookie changes with every page: a copy of it ends the station, presses and lost answers do not."""

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from civicvote.models.audit import AuditEvent
from civicvote.models.channels import Channel, Station, StationSeat
from civicvote.services import channels, clock
from civicvote.services.channels import reading
from tests.support.channels import Hall
from tests.support.voting import voter


class Tablet:
    """A browser with a station's cookie."""

    def __init__(self, place: Hall, cookie: str) -> None:
        self.place = place
        self.cookie = cookie

    @property
    def found(self) -> channels.StationFound:
        self.place.session.flush()
        found = channels.find(self.place.session, self.cookie)
        assert found is not None
        return found

    def page(self, *, cast: bool = False, lost: bool = False) -> bool:
        """Ask for a page; whether the station goes on. `lost`: the answer doesn't arrive."""
        cookie = channels.advance(self.place.session, self.found.id, self.cookie, cast=cast)
        if cookie is not None and not lost:
            self.cookie = cookie
        return cookie is not None

    def copy(self) -> "Tablet":
        return Tablet(self.place, self.cookie)


@pytest.fixture
def tablet(place: Hall) -> Tablet:
    """Somebody sits at it."""
    made = Tablet(place, place.tokens[place.station().id])
    user, _account = voter(place.session)
    channels.redeem(place.session, made.found, place.code(place.come(user, Channel.STATION)), keys=place.keys)
    assert made.page()
    return made


def _stopped(session: Session) -> bool:
    return session.scalars(select(Station.copied_at)).one() is not None


def test_an_old_copy_ends_both(session: Session, place: Hall, tablet: Tablet) -> None:
    copy = tablet.copy()
    assert tablet.page()
    assert tablet.page()
    assert not copy.found.seated, "it sees nothing"
    assert not copy.found.known
    assert not copy.page()
    assert session.scalars(select(StationSeat.station_id)).all() == []
    assert tablet.found.stopped
    assert not tablet.page()
    (event,) = session.scalars(select(AuditEvent).where(AuditEvent.action == "station:copied"))
    assert (event.actor_id, event.detail) == (None, {}), "nobody who sat there is named"
    (row,) = reading.desk(session, place.first, place.slug, arrived=clock.now()).stations
    assert row.copied_at is not None


def test_a_fresh_copy_that_goes_first_is_noticed_by_the_tablet(session: Session, tablet: Tablet) -> None:
    copy = tablet.copy()
    assert copy.page()
    assert copy.page()
    assert not tablet.page()
    assert _stopped(session)


def test_a_fresh_copy_that_looks_once_is_noticed_on_the_next_page(session: Session, tablet: Tablet) -> None:
    with time_machine.travel(clock.now(), tick=False) as moving:
        copy = tablet.copy()
        assert tablet.page()
        moving.shift(timedelta(seconds=6))
        assert copy.page()
        assert not tablet.page()
        assert _stopped(session)


def test_a_copy_that_casts_is_noticed_even_if_it_does_nothing_else(session: Session, tablet: Tablet) -> None:
    with time_machine.travel(clock.now(), tick=False) as moving:
        copy = tablet.copy()
        assert copy.page(cast=True)
        moving.shift(timedelta(seconds=6))
        assert not tablet.page()
        assert _stopped(session)


@pytest.mark.parametrize("cast", [False, True], ids=["page", "cast"])
def test_a_double_press_stops_nothing(session: Session, tablet: Tablet, *, cast: bool) -> None:
    """Two requests with one cookie; the browser keeps either answer."""
    for kept in (0, 1):
        answers = [tablet.copy(), tablet.copy()]
        assert all(one.page(cast=cast) for one in answers)
        tablet.cookie = answers[kept].cookie
        assert tablet.page()
    assert not _stopped(session)


def test_lost_answers_stop_nothing(session: Session, tablet: Tablet) -> None:
    with time_machine.travel(clock.now(), tick=False) as moving:
        for _ in range(3):
            assert tablet.page(lost=True)
            moving.shift(timedelta(seconds=40))
        assert tablet.page()
        assert tablet.page()
    assert not _stopped(session)


def test_of_two_answers_the_other_one_ends_with_the_first_that_comes_back(tablet: Tablet) -> None:
    one, other = tablet.copy(), tablet.copy()
    assert one.page()
    assert other.page()
    assert one.page()
    assert not other.page()


def test_a_stranger_with_a_made_up_step_stops_it_too(session: Session, place: Hall, tablet: Tablet) -> None:
    token = tablet.cookie.partition(".")[0]
    for cookie in (token, f"{token}.", f"{token}.{'x' * 22}"):
        assert not Tablet(place, cookie).found.seated
    assert channels.find(session, f"{'x' * 43}.{'x' * 22}") is None
    assert not Tablet(place, token).page()
    assert _stopped(session)


def test_a_stopped_station_is_closed_in_the_database_too(session: Session, tablet: Tablet) -> None:
    with pytest.raises(IntegrityError), session.begin_nested():
        session.execute(update(Station).where(Station.id == tablet.found.id).values(copied_at=clock.now()))
