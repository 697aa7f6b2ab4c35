"""Making a forum: its draft, its options, and the moves from draft to open."""

from uuid import UUID

from flask import flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from civicvote.db import session
from civicvote.domain.deliberation import FORUM_KINDS, ForumKind
from civicvote.domain.errors import InvalidError
from civicvote.domain.lifecycles import FORUM
from civicvote.domain.messages import msg
from civicvote.domain.permissions import Permission as P
from civicvote.forms.forums import ForumForm, OptionsForm, PublicReasonForm
from civicvote.models.deliberation import Forum
from civicvote.services.deliberation import making, options
from civicvote.views.forums.blueprint import bp
from civicvote.web.access import current_actor, requires
from civicvote.web.i18n import say
from civicvote.web.render import done, page


def _form(forum: Forum | None = None) -> ForumForm:
    form = ForumForm()
    kinds = [forum.kind] if forum else making.kinds_for(current_actor())
    departments = making.departments(session()) if current_actor().can(P.FORUM_APPROVE) else []
    form.offer(((one.value, say(FORUM_KINDS[one])) for one in kinds), departments)
    return form


@bp.route("/forums/new", methods=["GET", "POST"])
@requires(P.FORUM_DRAFT)
def new() -> ResponseReturnValue:
    """Begin a draft."""
    form = _form()
    wanted = request.args.get("kind", "")
    if not form.is_submitted() and wanted in set(ForumKind):
        form.kind.data = wanted
    if form.validate_on_submit():
        kind = str(form.kind.data or "")
        if kind not in set(ForumKind):
            raise InvalidError(msg("종류를 골라 주십시오."))
        with form.refusing() as ok:
            made = making.draft(session(), current_actor(), ForumKind(kind), form.content())
        if ok:
            flash(_("초안을 저장했습니다. 이제 순서를 넣어 주십시오."), "success")
            return done(url_for("forums.detail", forum_id=made.id))
    return page("forums/edit.html", status=422 if form.is_submitted() else 200, form=form, forum=None)


@bp.route("/forums/<uuid:forum_id>/edit", methods=["GET", "POST"])
@requires(P.FORUM_DRAFT)
def edit(forum_id: UUID) -> ResponseReturnValue:
    """Change the draft."""
    found = making.editable(session(), current_actor(), forum_id)
    form = _form(found)
    if not form.is_submitted():
        form.show(found)
    if form.validate_on_submit():
        with form.refusing() as ok:
            making.edit(session(), current_actor(), forum_id, form.content(), version=form.seen)
        if ok:
            flash(_("저장했습니다."), "success")
            return done(url_for("forums.detail", forum_id=forum_id))
    return page("forums/edit.html", status=422 if form.is_submitted() else 200, form=form, forum=found)


@bp.route("/forums/<uuid:forum_id>/options", methods=["GET", "POST"])
@requires(P.FORUM_DRAFT)
def write_options(forum_id: UUID) -> ResponseReturnValue:
    """The options of 서울시가 묻습니다."""
    found = making.editable(session(), current_actor(), forum_id)
    form = OptionsForm()
    if not form.is_submitted():
        form.options.data = "\n".join(one.text for one in options.of(session(), forum_id))
    if form.validate_on_submit():
        with form.refusing() as ok:
            options.write(session(), current_actor(), forum_id, form.lines)
        if ok:
            flash(_("선택지를 저장했습니다."), "success")
            return done(url_for("forums.detail", forum_id=forum_id))
    return page("forums/options.html", status=422 if form.is_submitted() else 200, form=form, f=found)


SAID = {
    "submit": msg("승인을 요청했습니다. 다른 담당자가 확인하고 공개합니다."),
    "return": msg("돌려보냈습니다. 만든 사람에게 이유를 알렸습니다."),
    "approve": msg("승인하고 공개했습니다. 순서는 정한 때에 저절로 열리고 닫힙니다."),
    "open": msg("공개했습니다. 순서는 정한 때에 저절로 열리고 닫힙니다."),
    "cancel": msg("취소했습니다. 이유가 공개됩니다."),
}


@bp.route("/forums/<uuid:forum_id>/moves/<name>", methods=["GET", "POST"])
@requires(P.FORUM_DRAFT)
def move(forum_id: UUID, name: str) -> ResponseReturnValue:
    """Make one of the makers' moves; a page of its own asks for the reason, or says what is about to happen."""
    found = making.movable(session(), current_actor(), forum_id, name)
    row = FORUM.move(name)
    form = PublicReasonForm()
    if form.is_submitted() and (not row.needs_reason or form.validate()):
        with form.refusing() as ok:
            making.move(session(), current_actor(), forum_id, name, reason=form.reason.data or "")
        if ok:
            flash(say(SAID[name]), "success")
            return done(url_for("forums.detail", forum_id=forum_id))
    status = 422 if form.is_submitted() else 200
    return page("forums/move.html", status=status, form=form, f=found, row=row)
