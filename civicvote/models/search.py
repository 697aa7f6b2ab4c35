"""What projects are found by: the syllable bigrams of their text, indexed by FTS5 on SQLite and by GIN on PostgreSQL."""

from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, MetaData, Text, column, event, table
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.engine import Connection, Dialect
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.schema import Table
from sqlalchemy.types import TypeDecorator, TypeEngine

from civicvote.domain import text
from civicvote.models.base import Base


class Terms(TypeDecorator[list[str]]):
    """A list of bigrams: blank-separated text on SQLite, a `tsvector` on PostgreSQL. Searched, never read back."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """The column's type of this database."""
        return dialect.type_descriptor(TSVECTOR() if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: list[str] | None, dialect: Dialect) -> str | None:
        """The list as the database wants it."""
        if value is None:
            return None
        return text.tsvector(value) if dialect.name == "postgresql" else " ".join(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> list[str] | None:
        """The terms, without promise of order."""
        del dialect
        return None if value is None else [part.split(":")[0].strip("'") for part in str(value).split()]


class SearchDocument(Base):
    """One public project as the search sees it; rebuilt from the project at any time."""

    __tablename__ = "search_document"

    #: FTS5 needs a whole number as its row's key.
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    project_id: Mapped[UUID] = mapped_column(ForeignKey("project.id"), unique=True)
    title: Mapped[list[str]] = mapped_column(Terms)
    #: Title and everything else: what a query is matched against.
    body: Mapped[list[str]] = mapped_column(Terms)


#: SQLite's index over `SearchDocument`; the column named like the table is FTS5's handle for MATCH.
search_index = table("search_index", column("rowid"), column("search_index"))


def search_ddl(dialect: str) -> list[str]:
    """Statements that make the index follow `search_document`; run them after the table exists, also in a migration.

    Not in the metadata: SQLite would get useless copies of PostgreSQL's GIN indexes.
    """
    if dialect != "sqlite":
        return [
            f"CREATE INDEX ix_search_document_{name} ON search_document USING gin ({name})"
            for name in ("title", "body")
        ]
    forget = (
        "INSERT INTO search_index(search_index, rowid, title, body) VALUES ('delete', old.id, old.title, old.body);"
    )
    learn = "INSERT INTO search_index(rowid, title, body) VALUES (new.id, new.title, new.body);"
    source = "content='search_document', content_rowid='id'"
    return [
        f"CREATE VIRTUAL TABLE search_index USING fts5(title, body, {source}, tokenize='unicode61 remove_diacritics 0')",
        f"CREATE TRIGGER tr_search_document_insert AFTER INSERT ON search_document BEGIN {learn} END",
        f"CREATE TRIGGER tr_search_document_delete AFTER DELETE ON search_document BEGIN {forget} END",
        f"CREATE TRIGGER tr_search_document_update AFTER UPDATE ON search_document BEGIN {forget} {learn} END",
    ]


def search_drop_ddl(dialect: str) -> list[str]:
    """Statements that undo `search_ddl`; the triggers go with their table."""
    return ["DROP TABLE IF EXISTS search_index"] if dialect == "sqlite" else []


@event.listens_for(Base.metadata, "after_create")
def _create_index(_metadata: MetaData, connection: Connection, tables: list[Table] | None = None, **_kw: Any) -> None:
    if SearchDocument.__table__ in (tables or ()):
        for statement in search_ddl(connection.dialect.name):
            connection.exec_driver_sql(statement)


@event.listens_for(Base.metadata, "after_drop")
def _drop_index(_metadata: MetaData, connection: Connection, tables: list[Table] | None = None, **_kw: Any) -> None:
    if SearchDocument.__table__ in (tables or ()):
        for statement in search_drop_ddl(connection.dialect.name):
            connection.exec_driver_sql(statement)
