"""`civicvote check`: every fault has a line and what to do."""

import os
import socket
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from click.testing import CliRunner, Result
from sqlalchemy import Engine, insert

from civicvote import db, migrations
from civicvote.cli import main
from civicvote.models.outbox import OutboxMessage, WorkerBeat
from civicvote.services import clock, health, outbox
from civicvote.settings import Settings
from tests.conftest import DATABASES


@pytest.fixture(params=DATABASES)
def database(
    request: pytest.FixtureRequest,
    make_database: Callable[..., Engine],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[db.Database]:
    engine = make_database(request.param, empty=True)
    monkeypatch.setenv("CIVICVOTE_INSTANCE", str(tmp_path))
    monkeypatch.setenv("CIVICVOTE_DATABASE_URL", engine.url.render_as_string(hide_password=False))
    migrations.upgrade(engine)
    yield db.Database(engine)
    engine.dispose()


def check() -> Result:
    return CliRunner().invoke(main, ["check"])


def well(database: db.Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """A deployment without a fault."""
    monkeypatch.setenv("CIVICVOTE_DEMO", "1")
    with database.transaction() as session:
        health.beat(session)


def test_a_good_deployment(database: db.Database, monkeypatch: pytest.MonkeyPatch) -> None:
    well(database, monkeypatch)
    done = check()
    assert done.exit_code == 0, done.output
    assert "모두 정상입니다" in done.stdout
    assert "✗" not in done.stdout


def test_each_fault_is_named_with_what_to_do(
    database: db.Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CIVICVOTE_BASE_URL", "http://vote.example.org")
    keys = Settings().keystore
    assert keys.person
    (tmp_path / "keys" / "person.key").chmod(0o644)
    with database.transaction() as session:
        outbox.put(session, "project-moved", about="x", address="a@example.org")
    with time_machine.travel(clock.now() + timedelta(hours=1), tick=False):
        done = check()
    assert done.exit_code == 1
    for words in ("person.key", "chmod 600", "https://", "한 번도 돌지", "10분 넘게 밀려", "메일: file"):
        assert words in done.stdout
    faults = done.stdout.count("✗")
    assert faults == done.stdout.count("→"), "each with what to do"
    assert f"고칠 것 {faults}건" in done.stdout


def test_a_silent_worker_and_lost_letters(database: db.Database, monkeypatch: pytest.MonkeyPatch) -> None:
    well(database, monkeypatch)
    with database.transaction() as session:
        moment = clock.now()
        session.execute(
            insert(OutboxMessage),
            [
                {
                    "kind": "project-moved",
                    "dedupe_key": "x",
                    "payload": {},
                    "created_at": moment,
                    "available_at": moment,
                    "failed_at": moment,
                }
            ],
        )
        session.query(WorkerBeat).update({"at": moment - timedelta(minutes=5)})
    done = check()
    assert done.exit_code == 1
    assert "초째 응답이 없습니다" in done.stdout
    assert "포기한 알림이 1건" in done.stdout


def test_mail_that_does_not_answer(database: db.Database, monkeypatch: pytest.MonkeyPatch) -> None:
    well(database, monkeypatch)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, not listening: refused at once
        monkeypatch.setenv("CIVICVOTE_MAIL", "smtp")
        monkeypatch.setenv("CIVICVOTE_SMTP_HOST", "127.0.0.1")
        monkeypatch.setenv("CIVICVOTE_SMTP_PORT", str(taken.getsockname()[1]))
        done = check()
    assert done.exit_code == 1
    assert "메일 서버에 연결할 수 없습니다: ConnectionRefusedError" in done.stdout
    assert "CIVICVOTE_MAIL_FROM" in done.stdout


def test_missing_and_old_databases(
    make_database: Callable[..., Engine], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CIVICVOTE_INSTANCE", str(tmp_path / "new"))
    none = check()
    assert none.exit_code == 1
    assert "civicvote migrate" in none.stdout
    assert not (tmp_path / "new").exists(), "a check makes nothing"
    engine = make_database("sqlite", empty=True)
    with engine.connect():
        monkeypatch.setenv("CIVICVOTE_DATABASE_URL", engine.url.render_as_string(hide_password=False))
    old = check()
    assert "표 구조 없음" in old.stdout
    engine.dispose()
    monkeypatch.setenv("CIVICVOTE_DATABASE_URL", "postgresql+psycopg://nobody:geheim@127.0.0.1:9/none")
    down = check()
    assert down.exit_code == 1
    assert "연결할 수 없습니다" in down.stdout
    assert "geheim" not in down.output


def test_wrong_settings_are_named_without_their_values(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CIVICVOTE_SMTP_PORT", "geheim")
    monkeypatch.setenv("CIVICVOTE_PROXIES", "99")
    done = check()
    assert done.exit_code == 1
    assert "CIVICVOTE_SMTP_PORT" in done.stderr
    assert "CIVICVOTE_PROXIES" in done.stderr
    assert "geheim" not in done.output
    assert os.environ["CIVICVOTE_PROXIES"] == "99"
