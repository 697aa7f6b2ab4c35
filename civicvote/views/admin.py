"""Administration: accounts, offices, departments."""

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from civicvote.db import session
from civicvote.domain.paging import Cursor
from civicvote.domain.permissions import ASSIGNABLE, Permission, Role
from civicvote.domain.text import normalise
from civicvote.forms.admin import DepartmentForm, FindForm, GrantForm, LookForm, MoveForm, RevokeForm
from civicvote.services import admin
from civicvote.services.admin import ROLES, PersonalData, UserFilters
from civicvote.web.access import current_actor, requires
from civicvote.web.render import done, is_get, page

bp = Blueprint("admin", __name__, url_prefix="/admin")


@bp.get("")
@requires(Permission.ACCOUNT_MANAGE)
def index() -> ResponseReturnValue:
    """Figures and ways."""
    return page("admin/index.html", overview=admin.overview(session(), current_actor()), roles=ROLES)


def _users(form: FindForm, *, status: int = 200, nobody: bool = False) -> ResponseReturnValue:
    role = request.args.get("role", "")
    filters = UserFilters(
        name=normalise(request.args.get("q", ""))[:40], role=Role(role) if role in set(ASSIGNABLE) else None
    )
    return page(
        "admin/users.html",
        status=status,
        form=form,
        nobody=nobody,
        filters=filters,
        roles=ROLES,
        users=admin.users(
            session(), current_actor(), filters=filters, cursor=Cursor.decode(request.args.get("cursor", ""))
        ),
    )


@bp.get("/users")
@requires(Permission.ACCOUNT_MANAGE)
def users() -> ResponseReturnValue:
    """Accounts by nickname and office."""
    return _users(FindForm())


@bp.post("/users/find")
@requires(Permission.ACCOUNT_MANAGE)
def find() -> ResponseReturnValue:
    """The account of an address, on record."""
    form = FindForm()
    if form.validate_on_submit():
        with form.refusing() as ok:
            found = admin.find(
                session(),
                current_actor(),
                email=form.email.data,
                purpose=form.purpose.data,
                address=request.remote_addr or "",
            )
        if ok:
            return done(url_for("admin.user", user_id=found)) if found else _users(form, nobody=True)
    return _users(form, status=422)


def _user(
    user_id: UUID, *, status: int = 200, personal: PersonalData | None = None, **forms: Any
) -> ResponseReturnValue:
    detail = admin.user(session(), current_actor(), user_id)
    rows = admin.departments(session(), current_actor())
    shown: dict[str, Any] = {
        "grant_form": lambda: GrantForm(detail.row.roles, rows, formdata=None),
        "revoke_form": lambda: RevokeForm(detail.row.roles, formdata=None),
        "move_form": lambda: MoveForm(rows, formdata=None, department=str(detail.department_id or "")),
        "look_form": lambda: LookForm(formdata=None),
    }
    return page(
        "admin/user.html",
        status=status,
        user=detail,
        personal=personal,
        roles=ROLES,
        departments={str(row.id): row for row in rows},
        **{name: forms.get(name) or make() for name, make in shown.items()},
    )


@bp.get("/users/<uuid:user_id>")
@requires(Permission.ACCOUNT_MANAGE)
def user(user_id: UUID) -> ResponseReturnValue:
    """One account."""
    return _user(user_id)


@bp.post("/users/<uuid:user_id>/look")
@requires(Permission.ACCOUNT_MANAGE)
def look(user_id: UUID) -> ResponseReturnValue:
    """Personal data, once, on record."""
    form = LookForm()
    if form.validate_on_submit():
        with form.refusing() as ok:
            personal = admin.look(
                session(), current_actor(), user_id, purpose=form.purpose.data, address=request.remote_addr or ""
            )
        if ok:
            return _user(user_id, personal=personal)
    return _user(user_id, status=422, look_form=form)


@bp.post("/users/<uuid:user_id>/grant")
@requires(Permission.ACCOUNT_MANAGE)
def grant(user_id: UUID) -> ResponseReturnValue:
    """Give an office."""
    detail = admin.user(session(), current_actor(), user_id)
    form = GrantForm(detail.row.roles, admin.departments(session(), current_actor()))
    if form.validate_on_submit():
        with form.refusing() as ok:
            admin.grant(
                session(),
                current_actor(),
                user_id,
                Role(form.role.data),
                reason=form.reason.data,
                department_id=form.department_id,
            )
        if ok:
            flash(_("역할을 주었습니다. 그 계정은 모든 기기에서 로그아웃되었습니다."), "success")
            return done(url_for("admin.user", user_id=user_id))
    return _user(user_id, status=422, grant_form=form)


@bp.post("/users/<uuid:user_id>/revoke")
@requires(Permission.ACCOUNT_MANAGE)
def revoke(user_id: UUID) -> ResponseReturnValue:
    """Take an office away."""
    form = RevokeForm(admin.user(session(), current_actor(), user_id).row.roles)
    if form.validate_on_submit():
        with form.refusing() as ok:
            admin.revoke(session(), current_actor(), user_id, Role(form.role.data), reason=form.reason.data)
        if ok:
            flash(_("역할을 회수했습니다. 그 계정은 모든 기기에서 로그아웃되었습니다."), "success")
            return done(url_for("admin.user", user_id=user_id))
    return _user(user_id, status=422, revoke_form=form)


@bp.post("/users/<uuid:user_id>/department")
@requires(Permission.ACCOUNT_MANAGE)
def move(user_id: UUID) -> ResponseReturnValue:
    """Change the department."""
    form = MoveForm(admin.departments(session(), current_actor()))
    if form.validate_on_submit():
        with form.refusing() as ok:
            admin.set_department(session(), current_actor(), user_id, form.department_id, reason=form.reason.data)
        if ok:
            flash(_("부서를 바꾸었습니다. 그 계정은 모든 기기에서 로그아웃되었습니다."), "success")
            return done(url_for("admin.user", user_id=user_id))
    return _user(user_id, status=422, move_form=form)


@bp.route("/departments", methods=["GET", "POST"])
@requires(Permission.DEPARTMENT_MANAGE)
def departments() -> ResponseReturnValue:
    """All departments, and a form for a new one."""
    form = DepartmentForm()
    if form.validate_on_submit():
        with form.refusing() as ok:
            admin.add_department(session(), current_actor(), name=form.name.data, name_en=form.name_en.data or "")
        if ok:
            flash(_("부서를 만들었습니다."), "success")
            return done(url_for("admin.departments"))
    rows = admin.departments(session(), current_actor())
    return page("admin/departments.html", status=200 if is_get() else 422, form=form, rows=rows)


@bp.route("/departments/<uuid:department_id>", methods=["GET", "POST"])
@requires(Permission.DEPARTMENT_MANAGE)
def department(department_id: UUID) -> ResponseReturnValue:
    """Rename a department."""
    found = admin.department(session(), current_actor(), department_id)
    form = DepartmentForm(obj=found)
    if form.validate_on_submit():
        with form.refusing() as ok:
            admin.rename_department(
                session(), current_actor(), department_id, name=form.name.data, name_en=form.name_en.data or ""
            )
        if ok:
            flash(_("부서 이름을 바꾸었습니다."), "success")
            return done(url_for("admin.departments"))
    return page("admin/department.html", status=200 if is_get() else 422, form=form, department=found)


@bp.post("/departments/<uuid:department_id>/active")
@requires(Permission.DEPARTMENT_MANAGE)
def department_active(department_id: UUID) -> ResponseReturnValue:
    """Take a department out of use, or back."""
    active = request.form.get("active") == "1"
    admin.set_department_active(session(), current_actor(), department_id, active=active)
    flash(_("부서를 다시 씁니다.") if active else _("부서를 더 쓰지 않습니다."), "success")
    return done(url_for("admin.departments"))
