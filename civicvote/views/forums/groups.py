"""Participant groups: who a season's or a table's round is for."""

from uuid import UUID

from flask import flash, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from civicvote.db import session
from civicvote.domain.permissions import Permission as P
from civicvote.forms.forums import EmailsForm, GroupForm
from civicvote.services.deliberation import groups
from civicvote.views.forums.blueprint import bp
from civicvote.web.access import current_actor, requires
from civicvote.web.render import done, page


@bp.route("/forums/groups", methods=["GET", "POST"])
@requires(P.FORUM_APPROVE)
def group_list() -> ResponseReturnValue:
    """Every group, and a form for another."""
    form = GroupForm.offered()
    if form.validate_on_submit():
        with form.refusing() as ok:
            made = groups.create(session(), current_actor(), name=form.name.data or "", kind=form.kind.data or "")
        if ok:
            flash(_("모둠을 만들었습니다. 이제 참여자를 넣어 주십시오."), "success")
            return done(url_for("forums.group", group_id=made.id))
    status = 422 if form.is_submitted() else 200
    rows = groups.listing(session(), current_actor())
    return page("forums/groups.html", status=status, form=form, rows=rows, kinds=groups.KINDS)


@bp.route("/forums/groups/<uuid:group_id>", methods=["GET", "POST"])
@requires(P.FORUM_APPROVE)
def group(group_id: UUID) -> ResponseReturnValue:
    """A group's people. A pasted list is answered line by line on the same page; the addresses are kept nowhere."""
    found = groups.get(session(), current_actor(), group_id)
    form, report = EmailsForm(), []
    failed = False
    if form.is_submitted():
        failed = not form.validate()
        if not failed:
            with form.refusing() as ok:
                report = groups.add(session(), current_actor(), group_id, form.emails.data or "")
            failed = not ok
    return page(
        "forums/group.html",
        status=422 if failed else 200,
        form=form if failed else EmailsForm(formdata=None),
        group=found,
        report=report,
        results=groups.RESULTS,
        kinds=groups.KINDS,
        people=groups.members(session(), current_actor(), group_id),
    )


@bp.post("/forums/groups/<uuid:group_id>/people/<uuid:user_id>/remove")
@requires(P.FORUM_APPROVE)
def remove_member(group_id: UUID, user_id: UUID) -> ResponseReturnValue:
    """Take somebody out of a group."""
    groups.remove(session(), current_actor(), group_id, user_id)
    flash(_("모둠에서 뺐습니다."), "success")
    return done(url_for("forums.group", group_id=group_id))
