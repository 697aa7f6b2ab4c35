"""Verification: one's own, the clerk's desk, and the city's register file."""

from flask import Blueprint, flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from civicvote.db import session
from civicvote.domain.permissions import Permission
from civicvote.domain.register import RegisterError
from civicvote.forms.verification import DeskForm, LookUpForm, RegisterFileForm, RegisterForm
from civicvote.services import verification
from civicvote.web import login
from civicvote.web.access import current_actor, keys, requires, safe_next, takes
from civicvote.web.render import done, is_get, page

bp = Blueprint("verification", __name__)

REGISTER_BYTES = 8 * 1024 * 1024


def _address() -> str:
    return request.remote_addr or ""


@bp.route("/verification", methods=["GET", "POST"])
@requires(Permission.ACCOUNT_OWN)
def index() -> ResponseReturnValue:
    """Where one stands, and the form against the register."""
    form = RegisterForm()
    if form.validate_on_submit():
        login.spend(login.account_try(verification.IDENTITY, str(current_actor().id)))
        with form.refusing() as ok:
            token = verification.by_register(
                session(),
                current_actor(),
                name=form.name.data,
                birth_date=form.birth_date.data,
                phone=form.phone.data,
                key=keys().person,
            )
        if ok:
            response = login.entered(token, login.wanted() or url_for("verification.index"))
            flash(_("본인확인을 마쳤습니다. 이제 투표할 수 있습니다."), "success")
            return response
    return page(
        "verification/index.html",
        status=200 if is_get() else 422,
        form=form,
        standing=verification.standing(session(), current_actor()),
        next=safe_next(request.values.get("next")) or "",
    )


@bp.get("/desk")
@requires(Permission.IDENTITY_DESK)
def desk() -> ResponseReturnValue:
    """The clerk's page."""
    return page("verification/desk.html", look_up=LookUpForm(), form=DeskForm(), account=None, looked=False)


@bp.post("/desk/look-up")
@requires(Permission.IDENTITY_DESK)
def look_up() -> ResponseReturnValue:
    """Find an account, on record; the form below is then about it."""
    form = LookUpForm()
    if form.validate_on_submit():
        with form.refusing() as ok:
            account = verification.look_up(
                session(), current_actor(), email=form.email.data, purpose=form.purpose.data, address=_address()
            )
        if ok:
            case = DeskForm(formdata=None, email=form.email.data)
            return page("verification/desk.html", look_up=form, form=case, account=account, looked=True)
    return page(
        "verification/desk.html", status=422, look_up=form, form=DeskForm(formdata=None), account=None, looked=False
    )


@bp.post("/desk")
@requires(Permission.IDENTITY_DESK)
def verify() -> ResponseReturnValue:
    """Verify an account whose person stood here with a document."""
    form = DeskForm()
    if form.validate_on_submit():
        with form.refusing() as ok:
            verification.at_desk(session(), current_actor(), form.case(), key=keys().person, address=_address())
        if ok:
            flash(_("본인확인을 저장하고 당사자에게 이메일로 알렸습니다."), "success")
            return done(url_for("verification.desk"))
    return page(
        "verification/desk.html", status=422, look_up=LookUpForm(formdata=None), form=form, account=None, looked=False
    )


@bp.route("/desk/register", methods=["GET", "POST"])
@takes(REGISTER_BYTES)
@requires(Permission.REGISTER_IMPORT)
def register() -> ResponseReturnValue:
    """Take in the city's register file."""
    form = RegisterFileForm()
    problem: RegisterError | None = None
    if form.validate_on_submit():
        with form.refusing() as ok:
            imported = verification.import_register(
                session(), current_actor(), form.file.data.read(), key=keys().person
            )
        if ok:
            flash(
                _(
                    "명부 %(total)s명을 가져왔습니다. 새로 %(new)s명, 바뀜 %(changed)s명, 그대로 %(same)s명입니다.",
                    total=f"{imported.total:,}",
                    new=f"{imported.new:,}",
                    changed=f"{imported.changed:,}",
                    same=f"{imported.same:,}",
                ),
                "success",
            )
            return done(url_for("verification.register"))
        problem = ok.error if isinstance(ok.error, RegisterError) else None
    return page("verification/register.html", status=200 if is_get() else 422, form=form, problem=problem)
