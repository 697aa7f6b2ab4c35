"""Staff look through new proposals, hand complaints on and merge duplicates."""

from uuid import UUID

from flask import flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from civicvote.db import session
from civicvote.domain.paging import Cursor
from civicvote.domain.permissions import Permission as P
from civicvote.forms.proposal_desk import ForwardForm, MergeForm
from civicvote.services.proposals import merging, triage
from civicvote.views.proposal_desk.blueprint import bp
from civicvote.web.access import current_actor, requires
from civicvote.web.render import done, page


@bp.get("/desk/triage")
@requires(P.PROPOSAL_TRIAGE)
def triage_queue() -> ResponseReturnValue:
    """What nobody has looked through."""
    found = triage.waiting(session(), current_actor(), cursor=Cursor.decode(request.args.get("after", "")))
    more = url_for("proposal_desk.triage_queue", after=found.next.encode()) if found.next else ""
    return page("proposal_desk/triage.html", rows=found.rows, more=more)


@bp.post("/desk/triage")
@requires(P.PROPOSAL_TRIAGE)
def confirm() -> ResponseReturnValue:
    """The chosen ones are proposals."""
    chosen = request.form.getlist("proposal", type=UUID)
    if not chosen:
        flash(_("고른 제안이 없습니다. 확인할 제안을 먼저 골라 주십시오."), "error")
        return done(url_for("proposal_desk.triage_queue"))
    count = triage.confirm(session(), current_actor(), chosen)
    flash(_("제안 %(count)s건을 확인했습니다.", count=count), "success")
    return done(url_for("proposal_desk.triage_queue"))


@bp.route("/<uuid:proposal_id>/forward", methods=["GET", "POST"])
@requires(P.PROPOSAL_TRIAGE)
def forward(proposal_id: UUID) -> ResponseReturnValue:
    """Hand a complaint to another desk."""
    form = ForwardForm()
    proposal = triage.forwardable(session(), current_actor(), proposal_id)
    if request.method == "POST" and form.validate():
        with form.refusing() as ok:
            to, note = form.to.data or "", form.note.data or ""
            triage.forward(session(), current_actor(), proposal_id, to=to, note=note)
        if ok:
            flash(_("민원 창구로 넘기고 제안한 시민에게 알렸습니다."), "success")
            return done(url_for("proposals.detail", proposal_id=proposal_id))
        proposal = triage.forwardable(session(), current_actor(), proposal_id)
    status = 422 if request.method == "POST" else 200
    return page("proposal_desk/forward.html", status=status, form=form, p=proposal)


@bp.route("/<uuid:proposal_id>/merge", methods=["GET", "POST"])
@requires(P.PROPOSAL_MERGE)
def merge(proposal_id: UUID) -> ResponseReturnValue:
    """Show first what it comes to, then merge."""
    form, look = MergeForm(), None
    proposal = merging.mergeable(session(), current_actor(), proposal_id)
    sure = request.form.get("action") == "merge"
    if request.method == "POST" and form.validate():
        with form.refusing() as ok:
            number = form.number.data or 0
            if sure:
                target = merging.merge(session(), current_actor(), proposal_id, number, reason=form.reason.data or "")
            else:
                look = merging.preview(session(), current_actor(), proposal_id, number)
        if ok and sure:
            flash(_("두 제안을 합쳤습니다. 쓴 시민과 소식을 받는 시민에게 알렸습니다."), "success")
            return done(url_for("proposals.detail", proposal_id=target.id))
        proposal = merging.mergeable(session(), current_actor(), proposal_id)
    status = 422 if request.method == "POST" and look is None else 200
    return page("proposal_desk/merge.html", status=status, form=form, p=proposal, look=look)
