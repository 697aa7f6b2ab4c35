"""A file as it was written: every key, column and cell kept as text."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from civicvote.domain.pabulib.marks import Marks, read
from civicvote.domain.pabulib.problems import Notice
from civicvote.domain.pabulib.rows import Rows

APPROVAL: Final = frozenset({"approval", "choose-1", "knapsack"})
SCORED: Final = frozenset({"ordinal", "cumulative", "scoring"})


@dataclass(frozen=True)
class Table:
    """A section with columns. `lines` are the line numbers of `rows` in the file (empty when it was not read).

    The rows of VOTES are `Rows`, lines that are taken apart when they are looked at.
    """

    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    lines: Sequence[int] = field(default=(), compare=False, repr=False)

    @cached_property
    def places(self) -> Mapping[str, int]:
        """Column name → its index in a row."""
        return {name: place for place, name in enumerate(self.columns)}

    def column(self, *names: str) -> list[str] | None:
        """The cells of the first of these columns that there is."""
        for name in names:
            if name in self.places:
                return self.cells(name)
        return None

    def cells(self, name: str, start: int = 0, stop: int | None = None) -> list[str]:
        """The cells of a column there is, of the rows `start` to `stop`."""
        place = self.places[name]
        if isinstance(self.rows, Rows):
            return self.rows.cells(place, start, stop)
        return [row[place] for row in self.rows[start:stop]]

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

    @cached_property
    def marks(self) -> Marks:
        """What the ballots say. Raises `PabulibError` for points that are none, or not one for each project."""
        points = self.scored and "points" in self.votes.places
        return read(self.votes, self.projects.column("project_id") or [], points=points)

    @property
    def winners(self) -> tuple[str, ...] | None:
        """Ids with `selected` 1, or 2 (funded in part), as the file records them; None without that column."""
        selected = self.projects.column("selected")
        if selected is None:
            return None
        ids = self.projects.column("project_id") or []
        return tuple(project for project, mark in zip(ids, selected, strict=True) if mark in {"1", "2"})
