"""A file as it was written: every key, column and cell kept as text."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from civicvote.domain.errors import InvalidError
from civicvote.domain.messages import Message, msg

APPROVAL: Final = frozenset({"approval", "choose-1", "knapsack"})
SCORED: Final = frozenset({"ordinal", "cumulative", "scoring"})


class PabulibError(InvalidError):
    """The file cannot be counted. `line` is where (from 1), `message` says what is wrong there."""

    def __init__(self, line: int, message: Message) -> None:
        self.line = line
        self.reason = message
        super().__init__(msg("%(line)s번째 줄: %(what)s", line=line, what=message), field="file")


@dataclass(frozen=True, slots=True)
class Notice:
    """Something odd in a file that can be counted all the same. `line` is 0 where no one line is meant."""

    line: int
    message: Message


@dataclass(frozen=True)
class Table:
    """A section with columns. `lines` are the line numbers of `rows` in the file (empty when it was not read)."""

    columns: tuple[str, ...]
    rows: list[tuple[str, ...]]
    lines: list[int] = field(default_factory=list, compare=False, repr=False)

    @cached_property
    def places(self) -> Mapping[str, int]:
        """Column name → its index in a row."""
        return {name: place for place, name in enumerate(self.columns)}

    def column(self, *names: str) -> list[str] | None:
        """The cells of the first of these columns that there is."""
        for name in names:
            if name in self.places:
                place = self.places[name]
                return [row[place] for row in self.rows]
        return None

    def line(self, number: int) -> int:
        """The line of row `number`, 0 when unknown."""
        return self.lines[number] if number < len(self.lines) else 0

    def records(self) -> Iterator[dict[str, str]]:
        """Rows by column name."""
        for row in self.rows:
            yield dict(zip(self.columns, row, strict=True))


@dataclass(frozen=True)
class PabulibFile:
    """A `.pb` file. Keys and columns are lower case, cells stripped, otherwise as written; unknown ones are kept."""

    meta: dict[str, str]
    projects: Table
    votes: Table
    warnings: tuple[Notice, ...] = field(default=(), compare=False)
    meta_lines: dict[str, int] = field(default_factory=dict, compare=False, repr=False)

    @property
    def vote_type(self) -> str:
        """`approval`, `choose-1`, `knapsack`, `ordinal`, `cumulative` or `scoring`."""
        return self.meta["vote_type"].lower()

    @property
    def scored(self) -> bool:
        """Ballots carry points."""
        return self.vote_type in SCORED

    @property
    def winners(self) -> tuple[str, ...] | None:
        """Ids with `selected` 1, or 2 (funded in part), as the file records them; None without that column."""
        selected = self.projects.column("selected")
        if selected is None:
            return None
        ids = self.projects.column("project_id") or []
        return tuple(project for project, mark in zip(ids, selected, strict=True) if mark in {"1", "2"})
