"""A whole site in this process, whose clock can be moved, and people in real browsers."""

import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from flask import Flask
from playwright.sync_api import Browser, sync_playwright
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from civicvote import db, jobs, migrations
from civicvote.app import create_app
from civicvote.services import clock
from civicvote.settings import Settings
from tests.journeys.people import Person

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
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
    server: BaseWSGIServer
    moved: time_machine.Traveller | None = None

    @property
    def url(self) -> str:
        return self.settings.base_url

    @property
    def database(self) -> db.Database:
        found: db.Database = self.app.extensions[db.EXTENSION]
        return found

    def tick(self) -> None:
        assert jobs.tick(self.app, self.settings) == {}

    def travel(self, by: timedelta) -> None:
        moment = clock.now() + by
        if self.moved is not None:
            self.moved.stop()
        self.moved = time_machine.travel(moment, tick=True)
        self.moved.start()

    def mail_to(self, address: str) -> list[str]:
        """Texts of the letters to an address, the oldest first."""
        import email
        from email import policy

        found = []
        for path in sorted((self.settings.instance / "mail").glob("*.eml"), key=lambda p: p.stat().st_mtime_ns):
            letter = email.message_from_bytes(path.read_bytes(), policy=policy.default)
            if letter["To"] == address:
                body = letter.get_body()
                found.append(body.get_content() if body else "")
        return found


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A migrated, empty site on a free port, in demo mode so that no second factor stands in the way."""
    held: dict[str, Flask] = {}
    server = make_server(
        "127.0.0.1", 0, lambda env, start: held["app"](env, start), threaded=True, request_handler=Quiet
    )
    settings = Settings(
        instance=tmp_path / "instance",
        base_url=f"http://127.0.0.1:{server.server_port}",
        demo=True,
        mail="file",
        session_idle_official=30 * 86400,
        session_absolute=300 * 86400,
        session_idle=300 * 86400,
        log_level="ERROR",
    )
    settings.instance.mkdir()
    engine = db.make_engine(settings.url)
    migrations.upgrade(engine)
    app = held["app"] = create_app(settings, database=db.Database(engine))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    running = Site(app, settings, server)
    yield running
    server.shutdown()
    thread.join()
    server.server_close()
    if running.moved is not None:
        running.moved.stop()
    engine.dispose()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    path = next(p for name in ("chromium", "chromium-browser", "google-chrome") if (p := shutil.which(name)))
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture
def somebody(browser: Browser, site: Site) -> Iterator[Callable[..., Person]]:
    """A function that gives a person a browser of their own; at the end nobody may have seen a script error or a CSP report."""
    people: list[Person] = []

    def come(*, javascript: bool = True, width: int = 1280, locale: str = "ko-KR") -> Person:
        context = browser.new_context(
            java_script_enabled=javascript, viewport={"width": width, "height": 900}, locale=locale, base_url=site.url
        )
        context.set_default_timeout(10_000)
        person = Person(context.new_page(), site, javascript=javascript)
        people.append(person)
        return person

    yield come
    for person in people:
        person.page.context.close()
    assert [trouble for person in people for trouble in person.troubles] == []
