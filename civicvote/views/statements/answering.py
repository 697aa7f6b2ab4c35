"""One statement at a time, the list, and adding one's own."""

from typing import Any
from uuid import UUID

from flask import flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from civicvote.db import session
from civicvote.domain.deliberation import Opening, RoundKind
from civicvote.domain.lifecycles import PostState
from civicvote.forms.projects import cursor_from
from civicvote.forms.statements import StatementForm, sort_from, value_from
from civicvote.models.base import new_id
from civicvote.services.deliberation import rounds, statements
from civicvote.services.deliberation.statements import ANSWERS, STATEMENT_SORTS
from civicvote.views.forums.kinds import page_of
from civicvote.views.statements.blueprint import bp
from civicvote.web.access import current_actor, public, safe_next
from civicvote.web.i18n import say
from civicvote.web.render import done, page, wants_part


def tabs(round_id: UUID, here: str) -> list[tuple[str, str, bool]]:
    pages = [
        (_("답하기"), url_for("forums.round", round_id=round_id), "answer"),
        (_("의견 모두 보기"), url_for("statements.listing", round_id=round_id), "all"),
    ]
    if current_actor().signed_in:
        pages.append((_("내가 답한 의견"), url_for("statements.mine", round_id=round_id), "mine"))
    pages.append((_("의견 지도"), url_for("statements.chart", round_id=round_id), "chart"))
    return [(label, url, key == here) for label, url, key in pages]


def _card(view: rounds.View) -> dict[str, Any]:
    """The statement to answer now, and how far the reader is."""
    actor = current_actor()
    asks = actor.signed_in and view.open
    reads = asks or (not actor.signed_in and view.opening is Opening.OPEN)
    return {
        "view": view,
        "post": statements.next_statement(session(), actor, view.round.id) if reads else None,
        "progress": statements.progress(session(), actor, view.round.id),
        "answers": ANSWERS,
        "asks": asks,
    }


def _answer_page(view: rounds.View, form: StatementForm | None = None) -> ResponseReturnValue:
    return page(
        "statements/answer.html",
        status=422 if form else 200,
        tabs=tabs(view.round.id, "answer"),
        form=form or StatementForm(formdata=None),
        fresh=new_id,
        **_card(view),
    )


@page_of(RoundKind.STATEMENTS)
def show(view: rounds.View) -> ResponseReturnValue:
    """One statement at a time."""
    return _answer_page(view)


@bp.post("/statements/<uuid:post_id>/vote")
def vote(post_id: UUID) -> ResponseReturnValue:
    """Agree, disagree, pass, or take one's answer back."""
    post = statements.vote(session(), current_actor(), post_id, value_from(request.form))
    here = url_for("forums.round", round_id=post.thread_id)
    back = safe_next(request.form.get("back"))
    if back is None and wants_part():
        session().flush()
        view = rounds.view(session(), current_actor(), post.thread_id)
        return done(here, partial="statements/_card.html", swapped=True, **_card(view))
    return done(back or here)


@bp.post("/rounds/<uuid:round_id>/statements")
def add(round_id: UUID) -> ResponseReturnValue:
    """Add a statement."""
    form = StatementForm()
    if form.validate():
        with form.refusing(haste=True) as ok:
            post = statements.add(session(), current_actor(), round_id, body=form.body.data or "", form_key=form.key)
        if ok:
            held = post.state is PostState.HELD
            flash(
                _("의견을 받았습니다. 모더레이터가 확인한 뒤 공개합니다.") if held else _("의견을 올렸습니다."),
                "success",
            )
            return done(url_for("forums.round", round_id=round_id))
    return _answer_page(rounds.view(session(), current_actor(), round_id), form)


def _list(round_id: UUID, *, mine: bool) -> ResponseReturnValue:
    actor, sort = current_actor(), sort_from(request.args)
    statements.of(session(), actor, round_id)
    view = rounds.view(session(), actor, round_id)
    over = view.opening is Opening.OVER
    found = statements.listing(
        session(), actor, round_id, sort=sort, mine=mine, over=over, cursor=cursor_from(request.args)
    )
    endpoint = "statements.mine" if mine else "statements.listing"
    following = found.next
    return page(
        "statements/list.html",
        view=view,
        rows=found.rows,
        mine=mine,
        over=over,
        answers=ANSWERS,
        tabs=tabs(round_id, "mine" if mine else "all"),
        sorts=[
            (say(label), url_for(endpoint, round_id=round_id, sort=one.value), one is sort)
            for one, label in STATEMENT_SORTS.items()
        ],
        back_url=url_for(endpoint, round_id=round_id, sort=sort.value),
        next_url=url_for(endpoint, round_id=round_id, sort=sort.value, cursor=following.encode()) if following else "",
    )


@bp.get("/rounds/<uuid:round_id>/statements")
@public
def listing(round_id: UUID) -> ResponseReturnValue:
    """All statements."""
    return _list(round_id, mine=False)


@bp.get("/rounds/<uuid:round_id>/statements/mine")
def mine(round_id: UUID) -> ResponseReturnValue:
    """What I have answered, to be changed."""
    return _list(round_id, mine=True)
