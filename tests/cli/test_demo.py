"""`civicvote demo`: starts, keeps its data, says what stands in its way."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.support.ports import free_port

ROOT = Path(__file__).resolve().parent.parent.parent


def _command(port: int, instance: Path) -> list[str]:
    return [sys.executable, "-m", "civicvote", "demo", "--port", str(port), "--instance", str(instance)]


@contextmanager
def running(instance: Path) -> Iterator[tuple[str, Path]]:
    """A demo that answers: its address, and the file with what it printed."""
    port, log = free_port(), instance.parent / "demo.log"
    with log.open("w") as out:
        process = subprocess.Popen(_command(port, instance), cwd=ROOT, stdout=out, stderr=subprocess.STDOUT)
    address = f"http://127.0.0.1:{port}"
    try:
        while address not in log.read_text():  # the demo itself gives up when its server doesn't answer
            assert process.poll() is None, log.read_text()
            time.sleep(0.1)
        yield address, log
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(120) in {0, -signal.SIGTERM}, log.read_text()


def _get(url: str) -> str:
    with urllib.request.urlopen(url) as answer:  # noqa: S310 — our own address
        text: str = answer.read().decode()
        return text


def test_a_second_start_keeps_the_data(tmp_path: Path) -> None:
    instance = tmp_path / "instance"
    with running(instance) as (address, log):
        first = _get(f"{address}/projects/feed.atom")
        assert "2026년 시민공감예산" in _get(f"{address}/budget/2026")
        assert "staff2@demo.civicvote.example" in log.read_text()
    assert instance.stat().st_mode & 0o077 == 0
    keys = list((instance / "keys").glob("*.key"))
    assert keys
    assert all(key.stat().st_mode & 0o177 == 0 for key in keys)
    with running(instance) as (again, log):
        assert _get(f"{again}/projects/feed.atom").replace(again, address) == first
        assert "예시 자료를 넣습니다" not in log.read_text()


def test_a_taken_port_is_said_in_words(tmp_path: Path) -> None:
    with closing(socket.socket()) as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        answer = subprocess.run(_command(port, tmp_path), cwd=ROOT, capture_output=True, text=True, check=False)
    assert answer.returncode == 1
    assert f"make demo PORT={port + 1}" in answer.stderr
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("content", [b"", b"not a database", b"SQLite format 3\x00"])
def test_a_spoiled_database_is_not_taken_for_a_ready_one(tmp_path: Path, content: bytes) -> None:
    from civicvote.cli.demo import _ready

    (tmp_path / "civicvote.sqlite").write_bytes(content)
    assert "CIVICVOTE_DATABASE_URL" not in os.environ
    assert not _ready(tmp_path)
