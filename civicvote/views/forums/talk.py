"""상호토론: comments with or without a stance, their answers, and standing behind what others say."""

from uuid import UUID

from flask import request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from civicvote.db import session
from civicvote.domain.deliberation import STANCES, RoundKind
from civicvote.domain.discussion import PostKind
from civicvote.forms.forums import CommentForm
from civicvote.forms.projects import cursor_from, key_of
from civicvote.models.base import new_id
from civicvote.services.deliberation import questions, rounds, saying
from civicvote.views.forums.blueprint import bp
from civicvote.views.forums.kinds import page_of
from civicvote.views.forums.rounds import said
from civicvote.web.access import current_actor
from civicvote.web.i18n import say
from civicvote.web.render import done, page


def _page(view: rounds.View, form: CommentForm | None = None) -> ResponseReturnValue:
    key = view.round.id
    found = questions.listing(session(), current_actor(), key, kind=PostKind.COMMENT, cursor=cursor_from(request.args))
    after = found.next.encode() if found.next else ""
    return page(
        "forums/talk.html",
        partial="forums/_talk.html",
        status=422 if form else 200,
        view=view,
        found=found,
        form=form,
        answering=key_of(form.parent.data) if form else None,
        fresh=new_id,
        stances=[(one.value, say(text)) for one, text in STANCES.items()],
        next_url=url_for("forums.round", round_id=key, cursor=after) if after else "",
    )


@page_of(RoundKind.THREADS)
def show(view: rounds.View) -> ResponseReturnValue:
    """The talk of a round."""
    return _page(view)


@bp.post("/rounds/<uuid:round_id>/comments")
def comment(round_id: UUID) -> ResponseReturnValue:
    """Say something, or answer somebody."""
    form = CommentForm()
    if form.validate():
        with form.refusing() as ok:
            made = saying.comment(
                session(),
                current_actor(),
                round_id,
                body=form.body.data or "",
                form_key=form.key,
                stance=form.standing,
                parent_id=key_of(form.parent.data),
            )
        if ok:
            return said(made, _("의견을 올렸습니다."))
    return _page(rounds.view(session(), current_actor(), round_id), form)


@bp.post("/rounds/<uuid:round_id>/posts/<uuid:post_id>/support")
def support(round_id: UUID, post_id: UUID) -> ResponseReturnValue:
    """추천, 나도 궁금합니다, or no longer."""
    saying.support(session(), current_actor(), round_id, post_id, on=request.form.get("on") != "0")
    return done(url_for("forums.round", round_id=round_id) + f"#post-{post_id}")
