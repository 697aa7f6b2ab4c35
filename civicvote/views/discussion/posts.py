"""What one does with a post: read its answers, recommend, take back, report, appeal."""

from uuid import UUID

from flask import flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from civicvote.db import session
from civicvote.domain.discussion import HIDE_REASONS
from civicvote.forms.discussion import AppealForm, ReportForm
from civicvote.forms.projects import cursor_from
from civicvote.services.discussion import posting, reading, reporting
from civicvote.services.moderation import appeals
from civicvote.views.discussion.blueprint import bp
from civicvote.views.discussion.showing import shown
from civicvote.web.access import current_actor, public
from civicvote.web.render import done, page


@bp.get("/posts/<uuid:post_id>/answers")
@public
def answers(post_id: UUID) -> ResponseReturnValue:
    """The rest of the answers to a post."""
    found = reading.root(session(), current_actor(), post_id)
    more = reading.answers(session(), current_actor(), post_id, cursor_from(request.args))
    following = url_for("discussion.answers", post_id=post_id, cursor=more.next.encode()) if more.next else ""
    return page(
        "discussion/answers.html",
        partial="discussion/_answers.html",
        root=found.row,
        thread=found.thread,
        rows=more.rows,
        next_url=following,
        talk=shown(found.thread.id, empty=True),
    )


@bp.post("/posts/<uuid:post_id>/support")
def support(post_id: UUID) -> ResponseReturnValue:
    """추천, or take it back."""
    actor = current_actor()
    found = reading.root(session(), actor, post_id)
    on = request.form.get("on") != "0"
    count = posting.support(session(), actor, post_id, on=on)
    return done(
        reading.anchor(found.thread, post_id),
        partial="discussion/_support.html",
        post_id=post_id,
        count=count,
        supported=on,
        supportable=True,
    )


@bp.route("/posts/<uuid:post_id>/withdraw", methods=["GET", "POST"])
def withdraw(post_id: UUID) -> ResponseReturnValue:
    """Take one's own post back."""
    actor = current_actor()
    found = reading.own(session(), actor, post_id)
    if request.method == "GET":
        return page("discussion/withdraw.html", found=found)
    posting.withdraw(session(), actor, post_id)
    flash(_("글을 지웠습니다."), "success")
    return done(f"{found.thread.path}#talk")


@bp.route("/posts/<uuid:post_id>/report", methods=["GET", "POST"])
def report(post_id: UUID) -> ResponseReturnValue:
    """Say that a post breaks the rules."""
    form = ReportForm()
    found = reading.root(session(), current_actor(), post_id)
    form.offer()
    if request.method == "POST" and form.validate():
        with form.refusing() as ok:
            reporting.report_post(session(), current_actor(), post_id, code=form.reason, note=form.note.data or "")
        if ok:
            flash(_("신고를 받았습니다. 담당자가 확인합니다."), "success")
            return done(reading.anchor(found.thread, post_id))
    status = 422 if request.method == "POST" else 200
    return page(
        "discussion/report.html",
        status=status,
        form=form,
        address=url_for("discussion.report", post_id=post_id),
        back=reading.anchor(found.thread, post_id),
        body=found.row.body,
    )


@bp.route("/proposals/<uuid:proposal_id>/report", methods=["GET", "POST"])
def report_proposal(proposal_id: UUID) -> ResponseReturnValue:
    """Say that a proposal breaks the rules."""
    form = ReportForm()
    found = reading.thread(session(), current_actor(), proposal_id)
    form.offer()
    if request.method == "POST" and form.validate():
        with form.refusing() as ok:
            reporting.report_proposal(
                session(), current_actor(), proposal_id, code=form.reason, note=form.note.data or ""
            )
        if ok:
            flash(_("신고를 받았습니다. 담당자가 확인합니다."), "success")
            return done(found.path)
    status = 422 if request.method == "POST" else 200
    return page(
        "discussion/report.html",
        status=status,
        form=form,
        address=url_for("discussion.report_proposal", proposal_id=proposal_id),
        back=found.path,
        body=found.title,
    )


@bp.route("/hidden/<any(post, proposal):kind>/<uuid:subject_id>/appeal", methods=["GET", "POST"])
def appeal(kind: str, subject_id: UUID) -> ResponseReturnValue:
    """이의제기 by whoever wrote what was hidden."""
    form = AppealForm()
    found = appeals.appealable(session(), current_actor(), kind, subject_id)
    if request.method == "POST" and form.validate():
        with form.refusing() as ok:
            appeals.appeal(session(), current_actor(), kind, subject_id, text=form.text.data or "")
        if ok:
            flash(_("이의제기를 받았습니다. 숨긴 사람이 아닌 다른 모더레이터가 판단해 알려 드립니다."), "success")
            return done(found.path)
    status = 422 if request.method == "POST" else 200
    return page("discussion/appeal.html", status=status, form=form, found=found, kind=kind, reasons=HIDE_REASONS)
