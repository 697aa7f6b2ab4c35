"""Committed databases of both kinds with an open vote in them: races and kills can't be rolled back."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from sqlalchemy import Engine, func, select

from civicvote import db
from civicvote.domain.ballots import board as chains
from civicvote.domain.ballots.receipts import Receipt
from civicvote.domain.permissions import SYSTEM, Actor
from civicvote.keystore import KeyStore
from civicvote.models import Base
from civicvote.models.votes import Ballot, CastKey, Participation, Vote
from civicvote.services import board, clock, voting
from tests.conftest import DATABASES
from tests.support.voting import form_key, polls, voter
from tests.trust.cluster import Cluster


@dataclass
class Station:
    """A vote in a database of its own, with the keys beside it."""

    kind: str
    database: db.Database
    keys: KeyStore
    folder: Path
    slug: str

    @property
    def url(self) -> str:
        return self.database.engine.url.render_as_string(hide_password=False)

    def voters(self, count: int) -> list[Actor]:
        with self.database.transaction() as session:
            return [voter(session)[1] for _ in range(count)]

    def vote(self) -> Vote:
        with self.database.reading() as session:
            return session.scalars(select(Vote)).one()

    def cast(self, actor: Actor, *picks: str, key: str = "") -> Receipt:
        """One cast in one transaction, as a request does it."""
        arrived = clock.now()
        with self.database.transaction() as session:
            return voting.cast(
                session, actor, self.slug, picks or ("A1",), key=key or form_key(), arrived=arrived, keys=self.keys
            )

    def account(self, told: Mapping[str, str], *, others: int = 0) -> None:
        """Close the box and hold it against what people were told: {key of a form: tracker}, and nothing else is in it.

        `others`: cast keys that are none.
        """
        vote = self.vote()
        with (
            time_machine.travel(vote.closes_at + timedelta(minutes=2), tick=False),
            self.database.transaction() as session,
        ):
            counted = board.seal(session, SYSTEM, session.merge(vote), self.keys)
        with self.database.reading() as session:
            entries = board.entries(session, vote.id)
            ballots = session.scalar(select(func.count()).select_from(Ballot))
            forms = session.scalar(select(func.count()).select_from(CastKey))
            people = session.scalar(select(func.count()).select_from(Participation))
        posted = [entry.item for entry in entries if entry.kind == "ballot"]
        assert chains.first_fault(str(vote.id), entries) is None
        assert len(posted) == len(told), "each form is one ballot, however often it was sent"
        assert set(posted) == set(told.values()), "every receipt is on the board, and nothing else"
        assert (ballots, forms) == (len(told), len(told) + others)
        assert people == len(counted), "one effective ballot each"


def station_on(kind: str, database: db.Database, folder: Path) -> Station:
    """An open vote in a database with tables, committed."""
    keys = KeyStore(folder / "keys")
    with database.transaction() as session:
        slug = polls(session, keys, city=12).slug
    return Station(kind, database, keys, folder, slug)


@pytest.fixture(params=DATABASES)
def station(
    request: pytest.FixtureRequest, make_database: Callable[[str], Engine], tmp_path: Path
) -> Iterator[Station]:
    """An open vote, committed."""
    engine = make_database(request.param)
    yield station_on(request.param, db.Database(engine), tmp_path)
    engine.dispose()


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """A PostgreSQL server of the test's own."""
    made = Cluster()
    try:
        yield made.make()
    finally:
        made.remove()


@pytest.fixture(params=DATABASES)
def polling(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Station]:
    """An open vote on SQLite, or on a PostgreSQL server of the test's own (the fixture `cluster`)."""
    own = request.getfixturevalue("cluster").url() if request.param == "postgresql" else ""
    url = own or f"sqlite:///{tmp_path / 'civicvote.sqlite'}"
    engine = db.make_engine(url)
    Base.metadata.create_all(engine)
    yield station_on(request.param, db.Database(engine), tmp_path)
    engine.dispose()
