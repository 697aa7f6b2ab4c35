"""An author's pages: the form with its draft, its preview, its map and what is similar; taking back and trying again."""

from uuid import UUID

from flask import flash, jsonify, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from civicvote.db import session
from civicvote.domain import districts, places
from civicvote.domain.lifecycles import ENDORSABLE_STATES, ProposalState
from civicvote.forms.projects import key_of
from civicvote.forms.proposals.writing import ProposalForm, WithdrawForm, whole
from civicvote.models.base import new_id
from civicvote.models.proposals import Proposal
from civicvote.services import files, search
from civicvote.services.proposals import reading, revisions, writing
from civicvote.views.proposals.blueprint import bp
from civicvote.web.access import current_actor, public
from civicvote.web.render import done, page


def _edit(
    form: ProposalForm,
    own: Proposal | None = None,
    *,
    status: int = 200,
    preview: bool = False,
    asked: str = "",
) -> ResponseReturnValue:
    form.key.data = str(form.form_key)  # whatever was sent: the page saves under it as one types
    form.offer()
    looked = preview or status != 200
    return page(
        "proposals/edit.html",
        status=status,
        form=form,
        own=own,
        preview=preview,
        asked=asked,
        conflict=status == 409,
        similar=_similar_to(form.title.data or "", own.id if own else None) if looked else [],
        endorsable=ENDORSABLE_STATES,
        attached=files.of(session(), own.id)[own.id] if own else [],
        autosave=own is None or own.state is ProposalState.DRAFT,
        numbered=own is not None and own.state is not ProposalState.DRAFT and revisions.begun(session(), own),
    )


def _similar_to(title: str, but: UUID | None) -> list[search.SimilarProposal]:
    return search.similar_proposals(session(), title, viewer_id=current_actor().id, but=but)


@bp.get("/proposals/new")
def new() -> ResponseReturnValue:
    """An empty proposal."""
    form = ProposalForm(formdata=None)
    form.key.data = str(new_id())
    return _edit(form)


@bp.post("/proposals/new")
def create() -> ResponseReturnValue:
    """Keep, preview or publish a new proposal, or mark its point on the map."""
    form = ProposalForm()
    if asked := form.take_point(request.form):
        return _edit(form, asked=asked)
    action = request.form.get("action", "save")
    if form.validate():
        if action == "preview":
            return _edit(form, preview=True)
        with form.refusing(conflicts=True) as ok:
            proposal = writing.save(
                session(), current_actor(), form.form_key, form.content(), version=None, final=action == "publish"
            )
        if ok:
            return _saved(proposal)
        if ok.conflict:
            return _overtaken(form, form.form_key)
    return _edit(form, status=422)


def _overtaken(form: ProposalForm, proposal_id: UUID) -> ResponseReturnValue:
    """Somebody saved first: the words that were typed stay, and the next press saves over what is there now."""
    own = reading.editable(session(), current_actor(), proposal_id)
    form.version.data = str(own.version)
    return _edit(form, own, status=409)


def _saved(proposal: Proposal) -> ResponseReturnValue:
    if proposal.state is ProposalState.DRAFT:
        flash(_("초안을 저장했습니다. 공개하기 전에는 함께 쓰는 사람만 볼 수 있습니다."), "success")
        return done(url_for("proposals.edit", proposal_id=proposal.id))
    flash(_("제안 %(number)s호가 공개되어 있습니다. 소식은 알림으로 보내 드립니다.", number=proposal.number), "success")
    return done(url_for("proposals.detail", proposal_id=proposal.id))


@bp.get("/proposals/<uuid:proposal_id>/edit")
def edit(proposal_id: UUID) -> ResponseReturnValue:
    """The authors' form."""
    own = reading.editable(session(), current_actor(), proposal_id)
    form = ProposalForm(formdata=None)
    form.show(own)
    return _edit(form, own)


@bp.post("/proposals/<uuid:proposal_id>/edit")
def save(proposal_id: UUID) -> ResponseReturnValue:
    """Keep, preview or publish what an author changed, or mark its point on the map."""
    own = reading.editable(session(), current_actor(), proposal_id)
    form = ProposalForm()
    if asked := form.take_point(request.form):
        return _edit(form, own, asked=asked)
    action = request.form.get("action", "save")
    if form.validate():
        if action == "preview":
            return _edit(form, own, preview=True)
        with form.refusing(conflicts=True) as ok:
            proposal = writing.save(
                session(),
                current_actor(),
                proposal_id,
                form.content(),
                version=form.based_on,
                final=action == "publish",
                note=form.note.data or "",
            )
        if ok:
            return _saved(proposal)
        if ok.conflict:
            return _overtaken(form, proposal_id)
        own = reading.editable(session(), current_actor(), proposal_id)
    return _edit(form, own, status=422)


@bp.post("/proposals/<uuid:proposal_id>/autosave")
def autosave(proposal_id: UUID) -> ResponseReturnValue:
    """Keep what is being typed; the script calls this."""
    form = ProposalForm()
    if form.validate():
        with form.refusing() as ok:
            version = writing.autosave(session(), current_actor(), proposal_id, form.content(), version=form.based_on)
        if ok:
            return jsonify(saved=True, page=url_for("proposals.edit", proposal_id=proposal_id), version=version)
    return jsonify(errors=form.errors), 422


@bp.get("/proposals/similar")
def similar() -> ResponseReturnValue:
    """Proposals like the title being typed."""
    title = request.args.get("title", "")[:200]
    found = _similar_to(title, key_of(request.args.get("but", "")))
    return page("proposals/_similar.html", similar=found, interactive=True, endorsable=ENDORSABLE_STATES)


@bp.get("/proposals/point")
def point() -> ResponseReturnValue:
    """The form's map after a tap, an arrow or another district; the script asks for it."""
    form = ProposalForm(request.args)
    tapped = {"map.x": request.args.get("tap_x", ""), "map.y": request.args.get("tap_y", "")}
    asked = form.take_point(request.args.to_dict() | tapped)
    form.offer_districts()
    return page("proposals/_point.html", form=form, asked=asked)


@bp.get("/proposals/map.svg")
@public
def picture() -> ResponseReturnValue:
    """The map of the city or of a district, with a point; the same address is always the same picture."""
    code = request.args.get("district", "")
    marked = whole(request.args.get("x")), whole(request.args.get("y"))
    drawing = render_template(
        "proposals/map.svg", areas=districts.DISTRICTS, chosen=code, view=places.view_of(code), marked=marked
    )
    response = make_response(drawing)
    response.content_type = "image/svg+xml; charset=utf-8"
    response.headers["Cache-Control"] = "public, max-age=86400"
    return response


@bp.route("/proposals/<uuid:proposal_id>/withdraw", methods=["GET", "POST"])
def withdraw(proposal_id: UUID) -> ResponseReturnValue:
    """The author takes the proposal back."""
    form = WithdrawForm()
    proposal = writing.withdrawable(session(), current_actor(), proposal_id)
    if request.method == "POST" and form.validate():
        with form.refusing() as ok:
            writing.withdraw(session(), current_actor(), proposal_id, reason=form.reason.data or "")
        if ok:
            flash(_("제안을 철회했습니다."), "success")
            return done(url_for("proposals.detail", proposal_id=proposal_id))
    status = 422 if request.method == "POST" else 200
    return page("proposals/withdraw.html", status=status, form=form, p=proposal)


@bp.post("/proposals/<uuid:proposal_id>/resubmission")
def resubmit(proposal_id: UUID) -> ResponseReturnValue:
    """A draft that improves on a proposal whose window ended."""
    draft = writing.resubmit(session(), current_actor(), proposal_id)
    flash(_("지난 제안의 내용을 옮겨 두었습니다. 부족했던 점을 다듬어 공개해 주십시오."), "success")
    return done(url_for("proposals.edit", proposal_id=draft.id))
