"""Batches of answers, and what is late."""

from uuid import UUID

from flask import flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from civicvote.db import session
from civicvote.domain.permissions import Permission as P
from civicvote.domain.proposals import VERDICT_TONES, VERDICTS
from civicvote.forms.projects import cursor_from, key_of
from civicvote.forms.proposal_desk import BatchForm
from civicvote.forms.proposals.writing import whole
from civicvote.services.proposals import batches, overdue
from civicvote.views.proposal_desk.blueprint import bp
from civicvote.web.access import current_actor, public, requires
from civicvote.web.render import done, page


@bp.get("/overdue")
@public
def late() -> ResponseReturnValue:
    """Answers that are late."""
    found = overdue.listing(session(), cursor_from(request.args))
    following = found.next
    return page(
        "proposal_desk/overdue.html",
        rows=found.rows,
        next_url=url_for("proposal_desk.late", cursor=following.encode()) if following else "",
    )


@bp.route("/batches", methods=["GET", "POST"])
@requires(P.ANSWER_PUBLISH)
def batch_list() -> ResponseReturnValue:
    """Batches, and beginning one."""
    form = BatchForm()
    if request.method == "POST" and form.validate():
        with form.refusing() as ok:
            made = batches.make(session(), current_actor(), title=form.title.data or "")
        if ok:
            flash(_("묶음을 만들었습니다. 함께 공개할 답변을 넣어 주십시오."), "success")
            return done(url_for("proposal_desk.batch", batch_id=made.id))
    status = 422 if request.method == "POST" else 200
    return page(
        "proposal_desk/batches.html", status=status, form=form, rows=batches.listing(session(), current_actor())
    )


@bp.get("/batches/<uuid:batch_id>")
@requires(P.ANSWER_PUBLISH)
def batch(batch_id: UUID) -> ResponseReturnValue:
    """A batch with a preview of every consequence."""
    found = batches.detail(session(), current_actor(), batch_id)
    return page("proposal_desk/batch.html", d=found, b=found.batch, verdicts=VERDICTS, tones=VERDICT_TONES)


@bp.post("/batches/<uuid:batch_id>/answers")
@requires(P.ANSWER_PUBLISH)
def put(batch_id: UUID) -> ResponseReturnValue:
    """Put the ticked answers in."""
    keys = [key for text in request.form.getlist("ids")[: batches.MOST] if (key := key_of(text))]
    new = batches.put(session(), current_actor(), batch_id, keys)
    flash(_("답변 %(n)s건을 넣었습니다.", n=new), "success")
    return done(url_for("proposal_desk.batch", batch_id=batch_id))


@bp.post("/batches/<uuid:batch_id>/answers/<uuid:proposal_id>/remove")
@requires(P.ANSWER_PUBLISH)
def take_out(batch_id: UUID, proposal_id: UUID) -> ResponseReturnValue:
    """Take one out."""
    batches.take_out(session(), current_actor(), batch_id, proposal_id)
    flash(_("답변을 뺐습니다."), "success")
    return done(url_for("proposal_desk.batch", batch_id=batch_id))


@bp.post("/batches/<uuid:batch_id>/publish")
@requires(P.ANSWER_PUBLISH)
def publish_batch(batch_id: UUID) -> ResponseReturnValue:
    """Publish all of them, as they were read."""
    pairs = (text.partition("|") for text in request.form.getlist("seen")[: batches.MOST])
    seen = {key: whole(version) or 0 for text, _bar, version in pairs if (key := key_of(text))}
    count = batches.publish(session(), current_actor(), batch_id, seen)
    flash(_("답변 %(n)s건을 공개하고 제안한 시민과 소식을 받는 시민에게 알렸습니다.", n=count), "success")
    return done(url_for("proposal_desk.batch", batch_id=batch_id))
