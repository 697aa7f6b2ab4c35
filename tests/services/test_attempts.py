"""Tries: counted together by everybody, forgotten in time."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from civicvote import db
from civicvote.domain.errors import (
    TooManyError,
)
from civicvote.models.accounts import Attempt
from civicvote.services import attempts, clock
from tests.support.accounts import GUARD, KEY


@pytest.fixture(params=["sqlite", "postgresql"])
def committed(request: pytest.FixtureRequest, make_database: Callable[[str], Engine]) -> Iterator[db.Database]:
    """A database of its own, for what happens between transactions."""
    engine = make_database(request.param)
    yield db.Database(engine)
    engine.dispose()


def test_of_sixty_guesses_at_once_ten_are_taken(committed: db.Database) -> None:
    tries = [attempts.tried(KEY, GUARD, "account", "a@example.org"), attempts.tried(KEY, GUARD, "address", "192.0.2.1")]

    def guess(_number: int) -> bool:
        try:
            with committed.transaction() as session:
                attempts.spend(session, tries)
        except TooManyError:
            return False
        return True

    with ThreadPoolExecutor(12) as pool:
        taken = list(pool.map(guess, range(60)))
    assert sum(taken) == 10
    with committed.reading() as session:
        assert session.scalar(select(func.count()).select_from(Attempt)) == 20


def test_the_window_slides_and_kinds_and_people_are_apart(session: Session) -> None:
    import time_machine

    start = clock.now()
    with time_machine.travel(start, tick=False) as traveller:
        one = attempts.tried(KEY, GUARD, "account", "a")
        for minute in range(10):
            traveller.move_to(start + timedelta(minutes=minute))
            attempts.spend(session, [one])
        with pytest.raises(TooManyError) as refused:
            attempts.spend(session, [one])
        assert refused.value.retry_after == 6 * 60
        attempts.spend(session, [attempts.tried(KEY, GUARD, "account", "b")])
        attempts.spend(session, [attempts.tried(KEY, attempts.SIGN_IN, "account", "a")])
        traveller.move_to(start + timedelta(minutes=15, seconds=1))
        attempts.spend(session, [one])  # the first has left the window
        with pytest.raises(TooManyError):
            attempts.spend(session, [one])
        traveller.move_to(start + timedelta(days=2))
        assert attempts.purge(session) == 13


def test_a_refused_try_counts_for_nobody(session: Session) -> None:
    full, free = (attempts.tried(KEY, GUARD, "account", who) for who in "ab")
    for _one in range(10):
        attempts.spend(session, [full])
    with pytest.raises(TooManyError):
        attempts.spend(session, [free, full])
    counted = session.scalar(select(func.count()).where(Attempt.key_hash == free.key_hash))
    assert counted == 0


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("", "unknown"),
        (None, "unknown"),
        ("not an address", "unknown"),
    ],
)
def test_networks(address: str | None, counted: str) -> None:
    assert attempts.network(address) == counted
