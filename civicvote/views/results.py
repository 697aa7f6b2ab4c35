"""Published results, for everybody."""

import json
from uuid import UUID

from flask import Blueprint, redirect, url_for
from flask.typing import ResponseReturnValue

from civicvote.db import session
from civicvote.domain import districts
from civicvote.domain.ballot_rounds import round_in
from civicvote.services import results
from civicvote.web.access import current_actor, public
from civicvote.web.i18n import language
from civicvote.web.render import download as as_file
from civicvote.web.render import page

bp = Blueprint("results", __name__, url_prefix="/budget/<slug>/result")


@bp.get("")
@public
def detail(slug: str) -> ResponseReturnValue:
    """Who won, who did not, why, and how to check. A forum's ballot has a page of its own."""
    if (round_id := round_in(slug)) is not None:
        return redirect(url_for("ballot_rounds.result", round_id=round_id), 303)
    shapes = [(d.code, d.called(language()), d.shape) for d in districts.DISTRICTS]
    return page("results/detail.html", result=results.published(session(), current_actor(), slug), shapes=shapes)


@bp.get("/projects/<uuid:project_id>")
@public
def project_reason(slug: str, project_id: UUID) -> ResponseReturnValue:
    """Why one project was or was not chosen."""
    return page("results/reason.html", why=results.why(session(), current_actor(), slug, project_id))


@bp.get("/log")
@public
def log(slug: str) -> ResponseReturnValue:
    """Every step of the count."""
    return page("results/log.html", log=results.log(session(), current_actor(), slug))


@bp.get("/log.json")
@public
def log_file(slug: str) -> ResponseReturnValue:
    """The same as JSON."""
    body = json.dumps(results.log_document(session(), current_actor(), slug), ensure_ascii=False, indent=1)
    return as_file(body.encode(), f"{slug}-log.json", "application/json; charset=utf-8")


@bp.get("/files/<name>")
@public
def download(slug: str, name: str) -> ResponseReturnValue:
    """A published file."""
    found = results.file(session(), current_actor(), slug, name)
    return as_file(found.content, found.name, found.media_type)
