"""A power cut, a killed database, a full disk: whoever holds a receipt finds their ballot."""

import re
import shutil
import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError

from civicvote import db
from civicvote.models import Base
from civicvote.services import clock, voting
from tests.conftest import DATABASES
from tests.support.voting import form_key
from tests.trust import size
from tests.trust.casters import Caster, forms
from tests.trust.cluster import Cluster
from tests.trust.conftest import Station, station_on

VOTERS = 8
MOMENTS = size(2, 500)
KILLS = size(2, 100)
CASTS = size(40, 1000)
#: Acknowledgements between two moments, so that each finds the caster at work.
BETWEEN = 2
#: More forms than a caster gets through while this process waits for its turn on a busy machine.
PLENTY = 6000


def _trackers_of_file(path: Path) -> set[str]:
    """Open a copy as SQLite opens a database after a crash."""
    with closing(sqlite3.connect(path)) as found:
        assert found.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return {row[0] for row in found.execute("SELECT tracker FROM ballot JOIN participation USING (vote_id)")}


def _trackers_of_cluster(cluster: Cluster) -> set[str]:
    """Start a copy as PostgreSQL starts after a crash."""
    try:
        cluster.start()
        with psycopg.connect(host=str(cluster.folder), user="postgres", dbname="postgres") as found:
            rows = found.execute("SELECT tracker FROM ballot JOIN participation USING (vote_id)").fetchall()
        return {row[0] for row in rows}
    finally:
        cluster.remove()


def _frozen_file(polling: Station, caster: Caster) -> set[str]:
    caster.stop()
    caster.drain()
    known, copy = set(caster.told.values()), polling.folder / "copy"
    copy.mkdir()
    for end in ("", "-wal"):
        shutil.copyfile(polling.folder / f"civicvote.sqlite{end}", copy / f"civicvote.sqlite{end}")
    caster.go_on()
    lost = known - _trackers_of_file(copy / "civicvote.sqlite")
    shutil.rmtree(copy)
    return lost


def _frozen_cluster(cluster: Cluster, caster: Caster) -> set[str]:
    cluster.signal(signal.SIGSTOP)  # its copy stops it once more; what was told by now was told before
    caster.stop()
    caster.drain()
    known = set(caster.told.values())
    lost = known - _trackers_of_cluster(cluster.copy())
    caster.go_on()
    return lost


def test_the_power_goes_at_any_moment(polling: Station, request: pytest.FixtureRequest) -> None:
    """Everything is stopped at once and copied as it lies; what starts from the copy has every receipt given so far."""
    people = polling.voters(VOTERS)
    caster = Caster(polling, people, forms(40 * MOMENTS + PLENTY, VOTERS), patient=True).start()
    caster.until(1)
    try:
        for moment in range(MOMENTS):
            caster.until(BETWEEN)
            assert caster.process.poll() is None, "still casting"
            if polling.kind == "sqlite":
                lost = _frozen_file(polling, caster)
            else:
                lost = _frozen_cluster(request.getfixturevalue("cluster"), caster)
            assert not lost, f"{len(lost)} of {len(caster.told)} receipts at moment {moment}"
    finally:
        caster.kill()


def test_the_database_is_killed_again_and_again(polling: Station, request: pytest.FixtureRequest) -> None:
    """kill -9 of PostgreSQL with all its processes; SQLite is killed with the process it lives in."""
    people = polling.voters(VOTERS)
    todo = forms(KILLS * 60 + PLENTY, VOTERS)
    told: dict[str, str] = {}
    if polling.kind == "sqlite":
        for number in range(KILLS):
            caster = Caster(polling, people, [form for form in todo if form[2] not in told]).start()
            caster.until(BETWEEN + number % 5)
            caster.kill()
            told |= caster.told
        left = Caster(polling, people, [form for form in todo if form[2] not in told][:20]).start()
        assert left.end() == 0
        told |= left.told
    else:
        told |= _kill_cluster(request.getfixturevalue("cluster"), polling, Caster(polling, people, todo, patient=True))
    assert len(told) >= KILLS * BETWEEN
    _finish(polling, people, todo, told)
    polling.database.engine.dispose()
    polling.account(told)


def _kill_cluster(cluster: Cluster, polling: Station, caster: Caster) -> dict[str, str]:
    caster.start()
    for number in range(KILLS):
        caster.until(BETWEEN + number % 5)
        assert caster.process.poll() is None, "still casting"
        cluster.kill()
        cluster.start()
    caster.until(BETWEEN)
    caster.kill()
    return caster.told


def _finish(polling: Station, people: list, todo: list, told: dict[str, str]) -> None:  # type: ignore[type-arg]
    """Whoever was cut off before an answer sends the form again: the one in hand when the last process was killed."""
    first = next((form for form in todo if form[2] not in told), None)
    if first is not None:
        again = Caster(polling, people, [first], patient=True).start()
        assert again.end() == 0
        told |= again.told


def _narrowed(size_of_files: int) -> list[str]:
    """A program before the server's: its files may grow to so many bytes and no further, as on a full disk."""
    return ["sh", "-c", f'ulimit -f {size_of_files // 512}; exec "$@"', "sh"]


@pytest.fixture
def narrow(polling: Station, request: pytest.FixtureRequest) -> Iterator[Callable[[str], None]]:
    """A function that makes the disk "full" or "free"."""
    if polling.kind == "sqlite":
        engine = polling.database.engine
        wanted = {"pages": 0}

        @event.listens_for(engine, "checkout")
        def _limit(dbapi: sqlite3.Connection, *_: object) -> None:
            dbapi.execute(f"PRAGMA max_page_count = {wanted['pages'] or 1_000_000_000}")

        def fill(disk: str) -> None:
            with polling.database.transaction() as session:
                used = session.execute(text("PRAGMA page_count")).scalar_one()
            wanted["pages"] = used + 3 if disk == "full" else 0

        yield fill
        return
    cluster: Cluster = request.getfixturevalue("cluster")
    with (
        polling.database.transaction() as session
    ):  # a table close to a round size: a file of two megabytes is full soon
        session.execute(
            text(
                "INSERT INTO cast_key SELECT sha256(n::text::bytea), to_json(repeat('x', 1000)) "
                "FROM generate_series(1, 1700) n"
            )
        )
        size_now = session.execute(text("SELECT pg_relation_size('cast_key')")).scalar_one()

    def limit(disk: str) -> None:
        polling.database.engine.dispose()
        cluster.kill()
        cluster.before = _narrowed(max(size_now, 1 << 20) + 2 * 8192) if disk == "full" else ()
        cluster.start()

    yield limit


def test_the_disk_is_full(polling: Station, narrow: Callable[[str], None]) -> None:
    """A ballot that can't be written gets no receipt and no half of a row; those before stay; freed, it goes on."""
    people = polling.voters(VOTERS)
    told: dict[str, str] = {}
    refused: list[tuple[int, str]] = []

    def cast(number: int, key: str) -> None:
        told[key] = polling.cast(people[number % VOTERS], f"A{number % 12 + 1}", key=key).tracker

    for number in range(5):
        cast(number, form_key())
    narrow("full")
    for number in range(400):
        key = form_key()
        try:
            cast(number, key)
        except DBAPIError:
            refused.append((number, key))
    assert len(refused) > 100, "the disk was full"
    narrow("free")
    for number, key in refused[:20]:
        cast(number, key)
    others = 0 if polling.kind == "sqlite" else 1700
    polling.account(told, others=others)


def test_the_databases_promise_what_a_receipt_needs(polling: Station) -> None:
    """Both write a commit through to the disk before they answer."""
    (person,) = polling.voters(1)
    with polling.database.transaction() as session:
        if polling.kind == "sqlite":
            assert session.execute(text("PRAGMA journal_mode")).scalar_one() == "wal"
            assert session.execute(text("PRAGMA synchronous")).scalar_one() == 2, (
                "FULL: the journal is synced at each commit"
            )
            return
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            assert session.execute(text(f"SHOW {setting}")).scalar_one() == "on"
    for _ in range(CASTS // 10):
        with polling.database.transaction() as session:
            voting.cast(session, person, polling.slug, ["A1"], key=form_key(), arrived=clock.now(), keys=polling.keys)
            written = session.execute(text("SELECT pg_current_wal_insert_lsn()")).scalar_one()
        with polling.database.transaction() as session:
            beyond = text("SELECT pg_wal_lsn_diff(pg_current_wal_flush_lsn(), CAST(:written AS pg_lsn))")
            assert session.execute(beyond, {"written": written}).scalar_one() > 0, "its commit is on the disk"


_PID = re.compile(r"^(\d+) +")
#: A write to the write-ahead log, a sync of it, its end where another process came between, and an acknowledgement: a line
#: of the caster, or PostgreSQL's answer to COMMIT.
_WRITE = re.compile(r"pwrite\w*\(\d+<[^>]*(?:-wal|/pg_wal/[0-9A-F]{24})>")
_SYNC = re.compile(r"f(?:data)?sync\(\d+<[^>]*(?:-wal|/pg_wal/[0-9A-F]{24})>(.*)")
_SYNCED = re.compile(r"<\.\.\. f(?:data)?sync resumed>\) *= 0")
_TOLD = re.compile(r'write\(1<pipe:\[\d+\]>, "[0-9a-f]{32} |sendto\(\d+<.*"C\\0\\0\\0\\vCOMMIT\\0')


def _order(log: Path) -> tuple[int, int, int]:
    """(acknowledgements, those given while something the process wrote was not synced, syncs) as the kernel saw them."""
    dirty: dict[str, bool] = {}
    asked: set[str] = set()
    told = early = syncs = 0
    for line in log.read_text(errors="replace").splitlines():
        found = _PID.match(line)
        pid = found[1] if found else ""
        sync = _SYNC.search(line)
        if _WRITE.search(line):
            dirty[pid] = True
        elif sync and "unfinished" in sync[1]:
            asked.add(pid)
        elif sync or (pid in asked and _SYNCED.search(line)):
            asked.discard(pid)
            dirty[pid], syncs = False, syncs + 1
        elif _TOLD.search(line):
            told, early = told + 1, early + dirty.get(pid, False)
    return told, early, syncs


def test_a_trace_is_read_right(tmp_path: Path) -> None:
    """A receipt before its sync is seen; one after it, also by way of another process, is not."""
    log, key = tmp_path / "log", "0" * 32
    write, sync = '7 pwrite64(4</x/a.sqlite-wal>, "", 24, 0) = 24', "7 fdatasync(4</x/a.sqlite-wal>) = 0"
    halves = "7 fdatasync(4</x/a.sqlite-wal> <unfinished ...>", "7 <... fdatasync resumed>) = 0"
    answer, other = f'7 write(1<pipe:[1]>, "{key} "..., 58) = 58', '8 pwrite64(4</x/b>, "", 1, 0) = 1'
    log.write_text("\n".join([write, sync, answer, write, answer, halves[0], other, halves[1], answer]))
    assert _order(log) == (3, 1, 2)


def _tracer(log: Path) -> list[str]:
    return [
        "strace",
        "-f",
        "-y",
        "-s",
        "40",
        "-e",
        "trace=pwrite64,pwritev,fsync,fdatasync,write,sendto",
        "-o",
        str(log),
    ]


def _traced(kind: str, folder: Path) -> tuple[int, int, int]:
    """Cast under the eyes of a tracer: of the caster on SQLite, of the whole server on PostgreSQL."""
    cluster = Cluster()
    log = cluster.folder / "trace"
    try:
        if kind == "postgresql":
            cluster.before = _tracer(log)
            cluster.make()
        url = cluster.url() if kind == "postgresql" else f"sqlite:///{folder / 'civicvote.sqlite'}"
        engine = db.make_engine(url)
        Base.metadata.create_all(engine)
        polling = station_on(kind, db.Database(engine), folder)
        people = polling.voters(VOTERS)
        engine.dispose()
        caster = Caster(polling, people, forms(CASTS, VOTERS), before=_tracer(log) if kind == "sqlite" else ())
        assert caster.start().end() == 0
        assert len(caster.told) == CASTS
        cluster.kill()
        return _order(log)
    finally:
        cluster.remove()


if shutil.which("strace"):  # where there is no tracer, the settings and positions above are what is looked at

    @pytest.mark.parametrize("kind", DATABASES)
    def test_the_disk_has_it_before_the_person(tmp_path: Path, kind: str) -> None:
        """Order of system calls: no acknowledgement between a write to the log and its sync."""
        told, early, syncs = _traced(kind, tmp_path)
        assert told >= CASTS <= syncs
        assert early == 0
