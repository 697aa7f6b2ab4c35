"""Security: the second factor set up, asked for at sign-in, and a passkey used instead of a password."""

from uuid import UUID

import segno
from flask import Blueprint, flash, redirect, request, url_for
from flask import session as form_session
from flask.typing import ResponseReturnValue
from flask.wrappers import Response
from flask_babel import gettext as _
from markupsafe import Markup

from civicvote import db
from civicvote.db import reader, session
from civicvote.domain.permissions import Permission
from civicvote.forms.factors import CodeForm, NewPasskeyForm, PasskeyForm, RecoveryForm, SureForm
from civicvote.services import attempts, factors, sessions
from civicvote.services.factors import Party, apps, codes, passkeys
from civicvote.services.factors.apps import Enrolled
from civicvote.services.factors.passkeys import Ceremony, Taken
from civicvote.views.accounts.own import check_password
from civicvote.web import login
from civicvote.web.access import cookie_name, current_actor, keys, limits, public, requires, settings
from civicvote.web.i18n import language
from civicvote.web.render import is_get, page

bp = Blueprint("factors", __name__)
bp.before_request(login.know_actor)


def _party() -> Party:
    name, origin = login.relying_party()
    return Party(name, origin, settings().called(language()))


def _codes_key() -> bytes:
    return keys().derived("recovery-codes")


def _kept(response: Response, token: str) -> Response:
    login.set_cookie(response, cookie_name(), token, settings().session_absolute)
    return response


def _to_index() -> Response:
    moved: Response = redirect(url_for("factors.index"), 303)  # type: ignore[assignment]  # Flask answers with its own class
    return moved


# --- setting up -----------------------------------------------------------------------------------------------------


@bp.route("/account/security", methods=["GET", "POST"])
@requires(Permission.ACCOUNT_OWN)
def index() -> ResponseReturnValue:
    """What protects the account; a change asks for the password first (the form here)."""
    if login.wanted():
        form_session["then"] = login.wanted()
    actor = current_actor()
    assert actor.id is not None
    form = SureForm()
    if form.validate_on_submit():
        with form.refusing() as ok:
            check_password(form.password.data)
        if ok:
            login.mark_sure(actor.id)
            return _to_index()
    return page(
        "factors/index.html",
        status=200 if is_get() else 422,
        form=form,
        state=factors.state(reader(), actor.id),
        sure=login.is_sure(),
        new_passkey=NewPasskeyForm(name=login.device()),
        passkeys=bool(_party().id),
        then=form_session.get("then"),
    )


def _enrolled(made: Enrolled) -> ResponseReturnValue:
    then = form_session.pop("then", None)
    flash(_("2단계 인증을 등록했습니다. 다음 로그인부터 함께 확인합니다."), "success")
    if made.codes:
        return _kept(page("factors/codes.html", codes=made.codes, then=then), made.token)
    return _kept(redirect(then or url_for("factors.index"), 303), made.token)  # type: ignore[arg-type]


@bp.route("/account/security/app", methods=["GET", "POST"])
@requires(Permission.ACCOUNT_OWN)
def app() -> ResponseReturnValue:
    """The secret as a picture and as text; the first code confirms it."""
    if not login.is_sure():
        return _to_index()
    offer = apps.offer(reader(), current_actor(), box=keys().box, issuer=settings().called(language()))
    form = CodeForm()
    if form.validate_on_submit():
        _spend(current_actor().id)
        with form.refusing() as ok:
            made = apps.confirm(
                session(), current_actor(), form.code.data, box=keys().box, codes_key=_codes_key(), limits=limits()
            )
        if ok:
            return _enrolled(made)
    drawing = segno.make(offer.uri, error="m").svg_inline(scale=5, border=4, light="#ffffff", dark="#000000")
    return page(
        "factors/app.html",
        status=200 if is_get() else 422,
        form=form,
        secret=" ".join(offer.secret[at : at + 4] for at in range(0, len(offer.secret), 4)),
        uri=offer.uri,
        drawing=Markup(drawing),  # noqa: S704 — drawn by segno, no text of anybody in it
    )


@bp.post("/account/security/app/begin")
@requires(Permission.ACCOUNT_OWN)
def app_begin() -> ResponseReturnValue:
    """Make a secret."""
    if not login.is_sure():
        return _to_index()
    apps.begin(session(), current_actor(), box=keys().box)
    return redirect(url_for("factors.app"), 303)


@bp.post("/account/security/app/remove")
@requires(Permission.ACCOUNT_OWN)
def app_remove() -> ResponseReturnValue:
    """Forget the app."""
    if not login.is_sure():
        return _to_index()
    token = apps.remove(session(), current_actor())
    flash(_("인증 앱을 지웠습니다."), "success")
    return _kept(_to_index(), token)


@bp.post("/account/security/codes")
@requires(Permission.ACCOUNT_OWN)
def new_codes() -> ResponseReturnValue:
    """Ten new recovery codes; those of before end."""
    if not login.is_sure():
        return _to_index()
    made = codes.renew(session(), current_actor(), _codes_key())
    return page("factors/codes.html", codes=made, then=None)


@bp.post("/account/security/passkeys/options")
@requires(Permission.ACCOUNT_OWN)
def new_passkey_options() -> ResponseReturnValue:
    """What the browser needs to make a passkey."""
    if not login.is_sure():
        return _to_index()
    return _options(passkeys.begin_registration(session(), current_actor(), party=_party()))


@bp.post("/account/security/passkeys")
@requires(Permission.ACCOUNT_OWN)
def new_passkey() -> ResponseReturnValue:
    """Keep the passkey the browser made."""
    if not login.is_sure():
        return _to_index()
    form = NewPasskeyForm()
    if form.validate_on_submit():
        with form.refusing() as ok:
            made = passkeys.register(
                session(),
                current_actor(),
                _take("register", current_actor().id),
                form.credential.data or "",
                name=form.name.data or login.device() or _("패스키"),
                party=_party(),
                codes_key=_codes_key(),
                limits=limits(),
            )
        if ok:
            return _enrolled(made)
    _say_errors(form)
    return _to_index()


@bp.post("/account/security/passkeys/<uuid:passkey_id>/remove")
@requires(Permission.ACCOUNT_OWN)
def passkey_remove(passkey_id: UUID) -> ResponseReturnValue:
    """Forget a passkey."""
    if not login.is_sure():
        return _to_index()
    token = passkeys.remove(session(), current_actor(), passkey_id)
    flash(_("패스키를 지웠습니다."), "success")
    return _kept(_to_index(), token)


# --- asked for ------------------------------------------------------------------------------------------------------


def _spend(user_id: UUID | None) -> tuple[attempts.Try, attempts.Try]:
    account = login.account_try(attempts.SECOND_FACTOR, str(user_id))
    address = login.address_try(attempts.SECOND_FACTOR)
    login.spend(account, address)
    return account, address


def _options(begun: Ceremony) -> Response:
    form_session["passkey"] = str(begun.id)
    return Response(begun.options, mimetype="application/json")


def _take(purpose: str, user_id: UUID | None) -> Taken:
    """Spend the challenge this browser was given, in a transaction of its own: a wrong answer has used it up too."""
    given = form_session.pop("passkey", "")
    with db.database().transaction() as own:
        return passkeys.take(own, UUID(given) if given else None, purpose, user_id)


def _say_errors(form: PasskeyForm) -> None:
    for messages in form.errors.values():
        for message in messages:
            flash(str(message), "error")


def _subject() -> tuple[UUID, UUID] | None:
    """(session, account) that shows its factor: a sign-in that waits, or a session that has not shown it yet."""
    token = request.cookies.get(login.pending_cookie(), "")
    found = sessions.find_pending(reader(), token) if 20 <= len(token) <= 100 else None
    actor = current_actor()
    if found is None and actor.id and actor.session_id and factors.state(reader(), actor.id).any:
        return actor.session_id, actor.id
    return found


def _to_sign_in() -> ResponseReturnValue:
    flash(_("시간이 지나 처음부터 다시 로그인해야 합니다."), "info")
    return redirect(url_for("accounts.sign_in", next=login.wanted() or None), 303)


def _ask(subject: tuple[UUID, UUID], *, code: CodeForm | None = None, recovery: RecoveryForm | None = None) -> Response:
    then = login.wanted()
    return page(
        "factors/challenge.html",
        status=200 if is_get() else 422,
        state=factors.state(reader(), subject[1]),
        code=code or CodeForm(formdata=None, next=then),
        recovery=recovery or RecoveryForm(formdata=None, next=then),
        passkey=PasskeyForm(formdata=None, next=then),
        passkeys=bool(_party().id),
    )


def _passed(subject: tuple[UUID, UUID], tries: tuple[attempts.Try, attempts.Try]) -> Response:
    attempts.forgive(session(), whole=tries[0], one_of=tries[1])
    token = sessions.pass_challenge(session(), subject[0], limits=limits())
    response = login.entered(token, login.wanted() or url_for("home.mine"))
    login.mark_sure(subject[1])
    return response


@bp.route("/second-factor", methods=["GET", "POST"])
@public
def challenge() -> ResponseReturnValue:
    """After the password: a code of the app."""
    subject = _subject()
    if subject is None:
        return _to_sign_in()
    form = CodeForm(next=login.wanted())
    if form.validate_on_submit():
        tries = _spend(subject[1])
        with form.refusing() as ok:
            apps.show(session(), subject[1], form.code.data, box=keys().box)
        if ok:
            return _passed(subject, tries)
    return _ask(subject, code=form)


@bp.post("/second-factor/recovery")
@public
def challenge_recovery() -> ResponseReturnValue:
    """After the password: one of the ten codes."""
    subject = _subject()
    if subject is None:
        return _to_sign_in()
    form = RecoveryForm()
    if form.validate_on_submit():
        tries = _spend(subject[1])
        with form.refusing() as ok:
            codes.show(session(), subject[1], _codes_key(), form.recovery.data)
        if ok:
            return _passed(subject, tries)
    return _ask(subject, recovery=form)


@bp.post("/second-factor/passkey/options")
@public
def challenge_options() -> ResponseReturnValue:
    """What the browser needs to show a passkey after the password."""
    subject = _subject()
    if subject is None:
        return _to_sign_in()
    return _options(passkeys.begin_second(session(), subject[1], party=_party()))


@bp.post("/second-factor/passkey")
@public
def challenge_passkey() -> ResponseReturnValue:
    """After the password: a passkey."""
    subject = _subject()
    if subject is None:
        return _to_sign_in()
    form = PasskeyForm()
    if form.validate_on_submit():
        tries = _spend(subject[1])
        with form.refusing() as ok:
            passkeys.use(session(), _take("second", subject[1]), form.credential.data or "", party=_party())
        if ok:
            return _passed(subject, tries)
    _say_errors(form)
    return redirect(url_for("factors.challenge", next=login.wanted() or None), 303)


@bp.post("/sign-in/passkey/options")
@public
def sign_in_options() -> ResponseReturnValue:
    """What the browser needs to sign in with a passkey alone."""
    return _options(passkeys.begin_sign_in(session(), party=_party()))


@bp.post("/sign-in/passkey")
@public
def sign_in() -> ResponseReturnValue:
    """A passkey instead of address and password."""
    form = PasskeyForm()
    if form.validate_on_submit():
        address = login.address_try(attempts.SECOND_FACTOR)
        login.spend(address)
        with form.refusing() as ok:
            user_id = passkeys.use(session(), _take("sign-in", None), form.credential.data or "", party=_party())
            attempts.forgive(session(), whole=login.account_try(attempts.SECOND_FACTOR, str(user_id)), one_of=address)
            token = passkeys.sign_in(session(), user_id, device=login.device(), limits=limits(), old=current_actor())
        if ok:
            response = login.entered(token, login.wanted() or url_for("home.mine"))
            login.mark_sure(user_id)
            return response
    _say_errors(form)
    return redirect(url_for("accounts.sign_in", next=login.wanted() or None), 303)
