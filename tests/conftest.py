"""Both databases, an application over one rolled-back transaction, and signed-in clients."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck
from hypothesis import settings as properties
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.orm import Session, sessionmaker

from civicvote import db
from civicvote.app import create_app
from civicvote.models import Base
from civicvote.models.accounts import User
from civicvote.services import sessions
from civicvote.settings import Settings

os.environ["TZ"] = "UTC"
for name in [name for name in os.environ if name.startswith("CIVICVOTE_") and not name.startswith("CIVICVOTE_TEST_")]:
    del os.environ[name]

DATABASES = ("sqlite", "postgresql")

# The same examples on every machine and in every run, however slow it is.
properties.register_profile(
    "house", derandomize=True, database=None, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
properties.load_profile("house")


@pytest.fixture(scope="session")
def postgresql_url(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[str]:
    """Address of a server for this worker, ending in a database of its own: the named one, or one we start."""
    from tests.support.postgresql import worker_database

    with worker_database(tmp_path_factory, worker_id) as url:
        yield url


@pytest.fixture(scope="session")
def make_database(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Callable[..., Engine]:
    """A function that makes an empty database of a kind, with tables, and its engine. For tests that commit."""

    def make(kind: str, *, empty: bool = False) -> Engine:
        if kind == "sqlite":
            engine = db.make_engine(f"sqlite:///{tmp_path_factory.mktemp('db') / 'civicvote.sqlite'}")
        else:
            from tests.support.postgresql import new_database

            engine = db.make_engine(new_database(request.getfixturevalue("postgresql_url")))
        MADE.append(engine)
        if not empty:
            Base.metadata.create_all(engine)
        return engine

    return make


#: Engines made so far in this process.
MADE: list[Engine] = []


@pytest.fixture(autouse=True)
def _close_databases() -> Iterator[None]:
    """Close what a test's own databases hold open: a connection left to the garbage collector is a warning elsewhere."""
    before = len(MADE)
    yield
    for engine in MADE[before:]:
        engine.dispose()


@pytest.fixture(scope="session", params=DATABASES)
def engine(request: pytest.FixtureRequest, make_database: Callable[..., Engine]) -> Iterator[Engine]:
    """One database of each kind per worker; tests roll back."""
    made = make_database(request.param)
    yield made
    made.dispose()


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    """A connection whose transaction never commits."""
    with engine.connect() as opened:
        transaction = opened.begin()
        yield opened
        transaction.rollback()


class OneConnection(db.Database):
    """Everything a request does goes through one connection and is undone after the test."""

    def __init__(self, connection: Connection) -> None:
        self.engine = connection.engine
        self._write = sessionmaker(connection, expire_on_commit=False, join_transaction_mode="create_savepoint")
        self._read = sessionmaker(connection, expire_on_commit=False, join_transaction_mode="rollback_only")


@pytest.fixture
def database(connection: Connection) -> OneConnection:
    """The database over the test's connection."""
    return OneConnection(connection)


@pytest.fixture
def session(database: OneConnection) -> Iterator[Session]:
    """A session to arrange and to look; what it flushes, requests of the same test see."""
    with database._read() as opened:
        yield opened


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings of a demo-less platform in a temporary folder."""
    return Settings(instance=tmp_path_factory.mktemp("instance"), base_url="http://localhost", mail="file")


@pytest.fixture(scope="session")
def _application(settings: Settings) -> Flask:
    engine = create_engine("sqlite://")  # replaced by each test's own
    app = create_app(settings, database=db.Database(engine), testing=True)
    app.config["WTF_CSRF_ENABLED"] = False
    return app


@pytest.fixture
def app(_application: Flask, database: OneConnection) -> Flask:
    """The application over the test's connection."""
    _application.extensions[db.EXTENSION] = database
    return _application


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A visitor's browser, without a session, reading Korean."""
    client = app.test_client()
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "ko"
    return client


LIMITS = sessions.Limits(14 * 86400, 3600, 30 * 86400)


@pytest.fixture
def signed_in(app: Flask, session: Session) -> Callable[[User], FlaskClient]:
    """A function that gives a browser signed in as the user (second factor shown)."""
    from civicvote.services import clock

    def sign_in(user: User) -> FlaskClient:
        token = sessions.start(session, user, device="test", limits=LIMITS, second_factor_at=clock.now())
        session.flush()
        client = app.test_client()
        client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "ko"
        client.set_cookie("cv", token, domain="localhost")
        return client

    return sign_in


@dataclass
class Queries:
    """Statements seen since `clear`."""

    statements: list[str] = field(default_factory=list)

    def clear(self) -> None:
        self.statements.clear()

    def __len__(self) -> int:
        return len(self.statements)


@pytest.fixture
def queries(connection: Connection) -> Iterator[Queries]:
    """Counts SQL statements on the test's connection, savepoints aside."""
    seen = Queries()

    def note(_c: Any, _cur: Any, statement: str, *_rest: Any) -> None:
        if not statement.startswith(("SAVEPOINT", "RELEASE", "ROLLBACK", "BEGIN")):
            seen.statements.append(statement)

    event.listen(connection, "before_cursor_execute", note)
    yield seen
    event.remove(connection, "before_cursor_execute", note)


#: Where the longest tests are: begun first, or the last of them would leave the other cores idle.
LONGEST = ("tests/journeys/", "tests/trust/", "tests/cli/test_demo.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first, all else in its order."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONGEST))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI nothing may be skipped."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") and reporter is not None and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
