"""How a forum ends: the conclusion, the department's answer, and links to what comes after."""

from uuid import UUID

from flask import flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from civicvote.db import session
from civicvote.domain.deliberation import ForumKind, Reflection
from civicvote.domain.errors import InvalidError
from civicvote.domain.messages import msg
from civicvote.domain.permissions import Permission as P
from civicvote.forms.forums import ConcludeForm, LinkForm, ReflectForm
from civicvote.services.deliberation import access, conclusion, links
from civicvote.views.forums.blueprint import bp
from civicvote.web.access import current_actor, requires
from civicvote.web.render import done, page


@bp.route("/forums/<uuid:forum_id>/conclude", methods=["GET", "POST"])
@requires(P.FORUM_MODERATE)
def conclude(forum_id: UUID) -> ResponseReturnValue:
    """Publish the conclusion."""
    held, over = conclusion.concludable(session(), current_actor(), forum_id)
    form = ConcludeForm()
    if form.validate_on_submit():
        with form.refusing() as ok:
            conclusion.conclude(
                session(), current_actor(), forum_id, text=form.text.data or "", reason=form.reason.data or ""
            )
        if ok:
            flash(_("결론을 공개했습니다. 참여한 사람에게 알립니다."), "success")
            return done(url_for("forums.detail", forum_id=forum_id))
    status = 422 if form.is_submitted() else 200
    return page("forums/conclude.html", status=status, form=form, f=held, over=over)


@bp.route("/forums/<uuid:forum_id>/answer", methods=["GET", "POST"])
def answer(forum_id: UUID) -> ResponseReturnValue:
    """The department says what it did with the conclusion."""
    held = conclusion.answerable(session(), current_actor(), forum_id)
    form = ReflectForm.offered()
    if form.validate_on_submit():
        with form.refusing() as ok:
            conclusion.answer(
                session(),
                current_actor(),
                forum_id,
                reflection=Reflection(form.reflection.data),
                text=form.text.data or "",
            )
        if ok:
            flash(_("반영 결과를 공개했습니다. 참여한 사람에게 알립니다."), "success")
            return done(url_for("forums.detail", forum_id=forum_id))
    return page("forums/answer.html", status=422 if form.is_submitted() else 200, form=form, f=held)


@bp.route("/forums/<uuid:forum_id>/links", methods=["GET", "POST"])
@requires(P.FORUM_MODERATE)
def manage_links(forum_id: UUID) -> ResponseReturnValue:
    """What came before and after."""
    held = access.forum(session(), current_actor(), forum_id)
    access.require_moderator(session(), current_actor(), forum_id)
    form = LinkForm()
    if form.validate_on_submit():
        with form.refusing() as ok:
            links.add(
                session(),
                current_actor(),
                forum_id,
                after=form.after.data == "1",
                label=form.label.data or "",
                url=form.url.data or "",
            )
        if ok:
            flash(_("연결을 넣었습니다."), "success")
            return done(url_for("forums.manage_links", forum_id=forum_id))
    status = 422 if form.is_submitted() else 200
    rows = links.of(session(), forum_id)
    return page("forums/links.html", status=status, form=form, f=held, links=rows)


@bp.post("/forums/<uuid:forum_id>/links/<uuid:link_id>/remove")
@requires(P.FORUM_MODERATE)
def remove_link(forum_id: UUID, link_id: UUID) -> ResponseReturnValue:
    """Take a link away."""
    links.remove(session(), current_actor(), forum_id, link_id)
    flash(_("연결을 지웠습니다."), "success")
    return done(url_for("forums.manage_links", forum_id=forum_id))


@bp.post("/forums/<uuid:forum_id>/promote")
@requires(P.FORUM_APPROVE)
def promote(forum_id: UUID) -> ResponseReturnValue:
    """Begin the next forum with what this one came to."""
    wanted = request.form.get("kind", "")
    if wanted not in {ForumKind.QUESTION, ForumKind.DEBATE}:
        raise InvalidError(msg("무엇으로 이을지 골라 주십시오."))
    made = links.promote(session(), current_actor(), forum_id, ForumKind(wanted))
    flash(_("결론을 담은 초안을 만들었습니다. 내용을 다듬고 순서를 넣어 주십시오."), "success")
    return done(url_for("forums.detail", forum_id=made.id))
