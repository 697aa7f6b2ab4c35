"""Administration: accounts, offices and departments."""

from civicvote.services.admin.offices import ROLES, grant, grant_by_email, revoke, set_department
from civicvote.services.admin.people import (
    Change,
    Overview,
    PersonalData,
    UserDetail,
    UserFilters,
    UserRow,
    find,
    look,
    overview,
    user,
    users,
)
from civicvote.services.admin.units import (
    DepartmentRow,
    add_department,
    department,
    departments,
    rename_department,
    set_department_active,
)

__all__ = [
    "ROLES",
    "Change",
    "DepartmentRow",
    "Overview",
    "PersonalData",
    "UserDetail",
    "UserFilters",
    "UserRow",
    "add_department",
    "department",
    "departments",
    "find",
    "grant",
    "grant_by_email",
    "look",
    "overview",
    "rename_department",
    "revoke",
    "set_department",
    "set_department_active",
    "user",
    "users",
]
