"""Settings with a date: what holds when, and who changes it."""

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from civicvote.domain.dated_settings import SETTINGS
from civicvote.domain.errors import ForbiddenError, InvalidError, NotFoundError
from civicvote.domain.permissions import Role
from civicvote.services import clock, dated_settings
from tests import factories
from tests.conftest import Queries

NAME = "proposal.department_threshold"


def test_each_value_holds_from_its_moment_to_the_next(session: Session, queries: Queries) -> None:
    staff = factories.actor(factories.user(session, Role.STAFF), Role.STAFF)
    start = clock.now() + timedelta(hours=1)
    for place, value in enumerate((60, 70, 40)):
        dated_settings.change(
            session, staff, NAME, value, effective_at=start + place * timedelta(days=1), reason="공감 수 조정"
        )
    session.flush()
    moments = [start - timedelta(seconds=1), start, start + timedelta(days=1), start + timedelta(days=9)]
    assert [dated_settings.value(session, NAME, at=at) for at in moments] == [SETTINGS[NAME].default, 60, 70, 40]
    queries.clear()
    assert set(dated_settings.values(session, *SETTINGS)) == set(SETTINGS)
    assert len(queries) == 1


def test_of_two_changes_for_one_moment_the_later_written_holds(session: Session) -> None:
    staff = factories.actor(factories.user(session, Role.STAFF), Role.STAFF)
    start = clock.now() + timedelta(hours=1)
    for value in (60, 65):
        dated_settings.change(session, staff, NAME, value, effective_at=start, reason="공감 수 조정")
    session.flush()
    assert dated_settings.value(session, NAME, at=start) == 65
    assert [line.value for line in dated_settings.history(session)] == [65, 60]


@pytest.mark.parametrize(("name", "value", "hours", "error"), [
    (NAME, 0, 1, InvalidError), (NAME, 10**9, 1, InvalidError), (NAME, 60, -1, InvalidError), ("nothing", 1, 1, NotFoundError),
])  # fmt: skip
def test_what_cannot_hold_is_refused(
    session: Session, name: str, value: int, hours: int, error: type[Exception]
) -> None:
    staff = factories.actor(factories.user(session, Role.STAFF), Role.STAFF)
    with pytest.raises(error):
        dated_settings.change(
            session, staff, name, value, effective_at=clock.now() + timedelta(hours=hours), reason="공감 수 조정"
        )


def test_staff_alone_change_them(session: Session) -> None:
    for role in (Role.MODERATOR, Role.DEPARTMENT, Role.AUDITOR, Role.ADMIN):
        actor = factories.actor(factories.user(session, role), role)
        with pytest.raises(ForbiddenError):
            dated_settings.change(session, actor, NAME, 60, effective_at=clock.now() + timedelta(days=1), reason="조정")
