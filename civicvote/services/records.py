"""Rows as a download carries them: names and plain values."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value


def rows(
    session: Session,
    columns: Iterable[Any],
    *conditions: ColumnElement[bool],
    start: Any = None,
    joins: Iterable[Any] = (),
) -> list[dict[str, Any]]:
    """What meets the conditions, ready for JSON; keys are the columns' names or labels."""
    query = select(*columns).where(*conditions)
    if start is not None:
        query = query.select_from(start)
    for target, on in joins:
        query = query.join(target, on)
    return [{key: _plain(value) for key, value in row._mapping.items()} for row in session.execute(query)]  # noqa: SLF001 — SQLAlchemy's public name
