"""A round's page: one address, one page per kind; and the page of 상호토론."""

from uuid import UUID

from flask import flash, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from civicvote.db import session
from civicvote.domain.lifecycles import PostState
from civicvote.models.discussion import Post
from civicvote.services.deliberation import rounds
from civicvote.views.forums.blueprint import bp
from civicvote.views.forums.kinds import PAGES
from civicvote.web.access import current_actor, public
from civicvote.web.render import done, page


def said(post: Post, words: str, where: str = "") -> ResponseReturnValue:
    """After saying something: that it stands there, or that a moderator looks at it first."""
    if post.state is PostState.HELD:
        flash(_("받았습니다. 모더레이터가 확인한 뒤 공개합니다."), "info")
    else:
        flash(words, "success")
    return done((where or url_for("forums.round", round_id=post.thread_id)) + "#talk")


@bp.get("/rounds/<uuid:round_id>")
@public
def round(round_id: UUID) -> ResponseReturnValue:  # noqa: A001 — the name of its address
    """A round, by its kind."""
    view = rounds.view(session(), current_actor(), round_id)
    made = PAGES.get(view.round.kind)
    return made(view) if made else page("forums/round.html", view=view)
