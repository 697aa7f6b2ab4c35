"""The whole site in this process, on a free port, with a clock that can be moved."""

import email
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from email import policy
from pathlib import Path
from typing import Any

import time_machine
from flask import Flask
from sqlalchemy import select
from werkzeug.serving import WSGIRequestHandler, make_server

from civicvote import db, jobs, migrations
from civicvote.app import create_app
from civicvote.models.accounts import User
from civicvote.models.outbox import OutboxMessage
from civicvote.services import clock, sessions
from civicvote.settings import Settings

ASSETS = Path(__file__).resolve().parent.parent / "assets"


class Quiet(WSGIRequestHandler):
    """Requests are not printed."""

    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002 — werkzeug's own name
        del type, message, args


@dataclass
class Site:
    """The running site. `tick` does what the worker does; `travel` moves the clock that the site reads."""

    app: Flask
    settings: Settings
    moved: time_machine.travel | None = None

    @property
    def url(self) -> str:
        return self.settings.base_url

    @property
    def database(self) -> db.Database:
        found: db.Database = self.app.extensions[db.EXTENSION]
        return found

    def tick(self) -> None:
        """A worker's round; every letter must have been written and sent."""
        assert jobs.tick(self.app, self.settings) == {}
        with self.database.reading() as session:
            failed = session.execute(
                select(OutboxMessage.kind, OutboxMessage.error).where(OutboxMessage.error != "")
            ).all()
        assert failed == []

    def travel(self, by: timedelta) -> None:
        moment = clock.now() + by
        self.stay()
        self.moved = time_machine.travel(moment, tick=True)
        self.moved.start()

    def stay(self) -> None:
        """Back to the present."""
        if self.moved is not None:
            self.moved.stop()
            self.moved = None

    def session_of(self, address: str) -> str:
        """The cookie of somebody who has signed in, without the page."""
        with self.database.transaction() as session:
            user = session.scalars(select(User).where(User.email == address)).one()
            return sessions.start(
                session, user, device="시험", limits=sessions.Limits(86400, 86400, 86400), second_factor_at=clock.now()
            )

    def mail_to(self, address: str) -> list[str]:
        """Letters to an address, subject and text, the oldest first."""
        found = []
        for path in sorted((self.settings.instance / "mail").glob("*.eml"), key=lambda p: p.stat().st_mtime_ns):
            letter = email.message_from_bytes(path.read_bytes(), policy=policy.default)
            if letter["To"] == address:
                body = letter.get_body()
                found.append(f"{letter['Subject']}\n{body.get_content() if body else ''}")
        return found


@contextmanager
def serve(folder: Path, *, host: str = "127.0.0.1", **values: Any) -> Iterator[Site]:
    """A migrated, empty site whose data lie in `folder`; `values` are settings of its own."""
    served: list[Flask] = []
    server = make_server(host, 0, lambda env, start: served[0](env, start), threaded=True, request_handler=Quiet)  # noqa: PLW0108 — it comes later
    chosen: dict[str, Any] = {
        "instance": folder / "instance",
        "base_url": f"http://{host}:{server.server_port}",
        "mail": "file",
        # The clock jumps by days: nobody is to be signed out by that.
        "session_idle_official": 30 * 86400,
        "session_absolute": 300 * 86400,
        "session_idle": 300 * 86400,
        "log_level": "ERROR",
    }
    settings = Settings(**(chosen | values))
    settings.instance.mkdir()
    engine = db.make_engine(settings.url)
    migrations.upgrade(engine)
    served.append(create_app(settings, database=db.Database(engine)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    site = Site(served[0], settings)
    try:
        yield site
    finally:
        site.stay()
        server.shutdown()
        thread.join()
        server.server_close()
        engine.dispose()
