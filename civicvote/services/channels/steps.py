"""A tablet's cookie changes with every page, so that a copy of it is noticed.

The cookie is "<token>.<step>". Each page gives the browser a new step; the first one that comes back ends all others. Who
comes with a step that has ended isn't the one browser that was given the newest: there are two with the same cookie, and
neither goes on. A step may come twice while its successor hasn't come: a page whose answer was lost, a second press, "back".
"""

import secrets
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.orm import Session

from civicvote.domain.permissions import SYSTEM
from civicvote.models.channels import Station, StationSeat
from civicvote.services import audit, clock, sessions
from civicvote.services.locks import exclusive

#: How long two presses of one button may lie apart: both answers are then good, whichever the browser keeps.
SETTLE: Final = timedelta(seconds=5)


def new_cookie() -> tuple[str, str, str]:
    """A station's first cookie, and what is stored of its two parts."""
    token, step = secrets.token_urlsafe(32), secrets.token_urlsafe(16)
    return f"{token}.{step}", sessions.token_hash(token), sessions.token_hash(step)


def parts(cookie: str) -> tuple[str, str]:
    """Token and step of a cookie as it came."""
    token, _dot, step = cookie.partition(".")
    return token, step


def good(station: Station, step: str, moment: datetime) -> bool:
    """Whether the tablet itself may come with this step."""
    came = sessions.token_hash(step)
    if came == station.step_hash:
        return station.again_until is None or moment <= station.again_until
    return came in {station.next_hash, station.older_hash}


def advance(session: Session, station_id: UUID, cookie: str, *, cast: bool) -> str | None:
    """The cookie for the next page; None for a copy, which ends the station for everybody who has its cookie.

    `cast`: a ballot goes into the box with this page, so its step is good for a second press and no longer.
    """
    exclusive(session, f"station|{station_id}")
    found = session.get_one(Station, station_id, populate_existing=True)
    moment, (token, step) = clock.now(), parts(cookie)
    if found.closed_at is not None:
        return None
    if not good(found, step, moment):
        _stop(session, found, moment)
        return None
    came, fresh = sessions.token_hash(step), secrets.token_urlsafe(16)
    again = came == found.step_hash
    settling = found.stepped_at is not None and found.stepped_at > moment - SETTLE
    found.older_hash = found.next_hash if again and settling else None
    found.again_until = moment + SETTLE if cast else found.again_until if again else None
    found.step_hash, found.next_hash, found.stepped_at = came, sessions.token_hash(fresh), moment
    session.flush()
    return f"{token}.{fresh}"


def _stop(session: Session, station: Station, moment: datetime) -> None:
    """Nobody can tell which of the two is the tablet. Who sat there is recorded nowhere."""
    station.closed_at = station.copied_at = moment
    session.execute(delete(StationSeat).where(StationSeat.station_id == station.id))
    audit.record(session, SYSTEM, "station:copied", station)
    session.flush()
