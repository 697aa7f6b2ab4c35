"""What projects and proposals are found by: the syllable bigrams of their text, indexed by FTS5 on SQLite, by GIN on PostgreSQL.

Each kind has a table and an index of its own: how rare a word is depends on what else is there, and a thousand projects
must not decide what stands out among proposals.
"""

from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, MetaData, Text, event
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


class Document:
    """Mixin: a public thing as the search sees it; rebuilt from the thing at any time."""

    #: FTS5 needs a whole number as its row's key.
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    title: Mapped[list[str]] = mapped_column(Terms)
    #: Title and everything else: what a query is matched against.
    body: Mapped[list[str]] = mapped_column(Terms)


class SearchDocument(Document, Base):
    """One budget project."""

    __tablename__ = "search_document"

    project_id: Mapped[UUID] = mapped_column(ForeignKey("project.id"), unique=True)


class ProposalDocument(Document, Base):
    """One proposal that is public and not hidden."""

    __tablename__ = "proposal_document"

    proposal_id: Mapped[UUID] = mapped_column(ForeignKey("proposal.id"), unique=True)


#: Name of SQLite's index over each table of documents.
INDEXES = {"search_document": "search_index", "proposal_document": "proposal_index"}


def search_ddl(dialect: str, documents: str = "search_document") -> list[str]:
    """Statements that make the index follow its table of documents; run them after the table exists, also in a migration.

    Not in the metadata: SQLite would get useless copies of PostgreSQL's GIN indexes.
    """
    if dialect != "sqlite":
        gin = f"ON {documents} USING gin ({{name}}) WITH (fastupdate = off)"
        return [f"CREATE INDEX ix_{documents}_{name} {gin.format(name=name)}" for name in ("title", "body")]
    index = INDEXES[documents]
    forget = f"INSERT INTO {index}({index}, rowid, title, body) VALUES ('delete', old.id, old.title, old.body);"  # noqa: S608 — our own names
    learn = f"INSERT INTO {index}(rowid, title, body) VALUES (new.id, new.title, new.body);"  # noqa: S608 — our own names
    source = f"content='{documents}', content_rowid='id'"
    return [
        f"CREATE VIRTUAL TABLE {index} USING fts5(title, body, {source}, tokenize='unicode61 remove_diacritics 0')",
        f"CREATE TRIGGER tr_{documents}_insert AFTER INSERT ON {documents} BEGIN {learn} END",
        f"CREATE TRIGGER tr_{documents}_delete AFTER DELETE ON {documents} BEGIN {forget} END",
        f"CREATE TRIGGER tr_{documents}_update AFTER UPDATE ON {documents} BEGIN {forget} {learn} END",
    ]


def search_drop_ddl(dialect: str, documents: str = "search_document") -> list[str]:
    """Statements that undo `search_ddl`; the triggers go with their table."""
    return [f"DROP TABLE IF EXISTS {INDEXES[documents]}"] if dialect == "sqlite" else []


@event.listens_for(Base.metadata, "after_create")
def _create_index(_metadata: MetaData, connection: Connection, tables: list[Table] | None = None, **_kw: Any) -> None:
    for documents in {table.name for table in tables or ()} & set(INDEXES):
        for statement in search_ddl(connection.dialect.name, documents):
            connection.exec_driver_sql(statement)


@event.listens_for(Base.metadata, "after_drop")
def _drop_index(_metadata: MetaData, connection: Connection, tables: list[Table] | None = None, **_kw: Any) -> None:
    for documents in {table.name for table in tables or ()} & set(INDEXES):
        for statement in search_drop_ddl(connection.dialect.name, documents):
            connection.exec_driver_sql(statement)
