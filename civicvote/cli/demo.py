"""`civicvote demo`: a platform to try, with example data, on this machine only."""

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from contextlib import closing
from pathlib import Path

import click

ROOT = Path(__file__).resolve().parent.parent.parent


def _refuse(text: str) -> None:
    click.echo(text, err=True)
    raise SystemExit(1)


def _port_is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _environment(port: int, instance: Path) -> dict[str, str]:
    return os.environ | {
        "CIVICVOTE_DEMO": "true",
        "CIVICVOTE_INSTANCE": str(instance),
        "CIVICVOTE_BASE_URL": f"http://127.0.0.1:{port}",
        "CIVICVOTE_MAIL": "file",
        "CIVICVOTE_BIND": f"127.0.0.1:{port}",
        "CIVICVOTE_LOG_LEVEL": os.environ.get("CIVICVOTE_LOG_LEVEL", "WARNING"),
    }


def _ready(instance: Path) -> bool:
    """Whether the demo's own database has today's tables and somebody in them: asked without loading anything big."""
    file = instance / "civicvote.sqlite"
    if os.environ.get("CIVICVOTE_DATABASE_URL") or not file.is_file():
        return False
    newest = max(path.stem.split("_")[0] for path in (ROOT / "migrations" / "versions").glob("[0-9]*.py"))
    try:
        with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as database:
            at = database.execute("SELECT version_num FROM alembic_version").fetchone()
            return at == (newest,) and database.execute("SELECT 1 FROM user_account LIMIT 1").fetchone() is not None
    except sqlite3.Error:
        return False


def _prepare() -> bool:
    """Folder, keys, tables and example data; returns whether the data is new."""
    from civicvote import db, migrations
    from civicvote.demo.planted import planted
    from civicvote.settings import Settings

    settings = Settings()
    settings.instance.mkdir(mode=0o700, parents=True, exist_ok=True)
    settings.keystore.application, settings.keystore.person, settings.keystore.audit  # noqa: B018 — made once
    engine = db.make_engine(settings.url)
    if migrations.current(engine) != migrations.head():
        migrations.upgrade(engine)
    with db.Database(engine).reading() as session:
        if planted(session):
            return False
    from civicvote.demo.seed import plant

    click.echo("예시 자료를 넣습니다 (처음 한 번). / Seeding example data (once).")
    with db.Database(engine).transaction() as session:
        plant(session, settings)
    engine.dispose()
    return True


def _wait_until_ready(port: int, server: "subprocess.Popen[bytes]") -> None:
    for _ in range(1200):
        if server.poll() is not None:
            _refuse("서버가 시작하지 못했습니다. 위의 오류를 확인하십시오. / The server did not start.")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.1)
    _refuse("서버가 2분 안에 응답하지 않았습니다. / The server did not answer within 2 minutes.")


def _announce(port: int) -> None:
    from civicvote.demo.accounts import ACCOUNTS, PASSWORD

    click.echo(f"\n  http://127.0.0.1:{port}\n")
    click.echo(f"  체험 계정 / demo accounts (비밀번호 / password: {PASSWORD})")
    for account in ACCOUNTS:
        click.echo(f"    {account.email:<42} {account.title} / {account.title_en}")
    click.echo(
        "\n  메일은 instance/mail에 .eml 파일로 쌓입니다. 끝내려면 Ctrl+C. / Mail lands in instance/mail. Stop with Ctrl+C.\n"
    )


@click.command()
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option(
    "--instance", type=click.Path(path_type=Path), default=ROOT / "instance", show_default=False, help="자료를 둘 폴더"
)
def demo(port: int, instance: Path) -> None:
    """예시 자료가 든 체험 서버를 127.0.0.1에 띄운다."""
    if not _port_is_free(port):
        _refuse(
            f"{port}번 포트를 다른 프로그램이 쓰고 있습니다. 다른 포트로 실행하십시오: make demo PORT={port + 1}\n"
            f"Port {port} is taken. Use another one: make demo PORT={port + 1}"
        )
    environment = _environment(port, instance.resolve())
    os.environ.update(environment)
    if not _ready(instance.resolve()):
        _prepare()
    gunicorn = [sys.executable, "-m", "gunicorn", "-c", "python:civicvote.server", "civicvote.app:create_app()"]
    server = subprocess.Popen(gunicorn, env=environment, cwd=ROOT)  # noqa: S603 — our own commands
    worker = subprocess.Popen([sys.executable, "-m", "civicvote", "worker"], env=environment, cwd=ROOT)

    def stop(*_: object) -> None:
        for process in (server, worker):
            process.terminate()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    try:
        _wait_until_ready(port, server)
        _announce(port)
        raise SystemExit(max(0, server.wait()))
    finally:
        stop()
        worker.wait(20)
