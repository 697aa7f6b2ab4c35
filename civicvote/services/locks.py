"""One at a time, across processes: an advisory lock on PostgreSQL; on SQLite the write transaction is the lock already."""

import hashlib

from sqlalchemy import text
from sqlalchemy.orm import Session


def exclusive(session: Session, name: str) -> None:
    """Hold the lock called `name` until the transaction ends."""
    if session.get_bind().dialect.name == "postgresql":
        number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)
        session.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": number})
