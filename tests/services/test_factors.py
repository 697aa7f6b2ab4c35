"""The second factor below the web: what is sealed, what works once, also at the same moment."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pyotp
import pytest
import time_machine
from cryptography.fernet import Fernet
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from civicvote import db
from civicvote.domain.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from civicvote.domain.permissions import VISITOR
from civicvote.models.accounts import RecoveryCode, Totp, User
from civicvote.services import clock, factors, sessions
from civicvote.services.factors import apps, codes, passkeys
from tests import factories

BOX = Fernet(Fernet.generate_key())
KEY = b"k" * 32
LIMITS = sessions.Limits(14 * 86400, 3600, 30 * 86400)
#: A fixed one at a fixed moment: drawn by lot, a wrong code would be the right one some day.
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.fixture(autouse=True)
def _now() -> Iterator[None]:
    with time_machine.travel("2026-06-01T09:00:05Z", tick=False):
        yield


@pytest.fixture(params=["sqlite", "postgresql"])
def committed(request: pytest.FixtureRequest, make_database: Callable[[str], Engine]) -> Iterator[db.Database]:
    engine = make_database(request.param)
    yield db.Database(engine)
    engine.dispose()


def with_app(session: Session) -> tuple[User, str]:
    user = factories.user(session)
    session.add(Totp(user_id=user.id, secret=BOX.encrypt(SECRET.encode()), confirmed_at=clock.now(), last_step=0))
    session.flush()
    return user, SECRET


def at_once(database: db.Database, use: Callable[[Session], bool]) -> list[bool]:
    together = threading.Barrier(8)

    def run(_number: int) -> bool:
        together.wait()
        with database.transaction() as session:
            return use(session)

    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(run, range(8)))


def test_one_code_opens_one_of_eight_doors(committed: db.Database) -> None:
    with committed.transaction() as session:
        user, secret = with_app(session)
    code = pyotp.TOTP(secret).at(clock.now())
    assert sum(at_once(committed, lambda session: apps.use(session, user.id, code, box=BOX))) == 1


def test_one_recovery_code_opens_one_of_eight_doors(committed: db.Database) -> None:
    with committed.transaction() as session:
        user = factories.user(session)
        made = codes.issue(session, user.id, KEY)
    assert sum(at_once(committed, lambda session: codes.use(session, user.id, KEY, made[0]))) == 1


def test_one_challenge_takes_one_of_eight_answers(committed: db.Database) -> None:
    party = passkeys.Party("localhost", "http://localhost", "civicvote")
    with committed.transaction() as session:
        begun = passkeys.begin_sign_in(session, party=party)

    def take(session: Session) -> bool:
        try:
            passkeys.take(session, begun.id, "sign-in", None)
        except InvalidError:
            return False
        return True

    assert sum(at_once(committed, take)) == 1


def test_secrets_are_sealed_and_codes_hashed_for_their_owner(session: Session) -> None:
    user, secret = with_app(session)
    row = session.get_one(Totp, user.id)
    assert secret.encode() not in row.secret
    assert BOX.decrypt(row.secret).decode() == secret
    one, two = codes.issue(session, user.id, KEY), codes.issue(session, factories.user(session).id, KEY)
    assert len(set(one) | set(two)) == 20
    assert not codes.use(session, user.id, KEY, two[0])
    assert not codes.use(session, user.id, b"x" * 32, one[0])
    assert codes.use(session, user.id, KEY, one[0].upper())
    assert not set(session.scalars(select(RecoveryCode.code_hash))) & {*one, *two}


def test_a_second_app_and_new_codes_without_a_factor_are_refused(session: Session) -> None:
    user, _secret = with_app(session)
    with pytest.raises(ConflictError):
        apps.begin(session, factories.actor(user), box=BOX)
    with pytest.raises(NotFoundError):
        apps.offer(session, factories.actor(user), box=BOX, issuer="civicvote")
    with pytest.raises(ConflictError):
        codes.renew(session, factories.actor(factories.user(session)), KEY)
    for call in (lambda: apps.begin(session, VISITOR, box=BOX), lambda: apps.remove(session, VISITOR)):
        with pytest.raises(ForbiddenError):
            call()


def test_a_waiting_app_does_not_open_and_a_confirmed_one_does_not_confirm(session: Session) -> None:
    user = factories.user(session)
    apps.begin(session, factories.actor(user), box=BOX)
    offer = apps.offer(session, factories.actor(user), box=BOX, issuer="시민투표")
    assert offer.secret in offer.uri
    code = pyotp.TOTP(offer.secret).at(clock.now())
    assert not apps.use(session, user.id, code, box=BOX)
    assert not factors.state(session, user.id).any
    confirmed, secret = with_app(session)
    again = pyotp.TOTP(secret).at(clock.now())
    assert not apps.use(session, confirmed.id, again, box=BOX, waiting=True)


@pytest.mark.parametrize("code", ["", "1", "abcdef", "００００００", "0" * 5000, "12 34 56 78", "-00000", "\x00" * 6])
def test_odd_codes_are_only_wrong(session: Session, code: str) -> None:
    user, _secret = with_app(session)
    assert not apps.use(session, user.id, code, box=BOX)
    assert not codes.use(session, user.id, KEY, code)


def test_nobody_without_a_factor_passes(session: Session) -> None:
    nobody = UUID(int=0)
    assert not apps.use(session, nobody, "000000", box=BOX)
    assert not codes.use(session, nobody, KEY, "aaaaa-aaaaa")
    party = passkeys.Party("localhost", "http://localhost", "civicvote")
    with pytest.raises(InvalidError):
        passkeys.use(session, passkeys.Taken(b"x" * 32, None), "{}", party=party)
    with pytest.raises(InvalidError):
        passkeys.take(session, None, "sign-in", None)
