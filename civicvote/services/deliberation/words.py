"""Texts of moderators and officials: cleaned, measured, and without resident numbers."""

from uuid import UUID

from sqlalchemy import Select, select

from civicvote.domain.permissions import GRANTS, Permission, Role
from civicvote.domain.text import clean_line, clean_text, refuse_resident_number
from civicvote.models.accounts import User, UserRole

REASON_MIN, REASON_MAX = 2, 500


def line(value: str, field: str, *, minimum: int = 1, maximum: int) -> str:
    """One line, or InvalidError beside `field`."""
    found = clean_line(value, minimum=minimum, maximum=maximum, field=field)
    refuse_resident_number(found, field=field)
    return found


def text(value: str, field: str, *, minimum: int = 1, maximum: int) -> str:
    """Several lines, or InvalidError beside `field`."""
    found = clean_text(value, minimum=minimum, maximum=maximum, field=field)
    refuse_resident_number(found, field=field)
    return found


def reason(value: str, field: str = "reason") -> str:
    """Why somebody did something; public, so it can't be empty."""
    return text(value, field, minimum=REASON_MIN, maximum=REASON_MAX)


def holders(permission: Permission) -> Select[UUID]:
    """Accounts with an official role that grants something, to be run by `notices.tell`."""
    roles = [role for role in Role if permission in GRANTS[role] and role is not Role.SYSTEM]
    return select(UserRole.user_id).where(UserRole.role.in_(roles)).distinct()


def department_people(department_id: UUID | None) -> Select[UUID]:
    """Accounts that work for a department."""
    return (
        select(UserRole.user_id)
        .join(User, User.id == UserRole.user_id)
        .where(UserRole.role == Role.DEPARTMENT, User.department_id == department_id)
    )
