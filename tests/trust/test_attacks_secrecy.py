"""Ways to link a person and a ballot that are no column: what the database itself notes of each row."""

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select, text

from civicvote.domain.permissions import SYSTEM
from civicvote.models.votes import Ballot
from civicvote.services import board
from tests.trust.conftest import Station

PEOPLE = 12


def _writers(station: Station, table: str) -> list[str]:
    """The transactions that wrote the rows of a table, as PostgreSQL shows them to whoever asks."""
    with station.database.engine.connect() as connection:
        return list(connection.scalars(text(f"SELECT DISTINCT xmin::text FROM {table}")))  # noqa: S608 — our own names


@pytest.mark.parametrize("station", ["postgresql"], indirect=True)  # SQLite keeps no such number
def test_numbers_of_transactions_link_nobody_once_the_box_is_sealed(station: Station) -> None:
    """Participation and ballot are written in one transaction, and PostgreSQL keeps its number beside both rows."""
    trackers = {station.cast(person).tracker for person in station.voters(PEOPLE)}
    assert set(_writers(station, "participation")) & set(_writers(station, "ballot")), "the attack, before"
    vote = station.vote()
    with (
        time_machine.travel(vote.closes_at + timedelta(minutes=2), tick=False),
        station.database.transaction() as session,
    ):
        board.seal(session, SYSTEM, session.merge(vote), station.keys)
    for table in ("participation", "ballot", "cast_key"):
        assert len(_writers(station, table)) == 1
    with station.database.reading() as session:
        assert set(session.scalars(select(Ballot.tracker))) == trackers
