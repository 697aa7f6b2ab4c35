"""Queues of staff and departments; a proposal's department, its answer, more time for it."""

from uuid import UUID

from flask import flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from civicvote.db import session
from civicvote.domain.paging import Cursor
from civicvote.domain.permissions import Permission as P
from civicvote.domain.proposals import VERDICTS
from civicvote.forms.proposal_desk import AnswerForm, AssignForm, ExtendForm
from civicvote.forms.proposals.writing import whole
from civicvote.services.proposals import answers, assigning, desk
from civicvote.views.proposal_desk.blueprint import bp
from civicvote.web.access import current_actor, requires
from civicvote.web.render import done, page


@bp.get("/desk")
@requires(P.PROPOSAL_ASSIGN, P.REVIEW_QUEUE)
def index() -> ResponseReturnValue:
    """What waits: for staff everything by kind, for a department its own cases."""
    show = request.args.get("show", "")
    oversees = desk.require(current_actor())
    views = desk.STAFF_VIEWS if oversees else desk.DEPARTMENT_VIEWS
    show = show if show in views else views[0]
    found = desk.queue(session(), current_actor(), show, cursor=Cursor.decode(request.args.get("after", "")))
    more = url_for("proposal_desk.index", show=show, after=found.next.encode()) if found.next else ""
    return page("proposal_desk/index.html", rows=found.rows, more=more, show=show, oversees=oversees)


def _back(proposal_id: UUID) -> str:
    return url_for("proposals.detail", proposal_id=proposal_id)


@bp.route("/<uuid:proposal_id>/assign", methods=["GET", "POST"])
@requires(P.PROPOSAL_ASSIGN)
def assign(proposal_id: UUID) -> ResponseReturnValue:
    """Give it to a department, or to another one."""
    form = AssignForm()
    form.offer(assigning.departments(session(), current_actor()))
    proposal = assigning.assignable(session(), current_actor(), proposal_id)
    if request.method == "POST" and form.validate():
        with form.refusing() as ok:
            assigning.assign(session(), current_actor(), proposal_id, form.department_id, reason=form.reason.data or "")
        if ok:
            flash(_("담당 부서를 정했습니다. 제안한 시민과 부서에 알렸습니다."), "success")
            return done(_back(proposal_id))
        proposal = assigning.assignable(session(), current_actor(), proposal_id)
    status = 422 if request.method == "POST" else 200
    return page("proposal_desk/assign.html", status=status, form=form, p=proposal)


@bp.route("/<uuid:proposal_id>/answer", methods=["GET", "POST"])
@requires(P.REVIEW_QUEUE)
def answer(proposal_id: UUID) -> ResponseReturnValue:
    """The department's draft; `action=ready` hands it to staff."""
    form = AnswerForm()
    form.offer()
    proposal = answers.case(session(), current_actor(), proposal_id)
    if request.method == "GET":
        draft = answers.of(session(), proposal_id)
        form.show(draft)
        ready = draft is not None and draft.ready_at is not None
        return page("proposal_desk/answer.html", form=form, p=proposal, ready=ready)
    ready = request.form.get("action") == "ready"
    status = 422
    if form.validate():
        with form.refusing(conflicts=True) as ok:
            answers.write(session(), current_actor(), proposal_id, form.draft(), seen=form.seen, ready=ready)
        if ok:
            flash(
                _("답변을 공개할 준비가 되었다고 알렸습니다.") if ready else _("답변 초안을 저장했습니다."), "success"
            )
            return done(url_for("proposal_desk.answer", proposal_id=proposal_id))
        status = 409 if ok.conflict else 422
        proposal = answers.case(session(), current_actor(), proposal_id)
    return page("proposal_desk/answer.html", status=status, form=form, p=proposal, ready=False)


@bp.route("/<uuid:proposal_id>/extend", methods=["GET", "POST"])
@requires(P.REVIEW_QUEUE)
def extend(proposal_id: UUID) -> ResponseReturnValue:
    """More time, with the reason."""
    form = ExtendForm()
    proposal = answers.case(session(), current_actor(), proposal_id)
    if request.method == "POST" and form.validate():
        with form.refusing() as ok:
            answers.extend(session(), current_actor(), proposal_id, form.until.data, reason=form.reason.data or "")
        if ok:
            flash(_("답변 기한을 늦추었습니다. 제안한 시민에게 이유와 함께 알렸습니다."), "success")
            return done(_back(proposal_id))
        proposal = answers.case(session(), current_actor(), proposal_id)
    status = 422 if request.method == "POST" else 200
    return page("proposal_desk/extend.html", status=status, form=form, p=proposal)


@bp.route("/<uuid:proposal_id>/publish-answer", methods=["GET", "POST"])
@requires(P.ANSWER_PUBLISH)
def publish(proposal_id: UUID) -> ResponseReturnValue:
    """Read the ready answer once more, then make it public."""
    if request.method == "POST":
        answers.publish(session(), current_actor(), proposal_id, seen=whole(request.form.get("version")) or 0)
        flash(_("답변을 공개했습니다. 제안한 시민과 소식을 받는 시민에게 알렸습니다."), "success")
        return done(_back(proposal_id))
    found = answers.publishable(session(), current_actor(), proposal_id)
    return page("proposal_desk/publish.html", p=found.proposal, answer=found.answer, verdicts=VERDICTS)
