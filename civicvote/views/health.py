"""For load balancers and monitoring."""

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from civicvote.db import session
from civicvote.domain.errors import NotFoundError
from civicvote.services import health
from civicvote.web import observe
from civicvote.web.access import public, settings

bp = Blueprint("health", __name__)


@bp.get("/healthz")
@public
def healthz() -> ResponseReturnValue:
    """The process lives."""
    return jsonify(status="ok")


@bp.get("/readyz")
@public
def readyz() -> ResponseReturnValue:
    """The process can serve: its database answers and has the tables. A dead one is the error table's 503."""
    health.ready(session())
    return jsonify(status="ok")


@bp.get("/metrics")
@public
def metrics() -> ResponseReturnValue:
    """Figures for Prometheus, for the token's bearer or the machine itself."""
    if not observe.may_read_metrics(settings()):
        raise NotFoundError
    return observe.metrics(health.figures(session()))
