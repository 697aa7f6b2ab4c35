"""The rounds editor, and what may still change once a round has begun: extension, hold, resumption."""

from uuid import UUID

from flask import flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from civicvote.db import session
from civicvote.domain.permissions import Permission as P
from civicvote.forms.forums import ExtendForm, PublicReasonForm, RoundForm
from civicvote.models.deliberation import Forum
from civicvote.services.deliberation import access, groups, schedule
from civicvote.views.forums.blueprint import bp
from civicvote.web.access import current_actor, requires
from civicvote.web.render import done, page


def _form(held: Forum) -> RoundForm:
    form = RoundForm()
    actor = current_actor()
    form.offer(schedule.kinds_for(held), groups.listing(session(), actor) if actor.can(P.FORUM_DRAFT) else [])
    return form


@bp.route("/forums/<uuid:forum_id>/rounds/new", methods=["GET", "POST"])
@requires(P.FORUM_DRAFT, P.FORUM_MODERATE)
def add_round(forum_id: UUID) -> ResponseReturnValue:
    """Add a round."""
    held = schedule.plannable(session(), current_actor(), forum_id)
    form = _form(held)
    if form.validate_on_submit():
        with form.refusing() as ok:
            schedule.add(session(), current_actor(), forum_id, form.plan())
        if ok:
            flash(_("순서를 넣었습니다."), "success")
            return done(url_for("forums.detail", forum_id=forum_id) + "#rounds")
    return page("forums/round_edit.html", status=422 if form.is_submitted() else 200, form=form, f=held, found=None)


@bp.route("/rounds/<uuid:round_id>/edit", methods=["GET", "POST"])
@requires(P.FORUM_DRAFT, P.FORUM_MODERATE)
def edit_round(round_id: UUID) -> ResponseReturnValue:
    """Change a round before it begins."""
    found, held = schedule.changeable(session(), current_actor(), round_id)
    form = _form(held)
    if not form.is_submitted():
        form.show(found)
    if form.validate_on_submit():
        with form.refusing() as ok:
            schedule.edit(session(), current_actor(), round_id, form.plan(), version=form.seen)
        if ok:
            flash(_("저장했습니다."), "success")
            return done(url_for("forums.detail", forum_id=held.id) + "#rounds")
    return page("forums/round_edit.html", status=422 if form.is_submitted() else 200, form=form, f=held, found=found)


@bp.post("/rounds/<uuid:round_id>/remove")
@requires(P.FORUM_DRAFT, P.FORUM_MODERATE)
def remove_round(round_id: UUID) -> ResponseReturnValue:
    """Take a round out of the draft."""
    _found, held = schedule.changeable(session(), current_actor(), round_id)
    schedule.remove(session(), current_actor(), round_id)
    flash(_("순서를 지웠습니다."), "success")
    return done(url_for("forums.detail", forum_id=held.id) + "#rounds")


@bp.post("/rounds/<uuid:round_id>/shift")
@requires(P.FORUM_DRAFT, P.FORUM_MODERATE)
def shift_round(round_id: UUID) -> ResponseReturnValue:
    """Move a round up or down."""
    found = schedule.shift(session(), current_actor(), round_id, up=request.form.get("up") == "1")
    return done(url_for("forums.detail", forum_id=found.forum_id) + "#rounds")


@bp.route("/rounds/<uuid:round_id>/extend", methods=["GET", "POST"])
@requires(P.FORUM_MODERATE)
def extend_round(round_id: UUID) -> ResponseReturnValue:
    """Give a round more time, with a public reason."""
    found, held = access.round_of(session(), current_actor(), round_id)
    access.require_moderator(session(), current_actor(), held.id)
    form = ExtendForm()
    if not form.is_submitted():
        form.closes_at.data = found.closes_at
    if form.validate_on_submit() and form.closes_at.data is not None:
        with form.refusing() as ok:
            schedule.extend(
                session(),
                current_actor(),
                round_id,
                closes_at=form.closes_at.data,
                reason=form.reason.data or "",
            )
        if ok:
            flash(_("연장했습니다. 전의 마감과 이유가 함께 보이고, 참여한 사람에게 알립니다."), "success")
            return done(url_for("forums.round", round_id=round_id))
    status = 422 if form.is_submitted() else 200
    return page("forums/extend.html", status=status, form=form, found=found, f=held)


@bp.route("/rounds/<uuid:round_id>/hold", methods=["GET", "POST"])
@requires(P.FORUM_MODERATE)
def hold_round(round_id: UUID) -> ResponseReturnValue:
    """Hold a round, or end the hold, with a public reason."""
    found, held = access.round_of(session(), current_actor(), round_id)
    access.require_moderator(session(), current_actor(), held.id)
    form = PublicReasonForm()
    on_hold = found.held_at is not None
    if form.validate_on_submit():
        deed = schedule.resume if on_hold else schedule.hold
        with form.refusing() as ok:
            deed(session(), current_actor(), round_id, reason=form.reason.data or "")
        if ok:
            flash(_("다시 엽니다.") if on_hold else _("보류했습니다. 이유가 공개됩니다."), "success")
            return done(url_for("forums.round", round_id=round_id))
    status = 422 if form.is_submitted() else 200
    return page("forums/hold.html", status=status, form=form, found=found, f=held)
