"""One's own pages: profile, address, password, sessions, data, erasure."""

import json
from uuid import UUID

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from civicvote.db import reader, session
from civicvote.domain.permissions import Permission
from civicvote.forms.accounts import EmailForm, EraseForm, PasswordForm, ProfileForm, TokenForm
from civicvote.services import accounts, attempts, sessions
from civicvote.views.accounts.blueprint import bp
from civicvote.web import login
from civicvote.web.access import current_actor, requires, settings
from civicvote.web.i18n import COOKIE
from civicvote.web.render import download, is_get, page


def check_password(password: str) -> None:
    """The person's own password again, counted with the tries at signing in; InvalidError when it is wrong."""
    email = accounts.profile(reader(), current_actor()).email
    account, address = login.account_try(attempts.SIGN_IN, email), login.address_try(attempts.SIGN_IN)
    login.spend(account, address)
    accounts.check_own(reader(), current_actor(), password)
    attempts.forgive(session(), whole=account, one_of=address)


@bp.route("/account", methods=["GET", "POST"])
@requires(Permission.ACCOUNT_OWN)
def profile() -> ResponseReturnValue:
    """Nickname, district, language; the way to everything else of one's own."""
    mine = accounts.profile(reader(), current_actor())
    form = ProfileForm(obj=mine)
    if form.validate_on_submit():
        with form.refusing() as ok:
            accounts.change_profile(
                session(),
                current_actor(),
                name=form.name.data,
                district=form.district.data,
                locale=form.locale.data,
            )
        if ok:
            flash(_("저장했습니다."), "success")
            response = redirect(url_for("accounts.profile"), 303)
            response.set_cookie(
                COOKIE, form.locale.data, max_age=365 * 86400, secure=settings().secure, samesite="Lax", httponly=True
            )
            return response
    return page("accounts/profile.html", status=200 if is_get() else 422, form=form, profile=mine)


@bp.route("/account/email", methods=["GET", "POST"])
@requires(Permission.ACCOUNT_OWN)
def email() -> ResponseReturnValue:
    """Ask for another address."""
    form = EmailForm()
    if form.validate_on_submit():
        login.spend(
            login.account_try(attempts.MAIL, accounts.normal_address(form.email.data)),
            login.address_try(attempts.MAIL_SENDER),
        )
        with form.refusing() as ok:
            check_password(form.password.data)
            accounts.ask_change_email(
                session(),
                current_actor(),
                email=form.email.data,
                change=lambda token: login.link("accounts.change_email", token=token),
                sign_in=login.link("accounts.sign_in"),
            )
        if ok:
            return page("accounts/check_mail.html", reason="change")
    mine = accounts.profile(reader(), current_actor())
    return page("accounts/email.html", status=200 if is_get() else 422, form=form, profile=mine)


@bp.route("/account/password", methods=["GET", "POST"])
@requires(Permission.ACCOUNT_OWN)
def password() -> ResponseReturnValue:
    """A new password; other devices are signed out."""
    form = PasswordForm()
    if form.validate_on_submit():
        with form.refusing() as ok:
            check_password(form.password.data)
            token = accounts.change_password(session(), current_actor(), password=form.new_password.data)
        if ok:
            response = login.entered(token, url_for("accounts.profile"))
            flash(_("비밀번호를 바꾸고 다른 기기에서는 로그아웃했습니다."), "success")
            return response
    return page("accounts/password.html", status=200 if is_get() else 422, form=form)


@bp.get("/account/sessions", endpoint="sessions")
@requires(Permission.ACCOUNT_OWN)
def sessions_page() -> ResponseReturnValue:
    """Where one is signed in."""
    return page("accounts/sessions.html", rows=sessions.mine(session(), current_actor()))


@bp.post("/account/sessions/<uuid:session_id>/revoke")
@requires(Permission.ACCOUNT_OWN)
def revoke(session_id: UUID) -> ResponseReturnValue:
    """Sign out another device, or this one."""
    sessions.revoke(session(), current_actor(), session_id)
    if session_id == current_actor().session_id:
        return login.left(url_for("home.index"), _("로그아웃했습니다."))
    flash(_("그 기기에서 로그아웃했습니다."), "success")
    return redirect(url_for("accounts.sessions"), 303)


@bp.post("/account/sessions/revoke-others")
@requires(Permission.ACCOUNT_OWN)
def revoke_others() -> ResponseReturnValue:
    """Sign out everywhere else."""
    sessions.revoke_others(session(), current_actor())
    flash(_("다른 모든 기기에서 로그아웃했습니다."), "success")
    return redirect(url_for("accounts.sessions"), 303)


@bp.route("/account/data", methods=["GET", "POST"])
@requires(Permission.ACCOUNT_OWN)
def data() -> ResponseReturnValue:
    """Everything one gave, as a file."""
    form = TokenForm()
    if form.validate_on_submit():
        found = accounts.download(session(), current_actor())
        text = json.dumps(found, ensure_ascii=False, indent=2)
        return download(text.encode(), "civicvote-my-data.json", "application/json; charset=utf-8")
    return page("accounts/data.html", form=form)


@bp.route("/account/erase", methods=["GET", "POST"])
@requires(Permission.ACCOUNT_OWN)
def erase() -> ResponseReturnValue:
    """Leave."""
    form = EraseForm()
    if form.validate_on_submit():
        with form.refusing() as ok:
            check_password(form.password.data)
            accounts.erase(session(), current_actor())
        if ok:
            return login.left(
                url_for("home.index"), _("계정과 개인정보를 지웠습니다. 그동안 함께해 주셔서 감사합니다.")
            )
    return page("accounts/erase.html", status=200 if is_get() else 422, form=form)
