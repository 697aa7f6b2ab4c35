"""Keyset pagination: a page remembers the last row's place, so page 500 costs what page 1 costs."""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Generic, TypeVar
from uuid import UUID

from civicvote.domain.errors import InvalidError
from civicvote.domain.messages import msg

T = TypeVar("T")

#: What a whole-number column holds.
_LARGEST = 2**63


@dataclass(frozen=True, slots=True)
class Cursor:
    """The place after which the next page begins: the last row's key and, if sorted by something else, that value (and a second)."""

    key: UUID
    value: str | int | None = None

    def encode(self) -> str:
        """As it stands in a URL."""
        text = json.dumps([str(self.key), self.value], ensure_ascii=False)
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str) -> "Cursor | None":
        """Read back what `encode` wrote; None for an empty text, InvalidError for a broken one."""
        if not text:
            return None
        try:
            key, value = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
            if value is not None and not isinstance(value, str | int):
                raise ValueError(text)
            return cls(UUID(key), value)
        except (ValueError, TypeError, AttributeError, binascii.Error, RecursionError) as error:
            raise _lost() from error

    def number(self) -> int:
        """The value where the list goes by whole numbers (0 if there is none); InvalidError for anything else."""
        try:
            number = int(self.value or 0)
        except ValueError as error:
            raise _lost() from error
        if abs(number) >= _LARGEST:
            raise _lost()
        return number

    def moment(self) -> datetime:
        """The value where the list goes by time, with its zone; InvalidError for anything else."""
        try:
            moment = datetime.fromisoformat(str(self.value))
            moment.astimezone(UTC)  # the first and last hours of the calendar have none
        except (ValueError, OverflowError) as error:
            raise _lost() from error
        if moment.tzinfo is None:
            raise _lost()
        return moment


def _lost() -> InvalidError:
    return InvalidError(msg("목록의 위치를 알 수 없습니다. 첫 쪽부터 다시 보십시오."))


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some rows and the place of the next ones, if any."""

    rows: Sequence[T]
    next: Cursor | None

    @classmethod
    def cut(cls, rows: Sequence[T], size: int, place: Callable[[T], Cursor]) -> "Page[T]":
        """Make a page from up to `size` + 1 rows."""
        shown = rows[:size]
        return cls(shown, place(shown[-1]) if len(rows) > size and shown else None)
