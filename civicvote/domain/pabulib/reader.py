"""Lines and cells of `.pb`: quotes, blanks and stray separators; regular stretches are taken as they are."""

import re
from array import array
from collections.abc import Iterator, Sequence
from itertools import repeat

from civicvote.domain.messages import msg
from civicvote.domain.pabulib.problems import PabulibError
from civicvote.domain.pabulib.rows import Gathered, Rows

MAX_CELL = 100_000
MAX_LINE = 4_000_000
MAX_CELL_LINES = 200
MAX_JOINED = 20_000_000
"""Characters that may be read again in search of closing quotes; above it the file is refused, not read for hours."""
MAX_COLUMNS = 500
SECTIONS = ("META", "PROJECTS", "VOTES")

_BLOCK = 4096
"""Lines looked at together."""
_CELL = re.compile(r'\s*"((?:[^"]|"")*+)"([^;"]*+)(?=;|$)|([^;]*)', re.DOTALL)


def marks_section(cells: Sequence[str]) -> str | None:
    """The section that begins with a row, if one does."""
    name = cells[0].upper()
    return name if name in SECTIONS and not any(cells[1:]) else None


class Reader:
    """A text read row by row. `place` is the line that comes next, from 0."""

    def __init__(self, text: str) -> None:
        self.lines = text.split("\n")
        if not self.lines[-1]:
            self.lines.pop()
        self.place = 0
        self._joined = 0

    def rows(self, stop: int | None = None) -> Iterator[tuple[int, list[str]]]:
        """Rows with content, as (line number, stripped cells), that begin before line `stop`."""
        while self.place < min(len(self.lines), stop or len(self.lines)):
            start = self.place + 1
            cells = self._row()
            if any(cells):
                yield start, cells

    def rest(self, width: int) -> tuple[Rows, Sequence[int]]:
        """Everything up to the end as rows of `width` cells, and their line numbers."""
        gathered, numbers = Gathered(), array("q")
        while self.place < len(self.lines):
            block = self.lines[self.place : self.place + _BLOCK]
            if _regular(block, width):
                gathered.lines += block
                numbers.extend(range(self.place + 1, self.place + 1 + len(block)))
                self.place += len(block)
                continue
            for number, cells in self.rows(self.place + len(block)):
                name = marks_section(cells)
                if name:
                    raise PabulibError(number, msg("%(name)s 부분이 두 번 나옵니다.", name=name))
                fit(cells, width, number)
                gathered.add(cells)
                numbers.append(number)
        return gathered.rows(), numbers

    def _row(self) -> list[str]:
        """The cells of the next row. A quoted cell may span lines."""
        line = self.lines[self.place]
        start = self.place + 1
        self.place += 1
        if len(line) > MAX_LINE:
            raise PabulibError(start, msg("한 줄이 너무 깁니다. (최대 %(n)s자)", n=f"{MAX_LINE:,}"))
        cells = [cell.strip() for cell in line.split(";")] if '"' not in line else self._quoted(start - 1)
        if len(cells) > MAX_COLUMNS:
            raise PabulibError(start, msg("한 줄에 칸이 너무 많습니다. (최대 %(n)s칸)", n=MAX_COLUMNS))
        if len(line) > MAX_CELL and any(len(cell) > MAX_CELL for cell in cells):
            raise PabulibError(start, msg("한 칸의 글이 너무 깁니다. (최대 %(n)s자)", n=f"{MAX_CELL:,}"))
        return cells

    def _quoted(self, first: int) -> list[str]:
        """The cells of a row with quotes, the lines they go on in included.

        A quote that no later line closes is a stray one: the row is then taken as it stands.
        """
        cells, unclosed = _split(self.lines[first])
        if not unclosed:
            return cells
        text = self.lines[first]
        for further in range(first + 1, min(first + MAX_CELL_LINES, len(self.lines))):
            text += "\n" + self.lines[further]
            self._joined += len(text)
            if self._joined > MAX_JOINED:
                raise PabulibError(first + 1, msg("따옴표가 닫히지 않았습니다."))
            if len(text) > MAX_CELL:
                break
            if '"' not in self.lines[further]:
                continue
            cells, unclosed = _split(text)
            if not unclosed:
                self.place = further + 1
                return cells
        return [cell.strip() for cell in self.lines[first].split(";")]


def _regular(block: list[str], width: int) -> bool:
    """Lines that are their own cells: no quote, no blank anywhere, `width` cells each, none of them a section."""
    joined = "\n".join(block)
    return (
        '"' not in joined
        and joined.split() == block
        and [*map(str.count, block, repeat(";"))].count(width - 1) == len(block)
        and max(map(len, block)) <= MAX_CELL
        and not any(line.endswith(";") and line.rstrip(";").upper() in SECTIONS for line in block)
    )


def fit(cells: list[str], width: int, line: int) -> None:
    """Drop empty cells behind the last column, add missing ones."""
    while len(cells) > width and not cells[-1]:
        cells.pop()
    if len(cells) > width:
        raise PabulibError(line, msg("칸이 %(n)s개로, 제목 줄의 %(width)s개보다 많습니다.", n=len(cells), width=width))
    cells.extend([""] * (width - len(cells)))


def _split(text: str) -> tuple[list[str], bool]:
    """Cells of one row, and whether its last quoted cell is still open."""
    cells: list[str] = []
    place = 0
    while len(cells) <= MAX_COLUMNS:
        match = _CELL.match(text, place)
        assert match is not None
        quoted, tail, bare = match.groups()
        if quoted is not None:
            cells.append((quoted.replace('""', '"') + tail).strip())
        else:
            if bare.lstrip().startswith('"') and text.count('"', place) % 2:
                return cells, True
            cells.append(bare.strip())
        place = match.end()
        if place >= len(text):
            break
        place += 1  # the separator
    return cells, False
