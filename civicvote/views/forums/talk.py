"""상호토론: the round's page around its thread."""

from uuid import UUID

from flask import request, url_for
from flask.typing import ResponseReturnValue

from civicvote.db import session
from civicvote.domain.deliberation import RoundKind
from civicvote.services.deliberation import rounds, saying
from civicvote.views.discussion.showing import shown
from civicvote.views.forums.blueprint import bp
from civicvote.views.forums.kinds import page_of
from civicvote.web.access import current_actor
from civicvote.web.render import done, page


@page_of(RoundKind.THREADS)
def show(view: rounds.View) -> ResponseReturnValue:
    """The talk of a round; before it is public there is none."""
    talk = shown(view.round.id) if view.forum.opened_at else None
    return page("forums/talk.html", partial="discussion/_thread.html" if talk else "", view=view, talk=talk)


@bp.post("/rounds/<uuid:round_id>/posts/<uuid:post_id>/support")
def support(round_id: UUID, post_id: UUID) -> ResponseReturnValue:
    """나도 궁금합니다, or no longer."""
    saying.support(session(), current_actor(), round_id, post_id, on=request.form.get("on") != "0")
    return done(url_for("forums.round", round_id=round_id) + f"#post-{post_id}")
