"""The first page, the language switch, and what a person did here."""

from flask import Blueprint, make_response, redirect, request
from flask.typing import ResponseReturnValue

from civicvote.db import session
from civicvote.domain.agora import OPEN_KINDS
from civicvote.domain.lifecycles import PROPOSAL, PROPOSAL_TONES
from civicvote.services import home, work
from civicvote.views.agora import way_to
from civicvote.web.access import current_actor, public, safe_next, settings
from civicvote.web.i18n import COOKIE
from civicvote.web.render import page

bp = Blueprint("home", __name__)


@bp.get("/")
@public
def index() -> ResponseReturnValue:
    """What is going on, and what one can do now."""
    front = home.front(session(), current_actor())
    return page(
        "home/index.html",
        front=front,
        work=work.of(session(), current_actor()),
        open_now=[(row, way_to(row)) for row in front.open_now],
        open_kinds=OPEN_KINDS,
        proposal_labels=PROPOSAL.labels,
        proposal_tones=PROPOSAL_TONES,
    )


@bp.get("/me")
def mine() -> ResponseReturnValue:
    """My proposals, what I follow, where I voted."""
    return page("home/mine.html", mine=home.mine(session(), current_actor()), work=work.of(session(), current_actor()))


@bp.post("/language")
@public
def language() -> ResponseReturnValue:
    """Remember the reader's language in a cookie and go back."""
    response = make_response(redirect(safe_next(request.form.get("next")) or "/", 303))
    lang = "en" if request.form.get("lang") == "en" else "ko"
    response.set_cookie(COOKIE, lang, max_age=365 * 86400, secure=settings().secure, samesite="Lax", httponly=True)
    return response
