"""The worker's counts: killed, doubled or long, each is made once and in nobody's way."""

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine, func, select

from civicvote import db, jobs
from civicvote.domain.lifecycles import CycleState
from civicvote.keystore import KeyStore
from civicvote.models.counts import CountTask, PublishedFile, TallyDecision, TallyRun
from civicvote.models.cycles import Cycle
from civicvote.models.votes import BoardEntry
from civicvote.services import clock, counting, voting
from civicvote.services.counting import runs
from civicvote.settings import Settings
from tests.conftest import DATABASES
from tests.support.elections import Count, closed_vote
from tests.support.voting import form_key, polls, voter

ROOT = Path(__file__).parents[2]


@pytest.fixture(params=DATABASES)
def database(request: pytest.FixtureRequest, make_database: Callable[[str], Engine]) -> Iterator[db.Database]:
    engine = make_database(request.param)
    yield db.Database(engine)
    engine.dispose()


@pytest.fixture
def keys(tmp_path: Path) -> KeyStore:
    return KeyStore(tmp_path / "keys")


@pytest.fixture
def vote(database: db.Database, keys: KeyStore) -> Count:
    with database.transaction() as session:
        made = closed_vote(session, keys, slug="over")
    with made.over, database.transaction() as session:
        counting.seal(session, made.first, made.slug, keys=keys)
    return made


def address(database: db.Database) -> str:
    return database.engine.url.render_as_string(hide_password=False)


def ask(database: db.Database, vote: Count, *, publication: bool = False) -> bool:
    with database.transaction() as session:
        if publication:
            return counting.request_publication(session, vote.second, vote.slug)
        return counting.request_count(session, vote.first, vote.slug)


def kept(database: db.Database) -> dict[str, int]:
    """What counts have left behind."""
    tables: tuple[Any, ...] = (TallyRun, TallyDecision)
    with database.reading() as session:
        found = {table.__name__: session.scalar(select(func.count()).select_from(table)) or 0 for table in tables}
        for kind in ("plaintexts", "result"):
            found[kind] = session.scalar(select(func.count()).where(BoardEntry.kind == kind)) or 0
        found["bundles"] = session.scalar(select(func.count()).where(PublishedFile.name == "bundle.zip")) or 0
    return found


def state(database: db.Database) -> CycleState:
    with database.reading() as session:
        return session.scalars(select(Cycle.state).where(Cycle.slug == "over")).one()


NOTHING = dict.fromkeys(("TallyRun", "TallyDecision", "plaintexts", "result", "bundles"), 0)


@pytest.mark.parametrize("when", ["computing", "keeping"])
def test_a_killed_count_leaves_nothing_half_done_and_the_next_finishes(
    database: db.Database, vote: Count, keys: KeyStore, when: str
) -> None:
    command = [sys.executable, "-m", "tests.trust.counter", address(database), str(keys.folder), when]
    stages = (
        (False, CycleState.SEALED, NOTHING, CycleState.COUNTED, NOTHING | {"TallyRun": 1}),
        (True, CycleState.COUNTED, NOTHING | {"TallyRun": 1}, CycleState.PUBLISHED, dict.fromkeys(NOTHING, 1)),
    )
    for publication, before, nothing, after, everything in stages:
        assert ask(database, vote, publication=publication)
        assert subprocess.run(command, cwd=ROOT, check=False, timeout=300).returncode == -9
        assert (state(database), kept(database)) == (before, nothing)
        assert jobs.count(database, keys) == 0, "the dead one's lease still runs"
        assert not ask(database, vote, publication=publication), "and the task is still open"
        with vote.over:
            assert jobs.count(database, keys) == 1
        assert (state(database), kept(database)) == (after, everything)
    with database.reading() as session:
        assert session.scalars(select(CountTask.attempts)).all() == [2, 2]
        assert session.scalars(select(CountTask.failure)).all() == [None, None]


def together(*acts: Callable[[], Any]) -> list[Any]:
    gate = threading.Barrier(len(acts))

    def run(act: Callable[[], Any]) -> Any:
        gate.wait(60)
        return act()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def test_asked_for_and_done_by_two_at_once_it_happens_once(database: db.Database, vote: Count, keys: KeyStore) -> None:
    assert sorted(together(lambda: ask(database, vote), lambda: ask(database, vote))) == [False, True]
    assert sorted(together(lambda: jobs.count(database, keys), lambda: jobs.count(database, keys))) == [0, 1]
    assert kept(database) == NOTHING | {"TallyRun": 1}
    assert ask(database, vote, publication=True)
    assert sorted(together(lambda: jobs.count(database, keys), lambda: jobs.count(database, keys))) == [0, 1]
    assert kept(database) == dict.fromkeys(NOTHING, 1)


@pytest.mark.parametrize("publication", [False, True], ids=["count", "publication"])
def test_people_vote_while_it_is_computed(
    database: db.Database, vote: Count, keys: KeyStore, monkeypatch: pytest.MonkeyPatch, *, publication: bool
) -> None:
    """On SQLite nobody else could write if the count held a transaction."""
    if publication:
        ask(database, vote)
        jobs.count(database, keys)
    with database.transaction() as session:
        other, (_, actor) = polls(session, keys, slug="open"), voter(session)
    at_it, go_on, real = threading.Event(), threading.Event(), runs.open_by_file

    def held(*given: Any) -> Any:
        at_it.set()
        assert go_on.wait(300)
        return real(*given)

    monkeypatch.setattr(runs, "open_by_file", held)
    ask(database, vote, publication=publication)
    before = kept(database)
    with ThreadPoolExecutor(1) as pool:
        work = pool.submit(jobs.count, database, keys)
        try:
            assert at_it.wait(300)
            with database.transaction() as session:
                voting.cast(session, actor, other.slug, ["A1"], key=form_key(), arrived=clock.now(), keys=keys)
            assert not work.done()
            assert kept(database) == before
        finally:
            go_on.set()
        assert work.result() == 1
    assert kept(database) != before


def test_the_workers_own_process_counts(database: db.Database, vote: Count, keys: KeyStore, tmp_path: Path) -> None:
    settings = Settings(instance=tmp_path, database_url=SecretStr(address(database)), keys=keys.folder)
    counter = jobs.Counter(database, settings)
    counter.look()
    assert counter.process is None, "nothing was asked for"
    counter.stop()
    ask(database, vote)
    counter.look()
    first = counter.process
    assert first is not None
    counter.look()
    assert counter.process is first, "one at a time"
    counter.stop()
    assert first.exitcode is not None
    with vote.over:  # whatever it had in its hands is free by then
        jobs.count(database, keys)
    ask(database, vote, publication=True)
    counter.look()
    assert counter.process is not None
    counter.process.join(300)
    assert counter.process.exitcode == 0
    assert kept(database) == dict.fromkeys(NOTHING, 1)
