"""질의응답: asking, answering, and the list."""

from uuid import UUID

from flask import request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from civicvote.db import session
from civicvote.domain.deliberation import RoundKind
from civicvote.forms.forums import SayForm
from civicvote.forms.projects import cursor_from
from civicvote.models.base import new_id
from civicvote.services.deliberation import questions, rounds, saying
from civicvote.views.forums.blueprint import bp
from civicvote.views.forums.kinds import page_of
from civicvote.views.forums.rounds import said
from civicvote.web.access import current_actor
from civicvote.web.render import page

_FILTERS = {"yes": True, "no": False}


def _page(view: rounds.View, form: SayForm | None = None, answering: UUID | None = None) -> ResponseReturnValue:
    wanted = request.args.get("answered", "")
    found = questions.listing(
        session(), current_actor(), view.round.id, answered=_FILTERS.get(wanted), cursor=cursor_from(request.args)
    )
    key, narrowed = view.round.id, wanted if wanted in _FILTERS else None
    after = found.next.encode() if found.next else ""
    return page(
        "forums/questions.html",
        partial="forums/_questions.html",
        status=422 if form else 200,
        view=view,
        found=found,
        form=form,
        answering=answering,
        fresh=new_id,
        badge=saying.badge(session(), current_actor(), key),
        tabs=[
            (_("전체"), url_for("forums.round", round_id=key), narrowed is None),
            (_("답변 있음"), url_for("forums.round", round_id=key, answered="yes"), wanted == "yes"),
            (_("답변 기다림"), url_for("forums.round", round_id=key, answered="no"), wanted == "no"),
        ],
        next_url=url_for("forums.round", round_id=key, answered=narrowed, cursor=after) if after else "",
    )


@page_of(RoundKind.QUESTIONS)
def show(view: rounds.View) -> ResponseReturnValue:
    """The questions of a round."""
    return _page(view)


@bp.post("/rounds/<uuid:round_id>/questions")
def ask(round_id: UUID) -> ResponseReturnValue:
    """Ask something."""
    form = SayForm()
    if form.validate():
        with form.refusing(haste=True) as ok:
            made = saying.ask(session(), current_actor(), round_id, body=form.body.data or "", form_key=form.key)
        if ok:
            return said(made, _("질문을 올렸습니다."))
    return _page(rounds.view(session(), current_actor(), round_id), form)


@bp.post("/rounds/<uuid:round_id>/questions/<uuid:post_id>/answers")
def answer_question(round_id: UUID, post_id: UUID) -> ResponseReturnValue:
    """Answer as an expert or for the department."""
    form = SayForm()
    if form.validate():
        with form.refusing(haste=True) as ok:
            made = saying.answer(session(), current_actor(), post_id, body=form.body.data or "", form_key=form.key)
        if ok:
            return said(made, _("답변을 올렸습니다."))
    return _page(rounds.view(session(), current_actor(), round_id), form, post_id)
