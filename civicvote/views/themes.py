"""테마토론: the list, one with its five steps, nominations; staff make, open, confirm and take it further.

The candidates are chosen, and the ballot is announced, on the ballot's own pages.
"""

from uuid import UUID

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from civicvote.db import reader, session
from civicvote.domain.deliberation import RoundKind
from civicvote.domain.paging import Cursor
from civicvote.domain.permissions import Permission as P
from civicvote.domain.themes import THEME_STEPS, Target
from civicvote.forms.themes import ConfirmForm, NominationForm, PromoteForm, ThemeForm
from civicvote.services.deliberation import theme_pages, themes
from civicvote.services.deliberation.rounds import View
from civicvote.views.forums.kinds import page_of
from civicvote.web.access import current_actor, public, requires
from civicvote.web.render import done, page

bp = Blueprint("themes", __name__, url_prefix="/themes")


@bp.get("/")
@public
def index() -> ResponseReturnValue:
    """Every 테마토론, the newest first."""
    found = theme_pages.listing(session(), current_actor(), cursor=Cursor.decode(request.args.get("after", "")))
    more = url_for("themes.index", after=found.next.encode()) if found.next else ""
    return page("themes/index.html", rows=found.rows, more=more, words=THEME_STEPS)


@bp.route("/new", methods=["GET", "POST"])
@requires(P.FORUM_APPROVE)
def new() -> ResponseReturnValue:
    """Make one, with all its windows."""
    form = ThemeForm()
    if form.validate_on_submit():
        with form.refusing() as well:
            made = themes.create(session(), current_actor(), form.plan)
        if well:
            flash(_("테마토론을 만들었습니다. 살펴본 뒤 공개해 주십시오."), "success")
            return done(url_for("themes.detail", forum_id=made.id))
    return page("themes/edit.html", status=422 if form.is_submitted() else 200, form=form)


def _detail(forum_id: UUID, form: NominationForm | None = None, *, status: int = 200) -> ResponseReturnValue:
    cursor = Cursor.decode(request.args.get("after", ""))
    view = theme_pages.show(reader(), current_actor(), forum_id, cursor=cursor)
    following = view.nominations.next
    return page(
        "themes/detail.html",
        status=status,
        view=view,
        form=form or NominationForm(formdata=None),
        words=THEME_STEPS,
        more=url_for("themes.detail", forum_id=forum_id, after=following.encode()) if following else "",
    )


@bp.get("/<uuid:forum_id>")
@public
def detail(forum_id: UUID) -> ResponseReturnValue:
    """The five steps, and what can be done now."""
    return _detail(forum_id)


@page_of(RoundKind.NOMINATIONS)
def in_forum(view: View) -> ResponseReturnValue:
    """Nominations stand on the page of their 테마토론."""
    return redirect(url_for("themes.detail", forum_id=view.forum.id) + "#candidates", 303)


def _back(forum_id: UUID, said: str) -> ResponseReturnValue:
    flash(said, "success")
    return done(url_for("themes.detail", forum_id=forum_id))


@bp.post("/<uuid:forum_id>/open")
@requires(P.FORUM_APPROVE)
def publish(forum_id: UUID) -> ResponseReturnValue:
    """Open it to everybody."""
    themes.publish(session(), current_actor(), forum_id)
    return _back(forum_id, _("테마토론을 공개했습니다."))


@bp.post("/<uuid:forum_id>/nominations")
def nominate(forum_id: UUID) -> ResponseReturnValue:
    """Nominate a theme."""
    form = NominationForm()
    if not form.validate_on_submit():
        return _detail(forum_id, form, status=422)
    with form.refusing(haste=True) as well:
        themes.nominate(
            session(),
            current_actor(),
            forum_id,
            title=form.title.data or "",
            reason=form.reason.data or "",
            form_key=form.key,
        )
    return _back(forum_id, _("후보를 접수했습니다.")) if well else _detail(forum_id, form, status=422)


@bp.post("/<uuid:forum_id>/nominations/<uuid:post_id>/support")
def support(forum_id: UUID, post_id: UUID) -> ResponseReturnValue:
    """추천, or no longer."""
    on = request.form.get("on", "1") == "1"
    themes.support(session(), current_actor(), forum_id, post_id, on=on)
    return _back(forum_id, _("추천했습니다.") if on else _("추천을 거두었습니다."))


@bp.route("/<uuid:forum_id>/confirm", methods=["GET", "POST"])
@requires(P.FORUM_APPROVE)
def confirm(forum_id: UUID) -> ResponseReturnValue:
    """확정: what the published count chose."""
    form = ConfirmForm()
    if form.is_submitted():
        themes.confirm(session(), current_actor(), forum_id, option_id=form.key)
        return _back(forum_id, _("주제를 확정했습니다. 토론이 정해진 때에 시작됩니다."))
    view = theme_pages.show(session(), current_actor(), forum_id)
    return page("themes/confirm.html", view=view, form=form)


@bp.route("/<uuid:forum_id>/promote", methods=["GET", "POST"])
@requires(P.FORUM_APPROVE)
def promote(forum_id: UUID) -> ResponseReturnValue:
    """Take the conclusion to a proposal, a question or a budget's agenda."""
    view = theme_pages.promotion(reader(), current_actor(), forum_id)
    form = PromoteForm().offer(view)
    if form.validate_on_submit():
        with form.refusing() as well:
            themes.promote(
                session(),
                current_actor(),
                forum_id,
                Target(form.target.data),
                department_id=form.department_id,
                cycle_id=form.cycle_id,
            )
        if well:
            return _back(forum_id, _("다음 단계로 이었습니다."))
    return page("themes/promote.html", status=422 if form.is_submitted() else 200, view=view, form=form)
