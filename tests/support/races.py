"""Deeds that begin at one moment, and what each came to."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from sqlalchemy.orm import Session

from civicvote import db
from civicvote.domain.errors import ConflictError


def together(count: int, deed: Callable[[int], str]) -> list[str]:
    """Run `deed` in threads that start at once."""
    barrier = Barrier(count)

    def run(number: int) -> str:
        barrier.wait(timeout=20)
        return deed(number)

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(run, range(count)))


def attempt(database: db.Database, deed: Callable[[Session], object]) -> str:
    try:
        with database.transaction() as session:
            deed(session)
    except ConflictError:
        return "conflict"
    return "done"
