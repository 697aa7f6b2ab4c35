"""One copy of an SQLite database with its journal: whoever replays the journal commit by commit sees each cast happen."""

import sqlite3
import struct
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text

from civicvote import db, jobs
from civicvote.settings import Settings
from tests.trust.conftest import Station

PAIR = ("person_id FROM participation", "tracker FROM ballot")
PEOPLE = 6


def _copies(file: Path) -> Iterator[bytes]:
    """The database as it was before the journal, and as each commit in it left it."""
    image, journal = bytearray(file.read_bytes()), Path(f"{file}-wal").read_bytes()
    if not journal:
        return
    yield _readable(image)
    size, salt = struct.unpack(">I", journal[8:12])[0], journal[16:24]
    for start in range(32, len(journal) - size, 24 + size):
        page, commit = struct.unpack(">II", journal[start : start + 8])
        if journal[start + 8 : start + 16] != salt:
            return
        image[(page - 1) * size : page * size] = journal[start + 24 : start + 24 + size].ljust(size)
        if commit:
            yield _readable(image)


def _readable(image: bytearray) -> bytes:
    """The same, said to have no journal."""
    return bytes(image[:18]) + b"\x01\x01" + bytes(image[20:])


def _linked(file: Path, scratch: Path) -> dict[str, str]:
    """Person → tracker that came with the same commit."""
    found: dict[str, str] = {}
    before: list[set[tuple[str]]] = []
    for copy in _copies(file):
        scratch.write_bytes(copy)
        with closing(sqlite3.connect(f"{scratch.as_uri()}?mode=ro&immutable=1", uri=True)) as opened:
            try:
                now = [set(opened.execute(f"SELECT {what}")) for what in PAIR]
            except sqlite3.DatabaseError:  # the tables aren't there yet
                continue
        new = [rows - earlier for rows, earlier in zip(now, before, strict=True)] if before else []
        if [len(rows) for rows in new] == [1, 1]:
            found[new[0].pop()[0]] = new[1].pop()[0]
        before = now
    return found


@pytest.mark.parametrize("polling", ["sqlite"], indirect=True)  # PostgreSQL's journal isn't in a copy of its tables
def test_a_round_of_the_worker_leaves_no_cast_in_the_journal(polling: Station, app: Flask, settings: Settings) -> None:
    file, scratch = polling.folder / "civicvote.sqlite", polling.folder / "scratch.sqlite"
    voters = polling.voters(PEOPLE)
    polling.database.forget()  # else the journal is full in the midst of the casts, and what it held goes into the file
    cast = {str(one.person_id.hex): polling.cast(one).tracker for one in voters if one.person_id}
    assert _linked(file, scratch) == cast, "the attack: everybody and their tracker"
    app.extensions[db.EXTENSION] = polling.database
    assert jobs.tick(app, settings) == {}
    assert Path(f"{file}-wal").stat().st_size == 0
    assert _linked(file, scratch) == {}


@pytest.mark.parametrize("polling", ["sqlite"], indirect=True)
def test_somebody_who_reads_holds_up_nobody(polling: Station) -> None:
    """The journal stays till another time; statements wait for locks as patiently as before."""
    polling.cast(polling.voters(1)[0])
    with closing(sqlite3.connect(polling.folder / "civicvote.sqlite", isolation_level=None)) as reader:
        reader.execute("BEGIN")
        assert reader.execute("SELECT count(*) FROM ballot").fetchone() == (1,)
        polling.cast(polling.voters(1)[0])
        polling.database.forget()
        polling.cast(polling.voters(1)[0])
    with polling.database.engine.connect() as connection:
        assert connection.scalar(text("PRAGMA busy_timeout")) == db.PATIENCE


@pytest.mark.parametrize("polling", ["sqlite"], indirect=True)
def test_what_is_deleted_is_overwritten(polling: Station) -> None:
    with polling.database.engine.connect() as connection:
        assert connection.scalar(text("PRAGMA secure_delete")) == 1
