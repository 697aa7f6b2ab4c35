"""One at a time, across processes: an advisory lock on PostgreSQL; on SQLite the write transaction is the lock already."""

import hashlib

from sqlalchemy import text
from sqlalchemy.orm import Session


def exclusive(session: Session, name: str) -> None:
    """Hold the lock called `name` until the transaction ends."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _number(name)})


def shared(session: Session, name: str) -> None:
    """Hold the lock called `name` together with others who share it; `exclusive` waits for all of them."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock_shared(:number)"), {"number": _number(name)})


def _number(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)
