"""What every table shares: key, types, names of constraints, and the promise of append-only."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import uuid_utils.compat as uuid7s
from sqlalchemy import JSON, DateTime, Enum, MetaData, Uuid, event, text
from sqlalchemy.engine import Connection, Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.orm import Session as OrmSession
from sqlalchemy.orm.unitofwork import UOWTransaction
from sqlalchemy.schema import Table
from sqlalchemy.types import TypeDecorator

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(TypeDecorator[datetime]):
    """A moment. Python sees aware UTC; a naive datetime is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a datetime without a zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def enum_type(kind: type[StrEnum], name: str) -> Enum:
    """Values of `kind` as text with a CHECK called `name`."""
    return Enum(
        kind,
        name=name,
        native_enum=False,
        create_constraint=True,
        length=32,
        values_callable=lambda members: [member.value for member in members],
        validate_strings=True,
    )


class Base(DeclarativeBase):
    """All tables."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map = {datetime: UtcDateTime, UUID: Uuid, dict[str, Any]: JSON, list[Any]: JSON}  # noqa: RUF012 — SQLAlchemy's own declaration


def new_id() -> UUID:
    """A key that grows with time, so that inserts stay local."""
    return uuid7s.uuid7()


class Keyed:
    """Mixin: a time-ordered UUID as primary key, known before the row is written."""

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)

    def __init__(self, **values: Any) -> None:
        values.setdefault("id", new_id())
        super().__init__(**values)


class AppendOnlyError(RuntimeError):
    """Somebody tried to change or delete what happened."""


class AppendOnly:
    """Mixin: rows are written once. The ORM refuses here, the database by triggers (`append_only_ddl`)."""


@event.listens_for(OrmSession, "before_flush")
def _refuse_rewriting(session: OrmSession, _context: UOWTransaction, _instances: object) -> None:
    for thing in session.deleted:
        if isinstance(thing, AppendOnly):
            raise AppendOnlyError(type(thing).__name__)
    for thing in session.dirty:
        if isinstance(thing, AppendOnly) and session.is_modified(thing):
            raise AppendOnlyError(type(thing).__name__)


def append_only_ddl(table: str, dialect: str) -> list[str]:
    """Statements that make the database refuse UPDATE, DELETE and TRUNCATE of `table`."""
    if dialect == "sqlite":
        return [
            f"CREATE TRIGGER tr_{table}_{verb.lower()} BEFORE {verb} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            for verb in ("UPDATE", "DELETE")
        ]
    refuse = (
        "CREATE OR REPLACE FUNCTION refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation'; END $$"
    )
    each = "FOR EACH ROW EXECUTE FUNCTION refuse_rewriting()"
    whole = "FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting()"
    return [
        refuse,
        f"CREATE TRIGGER tr_{table}_rewrite BEFORE UPDATE OR DELETE ON {table} {each}",
        f"CREATE TRIGGER tr_{table}_truncate BEFORE TRUNCATE ON {table} {whole}",
    ]


def make_append_only(connection: Connection, table: str) -> None:
    """Put the triggers on a table: for migrations and for freshly made databases."""
    for statement in append_only_ddl(table, connection.dialect.name):
        connection.execute(text(statement))


def append_only_tables() -> list[str]:
    """Names of the tables that keep what happened."""
    return sorted(
        mapper.local_table.name
        for mapper in Base.registry.mappers
        if issubclass(mapper.class_, AppendOnly) and isinstance(mapper.local_table, Table)
    )


@event.listens_for(Base.metadata, "after_create")
def _create_triggers(
    _metadata: MetaData, connection: Connection, tables: list[Table] | None = None, **_kw: Any
) -> None:
    names = {table.name for table in tables or ()}
    for name in append_only_tables():
        if name in names:
            make_append_only(connection, name)
