"""Two people at the same button of a count: one effect, and words for the other."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm.exc import StaleDataError

from civicvote import db
from civicvote.domain.errors import ConflictError
from civicvote.domain.lifecycles import CycleState
from civicvote.domain.permissions import Actor, Role
from civicvote.keystore import KeyStore
from civicvote.models.counts import PublishedFile, TallyDecision, TallyRun
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


def test_two_people_seal_count_and_decide_at_once(database: db.Database, tmp_path: Path) -> None:
    keys = KeyStore(tmp_path / "keys")
    with database.transaction() as session:
        vote: Count = closed_vote(session, keys, people=6)
        third = factories.actor(factories.user(session, Role.STAFF), Role.STAFF)

    def act(verb: str, actor: Actor) -> Callable[[db.Database], None]:
        def run(place: db.Database) -> None:
            with place.transaction() as session:
                if verb == "discard":
                    counting.discard(session, actor, vote.slug, reason="다시 세어야 합니다")
                else:
                    getattr(counting, verb)(session, actor, vote.slug, keys=keys)

        return run

    with vote.over:
        assert both(database, [act("seal", vote.first), act("seal", vote.second)]) == ["done", "lost"]
        assert both(database, [act("count", vote.first), act("count", vote.first)]) == ["done", "lost"]
        deciders = [act("publish", vote.second), act("publish", third), act("publish", vote.second)]
        assert both(database, deciders) == ["done", "lost", "lost"]
        assert both(database, [act("discard", third)]) == ["lost"]
    with database.reading() as session:
        assert session.scalars(select(Cycle.state)).one() is CycleState.PUBLISHED
        assert [session.scalar(select(func.count()).select_from(t)) for t in (TallyRun, TallyDecision)] == [1, 1]
        assert session.scalar(select(func.count()).where(PublishedFile.name == "bundle.zip")) == 1
        kinds = session.scalars(select(BoardEntry.kind).order_by(BoardEntry.seq)).all()
        assert [kind for kind in kinds if kind != "ballot"] == ["notice", "counted", "plaintexts", "result"]


def test_one_approves_while_another_sends_it_back(database: db.Database, tmp_path: Path) -> None:
    keys = KeyStore(tmp_path / "keys")
    with database.transaction() as session:
        vote = closed_vote(session, keys, people=6)
        third = factories.actor(factories.user(session, Role.STAFF), Role.STAFF)

    def publish(place: db.Database) -> None:
        with place.transaction() as session:
            counting.publish(session, vote.second, vote.slug, keys=keys)

    def discard(place: db.Database) -> None:
        with place.transaction() as session:
            counting.discard(session, third, vote.slug, reason="다시 세어야 합니다")

    with vote.over:
        with database.transaction() as session:
            counting.seal(session, vote.first, vote.slug, keys=keys)
            counting.count(session, vote.first, vote.slug, keys=keys)
        assert both(database, [publish, discard]) == ["done", "lost"]
    with database.reading() as session:
        state = session.scalars(select(Cycle.state)).one()
        approved = session.scalars(select(TallyDecision.approved)).one()
        files = session.scalar(select(func.count()).select_from(PublishedFile)) or 0
    assert (state, approved, files > 0) in {(CycleState.PUBLISHED, True, True), (CycleState.SEALED, False, False)}
