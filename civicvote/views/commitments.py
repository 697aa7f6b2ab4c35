"""이행과제: everything promised, one of them, and its department's work on it."""

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from civicvote.db import session
from civicvote.domain.korean import seoul_date
from civicvote.domain.lifecycles import COMMITMENT, COMMITMENT_TONES, CommitmentState
from civicvote.forms.commitments import BecameForm, MoveStepForm, PromiseForm, ReportForm, StepForm
from civicvote.forms.projects import cursor_from, key_of
from civicvote.models.base import new_id
from civicvote.services import clock
from civicvote.services.proposals import commitments
from civicvote.web.access import current_actor, public
from civicvote.web.i18n import say
from civicvote.web.render import done, page

bp = Blueprint("commitments", __name__)


@bp.get("/commitments")
@public
def index() -> ResponseReturnValue:
    """Everything the city has promised."""
    wanted, unit = request.args.get("state", ""), request.args.get("department", "")
    state = CommitmentState(wanted) if wanted in set(CommitmentState) else None
    found = commitments.listing(session(), state=state, department=key_of(unit), cursor=cursor_from(request.args))
    kept: dict[str, Any] = {name: value for name, value in (("state", wanted), ("department", unit)) if value}
    following = found.next
    return page(
        "commitments/index.html",
        rows=found.rows,
        state=state.value if state else "",
        department=unit,
        states=[(one.value, say(COMMITMENT.labels[one])) for one in CommitmentState],
        departments=commitments.departments(session()),
        labels=COMMITMENT.labels,
        tones=COMMITMENT_TONES,
        next_url=url_for("commitments.index", **kept, cursor=following.encode()) if following else "",
    )


@bp.get("/commitments/<uuid:commitment_id>")
@public
def detail(commitment_id: UUID) -> ResponseReturnValue:
    """One commitment."""
    return page(
        "commitments/detail.html",
        c=commitments.detail(session(), current_actor(), commitment_id),
        labels=COMMITMENT.labels,
        tones=COMMITMENT_TONES,
        move_labels={move.name: move.label for move in COMMITMENT.moves},
        today=seoul_date(clock.now()),
    )


def _form(
    form: Any, title: str, action: str, back: str, *, fields: tuple[str, ...], button: str, lead: str = ""
) -> ResponseReturnValue:
    status = 422 if request.method == "POST" else 200
    return page(
        "commitments/form.html",
        status=status, form=form, title=title, action=action, back=back, fields=fields, button=button, lead=lead, fresh=new_id,
    )  # fmt: skip


@bp.route("/proposals/<uuid:proposal_id>/commitments/new", methods=["GET", "POST"])
def new(proposal_id: UUID) -> ResponseReturnValue:
    """Promise something."""
    form = PromiseForm()
    proposal = commitments.promising(session(), current_actor(), proposal_id)
    if request.method == "POST" and form.validate():
        assert form.due_on.data is not None
        with form.refusing() as ok:
            made = commitments.promise(
                session(), current_actor(), proposal_id,
                title=form.title.data or "", first=form.step.data or "", due_on=form.due_on.data,
            )  # fmt: skip
        if ok:
            flash(_("이행과제를 만들었습니다."), "success")
            return done(url_for("commitments.detail", commitment_id=made.id))
    return _form(
        form, _("이행과제 만들기"), url_for("commitments.new", proposal_id=proposal_id),
        url_for("proposals.detail", proposal_id=proposal_id), fields=("title", "step", "due_on"), button=_("만들기"),
        lead=proposal.title,
    )  # fmt: skip


@bp.route("/commitments/<uuid:commitment_id>/steps/new", methods=["GET", "POST"])
def add_step(commitment_id: UUID) -> ResponseReturnValue:
    """Add a step."""
    form = StepForm()
    held = commitments.owned(session(), current_actor(), commitment_id)
    here = url_for("commitments.detail", commitment_id=commitment_id)
    if request.method == "POST" and form.validate():
        assert form.due_on.data is not None
        with form.refusing() as ok:
            commitments.add_step(
                session(), current_actor(), commitment_id, title=form.step.data or "", due_on=form.due_on.data
            )
        if ok:
            flash(_("단계를 넣었습니다."), "success")
            return done(here)
    return _form(
        form, _("단계 넣기"), url_for("commitments.add_step", commitment_id=commitment_id), here,
        fields=("step", "due_on"), button=_("넣기"), lead=held.title,
    )  # fmt: skip


@bp.post("/commitments/steps/<uuid:step_id>/done")
def finish_step(step_id: UUID) -> ResponseReturnValue:
    """Mark a step as done, or as not done after all."""
    held = commitments.finish_step(session(), current_actor(), step_id, done=request.form.get("done") != "0")
    flash(_("처리했습니다."), "success")
    return done(url_for("commitments.detail", commitment_id=held.id))


@bp.route("/commitments/steps/<uuid:step_id>/move", methods=["GET", "POST"])
def move_step(step_id: UUID) -> ResponseReturnValue:
    """Give a step another day."""
    form = MoveStepForm()
    step, held = commitments.step(session(), current_actor(), step_id)
    here = url_for("commitments.detail", commitment_id=held.id)
    if request.method == "POST" and form.validate():
        assert form.due_on.data is not None
        with form.refusing() as ok:
            commitments.move_step(
                session(), current_actor(), step_id, due_on=form.due_on.data, note=form.note.data or ""
            )
        if ok:
            flash(_("날짜를 바꾸었습니다. 처음 약속한 날도 함께 보입니다."), "success")
            return done(here)
    return _form(
        form, _("마칠 날 바꾸기"), url_for("commitments.move_step", step_id=step_id), here,
        fields=("due_on", "note"), button=_("바꾸기"), lead=step.title,
    )  # fmt: skip


@bp.route("/commitments/<uuid:commitment_id>/report", methods=["GET", "POST"])
def report(commitment_id: UUID) -> ResponseReturnValue:
    """Say how it goes."""
    form = ReportForm()
    held = commitments.owned(session(), current_actor(), commitment_id)
    here = url_for("commitments.detail", commitment_id=commitment_id)
    if request.method == "POST" and form.validate():
        with form.refusing() as ok:
            commitments.report(session(), current_actor(), commitment_id, text=form.text.data or "", form_key=form.key)
        if ok:
            flash(_("진행 상황을 올렸습니다."), "success")
            return done(here)
    return _form(
        form, _("진행 상황 쓰기"), url_for("commitments.report", commitment_id=commitment_id), here,
        fields=("text",), button=_("올리기"), lead=held.title,
    )  # fmt: skip


@bp.route("/commitments/<uuid:commitment_id>/moves/<name>", methods=["GET", "POST"])
def move(commitment_id: UUID, name: str) -> ResponseReturnValue:
    """Begin, complete, drop or resume it."""
    form = ReportForm()
    label = commitments.move_label(session(), current_actor(), commitment_id, name)
    here = url_for("commitments.detail", commitment_id=commitment_id)
    if request.method == "POST" and form.validate():
        with form.refusing() as ok:
            commitments.advance(
                session(), current_actor(), commitment_id, name, text=form.text.data or "", form_key=form.key
            )
        if ok:
            flash(_("처리했습니다."), "success")
            return done(here)
    return _form(
        form, say(label), url_for("commitments.move", commitment_id=commitment_id, name=name), here,
        fields=("text",), button=say(label), lead=_("적은 내용은 모두에게 공개되고, 소식을 받는 사람에게 알립니다."),
    )  # fmt: skip


@bp.route("/commitments/<uuid:commitment_id>/became", methods=["GET", "POST"])
def became(commitment_id: UUID) -> ResponseReturnValue:
    """Say what it has become on this site."""
    form = BecameForm()
    held = commitments.owned(session(), current_actor(), commitment_id)
    here = url_for("commitments.detail", commitment_id=commitment_id)
    if request.method == "GET":
        form.path.data = held.became
    elif form.validate():
        with form.refusing() as ok:
            commitments.became(session(), current_actor(), commitment_id, path=form.path.data or "")
        if ok:
            flash(_("저장했습니다."), "success")
            return done(here)
    return _form(
        form, _("이어진 곳 적기"), url_for("commitments.became", commitment_id=commitment_id), here, fields=("path",),
        button=_("저장"), lead=_("예산 사업이나 공론장으로 이어졌다면 이 누리집의 주소를 ‘/’부터 적어 주십시오."),
    )  # fmt: skip
