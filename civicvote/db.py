"""Engine, one session per request, the only commit of a request, and SQLite's pragmas."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from flask import Flask, current_app, g, request
from flask.wrappers import Response
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import ORMExecuteState, Session, sessionmaker
from sqlalchemy.orm.unitofwork import UOWTransaction

from civicvote.settings import Settings

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
EXTENSION = "civicvote.db"
#: Milliseconds a statement waits for SQLite's lock; and the worker, for all readers to be between two statements.
PATIENCE, SHORTLY = 20_000, 200


class ReadOnlyError(RuntimeError):
    """A request that only reads tried to change something."""


def _configure_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "do_connect")
    def _private(_dialect: Any, _record: object, arguments: Any, _options: object) -> None:
        """A new file, and with it its journal, is for its owner alone; SQLite would go by the umask."""
        if arguments[0] != ":memory:":
            with suppress(OSError):  # it is there already, or SQLite will say what is wrong
                os.close(os.open(arguments[0], os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))

    @event.listens_for(engine, "connect")
    def _pragmas(dbapi: Any, _record: object) -> None:
        dbapi.isolation_level = None  # BEGIN is ours: savepoints and races are right only then
        cursor = dbapi.cursor()
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            f"busy_timeout={PATIENCE}",
            "temp_store=MEMORY",
            "secure_delete=ON",  # who sat at a station, whose ballot was voided: a row that is deleted is overwritten too
            "recursive_triggers=ON",  # else INSERT OR REPLACE slips past the append-only triggers
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        if connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
            connection.exec_driver_sql("BEGIN IMMEDIATE")


def make_engine(url: str, pool: int = 8) -> Engine:
    """An engine for SQLite or PostgreSQL with the habits of the house."""
    if url.startswith("sqlite"):
        engine = create_engine(
            url, connect_args={"timeout": 20, "check_same_thread": False}, pool_size=pool, max_overflow=64
        )
        _configure_sqlite(engine)
        return engine
    # An index is read on flash as quickly as a table: by its own guess of a spinning disk PostgreSQL reads whole tables.
    habits = {"connect_timeout": 5, "options": "-c random_page_cost=1.1"}
    return create_engine(url, pool_size=pool, max_overflow=pool, pool_pre_ping=True, connect_args=habits)


class Database:
    """The engine and two kinds of session: one that reads without a transaction, one that writes in a single one."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._write = sessionmaker(engine, expire_on_commit=False)
        self._read = sessionmaker(engine.execution_options(isolation_level="AUTOCOMMIT"), expire_on_commit=False)

    def writer(self) -> Session:
        """A session whose commit is the caller's."""
        return self._write()

    def reader(self) -> Session:
        """A session that refuses to change anything."""
        session = self._read()
        session.info["read_only"] = True
        return session

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """Commands and jobs: commit at the end, roll back on any error."""
        with self.writer() as session, session.begin():
            yield session

    def forget(self) -> None:
        """Empty SQLite's journal into the database; where somebody reads just now, another time.

        The journal keeps whole pages as each commit left them: one copy of it tells, cast by cast, whose name and which
        ballot came together, which the tables themselves don't.
        """
        if self.engine.dialect.name != "sqlite":
            return
        with suppress(OperationalError), self.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as one:
            one.exec_driver_sql(f"PRAGMA busy_timeout={SHORTLY}")
            try:
                one.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            finally:
                one.exec_driver_sql(f"PRAGMA busy_timeout={PATIENCE}")

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Commands and jobs that only look."""
        with self.reader() as session:
            yield session


@contextmanager
def opened(url: str) -> Iterator[Database]:
    """A command's own database, closed at the end."""
    engine = make_engine(url)
    try:
        yield Database(engine)
    finally:
        engine.dispose()


@event.listens_for(Session, "before_flush")
def _refuse_flush(session: Session, _context: UOWTransaction, _instances: object) -> None:
    if session.info.get("read_only") and (session.new or session.dirty or session.deleted):
        raise ReadOnlyError


@event.listens_for(Session, "do_orm_execute")
def _refuse_statement(state: ORMExecuteState) -> None:
    if state.session.info.get("read_only") and not state.is_select:
        raise ReadOnlyError


def init_app(app: Flask, settings: Settings, database: Database | None = None) -> None:
    """Give the application its database and close what a request opened."""
    app.extensions[EXTENSION] = database or Database(make_engine(settings.url, settings.database_pool))
    app.teardown_appcontext(_close)


def database() -> Database:
    """The application's database."""
    found: Database = current_app.extensions[EXTENSION]
    return found


def reader() -> Session:
    """The request's session for looking: the actor, and everything on a GET."""
    if "reader" not in g:
        g.reader = database().reader()
    session: Session = g.reader
    return session


def session() -> Session:
    """The request's session: it only reads on GET, and is committed by `finish` otherwise."""
    if request.method in SAFE_METHODS:
        return reader()
    if "writer" not in g:
        g.writer = database().writer()
    writer: Session = g.writer
    return writer


def finish(response: Response) -> None:
    """Commit under 400, roll back otherwise. An error at commit goes the way of every error."""
    writer: Session | None = g.get("writer")
    if writer is None:
        return
    if response.status_code < 400:
        writer.commit()
    else:
        writer.rollback()


def abandon() -> None:
    """Drop what the request wrote so far; its error page may read again."""
    writer: Session | None = g.get("writer")
    if writer is not None:
        writer.rollback()


def _close(_error: BaseException | None) -> None:
    for name in ("writer", "reader"):
        opened: Session | None = g.pop(name, None)
        if opened is not None:
            opened.close()
