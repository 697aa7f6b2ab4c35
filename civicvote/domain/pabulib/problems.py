"""What is wrong with a file, and what is only odd."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from civicvote.domain.errors import InvalidError
from civicvote.domain.messages import Message, msg


class PabulibError(InvalidError):
    """The file cannot be counted. `line` is where (from 1), `message` says what is wrong there.

    `table` names the part of an election that is written in several: a CSV file, a list of a JSON document.
    """

    def __init__(self, line: int, message: Message, table: str = "") -> None:
        self.line = line
        self.reason = message
        self.table = table
        if table:
            told = msg("%(where)s: %(what)s", where=self.where, what=message)
        else:
            told = msg("%(line)s번째 줄: %(what)s", line=line, what=message)
        super().__init__(told, field="file")

    @property
    def where(self) -> str:
        """`7`, or `votes.csv:7`."""
        return f"{self.table}:{self.line}".strip(":") if self.table else str(self.line)


@contextmanager
def within(table: str) -> Iterator[None]:
    """Errors are about this table."""
    try:
        yield
    except PabulibError as error:
        raise PabulibError(error.line, error.reason, error.table or table) from None


@dataclass(frozen=True, slots=True)
class Notice:
    """Something odd in a file that can be counted all the same. `line` is 0 where no one line is meant."""

    line: int
    message: Message
