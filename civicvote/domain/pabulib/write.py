"""Writing `.pb`: UTF-8 without a byte order mark, LF, quotes only where they are needed."""

from collections.abc import Iterable, Iterator

from civicvote.domain.pabulib.model import PabulibFile, Table
from civicvote.domain.pabulib.rows import NEEDS_QUOTES, Rows


def dump(file: PabulibFile) -> bytes:
    """The file's bytes; the same for the same content. A regular input comes back byte for byte."""
    return ("\n".join(_lines(file)) + "\n").encode("utf-8")


def _lines(file: PabulibFile) -> Iterator[str]:
    yield "META"
    yield "key;value"
    for key, value in file.meta.items():
        yield _row((key, value))
    for name, table in (("PROJECTS", file.projects), ("VOTES", file.votes)):
        yield name
        yield from _table(table)


def _table(table: Table) -> Iterator[str]:
    yield _row(table.columns)
    if isinstance(table.rows, Rows):
        for number, line in enumerate(table.rows.lines):
            yield _row(table.rows.odd[number]) if number in table.rows.odd else line
    else:
        yield from map(_row, table.rows)


def _row(cells: Iterable[str]) -> str:
    return ";".join([_cell(cell) if NEEDS_QUOTES.search(cell) else cell for cell in cells])


def _cell(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
