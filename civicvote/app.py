"""The application, put together."""

import logging

from flask import Flask, Request
from flask.typing import ResponseReturnValue
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_wtf.csrf import CSRFProtect
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.middleware.proxy_fix import ProxyFix

from civicvote import db, views
from civicvote.settings import ROOT, Settings
from civicvote.web import access, assets, errors, filters, headers, i18n, menus, observe, render, station


class NamedRequest(Request):
    """A request whose form holds fields with names only: no browser sends others, and every reader may trust in a text."""

    def _load_form_data(self) -> None:
        super()._load_form_data()
        for part in ("form", "files"):
            held = self.__dict__[part]
            if None in held:
                for unnamed in held.getlist(None):
                    if part == "files":
                        unnamed.close()
                self.__dict__[part] = ImmutableMultiDict(pair for pair in held.items(multi=True) if pair[0] is not None)


class CivicVote(Flask):
    """Flask with the house's commit policy: the response decides, and an error at commit is an error of the request."""

    request_class = NamedRequest

    def dispatch_request(self) -> ResponseReturnValue:
        """Run the view, then commit under 400."""
        response = self.make_response(super().dispatch_request())
        db.finish(response)
        return response


csrf = CSRFProtect()
limiter = Limiter(key_func=get_remote_address, default_limits=["600 per minute"], default_limits_per_method=False)


def create_app(
    settings: Settings | None = None, *, database: db.Database | None = None, testing: bool = False
) -> CivicVote:
    """Build the application from the environment, or from the given settings."""
    settings = settings or Settings()
    app = CivicVote(
        "civicvote", root_path=str(ROOT / "civicvote"), template_folder=str(ROOT / "templates"), static_folder=None
    )
    app.testing = testing
    app.extensions["civicvote.settings"] = settings
    app.config.update(
        SECRET_KEY=settings.keystore.derived("cookies"),
        TRUSTED_HOSTS=settings.hosts,
        MAX_CONTENT_LENGTH=headers.MOST_BYTES,  # views that take files say so with `access.takes`
        MAX_FORM_MEMORY_SIZE=headers.MOST_BYTES,
        MAX_FORM_PARTS=3000,
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=False,  # our own check of Origin stands in web/headers.py
        SESSION_COOKIE_NAME="__Host-form" if settings.secure else "form",
        SESSION_COOKIE_SECURE=settings.secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        RATELIMIT_STORAGE_URI=settings.limits_storage,
        RATELIMIT_ENABLED=not testing,
    )
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    db.init_app(app, settings, database)
    observe.init_app(app, settings)
    headers.init_app(app, settings)
    limiter.init_app(app)
    i18n.init_app(app)
    station.init_app(app)
    access.init_app(app)
    csrf.init_app(app)
    render.htmx.init_app(app)
    filters.init_app(app)
    menus.init_app(app, settings)
    errors.init_app(app)
    views.init_app(app, settings, csrf.exempt)
    assets.init_app(app, ROOT / "static", settings.instance / "static")
    if settings.proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=settings.proxies, x_proto=settings.proxies, x_host=0)  # type: ignore[method-assign]
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    return app
