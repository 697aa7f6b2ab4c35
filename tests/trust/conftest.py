"""Committed databases of both kinds with an open vote in them: races and kills can't be rolled back."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from civicvote import db
from civicvote.domain.ballots.receipts import Receipt
from civicvote.domain.permissions import Actor
from civicvote.keystore import KeyStore
from civicvote.models.votes import Vote
from civicvote.services import clock, voting
from tests.conftest import DATABASES
from tests.support.voting import form_key, polls, voter


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


@pytest.fixture(params=DATABASES)
def station(
    request: pytest.FixtureRequest, make_database: Callable[[str], Engine], tmp_path: Path
) -> Iterator[Station]:
    """An open vote, committed."""
    engine = make_database(request.param)
    database = db.Database(engine)
    keys = KeyStore(tmp_path / "keys")
    with database.transaction() as session:
        slug = polls(session, keys, city=12).slug
    yield Station(request.param, database, keys, tmp_path, slug)
    engine.dispose()
