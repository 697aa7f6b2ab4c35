"""Offices and departments: who may change them, what is recorded, who is told."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from civicvote.domain.errors import ConflictError, DomainError, ForbiddenError, InvalidError, NotFoundError
from civicvote.domain.permissions import ASSIGNABLE, SYSTEM, Actor, Role
from civicvote.models.accounts import LoginSession, User, UserRole
from civicvote.models.audit import AuditEvent
from civicvote.models.departments import Department
from civicvote.models.outbox import OutboxMessage
from civicvote.models.verification import PersonalDataAccess
from civicvote.services import access_log, admin, clock, sessions
from civicvote.services.access_log import AccessFilters
from civicvote.services.admin import UserFilters
from tests import factories
from tests.conftest import LIMITS

WHY = "인사이동"


def administrator(session: Session, name: str = "탁이든") -> Actor:
    return factories.actor(factories.user(session, Role.ADMIN, name=name), Role.ADMIN)


def roles(session: Session, user: User) -> set[Role]:
    return set(session.scalars(select(UserRole.role).where(UserRole.user_id == user.id)))


def test_giving_and_taking_an_office(session: Session) -> None:
    by, other, user = administrator(session), administrator(session, "둘째"), factories.user(session)
    sessions.start(session, user, device="", limits=LIMITS)
    admin.grant(session, by, user.id, Role.STAFF, reason=WHY)
    session.flush()
    assert roles(session, user) == {Role.STAFF}
    living = select(func.count()).where(LoginSession.user_id == user.id, LoginSession.revoked_at.is_(None))
    assert session.scalar(living) == 0
    told = session.scalars(select(OutboxMessage).where(OutboxMessage.kind == "roles-changed")).all()
    assert {letter.recipient_id: letter.payload["mine"] for letter in told} == {user.id: True, other.id: False}
    assert told[0].payload | {"mine": True} == {
        "mine": True,
        "account": "김시민",
        "by": "탁이든",
        "change": "granted",
        "role": "참여과 담당",
        "department": "",
        "reason": WHY,
    }
    sessions.start(session, user, device="", limits=LIMITS)
    admin.revoke(session, by, user.id, Role.STAFF, reason=WHY)
    session.flush()
    assert roles(session, user) == set()
    assert session.scalar(living) == 0
    found = admin.user(session, by, user.id)
    assert [(c.action, c.actor, c.detail["reason"]) for c in found.changes] == [
        ("account:revoke-role", "탁이든", WHY),
        ("account:grant-role", "탁이든", WHY),
    ]


@pytest.mark.parametrize("role", [Role.CITIZEN, Role.VERIFIED, Role.SYSTEM, Role.AUTHOR, Role.REVIEWER, Role.OWNER])
def test_only_offices_can_be_given(session: Session, role: Role) -> None:
    with pytest.raises(InvalidError):
        admin.grant(session, administrator(session), factories.user(session).id, role, reason=WHY)


@pytest.mark.parametrize("reason", ["", "x", "가" * 201, "900517-1234567 님"])
def test_a_reason_is_needed(session: Session, reason: str) -> None:
    by, user = administrator(session), factories.user(session)
    with pytest.raises(InvalidError) as caught:
        admin.grant(session, by, user.id, Role.STAFF, reason=reason)
    assert caught.value.field == "reason"


def test_nobody_changes_their_own_offices(session: Session) -> None:
    administrator(session)
    me = administrator(session)
    assert me.id is not None
    with pytest.raises(ForbiddenError, match="다른 관리자"):
        admin.grant(session, me, me.id, Role.STAFF, reason=WHY)
    with pytest.raises(ForbiddenError):
        admin.revoke(session, me, me.id, Role.ADMIN, reason=WHY)
    with pytest.raises(ForbiddenError):
        admin.set_department(session, me, me.id, factories.department(session).id, reason=WHY)


def test_one_admin_stays(session: Session) -> None:
    only = factories.user(session, Role.ADMIN)
    with pytest.raises(ConflictError, match="하나뿐인"):
        admin.revoke(session, SYSTEM, only.id, Role.ADMIN, reason=WHY)
    factories.user(session, Role.ADMIN)
    admin.revoke(session, SYSTEM, only.id, Role.ADMIN, reason=WHY)
    assert roles(session, only) == set()


def test_an_office_is_given_and_taken_once(session: Session) -> None:
    by, user = administrator(session), factories.user(session, Role.EXPERT)
    with pytest.raises(InvalidError, match="이미"):
        admin.grant(session, by, user.id, Role.EXPERT, reason=WHY)
    admin.revoke(session, by, user.id, Role.EXPERT, reason=WHY)
    with pytest.raises(ConflictError):
        admin.revoke(session, by, user.id, Role.EXPERT, reason=WHY)


def test_a_reviewer_belongs_to_a_department(session: Session) -> None:
    by, user, unit = administrator(session), factories.user(session), factories.department(session, "시민참여과")
    closed = factories.department(session)
    closed.active = False
    session.flush()
    for department_id in (None, closed.id, uuid4()):
        with pytest.raises(InvalidError) as caught:
            admin.grant(session, by, user.id, Role.DEPARTMENT, reason=WHY, department_id=department_id)
        assert caught.value.field == "department"
    admin.grant(session, by, user.id, Role.DEPARTMENT, reason=WHY, department_id=unit.id)
    assert user.department_id == unit.id
    with pytest.raises(InvalidError, match="부서가 있어야"):
        admin.set_department(session, by, user.id, None, reason=WHY)
    with pytest.raises(InvalidError, match="같습니다"):
        admin.set_department(session, by, user.id, unit.id, reason=WHY)
    admin.revoke(session, by, user.id, Role.DEPARTMENT, reason=WHY)
    admin.set_department(session, by, user.id, None, reason=WHY)
    session.flush()
    assert user.department_id is None
    kinds = session.scalars(
        select(OutboxMessage.payload).where(OutboxMessage.recipient_id == user.id).order_by(OutboxMessage.id)
    )
    assert [(p["change"], p["department"]) for p in kinds] == [("granted", "시민참여과"), ("revoked", ""), ("left", "")]


def test_unconfirmed_and_erased_accounts_hold_no_office(session: Session) -> None:
    by = administrator(session)
    with pytest.raises(InvalidError, match="이메일"):
        admin.grant(session, by, factories.user(session, email_confirmed_at=None).id, Role.STAFF, reason=WHY)
    gone = factories.user(session, email=None, erased_at=clock.now())
    for user_id in (gone.id, uuid4()):
        with pytest.raises(NotFoundError):
            admin.grant(session, by, user_id, Role.STAFF, reason=WHY)


def test_from_the_shell(session: Session) -> None:
    user = factories.user(session)
    for _ in range(2):
        admin.grant_by_email(session, SYSTEM, (user.email or "").upper(), Role.ADMIN)
    assert roles(session, user) == {Role.ADMIN}
    with pytest.raises(NotFoundError, match=r"nobody@example\.org"):
        admin.grant_by_email(session, SYSTEM, "nobody@example.org", Role.ADMIN)


def test_accounts_are_found_by_nickname_and_office(session: Session) -> None:
    by = administrator(session)
    made = [factories.user(session, name=f"한결_{n}") for n in range(5)]
    factories.user(session, Role.STAFF, name="한결%")
    first = admin.users(session, by, filters=UserFilters(name="한결_"), size=3)
    rest = admin.users(session, by, filters=UserFilters(name="한결_"), cursor=first.next, size=3)
    assert [row.id for row in (*first.rows, *rest.rows)] == [user.id for user in reversed(made)]
    assert rest.next is None
    staff = admin.users(session, by, filters=UserFilters(role=Role.STAFF)).rows
    assert [(row.name, row.roles) for row in staff] == [("한결%", (Role.STAFF,))]
    assert "•••@example.org" in staff[0].address
    assert admin.overview(session, by).holders[Role.STAFF] == 1


def test_looking_is_on_record_with_its_purpose(session: Session) -> None:
    by, user = administrator(session), factories.user(session, level=2, district="11680")
    found = admin.find(session, by, email=user.email or "", purpose="민원 1234 처리", address="192.0.2.7")
    assert found == user.id
    assert admin.find(session, by, email="nobody@example.org", purpose="민원 1234 처리", address="") is None
    data = admin.look(session, by, user.id, purpose="민원 1234 처리", address="192.0.2.7")
    assert (data.email, data.district, data.birth_year, data.sex) == (user.email, "11110", 1990, "f")
    auditor = factories.actor(factories.user(session, Role.AUDITOR), Role.AUDITOR)
    page = access_log.listing(session, auditor, filters=AccessFilters(), size=2)
    assert [(str(row.what), row.user, row.purpose) for row in page.rows] == [
        ("계정의 개인정보 열람", "김시민", "민원 1234 처리"),
        ("이메일로 계정 찾기", "", "민원 1234 처리"),
    ]
    rest = access_log.listing(session, auditor, filters=AccessFilters(user_id=user.id), cursor=page.next, size=2)
    assert [(row.actor, row.address) for row in rest.rows] == [("탁이든", "192.0.2.7")]
    before = session.scalar(select(func.count()).select_from(PersonalDataAccess))
    with pytest.raises(InvalidError):
        admin.look(session, by, user.id, purpose="", address="")
    assert session.scalar(select(func.count()).select_from(PersonalDataAccess)) == before


def test_departments(session: Session) -> None:
    by = administrator(session)
    made = admin.add_department(session, by, name=" 시민참여과 ", name_en="Citizen Participation")
    with pytest.raises(InvalidError, match="이미"):
        admin.add_department(session, by, name="시민참여과", name_en="")
    for bad in ("", "가", "가" * 61, "부\x00서"):
        with pytest.raises(InvalidError):
            admin.add_department(session, by, name=bad, name_en="")
    admin.rename_department(session, by, made, name="시민참여과", name_en="Participation")
    admin.rename_department(session, by, made, name="시민협력과", name_en="Participation")
    admin.set_department_active(session, by, made, active=False)
    with pytest.raises(ConflictError):
        admin.set_department_active(session, by, made, active=False)
    session.flush()
    found = session.get_one(Department, made)
    assert (found.name, found.name_en, found.active) == ("시민협력과", "Participation", False)
    assert [(row.name, row.members) for row in admin.departments(session, by) if row.id == made] == [("시민협력과", 0)]
    events = session.scalars(
        select(AuditEvent.action).where(AuditEvent.subject_id == made).order_by(AuditEvent.id)
    ).all()
    assert events == ["department:add", "department:rename", "department:rename", "department:deactivate"]
    with pytest.raises(NotFoundError):
        admin.rename_department(session, by, uuid4(), name="없는 과", name_en="")


@pytest.mark.parametrize("role", [None, *(role for role in ASSIGNABLE if role is not Role.ADMIN)])
def test_only_admins_administer(session: Session, role: Role | None) -> None:
    actor = factories.actor(factories.user(session), *([role] if role else []))
    user, unit = factories.user(session), factories.department(session)
    deeds: list[Callable[[], object]] = [
        lambda: admin.overview(session, actor),
        lambda: admin.users(session, actor, filters=UserFilters()),
        lambda: admin.user(session, actor, user.id),
        lambda: admin.find(session, actor, email="", purpose=WHY, address=""),
        lambda: admin.look(session, actor, user.id, purpose=WHY, address=""),
        lambda: admin.grant(session, actor, user.id, Role.STAFF, reason=WHY),
        lambda: admin.revoke(session, actor, user.id, Role.STAFF, reason=WHY),
        lambda: admin.set_department(session, actor, user.id, unit.id, reason=WHY),
        lambda: admin.grant_by_email(session, actor, user.email or "", Role.ADMIN),
        lambda: admin.departments(session, actor),
        lambda: admin.department(session, actor, unit.id),
        lambda: admin.add_department(session, actor, name="새 부서", name_en=""),
        lambda: admin.rename_department(session, actor, unit.id, name="새 부서", name_en=""),
        lambda: admin.set_department_active(session, actor, unit.id, active=False),
    ]
    refused = 0
    for deed in deeds:
        with pytest.raises(DomainError) as caught:
            deed()
        refused += caught.type is ForbiddenError
    assert refused == len(deeds)
