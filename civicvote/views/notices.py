"""The inbox, the choices of mail, and the links in letters that stop it."""

from uuid import UUID

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from civicvote.db import session
from civicvote.domain.paging import Cursor
from civicvote.domain.permissions import Permission
from civicvote.forms.notices import ChoiceForm, unread_from, until_from
from civicvote.services.notices import inbox, wishes
from civicvote.web.access import current_actor, keys, one_click, public, requires, safe_next
from civicvote.web.render import done, is_get, page

bp = Blueprint("notices", __name__, url_prefix="/notices")


@bp.get("")
@requires(Permission.ACCOUNT_OWN)
def index() -> ResponseReturnValue:
    """What one was told, newest first."""
    unread = unread_from(request.args)
    cursor = Cursor.decode(request.args.get("cursor", ""))
    found = inbox.listing(session(), current_actor(), unread=unread, cursor=cursor)
    only = "1" if unread else None
    return page(
        "notices/index.html",
        partial="notices/_list.html",
        found=found,
        unread=unread,
        first=cursor is None,
        next_url=url_for("notices.index", unread=only, cursor=found.next.encode()) if found.next else "",
    )


@bp.post("/read-all")
@requires(Permission.ACCOUNT_OWN)
def read_all() -> ResponseReturnValue:
    """All of it read, up to what the page showed."""
    inbox.read_all(session(), current_actor(), until=until_from(request.form))
    flash(_("모두 읽은 것으로 표시했습니다."), "success")
    return done(url_for("notices.index"))


@bp.post("/<uuid:notice_id>/read")
@requires(Permission.ACCOUNT_OWN)
def read(notice_id: UUID) -> ResponseReturnValue:
    """One of them read, and back to the list."""
    inbox.read(session(), current_actor(), notice_id)
    return done(url_for("notices.index", unread="1" if unread_from(request.form) else None))


@bp.post("/<uuid:notice_id>/go")
@requires(Permission.ACCOUNT_OWN)
def go(notice_id: UUID) -> ResponseReturnValue:
    """One of them read, and on to what it is about."""
    path = inbox.read(session(), current_actor(), notice_id)
    return redirect(safe_next(path) or url_for("notices.index"), 303)


@bp.route("/settings", methods=["GET", "POST"])
@requires(Permission.ACCOUNT_OWN)
def settings() -> ResponseReturnValue:
    """How each kind comes by mail."""
    mine = wishes.wishes(session(), current_actor())
    form = ChoiceForm(mine.modes)
    if form.validate_on_submit():
        with form.refusing() as ok:
            wishes.choose(session(), current_actor(), form.modes())
        if ok:
            flash(_("저장했습니다."), "success")
            return redirect(url_for("notices.settings"), 303)
    return page("notices/settings.html", status=200 if is_get() else 422, form=form, wishes=mine)


@bp.post("/settings/all")
@requires(Permission.ACCOUNT_OWN)
def switch() -> ResponseReturnValue:
    """All mail off, or on again."""
    on = request.form.get("on") == "1"
    wishes.switch_all(session(), current_actor(), on=on)
    flash(_("알림 메일을 다시 보내 드립니다.") if on else _("알림 메일을 모두 껐습니다."), "success")
    return redirect(url_for("notices.settings"), 303)


@bp.route("/unsubscribe/<token>", methods=["GET", "POST"])
@public
@one_click
def unsubscribe(token: str) -> ResponseReturnValue:
    """The link of a letter, for whoever holds it: a page with buttons, and what mail programs send by themselves."""
    key = keys().derived("unsubscribe")
    wish = request.form.get("wish", "off")
    if not is_get():
        wishes.unsubscribe(session(), key, token, everything=wish.startswith("all-"), on=wish.endswith("on"))
        if "wish" in request.form:
            return redirect(url_for("notices.unsubscribe", token=token, done="1"), 303)
    found = wishes.link(session(), key, token)
    return page("notices/unsubscribe.html", link=found, token=token, done=not is_get() or "done" in request.args)
