"""Feasibility review: the department's queue and cases, and the staff's assignments."""

from uuid import UUID

from flask import Blueprint, flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from civicvote.db import session
from civicvote.domain.criteria import ANSWERS, COST_CLASSES, QUESTIONS, VERDICTS
from civicvote.domain.paging import Cursor
from civicvote.domain.permissions import Permission as P
from civicvote.forms.reviews import AssignForm, ReopenForm, ReviewForm, SupplementForm, read_uuid
from civicvote.services import reviews
from civicvote.web.access import current_actor, requires
from civicvote.web.render import done, page

bp = Blueprint("reviews", __name__, url_prefix="/reviews")


@bp.get("")
@requires(P.REVIEW_QUEUE, P.REVIEW_OVERSEE)
def index() -> ResponseReturnValue:
    """Open cases, due soonest first, or finished ones."""
    filters = reviews.QueueFilters(
        done=request.args.get("show") == "done", department_id=read_uuid(request.args.get("department"))
    )
    cursor = Cursor.decode(request.args.get("after", ""))
    found = reviews.queue(session(), current_actor(), filters=filters, cursor=cursor)
    show = "done" if filters.done else None
    more = (
        url_for("reviews.index", after=found.next.encode(), show=show, department=filters.department_id)
        if found.next
        else ""
    )
    return page(
        "reviews/index.html",
        rows=found.rows,
        more=more,
        filters=filters,
        departments=reviews.departments(session(), current_actor()),
        verdicts=VERDICTS,
    )


def _case(
    review_id: UUID, form: ReviewForm | None, *, ask: SupplementForm | None = None, status: int = 200
) -> ResponseReturnValue:
    view = reviews.detail(session(), current_actor(), review_id)
    return page(
        "reviews/detail.html",
        partial="reviews/_form.html",
        status=status,
        view=view,
        form=form or ReviewForm.of(view),
        ask=ask or SupplementForm(formdata=None),
        questions=QUESTIONS,
        verdicts=VERDICTS,
        classes=COST_CLASSES,
        answers=ANSWERS,
    )


@bp.get("/<uuid:review_id>")
@requires(P.REVIEW_QUEUE, P.REVIEW_OVERSEE)
def detail(review_id: UUID) -> ResponseReturnValue:
    """One case."""
    return _case(review_id, None)


@bp.post("/<uuid:review_id>/start")
@requires(P.REVIEW_QUEUE)
def start(review_id: UUID) -> ResponseReturnValue:
    """Begin the review."""
    reviews.start(session(), current_actor(), review_id)
    flash(_("검토를 시작했습니다."), "success")
    return done(url_for("reviews.detail", review_id=review_id))


@bp.post("/<uuid:review_id>/rows")
@requires(P.REVIEW_QUEUE)
def rows(review_id: UUID) -> ResponseReturnValue:
    """One more cost row, or one less; nothing is saved by it."""
    return _case(review_id, ReviewForm.with_rows(request.form, request.form.get("row", "")))


@bp.post("/<uuid:review_id>")
@requires(P.REVIEW_QUEUE)
def save(review_id: UUID) -> ResponseReturnValue:
    """Keep the form as it is."""
    form = ReviewForm()
    if form.validate():
        with form.refusing() as ok:
            reviews.save(session(), current_actor(), review_id, form.findings(), version=form.seen)
        if ok:
            flash(_("저장했습니다. 아직 공개되지 않았습니다."), "success")
            return done(url_for("reviews.detail", review_id=review_id))
    return _case(review_id, form, status=422)


@bp.post("/<uuid:review_id>/decision")
@requires(P.REVIEW_QUEUE)
def decide(review_id: UUID) -> ResponseReturnValue:
    """Publish the verdict."""
    form = ReviewForm()
    if form.validate():
        with form.refusing() as ok:
            reviews.decide(
                session(),
                current_actor(),
                review_id,
                form.findings(),
                version=form.seen,
                verdict=form.verdict.data or "",
                reason=form.reason.data or "",
            )
        if ok:
            flash(_("판정을 공개했습니다. 제안자에게 알림이 갑니다."), "success")
            return done(url_for("reviews.detail", review_id=review_id))
    return _case(review_id, form, status=422)


@bp.post("/<uuid:review_id>/supplement")
@requires(P.REVIEW_QUEUE)
def ask(review_id: UUID) -> ResponseReturnValue:
    """Ask the author something."""
    form = SupplementForm()
    if form.validate():
        with form.refusing() as ok:
            reviews.request_supplement(session(), current_actor(), review_id, **form.asked())
        if ok:
            flash(_("제안자에게 보완을 요청했습니다."), "success")
            return done(url_for("reviews.detail", review_id=review_id))
    return _case(review_id, None, ask=form, status=422)


@bp.route("/assign", methods=["GET", "POST"])
@requires(P.PROJECT_ASSIGN)
def assign() -> ResponseReturnValue:
    """Submitted projects, to be given to departments, one or many at a time."""
    actor, only = current_actor(), read_uuid(request.args.get("project_id"))
    form = AssignForm()
    form.offer(reviews.choices(session(), actor))
    if form.validate_on_submit():
        with form.refusing() as ok:
            made = reviews.assign(session(), actor, form.chosen(), replace=form.replace.data == "yes", **form.target())
        if ok:
            flash(_("%(n)s건을 배정했습니다.", n=len(made)), "success")
            return done(url_for("reviews.assign"))
    after = Cursor.decode(request.args.get("after", ""))
    cycle = request.args.get("cycle", "")
    found = reviews.assignable(session(), actor, project_id=only, cycle_slug=cycle, cursor=after)
    more = url_for("reviews.assign", after=found.next.encode(), cycle=cycle or None) if found.next else ""
    return page(
        "reviews/assign.html",
        status=422 if form.is_submitted() else 200,
        form=form,
        rows=found.rows,
        more=more,
        only=only,
        chosen=form.chosen(),
    )


@bp.route("/reopen/<uuid:project_id>", methods=["GET", "POST"])
@requires(P.PROJECT_REOPEN)
def reopen(project_id: UUID) -> ResponseReturnValue:
    """재검토: a decided project goes to a department again."""
    actor = current_actor()
    form = ReopenForm()
    form.offer(reviews.choices(session(), actor))
    if form.validate_on_submit():
        with form.refusing() as ok:
            made = reviews.reopen(session(), actor, project_id, reason=form.reason.data or "", **form.target())
        if ok:
            flash(_("다시 검토하도록 배정했습니다."), "success")
            return done(url_for("reviews.detail", review_id=made.id))
    project = reviews.to_reopen(session(), actor, project_id)
    return page("reviews/reopen.html", status=422 if form.is_submitted() else 200, form=form, project=project)
