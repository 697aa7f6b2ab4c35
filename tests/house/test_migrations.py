"""Migrations make exactly what the models say, triggers included, on both databases."""

from collections.abc import Callable

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, inspect, text
from sqlalchemy.exc import IntegrityError

from civicvote import migrations
from civicvote.models import Base
from tests.conftest import DATABASES


def _triggers(engine: Engine) -> set[str]:
    statement = (
        "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        if engine.dialect.name == "sqlite"
        else "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"
    )
    with engine.connect() as connection:
        return set(connection.execute(text(statement)).scalars())


def _checks(engine: Engine) -> dict[str, dict[str | None, str]]:
    """CHECK constraints by table and name: autogeneration does not compare them."""
    seen = inspect(engine)
    tables = [name for name in seen.get_table_names() if name in Base.metadata.tables]
    return {
        table: {check["name"]: "".join(check["sqltext"].split()) for check in seen.get_check_constraints(table)}
        for table in tables
    }


@pytest.mark.parametrize("kind", DATABASES)
def test_migrated_and_made_databases_are_alike(kind: str, make_database: Callable[..., Engine]) -> None:
    made, migrated = make_database(kind), make_database(kind, empty=True)
    migrations.upgrade(migrated)
    with migrated.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "include_object": _ours})
        assert compare_metadata(context, Base.metadata) == []
    assert _triggers(migrated) == _triggers(made)
    assert _checks(migrated) == _checks(made)
    assert migrations.current(migrated) == migrations.head()
    migrations.upgrade(migrated)
    made.dispose()
    migrated.dispose()


@pytest.mark.parametrize("kind", DATABASES)
def test_a_running_city_keeps_its_cycles_and_gets_the_new_rules(
    kind: str, make_database: Callable[..., Engine]
) -> None:
    engine = make_database(kind, empty=True)
    with engine.begin() as connection:
        settings = migrations.config()
        settings.attributes["connection"] = connection
        command.upgrade(settings, "0001")
        names, values = ", ".join(OLD_CYCLE), ", ".join(OLD_CYCLE.values())
        connection.execute(text(f"INSERT INTO cycle ({names}) VALUES ({values})"))  # noqa: S608 — our own words
    migrations.upgrade(engine)
    with engine.begin() as connection:
        kept = connection.execute(text("SELECT completion, comparison, min_share, objection_days FROM cycle")).one()
        assert tuple(kept) == ("add1", False, 0, 30)
        connection.execute(
            text("UPDATE cycle SET ballot_type = 'ranking', tally_rule = 'phragmen', completion = 'add1u'")
        )
    for wrong in ("ballot_type = 'points'", "completion = 'add2'", "min_share = 1001", "version = NULL"):
        with pytest.raises(IntegrityError), engine.begin() as connection:
            connection.execute(text(f"UPDATE cycle SET {wrong}"))  # noqa: S608 — our own words
    engine.dispose()


#: A cycle as 0001 knew it; values are SQL.
OLD_CYCLE = {
    "id": "'0190a3c1c0de70008000000000000001'",
    "slug": "'2026'",
    "title": "'2026년 시민공감예산'",
    "summary": "''",
    "state": "'announced'",
    "year": "2026",
    "proposals_open_at": "'2026-01-01'",
    "proposals_close_at": "'2026-02-01'",
    "review_until": "'2026-03-01'",
    "voting_open_at": "'2026-04-01'",
    "voting_close_at": "'2026-05-01'",
    "ballot_type": "'approval'",
    "min_picks": "1",
    "max_picks": "10",
    "min_level": "2",
    "min_age": "14",
    "tally_rule": "'equal-shares'",
    "utility": "'cost'",
    "completion": "'add1'",
    "step_won": "1000",
    "exhaustive_stop": "true",
    "tie": "'votes'",
    "min_support": "0",
    "origin": "'platform'",
    "currency": "'KRW'",
    "created_at": "'2025-12-01'",
    "version": "1",
}


def _ours(_thing: object, name: str | None, kind: str, _reflected: bool, _compare_to: object) -> bool:  # noqa: FBT001 — Alembic's own signature
    """The indexes of the search (models/search.py makes them by hand) and Alembic's table are not models."""
    own = {
        "table": ("search_index", "proposal_index", "alembic_version"),
        "index": ("ix_search_document_", "ix_proposal_document_"),
    }
    return not (name or "").startswith(own.get(kind, ("\0",)))


def test_sqlite_runs_with_the_promised_pragmas(make_database: Callable[..., Engine]) -> None:
    engine = make_database("sqlite")
    with engine.connect() as connection:
        names = ("journal_mode", "synchronous", "foreign_keys")
        assert [connection.execute(text(f"PRAGMA {name}")).scalar_one() for name in names] == ["wal", 2, 1]
    engine.dispose()
