"""Departments: made, renamed, taken out of use."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from civicvote.domain.errors import ConflictError, InvalidError, NotFoundError
from civicvote.domain.messages import msg
from civicvote.domain.permissions import Actor, Permission
from civicvote.domain.text import clean_line
from civicvote.models.accounts import User
from civicvote.models.departments import Department
from civicvote.services import audit, clock
from civicvote.services.conflicts import settled

P = Permission


@dataclass(frozen=True, slots=True)
class DepartmentRow:
    """A department with the number of accounts in it."""

    id: UUID
    name: str
    name_en: str
    active: bool
    members: int


def departments(session: Session, actor: Actor) -> list[DepartmentRow]:
    """All, those in use first."""
    actor.require(P.DEPARTMENT_MANAGE)
    members = select(func.count()).where(User.department_id == Department.id).scalar_subquery()
    rows = session.execute(
        select(Department, members).order_by(Department.active.desc(), Department.name, Department.id)
    )
    return [DepartmentRow(d.id, d.name, d.name_en, d.active, count) for d, count in rows]


def _names(session: Session, name: str, name_en: str, *, other_than: UUID | None = None) -> tuple[str, str]:
    korean = clean_line(name, minimum=2, maximum=60, field="name")
    english = clean_line(name_en, maximum=80, field="name_en")
    taken = session.scalar(select(Department.id).where(Department.name == korean))
    if taken is not None and taken != other_than:
        raise InvalidError(msg("같은 이름의 부서가 이미 있습니다."), field="name")
    return korean, english


_FASTER: Final = msg("같은 이름의 부서가 방금 만들어졌습니다. 새로 고침 후 다시 확인해 주십시오.")


def add_department(session: Session, actor: Actor, *, name: str, name_en: str) -> UUID:
    """Make a department and return its id."""
    actor.require(P.DEPARTMENT_MANAGE)
    korean, english = _names(session, name, name_en)
    made = Department(name=korean, name_en=english, active=True, created_at=clock.now())
    with settled(session, _FASTER):
        session.add(made)
    audit.record(session, actor, "department:add", made)
    return made.id


def _get_department(session: Session, department_id: UUID) -> Department:
    found = session.get(Department, department_id)
    if found is None:
        raise NotFoundError
    return found


def department(session: Session, actor: Actor, department_id: UUID) -> Department:
    """One department, to be changed."""
    actor.require(P.DEPARTMENT_MANAGE)
    return _get_department(session, department_id)


def rename_department(session: Session, actor: Actor, department_id: UUID, *, name: str, name_en: str) -> None:
    """Give a department other names; everything it did keeps pointing to it."""
    actor.require(P.DEPARTMENT_MANAGE)
    found = _get_department(session, department_id)
    before = found.name
    found.name, found.name_en = _names(session, name, name_en, other_than=found.id)
    with settled(session, _FASTER):
        audit.record(session, actor, "department:rename", found, before=before, after=found.name)


def set_department_active(session: Session, actor: Actor, department_id: UUID, *, active: bool) -> None:
    """Take a department out of use or back: nothing new is assigned to one that is out of use."""
    actor.require(P.DEPARTMENT_MANAGE)
    found = _get_department(session, department_id)
    if found.active == active:
        raise ConflictError
    found.active = active
    audit.record(session, actor, "department:activate" if active else "department:deactivate", found)
