"""Who is asking, and what is closed to them: every endpoint needs a sign-in unless it says `@public`."""

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar
from urllib.parse import urlsplit

from flask import Flask, current_app, flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import LoginManager, UserMixin
from werkzeug.wrappers import Response

from civicvote import db
from civicvote.domain.errors import ForbiddenError
from civicvote.domain.permissions import VISITOR, Actor, Permission
from civicvote.keystore import KeyStore
from civicvote.services import sessions
from civicvote.settings import Settings

P = ParamSpec("P")
R = TypeVar("R")

login_manager = LoginManager()
login_manager.session_protection = None  # it trusts a raw X-Forwarded-For; our sessions are rows that can be revoked


class SignedIn(UserMixin):  # type: ignore[misc]  # flask-login has no types
    """What flask-login sees of an actor."""

    def __init__(self, found: sessions.Found) -> None:
        self.id = str(found.actor.id)
        self.actor = found.actor
        self.locale = found.locale
        self.email = found.email
        self.unread = found.unread


def settings() -> Settings:
    """The application's settings."""
    found: Settings = current_app.extensions["civicvote.settings"]
    return found


def keys() -> KeyStore:
    """The keys that stay out of the database."""
    return settings().keystore


def limits() -> sessions.Limits:
    """How long sessions live here."""
    s = settings()
    return sessions.Limits(s.session_idle, s.session_idle_official, s.session_absolute)


def cookie_name() -> str:
    """`__Host-` binds the cookie to this host and to TLS."""
    return "__Host-cv" if settings().secure else "cv"


def _load(_request: object) -> SignedIn | None:
    token = request.cookies.get(cookie_name(), "")
    if not 20 <= len(token) <= 100:
        return None
    found = sessions.find(db.reader(), token, limits=limits(), second_factor=settings().require_second_factor)
    if found is None:
        return None
    if found.touch_due and found.actor.session_id is not None:
        with db.database().transaction() as own:
            sessions.touch(own, found.actor.session_id)
    return SignedIn(found)


def current_actor() -> Actor:
    """Whoever sent this request; a visitor if nobody signed in."""
    if "actor" not in g:
        user = login_manager._load_user() or g.get("_login_user")  # noqa: SLF001 — flask-login's own way in
        g.actor = user.actor if isinstance(user, SignedIn) else VISITOR
    actor: Actor = g.actor
    return actor


def account_locale() -> str | None:
    """The language of the signed-in account."""
    current_actor()
    user = g.get("_login_user")
    return user.locale if isinstance(user, SignedIn) else None


def unread() -> int:
    """How many notices the signed-in person hasn't read, up to 100."""
    current_actor()
    user = g.get("_login_user")
    return user.unread if isinstance(user, SignedIn) else 0


def one_click(view: Callable[P, R]) -> Callable[P, R]:
    """Take forms that mail programs send (RFC 8058): neither a CSRF token nor an origin of ours comes with them.

    What the address itself holds must be secret and all that is needed. The list of such endpoints stands in a test.
    """
    view.__one_click__ = True  # type: ignore[attr-defined]
    return view


def spare(app: Flask, exempt: Callable[[Any], Any]) -> None:
    """Let the CSRF check pass over what says `@one_click`."""
    for view in app.view_functions.values():
        if getattr(view, "__one_click__", False):
            exempt(view)


def public(view: Callable[P, R]) -> Callable[P, R]:
    """Open an endpoint to visitors. The list of them stands in a test."""
    view.__public__ = True  # type: ignore[attr-defined]
    return view


def requires(permission: Permission, *others: Permission) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Close a page to actors without `permission` or one of `others`. Services check again; this spares them half a page."""

    def decorate(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            actor = current_actor()
            if not any(actor.can(one) for one in (permission, *others)):
                if actor.needs_second_factor:
                    raise SecondFactorNeededError
                raise ForbiddenError
            return view(*args, **kwargs)

        guarded.__permission__ = permission  # type: ignore[attr-defined]
        return guarded

    return decorate


def takes(size: int) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let those who may open a page send up to `size` bytes: the whole count of a city is larger than any other form."""

    def decorate(view: Callable[P, R]) -> Callable[P, R]:
        view.__largest__ = size  # type: ignore[attr-defined]
        return view

    return decorate


class SecondFactorNeededError(Exception):
    """The account's official roles wait for a second factor."""


def safe_next(target: str | None) -> str | None:
    """`target` if it is a path of this site, else None: an open redirect is a phishing tool."""
    if not target or not target.startswith("/") or target.startswith("//") or "\\" in target:
        return None
    if any(ord(char) < 33 for char in target):
        return None
    parts = urlsplit(target)
    return None if parts.scheme or parts.netloc else target


def to_sign_in() -> Response:
    """Send a visitor to sign in, and back afterwards. What somebody sent while signed out is lost, so they are told."""
    if request.method != "GET":
        flash(_("로그인되어 있지 않아 방금 보낸 내용을 처리하지 않았습니다. 로그인한 뒤 다시 해 주십시오."), "warning")
    here = request.full_path.rstrip("?") if request.method == "GET" else safe_referrer()
    return redirect(url_for("accounts.sign_in", next=here), 303)


def safe_referrer() -> str | None:
    """The path the person came from, if it was here."""
    try:
        parts = urlsplit(request.referrer or "")
    except ValueError:  # such as an unclosed bracket
        return None
    if parts.netloc != request.host:
        return None
    return safe_next(parts.path + (f"?{parts.query}" if parts.query else ""))


def _guard() -> ResponseReturnValue | None:
    view: Any = current_app.view_functions.get(request.endpoint or "")
    if view is None or getattr(view, "__public__", False):
        return None
    if current_actor().known:
        if hasattr(view, "__largest__") and current_actor().can(view.__permission__):
            request.max_content_length = view.__largest__  # before anybody, the CSRF check first, reads the form
        return None
    if request.headers.get("HX-Request"):
        response = current_app.response_class(status=204)
        response.headers["HX-Redirect"] = to_sign_in().location or "/"
        return response
    return to_sign_in()


def init_app(app: Flask) -> None:
    """Load actors and close doors."""
    login_manager.init_app(app)
    login_manager.request_loader(_load)
    app.before_request(_guard)
