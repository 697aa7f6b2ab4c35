"""Many accounts claim to be the same person at once; the log is verified outside a transaction. On real databases."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine, func, select

from civicvote import db
from civicvote.domain.errors import ConflictError, InvalidError
from civicvote.domain.permissions import SYSTEM, Actor
from civicvote.models.accounts import User
from civicvote.models.verification import Person, Verification
from civicvote.services import audit, verification
from tests import factories
from tests.conftest import DATABASES

KEY = bytes(range(32))
CSV = "name,birth_date,phone,sex,district\n홍길동,1990-05-17,010-1234-5678,m,종로구\n"
ACCOUNTS = 8


@pytest.mark.parametrize("kind", DATABASES)
def test_one_person_gets_one_account_however_many_try(make_database: Callable[[str], Engine], kind: str) -> None:
    engine = make_database(kind)
    database = db.Database(engine)
    with database.transaction() as session:
        verification.import_register(session, SYSTEM, CSV.encode(), key=KEY)
        actors = [factories.actor(factories.user(session)) for _ in range(ACCOUNTS)]

    def claim(actor: Actor) -> bool:
        try:
            with database.transaction() as session:
                verification.by_register(
                    session, actor, name="홍길동", birth_date="1990-05-17", phone="01012345678", key=KEY
                )
        except (InvalidError, ConflictError):
            return False
        return True

    with ThreadPoolExecutor(ACCOUNTS) as pool:
        won = list(pool.map(claim, actors))
    assert sum(won) == 1
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Person)) == 1
        assert session.scalar(select(func.count()).select_from(Verification)) == 1
        assert session.scalar(select(func.count()).where(User.level == 2)) == 1
    engine.dispose()


@pytest.mark.parametrize("kind", DATABASES)
def test_two_imports_at_once_leave_one_line(make_database: Callable[[str], Engine], kind: str) -> None:
    engine = make_database(kind)
    database = db.Database(engine)

    def take_in(_: int) -> int:
        with database.transaction() as session:
            return verification.import_register(session, SYSTEM, CSV.encode(), key=KEY).new

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(take_in, range(4))) == 1
    engine.dispose()


@pytest.mark.parametrize("kind", DATABASES)
def test_the_log_is_verified_by_a_session_that_only_reads(make_database: Callable[[str], Engine], kind: str) -> None:
    engine = make_database(kind)
    database = db.Database(engine)
    with database.transaction() as session:
        for n in range(2500):
            audit.record(session, SYSTEM, "demo:seed", n=n)
    with database.transaction() as session:
        audit.chain(session, KEY)
    with database.reading() as session:
        verdict = audit.verify(session, KEY)
    assert (verdict.linked, verdict.waiting, verdict.problem) == (2500, 0, None)
    engine.dispose()
