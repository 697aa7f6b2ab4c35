"""Logs with an allow-list of keys, and figures for Prometheus."""

import hmac
import logging
import os
import re
import secrets
import sys
import time
import traceback
from collections.abc import Mapping, MutableMapping
from datetime import datetime
from typing import Any

import structlog
from flask import Flask, Response, g, request
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
    multiprocess,
)

from civicvote.services import clock
from civicvote.settings import Settings

#: Whatever else somebody hands to the log is dropped: personal data has no key here.
ALLOWED = frozenset(
    {
        "event",
        "level",
        "timestamp",
        "error",
        "path",
        "method",
        "status",
        "ms",
        "request_id",
        "kind",
        "count",
        "attempts",
        "seconds",
        "exception",
    }
)


def _allow_list(_logger: object, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {key: value for key, value in event.items() if key in ALLOWED}


def _frames_only(_logger: object, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Where it went wrong, without the error's own text: that may hold what somebody typed."""
    error = event.pop("exc_info", None)
    if isinstance(error, BaseException) and error.__traceback__:
        event["exception"] = [
            f"{f.filename}:{f.lineno} {f.name}" for f in traceback.extract_tb(error.__traceback__)[-12:]
        ]
    return event


def configure_logs(level: str) -> None:
    """JSON lines on standard error."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _frames_only,
            _allow_list,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level)),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )


registry = CollectorRegistry()
REQUESTS = Counter(
    "civicvote_requests_total", "Requests by endpoint and status class", ["endpoint", "status"], registry=registry
)
SECONDS = Histogram(
    "civicvote_request_seconds",
    "Seconds per request by endpoint",
    ["endpoint"],
    registry=registry,
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)


def may_read_metrics(settings: Settings) -> bool:
    """A bearer of the token, or, where none is set, the machine itself with no proxy in between."""
    token = settings.metrics_token.get_secret_value()
    if token:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        return hmac.compare_digest(given.encode(), token.encode())
    through_proxy = any(name in request.headers for name in ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"))
    return request.remote_addr in {"127.0.0.1", "::1"} and not through_proxy


def metrics(figures: Mapping[str, tuple[str, float]]) -> Response:
    """The figures of all processes of this server, and `figures` (name → help text, value) as they are now."""
    everybody = registry
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        everybody = CollectorRegistry()
        multiprocess.MultiProcessCollector(everybody)  # type: ignore[no-untyped-call]
    now = CollectorRegistry()
    for name, (text, value) in figures.items():
        Gauge(name, text, registry=now).set(value)
    return Response(generate_latest(everybody) + generate_latest(now), content_type=CONTENT_TYPE_LATEST)


def arrived() -> datetime:
    """When this request reached the application: what deadlines go by."""
    moment: datetime = g.arrived
    return moment


def init_app(app: Flask, settings: Settings) -> None:
    """Number each request, time it, and log it by its route, never by its address: addresses hold ids."""
    configure_logs(settings.log_level)

    @app.before_request
    def _begin() -> None:
        given = request.headers.get("X-Request-ID", "")
        g.request_id = given if re.fullmatch(r"[A-Za-z0-9-]{8,64}", given) else secrets.token_hex(8)
        g.began = time.perf_counter()
        g.arrived = clock.now()

    @app.after_request
    def _end(response: Response) -> Response:
        endpoint = request.endpoint or "none"
        seconds = time.perf_counter() - g.get("began", time.perf_counter())
        REQUESTS.labels(endpoint, f"{response.status_code // 100}xx").inc()
        SECONDS.labels(endpoint).observe(seconds)
        response.headers["X-Request-ID"] = g.get("request_id", "")
        if not app.testing:
            structlog.get_logger().info(
                "request",
                method=request.method,
                path=request.url_rule.rule if request.url_rule else "none",
                status=response.status_code,
                ms=round(seconds * 1000, 1),
                request_id=g.get("request_id", ""),
            )
        return response
