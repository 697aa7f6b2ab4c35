"""Security headers of every answer; a nonce per request for our own scripts."""

import secrets
from urllib.parse import urlsplit

from flask import Flask, Response, abort, g, request

from civicvote.settings import Settings

#: More than any form that is typed holds. Werkzeug's own limits pass over such forms, and anybody may send one: a million
#: fields in 8 MB took seconds in which nobody else was served.
MOST_BYTES = 1024 * 1024
MOST_FIELDS = 10_000


def csp_nonce() -> str:
    """The nonce of this request's scripts."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(18)
    return str(g.csp_nonce)


def host_of(address: str) -> str:
    """Host and port of an address somebody sent; empty where it has none or isn't one."""
    try:
        return urlsplit(address).netloc
    except ValueError:  # such as an unclosed bracket
        return ""


def _policy() -> str:
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'nonce-{csp_nonce()}'",
            "style-src 'self'",
            "img-src 'self' data:",
            "font-src 'self'",
            "connect-src 'self'",
            "manifest-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types htmx",
        )
    )


def _readable() -> None:
    """Before anybody reads the form, the CSRF check first."""
    if request.mimetype == "application/x-www-form-urlencoded" and request.get_data().count(b"&") >= MOST_FIELDS:
        abort(413)


def init_app(app: Flask, settings: Settings) -> None:
    """Put the headers on."""
    app.before_request(_readable)
    app.jinja_env.globals["csp_nonce"] = csp_nonce  # macros imported without context use it too

    @app.after_request
    def _headers(response: Response) -> Response:
        headers = response.headers
        if response.mimetype == "text/html":
            headers.setdefault("Content-Security-Policy", _policy())
        else:
            headers.setdefault("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; sandbox")
        headers.setdefault("X-Content-Type-Options", "nosniff")
        headers.setdefault("Referrer-Policy", "same-origin")
        headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
        headers.setdefault("X-Frame-Options", "DENY")
        if settings.secure:
            headers.setdefault("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
        # Pages differ by person and language; only what says otherwise may be kept.
        headers.setdefault(
            "Cache-Control",
            "private, no-store"
            if g.get("_login_user") or g.get("station") or request.method != "GET"
            else "private, no-cache",
        )
        response.vary.update(("Cookie", "Accept-Language"))
        return response

    @app.before_request
    def _same_origin() -> None:
        """A browser names the origin of every POST; a foreign or hidden one ("null") is refused before any form is read."""
        if request.method in {"GET", "HEAD", "OPTIONS"}:
            return
        origin = request.headers.get("Origin")
        view = app.view_functions.get(request.endpoint or "")
        if origin is not None and host_of(origin) != request.host and not getattr(view, "__one_click__", False):
            abort(403)
        if request.is_json:
            abort(400)  # nothing here reads JSON; Flask-WTF would, as a form whose values are no texts
