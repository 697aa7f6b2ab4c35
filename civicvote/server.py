"""Gunicorn's settings: `gunicorn -c python:civicvote.server 'civicvote.app:create_app()'`."""

import os
from pathlib import Path
from typing import Any

from civicvote.settings import Settings

_settings = Settings()
_figures = Path(os.environ.get("PROMETHEUS_MULTIPROC_DIR", _settings.instance / "metrics"))
_figures.mkdir(mode=0o700, parents=True, exist_ok=True)
# Read by prometheus-client when it is imported: every worker's figures are added up.
os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(_figures)

bind = os.environ.get("CIVICVOTE_BIND", "127.0.0.1:8000")
workers = int(os.environ.get("CIVICVOTE_WORKERS", "2"))
threads = int(os.environ.get("CIVICVOTE_THREADS", "4"))
worker_class = "gthread"
preload_app = True
timeout = 60
graceful_timeout = 30
keepalive = 5
max_requests = 20_000
max_requests_jitter = 2_000
limit_request_line = 4096
limit_request_fields = 60
#: Forwarded headers are judged by the application (CIVICVOTE_PROXIES), not here.
forwarded_allow_ips = ""
accesslog = None
errorlog = "-"
loglevel = "warning"


def on_starting(_server: Any) -> None:
    """Figures of an earlier run are not ours."""
    for old in _figures.glob("*.db"):
        old.unlink(missing_ok=True)


def child_exit(_server: Any, worker: Any) -> None:
    """A worker that ended no longer counts as living."""
    from prometheus_client import multiprocess

    multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]
