"""Sessions: found by a hash, ended by time, by their owner, and by what changes."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import select
from sqlalchemy.orm import Session

from civicvote.domain.errors import NotFoundError
from civicvote.domain.permissions import Permission, Role
from civicvote.models.accounts import LoginSession, User
from civicvote.services import sessions
from tests import factories

LIMITS = sessions.Limits(idle=14 * 86400, idle_official=3600, absolute=30 * 86400)
MOMENT = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def moved() -> Any:
    with time_machine.travel(MOMENT, tick=False) as traveller:
        yield traveller


def find(session: Session, token: str, *, second_factor: bool = False) -> sessions.Found | None:
    return sessions.find(session, token, limits=LIMITS, second_factor=second_factor)


def start(session: Session, user: User, **values: Any) -> str:
    token = sessions.start(session, user, device="Chrome · Android", limits=LIMITS, **values)
    session.flush()
    return token


def test_only_the_hash_of_256_bits_is_stored(session: Session) -> None:
    user = factories.user(session)
    tokens = {start(session, user) for _one in range(5)}
    assert all(len(token) == 43 for token in tokens)
    stored = set(session.scalars(select(LoginSession.token_hash)))
    assert stored == {sessions.token_hash(token) for token in tokens}
    assert not stored & tokens


def test_idle_and_absolute_limits_of_a_citizen(session: Session, moved: Any) -> None:
    token = start(session, factories.user(session))
    for day in (13, 26, 29):
        moved.move_to(MOMENT + timedelta(days=day))
        found = find(session, token)
        assert found
        assert found.touch_due
        assert found.actor.session_id
        sessions.touch(session, found.actor.session_id)
    moved.move_to(MOMENT + timedelta(days=30))  # used all the time, and over all the same
    assert find(session, token) is None
    moved.move_to(MOMENT)
    quiet = start(session, factories.user(session))
    moved.move_to(MOMENT + timedelta(days=14, seconds=1))
    assert find(session, quiet) is None


def test_officials_are_signed_out_after_an_hour(session: Session, moved: Any) -> None:
    token = start(session, factories.user(session, Role.STAFF))
    moved.move_to(MOMENT + timedelta(minutes=59))
    assert find(session, token)
    moved.move_to(MOMENT + timedelta(minutes=61))
    assert find(session, token) is None


def test_official_roles_wait_for_the_factor_of_this_session(session: Session) -> None:
    user = factories.user(session, Role.ADMIN)
    plain, shown = start(session, user), start(session, user, second_factor_at=MOMENT)
    withheld = find(session, plain, second_factor=True)
    assert withheld
    assert withheld.actor.needs_second_factor
    assert not withheld.actor.can(Permission.ACCOUNT_MANAGE)
    assert withheld.actor.can(Permission.ACCOUNT_OWN)
    full = find(session, shown, second_factor=True)
    assert full
    assert full.actor.can(Permission.ACCOUNT_MANAGE)
    demo = find(session, plain, second_factor=False)
    assert demo
    assert demo.actor.can(Permission.ACCOUNT_MANAGE)


def test_a_pending_session_is_none_until_the_challenge_and_its_token_changes(session: Session, moved: Any) -> None:
    user = factories.user(session)
    token = start(session, user, pending=True)
    assert find(session, token) is None
    assert sessions.mine(session, factories.actor(user)) == []
    pending = sessions.find_pending(session, token)
    assert pending
    assert pending[1] == user.id
    full = sessions.pass_challenge(session, pending[0], limits=LIMITS)
    session.flush()
    assert find(session, token) is None
    assert sessions.find_pending(session, token) is None
    assert find(session, full)
    moved.move_to(MOMENT + timedelta(days=13))
    assert find(session, full)


def test_a_pending_session_lapses(session: Session, moved: Any) -> None:
    token = start(session, factories.user(session), pending=True)
    moved.move_to(MOMENT + timedelta(minutes=10))
    assert sessions.find_pending(session, token) is None


def test_rotation_leaves_one_token(session: Session) -> None:
    token = start(session, factories.user(session))
    found = find(session, token)
    assert found
    assert found.actor.session_id
    new = sessions.rotate(session, found.actor.session_id)
    session.flush()
    assert find(session, token) is None
    again = find(session, new)
    assert again
    assert again.actor.session_id == found.actor.session_id


def test_revocation(session: Session) -> None:
    user = factories.user(session)
    tokens = [start(session, user) for _one in range(3)]
    found = find(session, tokens[0])
    assert found
    assert sessions.revoke_others(session, found.actor) == 2
    assert find(session, tokens[0])
    assert [find(session, token) for token in tokens[1:]] == [None, None]
    assert found.actor.session_id
    sessions.revoke(session, found.actor, found.actor.session_id)
    session.flush()
    assert find(session, tokens[0]) is None
    with pytest.raises(NotFoundError):
        sessions.rotate(session, found.actor.session_id)
    with pytest.raises(NotFoundError):
        sessions.pass_challenge(session, found.actor.session_id, limits=LIMITS)


def test_an_erased_account_has_no_session(session: Session) -> None:
    user = factories.user(session)
    token, waiting = start(session, user), start(session, user, pending=True)
    user.erased_at = MOMENT
    session.flush()
    assert find(session, token) is None
    assert sessions.find_pending(session, waiting) is None
