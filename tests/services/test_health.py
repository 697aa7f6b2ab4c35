"""Work that is due once in a while: however often, or rarely, somebody ticks."""

from datetime import UTC, datetime, timedelta

import time_machine
from sqlalchemy.orm import Session

from civicvote.services import health

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def test_due_once_in_its_time_whatever_the_minute(session: Session) -> None:
    done = []
    for minutes in (0, 1, 59, 60, 61, 119, 600):
        with time_machine.travel(START + timedelta(minutes=minutes), tick=False):
            if health.due(session, "sweep", timedelta(hours=1)):
                done.append(minutes)
            session.flush()
    assert done == [0, 60, 600]


def test_a_sweep_is_no_sign_of_life(session: Session) -> None:
    with time_machine.travel(START, tick=False):
        health.due(session, "sweep", timedelta(hours=1))
        session.flush()
        assert health.figures(session)["civicvote_worker_silent_seconds"][1] == -1.0
