"""One person, one account: the register, the desk and the demo's verifier."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from sqlalchemy import func, insert, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from civicvote.demo.content import register_csv
from civicvote.domain.errors import ForbiddenError, InvalidError
from civicvote.domain.permissions import SYSTEM, VISITOR, Actor, Role
from civicvote.domain.register import RegisterError
from civicvote.models.accounts import User
from civicvote.models.audit import AuditEvent
from civicvote.models.outbox import OutboxMessage
from civicvote.models.verification import Person, PersonalDataAccess, RegisterEntry, Verification
from civicvote.services import accounts, clock, verification
from civicvote.services.verification import DeskCase, Namesake, granting, online
from tests import factories

KEY = bytes(range(32))
NOW = "2026-11-22T03:00:00Z"
HEADER = "name,birth_date,phone,sex,district\n"
HONG = {"name": "홍길동", "birth_date": "1990-05-17", "phone": "010-1234-5678"}
LINE = "홍길동,1990-05-17,010-1234-5678,m,종로구\n"


@pytest.fixture(autouse=True)
def _now() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def take_in(session: Session, *lines: str) -> verification.Imported:
    return verification.import_register(session, SYSTEM, (HEADER + "".join(lines)).encode(), key=KEY)


def by_register(session: Session, user: User, **changes: str) -> str:
    return verification.by_register(session, factories.actor(user), key=KEY, **(HONG | changes))


def clerk(session: Session) -> Actor:
    return factories.actor(factories.user(session, Role.STAFF, name="담당"), Role.STAFF)


def case(user: User, **changes: Any) -> DeskCase:
    base = DeskCase(user.email or "", "홍길동", "1990-05-17", "010-1234-5678", 2, "m", "work", "11680")
    return replace(base, **changes)


def at_desk(session: Session, by: Actor, what: DeskCase) -> Verification:
    return verification.at_desk(session, by, what, key=KEY, address="192.0.2.1")


# --- the register ----------------------------------------------------------------------------------------------------


def test_a_register_is_kept_as_keyed_hashes(session: Session) -> None:
    done = take_in(session, LINE, "김하늘,2000-02-29,01022223333,여,강남구\n")
    assert (done.new, done.changed, done.same, done.total) == (2, 0, 0, 2)
    kept = {
        (entry.birth_year, entry.sex, entry.district): (len(entry.match_key), len(entry.person_key))
        for entry in session.scalars(select(RegisterEntry))
    }
    assert kept == {(1990, "m", "11110"): (64, 64), (2000, "f", "11680"): (64, 64)}
    event = session.scalars(select(AuditEvent).where(AuditEvent.action == "register:import")).one()
    assert event.detail == {"new": 2, "changed": 0, "same": 0}


def test_taking_it_in_again_changes_nothing_and_a_move_is_noted(session: Session) -> None:
    take_in(session, LINE)
    assert take_in(session, LINE) == verification.Imported(0, 0, 1)
    assert take_in(session, LINE.replace("종로구", "강남구")) == verification.Imported(0, 1, 0)
    assert session.scalars(select(RegisterEntry.district)).all() == ["11680"]


def test_one_bad_line_stores_nothing(session: Session) -> None:
    with pytest.raises(RegisterError, match="저장하지 않았습니다"):
        take_in(session, LINE, "김하늘,2000-02-30,01022223333,여,강남구\n")
    assert session.scalar(select(func.count()).select_from(RegisterEntry)) == 0


def test_a_long_register_goes_in_by_chunks(session: Session) -> None:
    done = take_in(session, *(f"홍길동,1990-05-17,010{n:08d},m,종로구\n" for n in range(2500)))
    assert done.new == 2500


def test_only_staff_take_in_the_register(session: Session) -> None:
    citizen = factories.actor(factories.user(session))
    with pytest.raises(ForbiddenError):
        verification.import_register(session, citizen, (HEADER + LINE).encode(), key=KEY)


def test_the_demo_register_verifies_the_demo_citizen(session: Session) -> None:
    verification.import_register(session, SYSTEM, register_csv().encode(), key=KEY)
    user = factories.user(session)
    by_register(session, user, name="한가온", birth_date="19950517", phone="010-0000-9001")
    assert user.level == 2


# --- online ----------------------------------------------------------------------------------------------------------


def test_a_match_gives_level_two_for_a_year(session: Session) -> None:
    take_in(session, LINE)
    user = factories.user(session)
    by_register(session, user)
    session.flush()
    assert (user.level, user.level_expires_at) == (2, clock.now() + timedelta(days=365))
    person = session.get_one(Person, user.person_id)
    assert (person.district, person.birth_year, person.sex) == ("11110", 1990, "m")
    act = session.scalars(select(Verification)).one()
    assert (act.method, act.level, act.basis, act.granted_by) == ("register", 2, "residence", None)
    assert session.scalars(select(AuditEvent.action).where(AuditEvent.subject_id == user.id)).all() == [
        "verification:grant"
    ]
    letter = session.scalars(select(OutboxMessage).where(OutboxMessage.kind == "verified")).one()
    assert (letter.recipient_id, letter.payload["district"]) == (user.id, "종로구")
    found = verification.standing(session, factories.actor(user))
    assert (found.level, found.expired, str(found.method), found.district) == (2, False, "서울시 명부", "11110")


def test_a_standing_runs_out(session: Session) -> None:
    take_in(session, LINE)
    user = factories.user(session)
    by_register(session, user)
    session.flush()
    with time_machine.travel(clock.now() + timedelta(days=365), tick=False):
        found = verification.standing(session, factories.actor(user))
        assert (found.level, found.expired) == (0, True)
        by_register(session, user)
        session.flush()
        assert verification.standing(session, factories.actor(user)).level == 2
    assert session.scalar(select(func.count()).select_from(Verification)) == 2
    assert session.scalar(select(func.count()).select_from(Person)) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "홍길순"},
        {"birth_date": "1990-05-18"},
        {"phone": "010-1234-5679"},
        {"name": "임꺽정", "phone": "0212345678"},
    ],
)
def test_every_mismatch_sounds_the_same(session: Session, wrong: dict[str, str]) -> None:
    take_in(session, LINE)
    with pytest.raises(InvalidError) as caught:
        by_register(session, factories.user(session), **wrong)
    assert (caught.value.message, caught.value.field) == (online.MISMATCH, None)


def test_one_person_has_one_account(session: Session) -> None:
    take_in(session, LINE)
    first, second = factories.user(session), factories.user(session)
    by_register(session, first)
    with pytest.raises(InvalidError) as caught:
        by_register(session, second)
    assert caught.value.message == granting.TAKEN
    assert (first.email or "") not in str(caught.value.message)
    assert second.level == 0


def test_one_account_is_one_person(session: Session) -> None:
    take_in(session, LINE, "김하늘,2000-02-29,01022223333,여,강남구\n")
    user = factories.user(session)
    by_register(session, user)
    with pytest.raises(InvalidError) as caught:
        by_register(session, user, name="김하늘", birth_date="2000-02-29", phone="01022223333")
    assert caught.value.message == granting.OTHER_PERSON


def test_an_erased_and_remade_account_is_the_same_person(session: Session) -> None:
    take_in(session, LINE)
    first = factories.user(session)
    by_register(session, first)
    person = first.person_id
    session.flush()
    accounts.erase(session, factories.actor(first))
    session.flush()
    again = factories.user(session)
    by_register(session, again)
    assert again.person_id == person


def test_a_new_phone_number_keeps_the_person_of_the_account(session: Session) -> None:
    take_in(session, LINE)
    user = factories.user(session)
    by_register(session, user)
    person = user.person_id
    take_in(session, LINE.replace("010-1234-5678", "010-9999-8888"))
    by_register(session, user, phone="01099998888")
    assert user.person_id == person


def test_a_second_account_with_a_new_phone_number_is_sent_to_the_desk(session: Session) -> None:
    take_in(session, LINE, LINE.replace("010-1234-5678", "010-9999-8888"))
    by_register(session, factories.user(session))
    with pytest.raises(InvalidError) as caught:
        by_register(session, factories.user(session), phone="01099998888")
    assert caught.value.message == granting.TO_THE_DESK


def test_children_are_sent_to_the_desk(session: Session) -> None:
    take_in(session, "홍길동,2012-11-23,010-1234-5678,m,종로구\n")
    user = factories.user(session)
    with pytest.raises(InvalidError, match="보호자") as caught:
        by_register(session, user, birth_date="2012-11-23")
    assert caught.value.field == "birth_date"
    with time_machine.travel("2026-11-22T15:00:01Z", tick=False):  # the 23rd has begun in Seoul
        by_register(session, user, birth_date="2012-11-23")
    assert user.level == 2


def test_visitors_and_unconfirmed_accounts_are_not_verified(session: Session) -> None:
    with pytest.raises(ForbiddenError):
        verification.by_register(session, VISITOR, key=KEY, **HONG)
    unconfirmed = factories.user(session, email_confirmed_at=None)
    with pytest.raises(ForbiddenError):
        verification.by_register(session, Actor(id=unconfirmed.id), key=KEY, **HONG)


# --- the demo --------------------------------------------------------------------------------------------------------


def test_the_demo_takes_ones_word(session: Session) -> None:
    one, other = factories.user(session), factories.user(session)
    for user in (one, other, one):
        verification.by_demo(session, factories.actor(user), district="11680", birth_year=1990, sex="f", key=KEY)
    assert one.person_id != other.person_id
    assert (one.level, session.get_one(Person, one.person_id).district) == (2, "11680")
    with pytest.raises(InvalidError, match="보호자"):
        verification.by_demo(session, factories.actor(one), district="11680", birth_year=2013, sex=None, key=KEY)
    with pytest.raises(InvalidError):
        verification.by_demo(session, factories.actor(one), district="26110", birth_year=1990, sex=None, key=KEY)
    with pytest.raises(InvalidError):
        verification.by_demo(session, factories.actor(one), district="11680", birth_year=2027, sex=None, key=KEY)


# --- the desk --------------------------------------------------------------------------------------------------------


def test_a_clerk_verifies_and_the_look_is_on_record(session: Session) -> None:
    by, user = clerk(session), factories.user(session)
    act = at_desk(session, by, case(user))
    assert (act.method, act.level, act.basis, act.granted_by) == ("desk", 2, "work", by.id)
    assert (user.level, session.get_one(Person, user.person_id).district) == (2, "11680")
    look = session.scalars(select(PersonalDataAccess)).one()
    assert (look.actor_id, look.user_id, look.what, look.address) == (by.id, user.id, "desk:verify", "192.0.2.1")


def test_level_one_needs_neither_basis_nor_district(session: Session) -> None:
    user = factories.user(session)
    at_desk(session, clerk(session), case(user, level=1, basis=None, district=None, sex=None))
    assert (user.level, session.get_one(Person, user.person_id).district) == (1, None)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"basis": None}, "basis"),
        ({"basis": "hobby"}, "basis"),
        ({"district": None}, "district"),
        ({"district": "26110"}, "district"),
        ({"email": "nobody@example.org"}, "email"),
        ({"name": "홍😀"}, "name"),
        ({"birth_date": "2013-01-01"}, "guardian"),
    ],
)
def test_a_case_that_lacks_something_is_refused(session: Session, changes: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidError) as caught:
        at_desk(session, clerk(session), case(factories.user(session), **changes))
    assert caught.value.field == field


def test_a_child_is_verified_with_a_guardians_consent(session: Session) -> None:
    user = factories.user(session)
    at_desk(session, clerk(session), case(user, birth_date="2013-01-01", guardian_consents=True))
    assert user.level == 2


def test_nobody_verifies_themselves_nor_an_unconfirmed_account(session: Session) -> None:
    official = factories.user(session, Role.STAFF)
    with pytest.raises(InvalidError, match="다른 담당자"):
        at_desk(session, factories.actor(official, Role.STAFF), case(official))
    with pytest.raises(InvalidError, match="이메일 확인"):
        at_desk(session, clerk(session), case(factories.user(session, email_confirmed_at=None)))


def test_a_clerk_decides_about_namesakes(session: Session) -> None:
    by, first, second, third = clerk(session), *(factories.user(session) for _ in range(3))
    at_desk(session, by, case(first))
    with pytest.raises(InvalidError) as caught:
        at_desk(session, by, case(second, phone="01099998888"))
    assert caught.value.field == "namesake"
    with pytest.raises(InvalidError) as caught:
        at_desk(session, by, case(second, phone="01099998888", namesake=Namesake.SAME))
    assert caught.value.message == granting.TAKEN
    at_desk(session, by, case(second, phone="01099998888", namesake=Namesake.OTHER))
    assert second.person_id != first.person_id
    with pytest.raises(InvalidError) as caught:
        at_desk(session, by, case(third, phone="01077776666", namesake=Namesake.SAME))
    assert caught.value.message == granting.SEVERAL


def test_the_desk_gives_an_erased_account_its_person_back(session: Session) -> None:
    by, first, again = clerk(session), factories.user(session), factories.user(session)
    at_desk(session, by, case(first))
    person = first.person_id
    accounts.erase(session, factories.actor(first))
    at_desk(session, by, case(again, phone="01099998888", namesake=Namesake.SAME))
    assert again.person_id == person


def test_looking_up_is_on_record_found_or_not(session: Session) -> None:
    by, user = clerk(session), factories.user(session, name="이도윤")
    look = {"purpose": "창구 방문 본인확인", "address": "192.0.2.1"}
    found = verification.look_up(session, by, email=f" {(user.email or '').upper()} ", **look)
    assert found is not None
    assert (found.id, found.name, found.confirmed) == (user.id, "이도윤", True)
    assert verification.look_up(session, by, email="nobody@example.org", **look) is None
    assert session.scalars(select(PersonalDataAccess.user_id).order_by(PersonalDataAccess.id)).all() == [user.id, None]
    for purpose in ("", "x", "900517-1234567 확인"):
        with pytest.raises(InvalidError):
            verification.look_up(session, by, email="a@example.org", purpose=purpose, address="")


@pytest.mark.parametrize("role", [None, Role.MODERATOR, Role.DEPARTMENT, Role.EXPERT, Role.AUDITOR, Role.ADMIN])
def test_only_clerks_sit_at_the_desk(session: Session, role: Role | None) -> None:
    official = factories.actor(factories.user(session), *([role] if role else []))
    with pytest.raises(ForbiddenError):
        verification.look_up(session, official, email="a@example.org", purpose="확인하기", address="")
    with pytest.raises(ForbiddenError):
        at_desk(session, official, case(factories.user(session)))


@pytest.mark.parametrize("table", [Verification, PersonalDataAccess])
def test_acts_and_looks_stay(session: Session, table: Any) -> None:
    at_desk(session, clerk(session), case(factories.user(session)))
    session.flush()
    with pytest.raises(DBAPIError, match="append-only"), session.begin_nested():
        session.execute(table.__table__.delete())


def test_a_person_is_tied_to_one_account_by_the_database(session: Session) -> None:
    user = factories.user(session, level=2)
    values = {"id": uuid4(), "name": "둘째", "email": f"{uuid4().hex}@example.org", "level": 0, "locale": "ko"}
    statement = insert(User).values(**values, person_id=user.person_id, created_at=clock.now())
    with pytest.raises(DBAPIError), session.begin_nested():
        session.execute(statement)
