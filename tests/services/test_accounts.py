"""Accounts below the web: races, equal time, and what is left of somebody who leaves."""

import os
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from functools import partial
from uuid import uuid4

import pytest
from sqlalchemy import Engine, func, inspect, select, text
from sqlalchemy.orm import Session

from civicvote import db
from civicvote.domain.errors import (
    ConflictError,
    DomainError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    TooManyError,
)
from civicvote.domain.lifecycles import ProjectState
from civicvote.domain.permissions import VISITOR, Role
from civicvote.models.accounts import Attempt, EmailToken, LoginSession, Totp, User, UserRole
from civicvote.models.base import Base
from civicvote.models.outbox import OutboxMessage
from civicvote.models.projects import Comment, Endorsement, Follow
from civicvote.models.verification import Person, Verification
from civicvote.models.votes import Participation, Vote
from civicvote.services import accounts, attempts, clock, sessions
from civicvote.services.accounts import joining, passwords
from civicvote.services.attempts import Guard
from tests import factories

PASSWORD = "느티나무 아래 긴의자"
KEY = b"k" * 32
LIMITS = sessions.Limits(14 * 86400, 3600, 30 * 86400)
GUARD = Guard("test", 10, timedelta(minutes=15))


def join(session: Session, email: str = "minju@example.org", password: str = PASSWORD) -> None:
    accounts.sign_up(
        session,
        email=email,
        name="민주",
        password=password,
        district=None,
        locale="ko",
        confirm=lambda token: f"/confirm/{token}",
        sign_in="/sign-in",
    )


def token_of(session: Session, kind: str) -> str:
    mail = session.scalars(
        select(OutboxMessage).where(OutboxMessage.kind == kind).order_by(OutboxMessage.id.desc())
    ).first()
    assert mail
    return str(mail.payload["url"]).rsplit("/", 1)[1]


# --- attempts -------------------------------------------------------------------------------------------------------


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


# --- joining --------------------------------------------------------------------------------------------------------


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


def test_known_and_unknown_addresses_cost_the_same(session: Session) -> None:
    """Processor time, so that neighbours on the machine do not decide; the long run takes its size from the environment."""
    factories.user(session, email="known@example.org", password_hash=passwords.hashed(PASSWORD))
    rounds = int(os.environ.get("CIVICVOTE_TEST_TIMING_ROUNDS", "12"))
    times: dict[str, list[float]] = {"known": [], "unknown": []}
    for _round in range(rounds):
        for who, seen in times.items():
            guess = partial(accounts.check, session, email=f"{who}@example.org", password="틀린 비밀번호")
            seen.append(_timed(guess))
    known, unknown = (statistics.median(times[who]) for who in ("known", "unknown"))
    assert abs(known - unknown) / unknown < 0.25
    if rounds >= 200:
        assert _separation(times["known"], times["unknown"]) < 0.55


def test_sign_up_and_reset_run_the_same_statements_for_everybody(session: Session, queries: object) -> None:
    from tests.conftest import Queries

    assert isinstance(queries, Queries)
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


# --- leaving --------------------------------------------------------------------------------------------------------


def full_account(session: Session) -> User:
    """Somebody with everything an account can have."""
    user = factories.user(
        session,
        Role.STAFF,
        level=2,
        name="홍길동",
        email="hong@example.org",
        district="11110",
        password_hash=passwords.hashed(PASSWORD),
    )
    moment = clock.now()
    cycle = factories.cycle(session, opened="closed")
    pool = factories.pool(session, cycle)
    vote = Vote(
        cycle_id=cycle.id,
        opens_at=moment - timedelta(days=2),
        closes_at=moment - timedelta(days=1),
        notice={},
        public_key=b"p" * 32,
        key_mode="file",
        board_key=b"b" * 32,
    )
    project = factories.project(session, pool, user, title="남는 제안")
    factories.project(session, pool, user, ProjectState.DRAFT, title="비밀 초안", problem="아무도 못 본 글")
    other = factories.project(session, pool)
    session.add(vote)
    session.flush()
    session.add_all(
        [
            Participation(vote_id=vote.id, person_id=user.person_id),
            Verification(
                user_id=user.id, person_id=user.person_id, method="desk", level=2, basis="residence", granted_at=moment
            ),
            Comment(project_id=project.id, author_id=user.id, body="남는 댓글", created_at=moment, form_key=uuid4()),
            Endorsement(project_id=other.id, user_id=user.id, at=moment),
            Follow(project_id=other.id, user_id=user.id, at=moment),
            Totp(user_id=user.id, secret=b"sealed"),
        ]
    )
    sessions.start(session, user, device="Chrome · Android", limits=LIMITS)
    accounts.ask_reset(session, email="hong@example.org", locale="ko", reset=str, sign_up="/sign-up")
    session.flush()
    session.add(UserRole(user_id=factories.user(session).id, role=Role.ADMIN))
    session.flush()
    return user


def everything(session: Session) -> str:
    """All text the database holds, the pending farewell aside."""
    bind = session.connection()
    found = []
    for table in inspect(bind).get_table_names():
        where = " WHERE kind <> 'account-erased'" if table == "outbox_message" else ""
        found += [str(tuple(row)) for row in bind.execute(text(f'SELECT * FROM "{table}"{where}'))]  # noqa: S608
    return "\n".join(found)


def test_erasure_leaves_contributions_and_no_person(session: Session) -> None:
    user = full_account(session)
    person = user.person_id
    for canary in ("hong@example.org", "홍길동", "아무도 못 본 글", "비밀 초안"):
        assert canary in everything(session)
    accounts.erase(session, factories.actor(user, Role.STAFF))
    session.flush()
    session.expire_all()
    left = everything(session)
    for canary in ("hong@example.org", "홍길동", "아무도 못 본 글", "비밀 초안", "$argon2id"):
        assert canary not in left
    assert "남는 제안" in left
    assert "남는 댓글" in left
    gone = session.get_one(User, user.id)
    assert (gone.name, gone.email, gone.password_hash, gone.person_id, gone.level) == (
        "탈퇴한 시민",
        None,
        None,
        None,
        0,
    )
    for table in (LoginSession, Totp, EmailToken, UserRole, Follow):
        assert not session.scalars(select(table).where(table.user_id == user.id)).all()
    assert session.scalars(select(Endorsement).where(Endorsement.user_id == user.id)).one()
    assert session.scalars(select(Participation).where(Participation.person_id == person)).one()
    farewell = session.scalars(select(OutboxMessage).where(OutboxMessage.kind == "account-erased")).one()
    assert (farewell.address, farewell.recipient_id) == ("hong@example.org", None)


def test_a_remade_account_keeps_its_participation(session: Session) -> None:
    user = full_account(session)
    person_id = user.person_id
    accounts.erase(session, factories.actor(user, Role.STAFF))
    join(session, "hong@example.org")
    remade = session.scalars(select(User).where(User.email == "hong@example.org")).one()
    assert remade.id != user.id
    accounts.confirm(session, token_of(session, "confirm-email"), account_id=remade.id)
    remade.person_id, remade.level = person_id, 2  # what verification does when the same person comes back
    session.flush()
    found = accounts.download(session, factories.actor(remade))
    assert [one["title"] for one in found["votes_taken_part_in"]] == ["2026년 시민공감예산"]
    assert found["proposals"] == []
    assert session.scalar(select(func.count()).select_from(Person).where(Person.id == person_id)) == 1
    with pytest.raises(Exception, match=r"(?i)participation"):  # noqa: PT012 — the database refuses a second one
        vote = session.scalars(select(Vote.id)).one()
        session.execute(Participation.__table__.insert().values(vote_id=vote, person_id=person_id))  # type: ignore[attr-defined]


def test_the_only_admin_stays(session: Session) -> None:
    admin = factories.user(session, Role.ADMIN)
    with pytest.raises(ConflictError):
        accounts.erase(session, factories.actor(admin, Role.ADMIN))
    second = factories.user(session, Role.ADMIN)
    accounts.erase(session, factories.actor(second, Role.ADMIN))


def test_visitors_own_nothing(session: Session) -> None:
    for call in (accounts.profile, accounts.download, accounts.erase):
        with pytest.raises(ForbiddenError):
            call(session, VISITOR)
    with pytest.raises(ForbiddenError):
        accounts.check_own(session, VISITOR, PASSWORD)


def test_an_erased_account_cannot_come_back_by_an_old_link(session: Session) -> None:
    user = full_account(session)
    token = token_of_reset(session)
    accounts.erase(session, factories.actor(user, Role.STAFF))
    with pytest.raises(NotFoundError):
        accounts.reset(session, token, password="새로 정한 긴 비밀번호")


def token_of_reset(session: Session) -> str:
    mail = session.scalars(select(OutboxMessage).where(OutboxMessage.kind == "reset-password")).one()
    return str(mail.payload["url"])


def test_every_table_that_names_an_account_was_thought_of() -> None:
    """A new column with somebody's id must be decided on here: what happens to it when they leave?"""
    named = {
        f"{table.name}.{column.name}"
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if any(key.column.table.name == "user_account" for key in column.foreign_keys)
    }
    tables = "user_role login_session email_token totp recovery_code passkey passkey_challenge follow"
    gone = {f"{table}.user_id" for table in tables.split()}
    assert gone <= named
    emptied = {"outbox_message.recipient_id"}
    assert emptied <= named


def test_sweeping_takes_what_is_over_and_nothing_else(session: Session) -> None:
    import time_machine

    start = clock.now()
    living = full_account(session)
    join(session, "never@example.org")
    ended = sessions.start(session, living, device="Firefox", limits=LIMITS)
    session.flush()
    with time_machine.travel(start + timedelta(days=6), tick=False):
        accounts.sweep(session)
        assert session.scalar(select(func.count()).where(User.email == "never@example.org")) == 1
    with time_machine.travel(start + timedelta(days=8), tick=False):
        join(session, "fresh@example.org")
        accounts.sweep(session)
        assert session.scalar(select(func.count()).where(User.email == "never@example.org")) == 0
        assert session.scalar(select(func.count()).where(User.email == "fresh@example.org")) == 1
        assert session.scalars(select(EmailToken.email)).all() == ["fresh@example.org"]
        assert session.scalar(select(func.count()).where(LoginSession.user_id == living.id)) == 2
    with time_machine.travel(start + timedelta(days=121), tick=False):
        accounts.sweep(session)
    assert not session.scalars(select(LoginSession)).all()
    assert session.scalar(select(func.count()).where(User.id == living.id)) == 1
    assert ended
