"""실천캠페인: the list, one campaign with its gallery, proofs, and its organisers' pages."""

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from civicvote.db import session
from civicvote.domain.files import MOST_BYTES
from civicvote.domain.lifecycles import CAMPAIGN, CAMPAIGN_TONES
from civicvote.domain.permissions import Permission
from civicvote.forms.campaigns import CampaignForm, EndForm, ProofForm
from civicvote.forms.projects import cursor_from
from civicvote.models.base import new_id
from civicvote.services import files, watching
from civicvote.services.campaigns import making, proofs, reading
from civicvote.web.access import current_actor, public, requires, settings, takes
from civicvote.web.render import done, page

bp = Blueprint("campaigns", __name__, url_prefix="/campaigns")

#: Room for the largest picture, and the form around it.
FORM_BYTES = MOST_BYTES + 64 * 1024


@bp.get("/")
@public
def index() -> ResponseReturnValue:
    """Campaigns under way, or those that are over."""
    ended = request.args.get("ended") == "1"
    found = reading.listing(session(), current_actor(), ended=ended, cursor=cursor_from(request.args))
    more: dict[str, Any] = {"ended": "1"} if ended else {}
    following = found.next
    return page(
        "campaigns/index.html",
        rows=found.rows,
        ended=ended,
        next_url=url_for("campaigns.index", **more, cursor=following.encode()) if following else "",
        labels=CAMPAIGN.labels,
        tones=CAMPAIGN_TONES,
    )


def _detail(campaign_id: UUID, form: ProofForm | None = None, *, status: int = 200) -> ResponseReturnValue:
    actor = current_actor()
    found = reading.detail(session(), actor, campaign_id)
    shown = reading.gallery(session(), actor, campaign_id, cursor_from(request.args))
    waiting = reading.waiting(session(), actor, campaign_id)
    pictures = files.of(session(), *(proof.id for proof in (*shown.rows, *waiting)))
    form = form or ProofForm(formdata=None)
    form.form_key.data = form.form_key.data or str(new_id())
    following = shown.next
    return page(
        "campaigns/detail.html",
        status=status,
        d=found,
        c=found.campaign,
        form=form,
        proofs=shown.rows,
        waiting=waiting,
        pictures=pictures,
        watching=watching.watches(session(), actor, campaign_id),
        next_url=url_for("campaigns.detail", campaign_id=campaign_id, cursor=following.encode()) if following else "",
        labels=CAMPAIGN.labels,
        tones=CAMPAIGN_TONES,
        moves=CAMPAIGN.allowed(actor, found.campaign.state),
    )


@bp.get("/<uuid:campaign_id>")
@public
def detail(campaign_id: UUID) -> ResponseReturnValue:
    """One campaign."""
    return _detail(campaign_id)


@bp.post("/<uuid:campaign_id>/proofs")
@takes(FORM_BYTES)
@requires(Permission.POST_WRITE)
def prove(campaign_id: UUID) -> ResponseReturnValue:
    """Show what one did."""
    form = ProofForm()
    if form.validate():
        with form.refusing(haste=True) as ok:
            _kept(campaign_id, form)
        if ok:
            flash(_("인증을 받았습니다. 담당자가 확인하면 모두에게 보입니다."), "success")
            return done(url_for("campaigns.detail", campaign_id=campaign_id))
    return _detail(campaign_id, form, status=422)


def _kept(campaign_id: UUID, form: ProofForm) -> None:
    actor = current_actor()
    post = proofs.prove(
        session(),
        actor,
        campaign_id,
        body=form.body.data or "",
        link=form.link.data or "",
        consent=bool(form.consent.data),
        form_key=form.key,
    )
    content, name = form.upload
    if content:
        files.attach(
            session(),
            actor,
            settings().store,
            ("post", post.id),
            content,
            name=name,
            alt=form.alt.data or "",
            scanner=settings().clamd,
        )


@bp.post("/<uuid:campaign_id>/follow")
def follow(campaign_id: UUID) -> ResponseReturnValue:
    """소식 받기, or no longer."""
    reading.visible(session(), current_actor(), campaign_id)
    watching.watch(session(), current_actor(), campaign_id, on=request.form.get("on") != "0")
    return done(url_for("campaigns.detail", campaign_id=campaign_id))


def _edit(form: CampaignForm, address: str, *, back: str, fresh: bool) -> ResponseReturnValue:
    form.offer(making.accepted(session(), current_actor()) if fresh else [])
    status = 422 if request.method == "POST" else 200
    return page("campaigns/edit.html", status=status, form=form, address=address, back=back, fresh=fresh)


@bp.route("/new", methods=["GET", "POST"])
@requires(Permission.CAMPAIGN_MANAGE)
def new() -> ResponseReturnValue:
    """Prepare a campaign."""
    form = CampaignForm()
    if request.method == "GET":
        form.proposal.data = request.args.get("proposal", "")
    elif form.validate():
        with form.refusing() as ok:
            made = making.make(session(), current_actor(), form.proposal_id, form.draft())
        if ok:
            flash(_("캠페인을 준비했습니다. 내용을 확인하고 공개해 주십시오."), "success")
            return done(url_for("campaigns.detail", campaign_id=made.id))
    return _edit(form, url_for("campaigns.new"), back=url_for("campaigns.index"), fresh=True)


@bp.route("/<uuid:campaign_id>/edit", methods=["GET", "POST"])
@requires(Permission.CAMPAIGN_MANAGE)
def edit(campaign_id: UUID) -> ResponseReturnValue:
    """Change a campaign."""
    form = CampaignForm()
    found = making.managed(session(), current_actor(), campaign_id)
    here = url_for("campaigns.detail", campaign_id=campaign_id)
    if request.method == "GET":
        form.show(found)
    elif form.validate():
        with form.refusing() as ok:
            making.change(session(), current_actor(), campaign_id, form.draft())
        if ok:
            flash(_("캠페인을 고쳤습니다."), "success")
            return done(here)
    return _edit(form, url_for("campaigns.edit", campaign_id=campaign_id), back=here, fresh=False)


@bp.post("/<uuid:campaign_id>/open")
@requires(Permission.CAMPAIGN_MANAGE)
def open_campaign(campaign_id: UUID) -> ResponseReturnValue:
    """Make it public."""
    making.open_campaign(session(), current_actor(), campaign_id)
    flash(_("캠페인을 공개했습니다."), "success")
    return done(url_for("campaigns.detail", campaign_id=campaign_id))


@bp.route("/<uuid:campaign_id>/end", methods=["GET", "POST"])
@requires(Permission.CAMPAIGN_MANAGE)
def end(campaign_id: UUID) -> ResponseReturnValue:
    """End it with what it achieved."""
    form = EndForm()
    found = making.managed(session(), current_actor(), campaign_id)
    here = url_for("campaigns.detail", campaign_id=campaign_id)
    if request.method == "POST" and form.validate():
        with form.refusing() as ok:
            making.end(session(), current_actor(), campaign_id, result=form.result.data or "")
        if ok:
            flash(_("캠페인을 마무리했습니다."), "success")
            return done(here)
    status = 422 if request.method == "POST" else 200
    return page("campaigns/end.html", status=status, form=form, c=found)
