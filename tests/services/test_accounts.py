"""Joining below the web: races, equal statements, equal time."""

import os
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from types import SimpleNamespace

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from civicvote import db
from civicvote.domain.errors import (
    DomainError,
    InvalidError,
    TooManyError,
)
from civicvote.models.accounts import EmailToken, User
from civicvote.services import accounts
from civicvote.services.accounts import joining, passwords
from tests import factories
from tests.conftest import Queries
from tests.support.accounts import PASSWORD, join, token_of

#: Guesses per address whose time is compared.
ROUNDS = int(os.environ.get("CIVICVOTE_TEST_TIMING_ROUNDS", "0"))


@pytest.fixture(params=["sqlite", "postgresql"])
def committed(request: pytest.FixtureRequest, make_database: Callable[[str], Engine]) -> Iterator[db.Database]:
    """A database of its own, for what happens between transactions."""
    engine = make_database(request.param)
    yield db.Database(engine)
    engine.dispose()


def test_thirty_sign_ups_with_one_address_make_one_account(committed: db.Database) -> None:
    def try_it(_number: int) -> None:
        with committed.transaction() as session:
            join(session)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(try_it, range(30)))
    with committed.reading() as session:
        assert session.scalar(select(func.count()).select_from(User)) == 1
        living = session.scalar(select(func.count()).select_from(EmailToken).where(EmailToken.used_at.is_(None)))
        assert living == 1


def test_one_link_is_used_once_by_eight_at_the_same_time(committed: db.Database) -> None:
    with committed.transaction() as session:
        join(session)
    with committed.reading() as session:
        token = token_of(session, "confirm-email")
        account = session.scalars(select(User.id)).one()
    together = threading.Barrier(8)

    def confirm(_number: int) -> str:
        together.wait()
        try:
            with committed.transaction() as session:
                accounts.confirm(session, token, account_id=account)
        except DomainError as error:
            return type(error).__name__
        return "done"

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(confirm, range(8)))
    assert sorted(outcomes) == ["NotFoundError"] * 7 + ["done"]


@pytest.mark.parametrize(
    "typed",
    ["MINJU@Example.ORG", "  minju@example.org ", "minju@EXAMPLE.org\n", "Ｍinju@example.org".replace("Ｍ", "M")],
)
def test_one_mailbox_is_one_address(session: Session, typed: str) -> None:
    join(session, typed)
    assert session.scalars(select(User.email)).one() == "minju@example.org"
    assert joining.normal_address(typed) == "minju@example.org"


def test_korean_passwords_from_every_keyboard_are_the_same() -> None:
    import unicodedata

    stored = passwords.hashed(unicodedata.normalize("NFD", PASSWORD))
    assert passwords.matches(stored, unicodedata.normalize("NFC", PASSWORD))
    assert not passwords.matches(stored, PASSWORD + "!")
    assert not passwords.matches("not a hash", PASSWORD)
    assert not passwords.matches(None, PASSWORD)


def test_hashing_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_slots", threading.BoundedSemaphore(1))
    monkeypatch.setattr(passwords, "_WAIT_SECONDS", 0.01)
    with passwords._slot(), pytest.raises(TooManyError):
        passwords.hashed(PASSWORD)
    assert passwords.hashed(PASSWORD)  # the slot came back


def _separation(known: list[float], unknown: list[float]) -> float:
    """Area under the ROC curve: 0.5 is chance."""
    wins = sum((a > b) + 0.5 * (a == b) for a in known for b in unknown)
    area = wins / (len(known) * len(unknown))
    return max(area, 1 - area)


def _timed(run: Callable[[], object]) -> float:
    began = time.process_time_ns()
    with suppress(InvalidError):
        run()
    return float(time.process_time_ns() - began)


def test_known_and_unknown_addresses_cost_the_same(
    session: Session, queries: Queries, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same statements, and one hash of the same weight over the same password."""
    factories.user(session, email="known@example.org", password_hash=passwords.hashed(PASSWORD))
    hasher, weighed = passwords._hasher, list[tuple[str, str]]()

    def verify(stored: str, password: str) -> bool:
        weighed.append((stored.rsplit("$", 2)[0], password))
        return hasher.verify(stored, password)

    monkeypatch.setattr(passwords, "_hasher", SimpleNamespace(verify=verify))
    seen = []
    for who in ("known", "unknown"):
        queries.clear()
        weighed.clear()
        with pytest.raises(InvalidError) as refused:
            accounts.check(session, email=f"{who}@example.org", password="틀린 비밀번호")
        seen.append((list(queries.statements), list(weighed), str(refused.value.message)))
    assert seen[0] == seen[1]
    assert [weight for weight, _ in weighed] == ["$argon2id$v=19$m=19456,t=2,p=1"]


if ROUNDS:  # the long run: hundreds of rounds on a quiet machine

    def test_known_and_unknown_addresses_take_the_same_time(session: Session) -> None:
        factories.user(session, email="known@example.org", password_hash=passwords.hashed(PASSWORD))
        times: dict[str, list[float]] = {"known": [], "unknown": []}
        for _round in range(ROUNDS):
            for who, seen in times.items():
                guess = partial(accounts.check, session, email=f"{who}@example.org", password="틀린 비밀번호")
                seen.append(_timed(guess))
        known, unknown = (statistics.median(times[who]) for who in ("known", "unknown"))
        assert abs(known - unknown) / unknown < 0.25
        assert _separation(times["known"], times["unknown"]) < 0.55


def test_sign_up_and_reset_run_the_same_statements_for_everybody(session: Session, queries: Queries) -> None:
    factories.user(session, email="known@example.org", password_hash=passwords.hashed(PASSWORD))
    seen = {}
    for who in ("known", "unknown"):
        queries.clear()
        accounts.ask_reset(session, email=f"{who}@example.org", locale="ko", reset=str, sign_up="/sign-up")
        session.flush()
        seen[who] = list(queries.statements)
    assert seen["known"] == seen["unknown"]
    for who in ("known", "never seen".replace(" ", "-")):
        queries.clear()
        join(session, f"{who}@example.org")
        session.flush()
        seen[who] = list(queries.statements)
    assert seen["known"] == seen["never-seen"]
