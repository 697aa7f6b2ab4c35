"""One proposal: its page, 공감, following, and its versions."""

from uuid import UUID

from flask import request, url_for
from flask.typing import ResponseReturnValue

from civicvote.db import session
from civicvote.domain.lifecycles import COMMITMENT
from civicvote.domain.proposals import VERDICT_TONES, VERDICTS
from civicvote.domain.text import excerpt
from civicvote.forms.proposals.writing import whole
from civicvote.services.proposals import commitments, desk, endorsing, reading, revisions
from civicvote.views.discussion.showing import shown
from civicvote.views.proposals.blueprint import bp
from civicvote.web import login
from civicvote.web.access import current_actor, public
from civicvote.web.render import done, page


@bp.get("/proposals/<uuid:proposal_id>")
@public
def detail(proposal_id: UUID) -> ResponseReturnValue:
    """Everything about one proposal; of a hidden one only the reason why."""
    found = reading.detail(session(), current_actor(), proposal_id)
    if not found.sees_text:
        return page("proposals/hidden.html", d=found, p=found.proposal)
    return page(
        "proposals/detail.html",
        d=found,
        p=found.proposal,
        steps=reading.STEPS,
        gone=reading.GONE,
        summary=excerpt(found.proposal.idea or found.proposal.problem),
        talk=shown(proposal_id) if found.proposal.published_at else None,
        attached=found.attached,
        files_url=_files(found),
        promises=commitments.of(session(), found.proposal),
        may_promise=commitments.may_promise(session(), current_actor(), found.proposal),
        promise_labels=COMMITMENT.labels,
        share_title=found.proposal.title,
        share_url=login.link("proposals.detail", proposal_id=proposal_id),
        city=desk.tools(session(), current_actor(), found.proposal),
        verdicts=VERDICTS,
        verdict_tones=VERDICT_TONES,
    )


def _files(found: reading.Detail) -> str:
    """Where its authors attach files; empty for everybody else."""
    if not found.editable:
        return ""
    key = found.proposal.id
    here = url_for("proposals.detail", proposal_id=key)
    return url_for("files.manage", kind="proposal", subject_id=key, back=here)


@bp.post("/proposals/<uuid:proposal_id>/endorsement")
def endorse(proposal_id: UUID) -> ResponseReturnValue:
    """공감, or take it back."""
    on = request.form.get("on") != "0"
    proposal = endorsing.endorse(session(), current_actor(), proposal_id, on=on)
    part = "proposals/_similar_done.html" if request.form.get("as") == "similar" else "proposals/_endorsement.html"
    here = url_for("proposals.detail", proposal_id=proposal_id)
    return done(here, partial=part, e=reading.panel(proposal, given="own" if on else ""), swapped=True)


@bp.post("/proposals/<uuid:proposal_id>/follow")
def follow(proposal_id: UUID) -> ResponseReturnValue:
    """소식 받기, or no longer."""
    on = request.form.get("on") != "0"
    reading.follow(session(), current_actor(), proposal_id, on=on)
    here = url_for("proposals.detail", proposal_id=proposal_id)
    return done(here, partial="proposals/_follow.html", proposal_id=proposal_id, following=on, swapped=True)


@bp.get("/proposals/<uuid:proposal_id>/revisions")
@public
def revision_list(proposal_id: UUID) -> ResponseReturnValue:
    """Every version since the first 공감."""
    proposal, rows = revisions.listing(session(), current_actor(), proposal_id)
    return page("proposals/revisions.html", p=proposal, rows=rows, gone=reading.GONE)


@bp.get("/proposals/<uuid:proposal_id>/revisions/<int:number>")
@public
def revision(proposal_id: UUID, number: int) -> ResponseReturnValue:
    """What a version changed against the one before it, or against `?since=`."""
    found = revisions.compare(session(), current_actor(), proposal_id, number, since=whole(request.args.get("since")))
    return page("proposals/revision.html", c=found, p=found.proposal, gone=reading.GONE)
