"""종합: the sections, what participants say about each, and the moderator's revisions."""

from uuid import UUID

from flask import flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from civicvote.db import session
from civicvote.domain.deliberation import RoundKind
from civicvote.domain.permissions import Permission as P
from civicvote.forms.forums import SayForm, SectionForm
from civicvote.forms.projects import cursor_from
from civicvote.models.base import new_id
from civicvote.services.deliberation import access, rounds, saying, synthesis
from civicvote.views.forums.blueprint import bp
from civicvote.views.forums.kinds import page_of
from civicvote.views.forums.rounds import said
from civicvote.web.access import current_actor, public, requires
from civicvote.web.render import done, page


@page_of(RoundKind.SYNTHESIS)
def show(view: rounds.View) -> ResponseReturnValue:
    """The whole synthesis as it stands."""
    return page("forums/synthesis.html", view=view, parts=synthesis.parts(session(), view.round.id))


def _section(section_id: UUID, form: SayForm | None = None) -> ResponseReturnValue:
    part, found, _held = synthesis.section(session(), current_actor(), section_id)
    heard = synthesis.annotations(session(), found.id, section_id, cursor_from(request.args))
    more = url_for("forums.section", section_id=section_id, cursor=heard.next.encode()) if heard.next else ""
    return page(
        "forums/section.html",
        status=422 if form else 200,
        view=rounds.view(session(), current_actor(), found.id),
        part=part,
        heard=heard,
        form=form,
        fresh=new_id,
        revisions=synthesis.revisions(session(), section_id),
        next_url=more,
    )


@bp.get("/rounds/sections/<uuid:section_id>")
@public
def section(section_id: UUID) -> ResponseReturnValue:
    """A section, its earlier versions, and what people say about it."""
    return _section(section_id)


@bp.post("/rounds/sections/<uuid:section_id>/annotations")
def annotate(section_id: UUID) -> ResponseReturnValue:
    """Say something about a section."""
    form = SayForm()
    if form.validate():
        with form.refusing(haste=True) as ok:
            made = saying.annotate(session(), current_actor(), section_id, body=form.body.data or "", form_key=form.key)
        if ok:
            return said(made, _("의견을 올렸습니다."), url_for("forums.section", section_id=section_id))
    return _section(section_id, form)


@bp.route("/rounds/<uuid:round_id>/sections/new", methods=["GET", "POST"])
@requires(P.FORUM_MODERATE)
def add_section(round_id: UUID) -> ResponseReturnValue:
    """Add a section."""
    _found, held = access.round_of(session(), current_actor(), round_id)
    access.require_moderator(session(), current_actor(), held.id)
    form = SectionForm()
    if form.validate_on_submit():
        with form.refusing() as ok:
            synthesis.add(
                session(), current_actor(), round_id, heading=form.heading.data or "", body=form.body.data or ""
            )
        if ok:
            flash(_("종합안에 넣었습니다."), "success")
            return done(url_for("forums.round", round_id=round_id))
    view = rounds.view(session(), current_actor(), round_id)
    return page("forums/section_edit.html", status=422 if form.is_submitted() else 200, form=form, view=view, part=None)


@bp.route("/rounds/sections/<uuid:section_id>/edit", methods=["GET", "POST"])
@requires(P.FORUM_MODERATE)
def revise_section(section_id: UUID) -> ResponseReturnValue:
    """Publish a new version of a section."""
    part, found, held = synthesis.section(session(), current_actor(), section_id)
    access.require_moderator(session(), current_actor(), held.id)
    form = SectionForm()
    if not form.is_submitted():
        form.show(part)
    if form.validate_on_submit():
        with form.refusing() as ok:
            synthesis.revise(
                session(),
                current_actor(),
                section_id,
                heading=form.heading.data or "",
                body=form.body.data or "",
                version=form.seen,
            )
        if ok:
            flash(_("새 판을 공개했습니다. 앞의 판도 그대로 볼 수 있습니다."), "success")
            return done(url_for("forums.section", section_id=section_id))
    view = rounds.view(session(), current_actor(), found.id)
    return page("forums/section_edit.html", status=422 if form.is_submitted() else 200, form=form, view=view, part=part)


@bp.post("/rounds/annotations/<uuid:post_id>/take-up")
@requires(P.FORUM_MODERATE)
def take_up(post_id: UUID) -> ResponseReturnValue:
    """반영: mark an annotation as taken up."""
    part = synthesis.take_up(session(), current_actor(), post_id, note=request.form.get("note", ""))
    flash(_("반영한 의견으로 표시했습니다."), "success")
    return done(url_for("forums.section", section_id=part.id))
