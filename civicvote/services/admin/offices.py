"""Offices: given, taken away, moved between departments. Nobody changes their own."""

from typing import Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from civicvote.domain.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from civicvote.domain.messages import Message, msg
from civicvote.domain.permissions import ASSIGNABLE, Actor, Permission, Role
from civicvote.domain.text import clean_line, refuse_resident_number
from civicvote.models.accounts import User, UserRole
from civicvote.models.audit import AuditEvent
from civicvote.models.departments import Department
from civicvote.services import audit, outbox, sessions
from civicvote.services.accounts import normal_address
from civicvote.services.locks import exclusive
from civicvote.services.upsert import insert_new

P = Permission
ROLES: Final[dict[Role, Message]] = {
    Role.MODERATOR: msg("모더레이터"),
    Role.DEPARTMENT: msg("부서 담당"),
    Role.EXPERT: msg("전문가"),
    Role.STAFF: msg("참여과 담당"),
    Role.AUDITOR: msg("감사 담당"),
    Role.ADMIN: msg("관리자"),
}
_OWN: Final = msg("본인의 역할과 부서는 다른 관리자가 바꿔야 합니다.")


def _reason(text: str) -> str:
    reason = clean_line(text, minimum=4, maximum=200, field="reason")
    refuse_resident_number(reason, field="reason")
    return reason


def _account(session: Session, actor: Actor, user_id: UUID) -> User:
    """The account whose offices change, held until the end; never the actor's own."""
    exclusive(session, "admins")
    found = session.get(User, user_id, with_for_update=True)
    if found is None or found.erased_at is not None:
        raise NotFoundError
    if found.id == actor.id:
        raise ForbiddenError(_OWN)
    return found


def _department(session: Session, department_id: UUID | None, *, field: str = "department") -> Department | None:
    if department_id is None:
        return None
    found = session.get(Department, department_id)
    if found is None or not found.active:
        raise InvalidError(msg("지금 쓰는 부서 가운데에서 골라 주십시오."), field=field)
    return found


def _tell(
    session: Session,
    actor: Actor,
    account: User,
    event: AuditEvent,
    *,
    change: str,
    role: Role | None = None,
    department: Department | None = None,
) -> None:
    """Sign the account out everywhere and write to its owner and to every other admin."""
    sessions.revoke_all(session, account.id)
    session.flush()
    admins = session.scalars(
        select(UserRole.user_id)
        .where(UserRole.role == Role.ADMIN, UserRole.user_id.not_in([account.id, actor.id or account.id]))
        .order_by(UserRole.user_id)
        .limit(50)
    ).all()
    for recipient in (account.id, *admins):
        outbox.put(
            session,
            "roles-changed",
            about=str(event.id),
            recipient_id=recipient,
            mine=recipient == account.id,
            account=account.name,
            by=actor.name,
            change=change,
            role=ROLES[role].text if role else "",
            department=department.name if department else "",
            reason=event.detail["reason"],
        )


def grant(
    session: Session, actor: Actor, user_id: UUID, role: Role, *, reason: str, department_id: UUID | None = None
) -> None:
    """Give an office. The account's sessions end, so that the new ones show a second factor where it is asked for.

    A department reviewer belongs to a department: `department_id`, or the one the account has already.
    """
    actor.require(P.ACCOUNT_MANAGE)
    why = _reason(reason)
    if role not in ASSIGNABLE:
        raise InvalidError(msg("줄 수 없는 역할입니다."), field="role")
    account = _account(session, actor, user_id)
    if account.email_confirmed_at is None:
        raise InvalidError(msg("이메일 확인을 마치지 않은 계정에는 역할을 줄 수 없습니다."), field="role")
    department = _department(session, department_id)
    if department is not None:
        account.department_id = department.id
    if role is Role.DEPARTMENT and account.department_id is None:
        raise InvalidError(msg("부서 담당은 부서를 함께 골라 주십시오."), field="department")
    if not insert_new(session, UserRole, [{"user_id": account.id, "role": role}]):
        raise InvalidError(msg("이미 이 역할을 맡고 있습니다."), field="role")
    event = audit.record(
        session, actor, "account:grant-role", account, role=role.value, department=account.department_id, reason=why
    )
    _tell(session, actor, account, event, change="granted", role=role, department=department)


def revoke(session: Session, actor: Actor, user_id: UUID, role: Role, *, reason: str) -> None:
    """Take an office away; the last admin stays."""
    actor.require(P.ACCOUNT_MANAGE)
    why = _reason(reason)
    account = _account(session, actor, user_id)
    held = session.get(UserRole, (account.id, role))
    if held is None:
        raise ConflictError(msg("이미 이 역할을 맡고 있지 않습니다. 새로 고침 후 다시 확인해 주십시오."))
    if role is Role.ADMIN:
        admins = session.scalar(select(func.count()).where(UserRole.role == Role.ADMIN)) or 0
        if admins < 2:
            raise ConflictError(msg("하나뿐인 관리자입니다. 다른 관리자를 먼저 정해 주십시오."))
    session.delete(held)
    event = audit.record(session, actor, "account:revoke-role", account, role=role.value, reason=why)
    _tell(session, actor, account, event, change="revoked", role=role)


def set_department(session: Session, actor: Actor, user_id: UUID, department_id: UUID | None, *, reason: str) -> None:
    """Move an official to a department, or out of any; a department reviewer always has one."""
    actor.require(P.ACCOUNT_MANAGE)
    why = _reason(reason)
    account = _account(session, actor, user_id)
    department = _department(session, department_id)
    if account.department_id == department_id:
        raise InvalidError(msg("지금 속한 부서와 같습니다."), field="department")
    if department is None and session.get(UserRole, (account.id, Role.DEPARTMENT)) is not None:
        raise InvalidError(msg("부서 담당은 부서가 있어야 합니다. 역할을 먼저 거두어 주십시오."), field="department")
    account.department_id = department_id
    event = audit.record(session, actor, "account:department", account, department=department_id, reason=why)
    _tell(session, actor, account, event, change="moved" if department else "left", department=department)


def grant_by_email(session: Session, actor: Actor, email: str, role: Role) -> None:
    """From the shell: give an office to the account of an address. Giving it twice changes nothing."""
    actor.require(P.ACCOUNT_MANAGE)
    account = session.scalars(select(User).where(User.email == normal_address(email))).first()
    if account is None:
        raise NotFoundError(msg("이 주소로 가입한 계정이 없습니다: %(email)s", email=email))
    if session.get(UserRole, (account.id, role)) is None:
        grant(session, actor, account.id, role, reason=str(msg("명령줄에서 지정")))
