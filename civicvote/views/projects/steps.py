"""What author and department do next: withdraw, answer, carry out, report."""

from uuid import UUID

from flask import flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from civicvote.db import session
from civicvote.forms.projects import AnswerForm, ReasonForm, StatusForm, key_of
from civicvote.models.base import new_id
from civicvote.services import reviews
from civicvote.services.projects import steps
from civicvote.views.projects.blueprint import bp
from civicvote.web.access import current_actor
from civicvote.web.render import done, page


@bp.post("/projects/<uuid:project_id>/moves/<name>")
def move(project_id: UUID, name: str) -> ResponseReturnValue:
    """Submit a draft, begin or complete the execution."""
    steps.make(session(), current_actor(), project_id, name)
    flash(_("처리했습니다."), "success")
    return done(url_for("projects.detail", project_id=project_id))


@bp.route("/projects/<uuid:project_id>/withdraw", methods=["GET", "POST"])
def withdraw(project_id: UUID) -> ResponseReturnValue:
    """The author takes the proposal back."""
    form = ReasonForm()
    project = steps.withdrawable(session(), current_actor(), project_id)
    if request.method == "POST" and form.validate():
        with form.refusing() as ok:
            steps.withdraw(session(), current_actor(), project_id, reason=form.reason.data or "")
        if ok:
            flash(_("제안을 철회했습니다."), "success")
            return done(url_for("projects.detail", project_id=project_id))
    status = 422 if request.method == "POST" else 200
    return page("projects/withdraw.html", status=status, form=form, p=project)


@bp.route("/projects/<uuid:project_id>/supplement", methods=["GET", "POST"])
def supplement(project_id: UUID) -> ResponseReturnValue:
    """The author's answer to the department's question."""
    form = AnswerForm()
    project, asked = reviews.open_supplement(session(), current_actor(), project_id)
    if request.method == "POST" and form.validate():
        with form.refusing() as ok:
            reviews.answer_supplement(session(), current_actor(), project_id, form.answer.data or "")
        if ok:
            flash(_("보완 내용을 제출했습니다. 담당 부서가 이어서 검토합니다."), "success")
            return done(url_for("projects.detail", project_id=project_id))
    status = 422 if request.method == "POST" else 200
    return page("projects/supplement.html", status=status, form=form, p=project, asked=asked)


@bp.route("/projects/<uuid:project_id>/status", methods=["GET", "POST"])
def status(project_id: UUID) -> ResponseReturnValue:
    """A status line by the department in charge."""
    form = StatusForm()
    project, spent, progress = steps.reportable(session(), current_actor(), project_id)
    if request.method == "POST" and form.validate():
        with form.refusing() as ok:
            steps.report(
                session(),
                current_actor(),
                project_id,
                form_key=key_of(form.form_key.data) or new_id(),
                progress=form.per_cent,
                spent_won=form.spent_won,
                text=form.text.data or "",
            )
        if ok:
            flash(_("진행 상황을 올렸습니다."), "success")
            return done(url_for("projects.detail", project_id=project_id) + "#execution")
    form.form_key.data = form.form_key.data or str(new_id())
    answered = 422 if request.method == "POST" else 200
    return page("projects/status.html", status=answered, form=form, p=project, spent=spent, progress=progress)
