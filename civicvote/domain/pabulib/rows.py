"""Rows of a section, kept as lines and taken apart only where somebody looks: a million ballots stay small."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import overload

Cells = tuple[str, ...]

NEEDS_QUOTES = re.compile(r'[;"\n\r]')
"""What a cell may not hold bare."""


class Rows(Sequence[Cells]):
    """Rows of equal width, each one line of cells joined by `;`.

    Rows with a cell that needs quotes stand in `odd`, by number; their lines are empty cells.
    """

    __slots__ = ("lines", "odd")

    def __init__(self, lines: list[str], odd: dict[int, Cells]) -> None:
        self.lines = lines
        self.odd = odd

    def __len__(self) -> int:
        return len(self.lines)

    @overload
    def __getitem__(self, number: int) -> Cells: ...
    @overload
    def __getitem__(self, number: slice) -> list[Cells]: ...
    def __getitem__(self, number: int | slice) -> Cells | list[Cells]:
        places = range(len(self.lines))[number]
        return self._row(places) if isinstance(places, int) else [self._row(place) for place in places]

    def _row(self, number: int) -> Cells:
        return self.odd.get(number) or tuple(self.lines[number].split(";"))

    def __iter__(self) -> Iterator[Cells]:
        return map(self._row, range(len(self.lines)))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence):
            return NotImplemented
        return len(self) == len(other) and all(map(tuple.__eq__, self, other))

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Rows({list(self)!r})"

    def cells(self, place: int, start: int = 0, stop: int | None = None) -> list[str]:
        """The cells of one column, of the rows `start` to `stop`."""
        found = [line.split(";", place + 1)[place] for line in self.lines[start:stop]]
        for number, row in self.odd.items():
            if start <= number < start + len(found):
                found[number - start] = row[place]
        return found


class Gathered:
    """Rows in the making."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.odd: dict[int, Cells] = {}

    def add(self, cells: Sequence[str]) -> None:
        """One row."""
        line = ";".join(cells)
        if line.count(";") >= len(cells) or '"' in line or "\n" in line:
            self.odd[len(self.lines)] = tuple(cells)
            line = ";" * (len(cells) - 1)
        self.lines.append(line)

    def rows(self) -> Rows:
        """All of them."""
        return Rows(self.lines, self.odd)


def rows_of(rows: Iterable[Sequence[str]]) -> Rows:
    """Rows of what is already taken apart."""
    gathered = Gathered()
    for row in rows:
        gathered.add(row)
    return gathered.rows()
