"""No letter is lost, whoever dies on the way, and no worker takes another's."""

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
import time_machine
from sqlalchemy import Engine, func, select

from civicvote import db, jobs
from civicvote.app import create_app
from civicvote.models.outbox import OutboxMessage
from civicvote.services import clock, mail, outbox
from civicvote.settings import Settings
from tests import factories
from tests.conftest import DATABASES
from tests.trust import size

LETTERS, DEATHS = size(60, 2000), size(3, 100)
ROOT = Path(__file__).parents[2]


@pytest.fixture(params=DATABASES)
def database(request: pytest.FixtureRequest, make_database: Callable[[str], Engine]) -> Iterator[db.Database]:
    engine = make_database(request.param)
    yield db.Database(engine)
    engine.dispose()


def fill(database: db.Database, count: int) -> set[str]:
    """Promise letters; returns their ids."""
    with database.transaction() as session:
        user = factories.user(session)
        for number in range(count):
            values = {"project": "x", "title": f"{number}번", "state": "selected", "reason": ""}
            outbox.put(session, "project-moved", about=str(number), recipient_id=user.id, **values)
        return {str(key) for key in session.scalars(select(OutboxMessage.id))}


def waiting(database: db.Database) -> int:
    with database.reading() as session:
        return outbox.backlog(session).waiting


def test_killed_workers_lose_nothing(database: db.Database, settings: Settings, tmp_path: Path) -> None:
    promised = fill(database, LETTERS)
    folder = tmp_path / "mail"
    url = database.engine.url.render_as_string(hide_password=False)
    for death in range(DEATHS):
        command = [
            sys.executable, "-m", "tests.trust.courier", url, str(folder), str(3 + 5 * (death % 4)),
            "after" if death % 2 else "before",
        ]  # fmt: skip
        assert subprocess.run(command, cwd=ROOT, check=False, timeout=120).returncode == -9
    assert 0 < waiting(database) < LETTERS
    app = create_app(settings, database=database, testing=True)
    with app.app_context():
        while jobs.deliver(app, settings, mail.Folder(folder)):
            pass
        assert waiting(database) > 0, "what the dead had taken is still theirs"
        with time_machine.travel(clock.now() + outbox.LEASE * 2, tick=False):
            while jobs.deliver(app, settings, mail.Folder(folder)):
                pass
    assert waiting(database) == 0
    assert {path.stem for path in folder.glob("*.eml")} == promised
    assert not list(folder.glob("*.part"))
    with database.reading() as session:
        assert session.scalar(select(func.count()).where(OutboxMessage.done_at.is_not(None))) == LETTERS


def test_workers_at_the_same_time_send_each_letter_once(database: db.Database, settings: Settings) -> None:
    promised = fill(database, LETTERS)
    app = create_app(settings, database=database, testing=True)
    sent: list[str] = []
    lock, gate = threading.Lock(), threading.Barrier(4)

    class Box:
        def send(self, letter: EmailMessage) -> None:
            with lock:
                sent.append(str(letter["Message-ID"]).strip("<>").split("@", maxsplit=1)[0])

    def work(_number: int) -> None:
        gate.wait(30)
        with app.app_context():
            while jobs.deliver(app, settings, Box()):
                pass

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    assert sorted(sent) == sorted(promised)
    assert waiting(database) == 0


def test_a_server_that_is_down_for_ten_minutes(database: db.Database, settings: Settings) -> None:
    promised = fill(database, LETTERS // 4)
    app = create_app(settings, database=database, testing=True)
    began, sent = clock.now(), []

    class Box:
        def send(self, letter: EmailMessage) -> None:
            if clock.now() < began + timedelta(minutes=10):
                raise ConnectionRefusedError
            sent.append(str(letter["Message-ID"]).strip("<>").split("@", maxsplit=1)[0])

    with app.app_context():
        for minute in range(40):
            with time_machine.travel(began + timedelta(minutes=minute), tick=False):
                jobs.deliver(app, settings, Box())
                jobs.deliver(app, settings, Box())
    assert sorted(sent) == sorted(promised)
    with database.reading() as session:
        state = outbox.backlog(session)
    assert (state.waiting, state.given_up) == (0, 0)
