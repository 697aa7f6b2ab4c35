"""One blueprint per capability: a view reads the request, calls one service, chooses a template."""

import importlib
import pkgutil
from collections.abc import Callable
from typing import Any

from flask import Flask

from civicvote.settings import Settings
from civicvote.web import access


def init_app(app: Flask, settings: Settings, exempt: Callable[[Any], Any]) -> None:
    """Register the `bp` of every module here; one that has `DEMO_ONLY` exists only in demo mode.

    `exempt` takes a view out of the CSRF check.
    """
    for module in pkgutil.iter_modules(__path__):
        loaded = importlib.import_module(f"{__name__}.{module.name}")
        if settings.demo or not getattr(loaded, "DEMO_ONLY", False):
            app.register_blueprint(loaded.bp)
    access.spare(app, exempt)
