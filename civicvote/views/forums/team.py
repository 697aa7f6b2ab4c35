"""Who runs a forum, and who answers questions in it."""

from uuid import UUID

from flask import flash, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from civicvote.db import session
from civicvote.domain.permissions import Permission as P
from civicvote.domain.permissions import Role
from civicvote.forms.forums import TeamForm
from civicvote.forms.projects import key_of
from civicvote.models.base import new_id
from civicvote.services.deliberation import access, experts
from civicvote.views.forums.blueprint import bp
from civicvote.web.access import current_actor, requires
from civicvote.web.render import done, page


def _team(forum_id: UUID, sent: TeamForm | None = None, *, expert: bool = False) -> ResponseReturnValue:
    held = access.forum(session(), current_actor(), forum_id)
    found = experts.team(session(), forum_id)
    forms = {}
    for name, role, named in (
        ("moderators", Role.MODERATOR, found.moderators),
        ("experts", Role.EXPERT, found.experts),
    ):
        mine = sent is not None and expert == (role is Role.EXPERT)
        form = sent if mine and sent is not None else TeamForm(formdata=None, prefix=name)
        form.offer(experts.candidates(session(), role, named), expert=role is Role.EXPERT)
        forms[name] = form
    return page("forums/team.html", status=422 if sent else 200, f=held, team=found, **forms)


@bp.get("/forums/<uuid:forum_id>/team")
@requires(P.FORUM_APPROVE)
def team(forum_id: UUID) -> ResponseReturnValue:
    """Moderators and experts of a forum."""
    return _team(forum_id)


@bp.post("/forums/<uuid:forum_id>/team/moderators")
@requires(P.FORUM_APPROVE)
def name_moderator(forum_id: UUID) -> ResponseReturnValue:
    """Name a moderator."""
    form = TeamForm(prefix="moderators")
    if form.validate():
        with form.refusing() as ok:
            experts.name_moderator(session(), current_actor(), forum_id, key_of(form.user.data) or new_id())
        if ok:
            flash(_("모더레이터로 지정했습니다. 본인에게 알립니다."), "success")
            return done(url_for("forums.team", forum_id=forum_id))
    return _team(forum_id, form)


@bp.post("/forums/<uuid:forum_id>/team/experts")
@requires(P.FORUM_APPROVE)
def name_expert(forum_id: UUID) -> ResponseReturnValue:
    """Name an expert and the field."""
    form = TeamForm(prefix="experts")
    if form.validate():
        with form.refusing() as ok:
            experts.name_expert(
                session(),
                current_actor(),
                forum_id,
                key_of(form.user.data) or new_id(),
                field=form.field.data or "",
            )
        if ok:
            flash(_("전문가로 지정했습니다. 본인에게 알립니다."), "success")
            return done(url_for("forums.team", forum_id=forum_id))
    return _team(forum_id, form, expert=True)


@bp.post("/forums/<uuid:forum_id>/team/<uuid:user_id>/release")
@requires(P.FORUM_APPROVE)
def release(forum_id: UUID, user_id: UUID) -> ResponseReturnValue:
    """Name somebody no longer."""
    experts.release(session(), current_actor(), forum_id, user_id)
    flash(_("지정을 풀었습니다."), "success")
    return done(url_for("forums.team", forum_id=forum_id))
