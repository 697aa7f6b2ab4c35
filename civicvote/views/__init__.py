"""One blueprint per capability: a view reads the request, calls one service, chooses a template."""

import importlib
import pkgutil

from flask import Flask

from civicvote.settings import Settings


def init_app(app: Flask, settings: Settings) -> None:
    """Register the `bp` of every module here; one that has `DEMO_ONLY` exists only in demo mode."""
    for module in pkgutil.iter_modules(__path__):
        loaded = importlib.import_module(f"{__name__}.{module.name}")
        if settings.demo or not getattr(loaded, "DEMO_ONLY", False):
            app.register_blueprint(loaded.bp)
