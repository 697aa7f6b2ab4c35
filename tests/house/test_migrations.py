"""Migrations make exactly what the models say, triggers included, on both databases."""

from collections.abc import Callable

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, inspect, text

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


def _ours(_thing: object, name: str | None, kind: str, _reflected: bool, _compare_to: object) -> bool:  # noqa: FBT001 — Alembic's own signature
    """The indexes of the search (models/search.py makes them by hand) and Alembic's table are not models."""
    own = {"table": ("search_index", "alembic_version"), "index": ("ix_search_document_",)}
    return not (name or "").startswith(own.get(kind, ("\0",)))


def test_sqlite_runs_with_the_promised_pragmas(make_database: Callable[..., Engine]) -> None:
    engine = make_database("sqlite")
    with engine.connect() as connection:
        names = ("journal_mode", "synchronous", "foreign_keys")
        assert [connection.execute(text(f"PRAGMA {name}")).scalar_one() for name in names] == ["wal", 2, 1]
    engine.dispose()
