"""A moderator's decisions."""

from uuid import UUID

from flask import flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from civicvote.db import session
from civicvote.domain.discussion import HIDE_REASONS
from civicvote.domain.permissions import Permission as P
from civicvote.forms.moderation import CloseForm, DecideForm, HideForm, MergeForm
from civicvote.forms.projects import key_of
from civicvote.services.moderation import appeals, deciding
from civicvote.services.proposals import moves
from civicvote.views.moderation.blueprint import bp
from civicvote.views.moderation.queue import appeal_page, post_page
from civicvote.web.access import current_actor, requires, safe_next
from civicvote.web.render import done, page

#: Posts let through by one press.
MOST = 50


def _back(post_id: UUID) -> str:
    return safe_next(request.form.get("back")) or url_for("moderation.post", post_id=post_id)


@bp.post("/release")
@requires(P.POST_MODERATE, P.FORUM_APPROVE)
def release_some() -> ResponseReturnValue:
    """Let the ticked posts be read: all of them, or none."""
    keys = [key for text in request.form.getlist("ids")[:MOST] if (key := key_of(text))]
    for key in sorted(set(keys)):
        deciding.release(session(), current_actor(), key)
    flash(_("글 %(n)s개를 공개했습니다.", n=len(set(keys))), "success")
    return done(safe_next(request.form.get("back")) or url_for("moderation.index"))


@bp.post("/posts/<uuid:post_id>/release")
@requires(P.POST_MODERATE, P.FORUM_APPROVE)
def release(post_id: UUID) -> ResponseReturnValue:
    """Let a post be read, or set its reports aside."""
    deciding.release(session(), current_actor(), post_id)
    flash(_("글을 공개했습니다."), "success")
    return done(_back(post_id))


@bp.post("/posts/<uuid:post_id>/hide")
@requires(P.POST_MODERATE, P.FORUM_APPROVE)
def hide(post_id: UUID) -> ResponseReturnValue:
    """Hide a post."""
    form = HideForm()
    form.offer()
    if form.validate():
        with form.refusing() as ok:
            deciding.hide(session(), current_actor(), post_id, code=form.chosen, reason=form.reason.data or "")
        if ok:
            flash(_("글을 숨겼습니다. 쓴 사람에게 이유와 이의제기 방법을 알립니다."), "success")
            return done(_back(post_id))
    return post_page(post_id, hide=form)


@bp.post("/posts/<uuid:post_id>/pin")
@requires(P.POST_MODERATE, P.FORUM_APPROVE)
def pin(post_id: UUID) -> ResponseReturnValue:
    """Let it stand on top, or no longer."""
    deciding.pin(session(), current_actor(), post_id, on=request.form.get("on") != "0")
    flash(_("처리했습니다."), "success")
    return done(_back(post_id))


@bp.post("/posts/<uuid:post_id>/merge")
@requires(P.POST_MODERATE, P.FORUM_APPROVE)
def merge(post_id: UUID) -> ResponseReturnValue:
    """Merge it into another."""
    form = MergeForm()
    if form.validate():
        with form.refusing() as ok:
            deciding.merge(session(), current_actor(), post_id, form.target_id or post_id)
        if ok:
            flash(_("두 글을 합쳤습니다. 쓴 사람들에게 알립니다."), "success")
            return done(_back(post_id))
    return post_page(post_id, merge=form)


@bp.post("/posts/<uuid:post_id>/close-thread")
@requires(P.POST_MODERATE, P.FORUM_APPROVE)
def close(post_id: UUID) -> ResponseReturnValue:
    """Close the conversation the post stands in."""
    form = CloseForm()
    if form.validate():
        with form.refusing() as ok:
            post, _thread = deciding.moderated(session(), current_actor(), post_id)
            deciding.close_thread(session(), current_actor(), post.thread_id, reason=form.closing.data or "")
        if ok:
            flash(_("대화를 닫았습니다."), "success")
            return done(_back(post_id))
    return post_page(post_id, close=form)


@bp.post("/threads/<uuid:thread_id>/reopen")
@requires(P.POST_MODERATE, P.FORUM_APPROVE)
def reopen(thread_id: UUID) -> ResponseReturnValue:
    """Open a closed conversation again."""
    found = deciding.reopen_thread(session(), current_actor(), thread_id)
    flash(_("대화를 다시 열었습니다."), "success")
    return done(found.path)


@bp.route("/proposals/<uuid:proposal_id>", methods=["GET", "POST"])
@requires(P.POST_MODERATE)
def proposal(proposal_id: UUID) -> ResponseReturnValue:
    """Hide a proposal."""
    form = HideForm()
    form.offer()
    found = moves.visible(session(), current_actor(), proposal_id)
    if request.method == "POST" and form.validate():
        with form.refusing() as ok:
            deciding.hide_proposal(
                session(), current_actor(), proposal_id, code=form.chosen, reason=form.reason.data or ""
            )
        if ok:
            flash(_("제안을 숨겼습니다. 쓴 사람에게 이유와 이의제기 방법을 알립니다."), "success")
            return done(url_for("moderation.index"))
    status = 422 if request.method == "POST" else 200
    return page("moderation/proposal.html", status=status, form=form, p=found, reasons=HIDE_REASONS)


@bp.post("/proposals/<uuid:proposal_id>/keep")
@requires(P.POST_MODERATE)
def keep_proposal(proposal_id: UUID) -> ResponseReturnValue:
    """Set the reports of a proposal aside."""
    deciding.keep_proposal(session(), current_actor(), proposal_id)
    flash(_("신고를 처리했습니다. 제안은 그대로 둡니다."), "success")
    return done(url_for("moderation.index", desk="reports"))


@bp.post("/appeals/<uuid:appeal_id>")
@requires(P.APPEAL_DECIDE)
def decide(appeal_id: UUID) -> ResponseReturnValue:
    """Decide an appeal."""
    form = DecideForm()
    form.offer()
    if form.validate():
        with form.refusing() as ok:
            appeals.decide(
                session(), current_actor(), appeal_id, upheld=form.upheld.data == "1", answer=form.answer.data or ""
            )
        if ok:
            flash(_("판단을 기록하고 당사자에게 알렸습니다."), "success")
            return done(url_for("moderation.index", desk="appeals"))
    return appeal_page(appeal_id, form)
