"""Two people at the same button of a count: one effect, and words for the other."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm.exc import StaleDataError

from civicvote import db, jobs
from civicvote.domain.errors import ConflictError
from civicvote.domain.lifecycles import CycleState
from civicvote.domain.permissions import Actor, Role
from civicvote.keystore import KeyStore
from civicvote.models.counts import CountTask, PublishedFile, TallyDecision, TallyRun
from civicvote.models.cycles import Cycle
from civicvote.models.votes import BoardEntry
from civicvote.services import counting
from tests import factories
from tests.conftest import DATABASES
from tests.support.elections import Count, closed_vote

#: What the error table tells the loser as 409: a sentence of ours, a stale version, a broken constraint.
LOST = (ConflictError, StaleDataError, DBAPIError)


@pytest.fixture(params=DATABASES)
def database(request: pytest.FixtureRequest, make_database: Callable[[str], Engine]) -> Iterator[db.Database]:
    engine = make_database(request.param)
    yield db.Database(engine)
    engine.dispose()


def both(database: db.Database, acts: list[Callable[[db.Database], None]]) -> list[str]:
    gate = Barrier(len(acts))

    def run(act: Callable[[db.Database], None]) -> str:
        gate.wait(30)
        try:
            act(database)
        except LOST:
            return "lost"
        return "done"

    with ThreadPoolExecutor(len(acts)) as pool:
        return sorted(pool.map(run, acts))


def seal(database: db.Database, vote: Count, keys: KeyStore, actor: Actor) -> None:
    with database.transaction() as session:
        counting.seal(session, actor, vote.slug, keys=keys)


def ask(database: db.Database, vote: Count, keys: KeyStore, actor: Actor, *, publication: bool = False) -> None:
    """Ask, and be the worker at once."""
    with database.transaction() as session:
        if publication:
            counting.request_publication(session, actor, vote.slug)
        else:
            counting.request_count(session, actor, vote.slug)
    jobs.count(database, keys)


def discard(database: db.Database, vote: Count, actor: Actor) -> None:
    with database.transaction() as session:
        counting.discard(session, actor, vote.slug, reason="다시 세어야 합니다")


def choose(database: db.Database, vote: Count) -> None:
    with database.transaction() as session:
        counting.release.choose(session, vote.first, vote.slug, only_totals=False)


@pytest.fixture
def keys(tmp_path: Path) -> KeyStore:
    return KeyStore(tmp_path / "keys")


@pytest.fixture
def vote(database: db.Database, keys: KeyStore) -> Count:
    with database.transaction() as session:
        return closed_vote(session, keys, people=6)


@pytest.fixture
def third(database: db.Database) -> Actor:
    with database.transaction() as session:
        return factories.actor(factories.user(session, Role.STAFF), Role.STAFF)


def test_two_people_seal_count_and_decide_at_once(
    database: db.Database, keys: KeyStore, vote: Count, third: Actor
) -> None:
    def asked(actor: Actor, *, publication: bool = False) -> Callable[[db.Database], None]:
        return lambda place: ask(place, vote, keys, actor, publication=publication)

    with vote.over:
        sealers: list[Callable[[db.Database], None]] = [
            lambda place: seal(place, vote, keys, vote.first),
            lambda place: seal(place, vote, keys, vote.second),
        ]
        assert both(database, sealers) == ["done", "lost"]
        assert "done" in both(database, [asked(vote.first), asked(vote.first)])
        choose(database, vote)
        deciders = [asked(actor, publication=True) for actor in (vote.second, third, vote.second)]
        assert "done" in both(database, deciders)
        assert both(database, [lambda place: discard(place, vote, third)]) == ["lost"]
    with database.reading() as session:
        assert session.scalars(select(Cycle.state)).one() is CycleState.PUBLISHED
        assert [session.scalar(select(func.count()).select_from(t)) for t in (TallyRun, TallyDecision)] == [1, 1]
        assert session.scalar(select(func.count()).where(PublishedFile.name == "bundle.zip")) == 1
        kinds = session.scalars(select(BoardEntry.kind).order_by(BoardEntry.seq)).all()
        assert [kind for kind in kinds if kind != "ballot"] == ["notice", "counted", "plaintexts", "result"]
        assert session.scalars(select(CountTask.failure).where(CountTask.failure.is_not(None))).all() == []


def test_one_approves_while_another_sends_it_back(
    database: db.Database, keys: KeyStore, vote: Count, third: Actor
) -> None:
    with vote.over:
        seal(database, vote, keys, vote.first)
        ask(database, vote, keys, vote.first)
        choose(database, vote)
        acts: list[Callable[[db.Database], None]] = [
            lambda place: ask(place, vote, keys, vote.second, publication=True),
            lambda place: discard(place, vote, third),
        ]
        assert "done" in both(database, acts)
    with database.reading() as session:
        state = session.scalars(select(Cycle.state)).one()
        approved = session.scalars(select(TallyDecision.approved)).one()
        files = session.scalar(select(func.count()).select_from(PublishedFile)) or 0
        unfinished = session.scalar(select(func.count()).where(CountTask.finished_at.is_(None)))
    assert (state, approved, files > 0) in {(CycleState.PUBLISHED, True, True), (CycleState.SEALED, False, False)}
    assert unfinished == 0
