"""Answers: the whole page, or only the part htmx asked for."""

from typing import Any
from urllib.parse import quote

from flask import make_response, redirect, render_template, request
from flask.wrappers import Response
from flask_htmx import HTMX

htmx = HTMX()


def wants_part() -> bool:
    """Whether htmx will swap the answer into a page (and not restore a page from history)."""
    return bool(htmx) and not htmx.boosted and not htmx.history_restore_request


def page(template: str, *, partial: str = "", status: int = 200, **context: Any) -> Response:
    """The whole page, or `partial` for htmx. The two share one URL, so caches are told what it depends on."""
    part = bool(partial) and wants_part()
    response: Response = make_response(render_template(partial if part else template, **context), status)
    if partial:
        response.vary.add("HX-Request")
    return response


def done(location: str, *, partial: str = "", **context: Any) -> Response:
    """After a change: the part for htmx (`partial`), or the way to `location` for a browser (303)."""
    if wants_part():
        if partial:
            response: Response = make_response(render_template(partial, **context))
            response.vary.add("HX-Request")
            return response
        response = make_response("", 204)
        response.headers["HX-Redirect"] = location
        return response
    moved: Response = make_response(redirect(location, 303))
    return moved


def anew() -> Response:
    """For htmx, when so much has changed that the whole page is to be loaded again."""
    response: Response = make_response("", 204)
    response.headers["HX-Refresh"] = "true"
    return response


def download(content: bytes, name: str, media_type: str) -> Response:
    """A file to keep. A header is ASCII to the server: a Korean name goes percent-encoded into `filename*` (RFC 6266)."""
    response: Response = make_response(content)
    response.content_type = media_type
    named = {"filename": name} if name.isascii() else {"filename*": f"UTF-8''{quote(name, safe='')}"}
    response.headers.set("Content-Disposition", "attachment", **named)
    response.headers["Content-Length"] = str(len(content))
    return response


def is_get() -> bool:
    """Whether the request only looks."""
    return request.method in {"GET", "HEAD"}
