"""Sign-up, confirmation, sign-in and out, a forgotten password."""

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from civicvote.db import reader, session
from civicvote.forms.accounts import ConfirmForm, ForgotForm, ResetForm, SignInForm, SignUpForm, TokenForm
from civicvote.forms.factors import PasskeyForm
from civicvote.services import accounts, attempts
from civicvote.services.accounts import Known, Opened
from civicvote.views.accounts.blueprint import bp
from civicvote.web import login
from civicvote.web.access import current_actor, limits, public
from civicvote.web.i18n import language
from civicvote.web.render import is_get, page


def _confirm_link(token: str) -> str:
    return login.link("accounts.confirm", token=token)


def _home() -> str:
    return login.wanted() or url_for("home.mine")


def _go_on(known: Known, opened: Opened) -> ResponseReturnValue:
    if not opened.token:
        return page("accounts/check_mail.html", reason="confirm")
    if opened.pending:
        return login.waiting(opened.token, url_for("factors.challenge", next=login.wanted() or None))
    response = login.entered(opened.token, _home())
    login.mark_sure(known.id)
    return response


def _tries(email: str) -> tuple[attempts.Try, attempts.Try]:
    who = accounts.normal_address(email)
    return login.account_try(attempts.SIGN_IN, who), login.address_try(attempts.SIGN_IN)


@bp.route("/sign-in", methods=["GET", "POST"])
@public
def sign_in() -> ResponseReturnValue:
    """Address and password."""
    if is_get() and current_actor().signed_in:
        return redirect(_home(), 303)
    form = SignInForm(next=login.wanted())
    if form.validate_on_submit():
        account, address = _tries(form.email.data)
        login.spend(account, address)
        with form.refusing() as ok:
            known = accounts.check(reader(), email=form.email.data, password=form.password.data)
            if not known.confirmed:
                _spend_mail(known.email)  # its link is sent again, to a mailbox that may be somebody else's
            attempts.forgive(session(), whole=account, one_of=address)
            opened = accounts.sign_in(
                session(), known, device=login.device(), limits=limits(), confirm=_confirm_link, old=current_actor()
            )
        if ok:
            return _go_on(known, opened)
    return page(
        "accounts/sign_in.html",
        status=200 if is_get() else 422,
        form=form,
        passkey=PasskeyForm(next=login.wanted()),
        passkeys=bool(login.relying_party()[0]),
    )


@bp.post("/sign-out")
@public
def sign_out() -> ResponseReturnValue:
    """End this session, if there is one."""
    accounts.sign_out(session(), current_actor())
    return login.left(url_for("home.index"), _("로그아웃했습니다."))


@bp.route("/sign-up", methods=["GET", "POST"])
@public
def sign_up() -> ResponseReturnValue:
    """Make an account; the page says the same whether or not the address has one."""
    if is_get() and current_actor().signed_in:
        return redirect(_home(), 303)
    form = SignUpForm()
    if form.validate_on_submit():
        _spend_mail(form.email.data)
        with form.refusing() as ok:
            accounts.sign_up(
                session(),
                email=form.email.data,
                name=form.name.data,
                password=form.password.data,
                district=form.district.data,
                locale=language(),
                confirm=_confirm_link,
                sign_in=login.link("accounts.sign_in"),
            )
        if ok:
            return page("accounts/check_mail.html", reason="sign-up")
    return page("accounts/sign_up.html", status=200 if is_get() else 422, form=form)


def _spend_mail(email: str) -> None:
    login.spend(
        login.account_try(attempts.MAIL, accounts.normal_address(email)), login.address_try(attempts.MAIL_SENDER)
    )


@bp.route("/confirm-email/<token>", methods=["GET", "POST"])
@public
def confirm(token: str) -> ResponseReturnValue:
    """The link of a sign-up: the password again, and one is in."""
    email = accounts.confirmable(reader(), token)
    form = ConfirmForm()
    if form.validate_on_submit():
        account, address = _tries(email)
        login.spend(account, address)
        with form.refusing() as ok:
            known = accounts.check(reader(), email=email, password=form.password.data)
            accounts.confirm(session(), token, account_id=known.id)
            attempts.forgive(session(), whole=account, one_of=address)
            opened = accounts.enter(session(), known, device=login.device(), limits=limits(), old=current_actor())
        if ok:
            response = _go_on(known, opened)
            flash(_("이메일을 확인했습니다. 환영합니다!"), "success")
            return response
    return page("accounts/confirm.html", status=200 if is_get() else 422, form=form, email=email)


@bp.route("/reset-password", methods=["GET", "POST"])
@public
def forgot() -> ResponseReturnValue:
    """Ask for a link; the page says the same whether or not the address has an account."""
    form = ForgotForm()
    if form.validate_on_submit():
        _spend_mail(form.email.data)
        with form.refusing() as ok:
            accounts.ask_reset(
                session(),
                email=form.email.data,
                locale=language(),
                reset=lambda token: login.link("accounts.reset", token=token),
                sign_up=login.link("accounts.sign_up"),
            )
        if ok:
            return page("accounts/check_mail.html", reason="reset")
    return page("accounts/forgot.html", status=200 if is_get() else 422, form=form)


@bp.route("/reset-password/<token>", methods=["GET", "POST"])
@public
def reset(token: str) -> ResponseReturnValue:
    """Set a new password by the link."""
    email = accounts.resettable(reader(), token)
    form = ResetForm()
    if form.validate_on_submit():
        with form.refusing() as ok:
            accounts.reset(session(), token, password=form.password.data)
        if ok:
            return login.left(
                url_for("accounts.sign_in"), _("새 비밀번호를 정했습니다. 새 비밀번호로 로그인해 주십시오.")
            )
    return page("accounts/reset.html", status=200 if is_get() else 422, form=form, email=email)


@bp.route("/account/email/<token>", methods=["GET", "POST"])
@public
def change_email(token: str) -> ResponseReturnValue:
    """The link to a new address, opened on whatever device the mail is read on."""
    email = accounts.changeable(reader(), token)
    form = TokenForm()
    if form.validate_on_submit():
        accounts.change_email(session(), token, keep=current_actor())
        flash(_("이메일 주소를 바꾸었습니다."), "success")
        return redirect(url_for("accounts.profile" if current_actor().signed_in else "accounts.sign_in"), 303)
    return page("accounts/change_email.html", form=form, email=email)
