"""What happened can't be rewritten: by the ORM, nor by SQL, on either database."""

from typing import Any

import pytest
from sqlalchemy import Connection, delete, inspect, select, text, update
from sqlalchemy.exc import DBAPIError

from civicvote.domain.permissions import SYSTEM
from civicvote.models.audit import AuditEvent
from civicvote.models.base import AppendOnly, AppendOnlyError, Base, append_only_tables
from civicvote.models.votes import Ballot, BoardEntry, BoardHead, CastKey, Participation
from civicvote.services import audit, board
from tests.trust.conftest import Station

VOTE_TABLES = (Ballot, BoardEntry, BoardHead, CastKey, Participation, AuditEvent)
#: What votes must be able to rely on; a table that drops out of the list is noticed here.
PROMISED = {
    "audit_event",
    "audit_head",
    "audit_link",
    "ballot",
    "board_entry",
    "board_head",
    "cast_key",
    "key_ending",
    "participation",
    "personal_data_access",
    "project_move",
    "published_file",
    "status_update",
    "tally_decision",
    "tally_run",
    "verification",
}


@pytest.fixture
def filled(station: Station) -> Station:
    """A station with a row in every table of a vote."""
    (person,) = station.voters(1)
    station.cast(person)
    with station.database.transaction() as session:
        board.sequence(session, station.keys)
        audit.record(session, SYSTEM, "test:row")
    return station


def _refused(connection: Connection, statement: Any) -> bool:
    with connection.begin() as transaction:
        try:
            connection.execute(statement)
        except DBAPIError as error:
            return "append-only" in str(error.orig)
        finally:
            transaction.rollback()
    return False


def test_every_promised_table_is_guarded() -> None:
    assert set(append_only_tables()) >= PROMISED


def test_rows_of_a_vote_stay_as_they_are(filled: Station) -> None:
    with filled.database.engine.connect() as connection:
        for model in VOTE_TABLES:
            table = Base.metadata.tables[model.__tablename__]
            column = min(table.columns, key=lambda c: c.primary_key)
            before = connection.execute(select(table)).all()
            connection.rollback()
            assert before, table.name
            assert _refused(connection, update(table).values({column.name: column})), f"UPDATE {table.name}"
            assert _refused(connection, delete(table)), f"DELETE {table.name}"
            assert connection.execute(select(table)).all() == before
            connection.rollback()


def test_every_guarded_table_has_its_triggers(filled: Station) -> None:
    """For tables a vote doesn't fill: the triggers stand in the catalogue, and PostgreSQL refuses TRUNCATE even when empty."""
    with filled.database.engine.connect() as connection:
        for name in append_only_tables():
            if filled.kind == "sqlite":
                rows = connection.execute(
                    text("SELECT sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :name"), {"name": name}
                ).scalars()
                verbs = {verb for sql in rows for verb in ("UPDATE", "DELETE") if f"BEFORE {verb} ON {name} " in sql}
                assert verbs == {"UPDATE", "DELETE"}, name
                connection.rollback()
            else:
                kinds = connection.execute(
                    text("SELECT tgtype FROM pg_trigger WHERE tgrelid = CAST(:name AS regclass) AND NOT tgisinternal"),
                    {"name": name},
                ).scalars()
                bits = 0
                for kind in kinds:
                    bits |= kind
                assert bits & (8 | 16 | 32) == 8 | 16 | 32, f"DELETE, UPDATE, TRUNCATE of {name}"
                connection.rollback()
                assert _refused(connection, text(f"TRUNCATE {name} CASCADE")), f"TRUNCATE {name}"


def test_replacing_a_row_is_refused_too(filled: Station) -> None:
    """INSERT OR REPLACE deletes the old row; ON CONFLICT DO UPDATE updates it."""
    with filled.database.engine.connect() as connection:
        row = connection.execute(text("SELECT key FROM cast_key")).scalar_one()
        connection.rollback()
        if filled.kind == "sqlite":
            replace = text("INSERT OR REPLACE INTO cast_key (key, receipt) VALUES (:key, '{}')")
            assert _refused(connection, replace.bindparams(key=row))
        upsert = text(
            "INSERT INTO cast_key (key, receipt) VALUES (:key, '{}') ON CONFLICT (key) DO UPDATE SET receipt = '{}'"
        )
        assert _refused(connection, upsert.bindparams(key=row))


def test_the_orm_refuses_before_the_database_does(filled: Station) -> None:
    for model in VOTE_TABLES:
        assert issubclass(model, AppendOnly)
        with filled.database.writer() as session:
            session.delete(session.scalars(select(model)).first())
            with pytest.raises(AppendOnlyError):
                session.flush()
    with filled.database.writer() as session:
        ballot = session.scalars(select(Ballot)).one()
        ballot.version = 7
        with pytest.raises(AppendOnlyError):
            session.flush()
    assert "ballot" in inspect(filled.database.engine).get_table_names()
