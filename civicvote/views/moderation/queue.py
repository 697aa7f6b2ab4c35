"""What waits, and one post with all that is known of it."""

from uuid import UUID

from flask import request, url_for
from flask.typing import ResponseReturnValue

from civicvote.db import session
from civicvote.domain.discussion import DECISIONS, HIDE_REASONS, POST_KINDS
from civicvote.domain.lifecycles import POST
from civicvote.domain.permissions import Permission as P
from civicvote.forms.moderation import CloseForm, DecideForm, HideForm, MergeForm
from civicvote.forms.projects import cursor_from
from civicvote.services import files
from civicvote.services.discussion import guards
from civicvote.services.moderation import queue
from civicvote.services.moderation.queue import DESKS, Desk
from civicvote.views.moderation.blueprint import bp
from civicvote.web.access import current_actor, requires
from civicvote.web.i18n import say
from civicvote.web.render import page

WORDS = {
    "reasons": HIDE_REASONS,
    "kinds": POST_KINDS,
    "states": POST.labels,
    "held": guards.HELD,
    "decisions": DECISIONS,
}


def _desk() -> Desk:
    wanted = request.args.get("desk", "")
    return Desk(wanted) if wanted in set(Desk) else Desk.WAITING


@bp.get("/")
@requires(P.POST_MODERATE, P.FORUM_APPROVE)
def index() -> ResponseReturnValue:
    """The queue, a desk at a time."""
    actor, desk = current_actor(), _desk()
    found = queue.counts(session(), actor)
    if desk is Desk.APPEALS and not actor.can(P.APPEAL_DECIDE):
        desk = Desk.WAITING
    cursor = cursor_from(request.args)
    waiting = queue.waiting(session(), actor, cursor) if desk is Desk.WAITING else None
    appeals = queue.appeals(session(), actor, cursor) if desk is Desk.APPEALS else None
    shown = waiting or appeals
    following = shown.next if shown else None
    return page(
        "moderation/index.html",
        desk=desk,
        tabs=[
            (say(label), url_for("moderation.index", desk=one.value), one is desk, found[one])
            for one, label in DESKS.items()
            if one is not Desk.APPEALS or actor.can(P.APPEAL_DECIDE)
        ],
        items=waiting.rows if waiting else queue.reports(session(), actor) if desk is Desk.REPORTS else [],
        appeals=appeals.rows if appeals else [],
        next_url=url_for("moderation.index", desk=desk.value, cursor=following.encode()) if following else "",
        words=WORDS,
    )


def post_page(
    post_id: UUID, *, hide: HideForm | None = None, merge: MergeForm | None = None, close: CloseForm | None = None
) -> ResponseReturnValue:
    """One post with its forms; one that was refused comes with its errors."""
    refused = hide or merge or close
    hide = hide or HideForm(formdata=None)
    hide.offer()
    return page(
        "moderation/post.html",
        status=422 if refused else 200,
        case=queue.case(session(), current_actor(), post_id),
        attached=files.of(session(), post_id)[post_id],
        hide=hide,
        merge=merge or MergeForm(formdata=None),
        close=close or CloseForm(formdata=None),
        words=WORDS,
    )


@bp.get("/posts/<uuid:post_id>")
@requires(P.POST_MODERATE, P.FORUM_APPROVE)
def post(post_id: UUID) -> ResponseReturnValue:
    """One post."""
    return post_page(post_id)


def appeal_page(appeal_id: UUID, form: DecideForm | None = None) -> ResponseReturnValue:
    """One appeal with its form."""
    status = 422 if form else 200
    form = form or DecideForm(formdata=None)
    form.offer()
    found = queue.appeal(session(), current_actor(), appeal_id)
    return page("moderation/appeal.html", status=status, found=found, form=form, words=WORDS)


@bp.get("/appeals/<uuid:appeal_id>")
@requires(P.APPEAL_DECIDE)
def appeal(appeal_id: UUID) -> ResponseReturnValue:
    """One appeal."""
    return appeal_page(appeal_id)
