"""Around the close, by a moved clock: none late accepted, none timely refused."""

import random
from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from civicvote.domain.errors import ConflictError
from civicvote.models.accounts import User
from civicvote.models.votes import Ballot
from civicvote.services import clock, voting
from civicvote.services.voting import casting
from civicvote.settings import Settings
from tests.support.voting import form_key, polls, voter
from tests.trust import size

CASTS = size(100, 1000)


def test_casts_around_the_close(session: Session, settings: Settings) -> None:
    """Arrivals from 2 s before to 2 s after, each served at once, after 3 s, or at the end of the minute of grace."""
    rng = random.Random(20261122)
    keys = settings.keystore
    made = polls(session, keys)
    people = [voter(session)[1] for _ in range(10)]
    close = made.vote.closes_at
    accepted = timely = late_in = timely_out = 0
    for number in range(CASTS):
        offset = rng.choice((0, rng.randrange(-2_000_000, 2_000_000), -1, 1))
        stall = rng.choice((0, 0, 3, 30, 57))
        in_time = offset < 0
        with time_machine.travel(close + timedelta(microseconds=offset), tick=False) as traveller:
            arrived = clock.now()
            traveller.shift(timedelta(seconds=stall))
            try:
                voting.cast(
                    session,
                    people[number % 10],
                    made.slug,
                    ["A1"],
                    key=form_key(),
                    arrived=arrived,
                    keys=keys,
                )
            except ConflictError as error:
                assert "마감" in str(error.message)  # noqa: PT017 — the words matter
                timely_out += in_time
            else:
                accepted += 1
                late_in += not in_time
        timely += in_time
    assert (late_in, timely_out) == (0, 0)
    assert accepted == timely == session.scalar(select(func.count()).select_from(Ballot))
    assert 0 < accepted < CASTS


@pytest.mark.parametrize(("before", "waits", "status"), [(1, 3, 200), (1, 60, 200), (1, 61, 409), (0, 0, 409)])
def test_a_request_that_waits_for_its_lock(
    session: Session,
    settings: Settings,
    signed_in: Callable[[User], FlaskClient],
    monkeypatch: pytest.MonkeyPatch,
    before: int,
    waits: int,
    status: int,
) -> None:
    """What counts is when the request reached the application, `before` seconds before the close; then it stalls."""
    made = polls(session, settings.keystore)
    user, _actor = voter(session)
    browser = signed_in(user)
    with time_machine.travel(made.vote.closes_at - timedelta(seconds=before), tick=False) as traveller:
        monkeypatch.setattr(casting, "exclusive", lambda *_: traveller.shift(timedelta(seconds=waits)))
        answer = browser.post(f"/budget/{made.slug}/vote/receipt", data={"picks": ["A1"], "key": form_key()})
    assert answer.status_code == status
    assert session.scalar(select(func.count()).select_from(Ballot)) == (1 if status == 200 else 0)
