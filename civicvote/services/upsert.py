"""Writes that are decided in one statement, on both databases: insert what is new, change what nobody has changed."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Update, inspect
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from civicvote.models.base import Base


def insert_new(session: Session, model: type[Base], rows: Sequence[dict[str, Any]]) -> int:
    """Insert rows, leaving out those that break a unique constraint. Returns how many were new."""
    if not rows:
        return 0
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    key = inspect(model).primary_key
    # The rows that came back are counted: psycopg reports no rowcount for an INSERT of the ORM.
    statement = dialect.insert(model).values(list(rows)).on_conflict_do_nothing().returning(*key)
    return len(session.execute(statement).all())


def changes_one(session: Session, statement: Update) -> bool:
    """Run an UPDATE whose WHERE only one of many at once can meet: whether this was the one."""
    result = session.execute(statement.execution_options(synchronize_session=False))
    return getattr(result, "rowcount", 0) == 1
