"""What the ballots of a file say, as arrays: one entry per project somebody wrote down, in the order written."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import repeat
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from civicvote.domain.messages import Message, msg
from civicvote.domain.pabulib.numbers import shorten
from civicvote.domain.pabulib.problems import PabulibError
from civicvote.domain.tally.election import Amount, plain

if TYPE_CHECKING:
    from civicvote.domain.pabulib.model import Table

UNKNOWN = -1
_BLANK = -2
_WRONG = -1
_CHUNK = 16_384
"""Ballots whose cells are in memory together."""

_POINT = re.compile(r"[0-9]{1,9}(\.[0-9]{1,6})?")


@dataclass(frozen=True, slots=True)
class Marks:
    """`picks[start[n]:start[n + 1]]` are the projects of ballot n by number, `UNKNOWN` for ids nobody listed.

    `points`, where the file has them, index `values`. Projects may stand twice in a ballot; blank entries are gone.
    """

    start: NDArray[np.int64]
    picks: NDArray[np.int32]
    points: NDArray[np.int32] | None = None
    values: tuple[Amount, ...] = ()

    @property
    def lengths(self) -> NDArray[np.int64]:
        """How many entries each ballot has."""
        found: NDArray[np.int64] = self.start[1:] - self.start[:-1]
        return found


class _Ids(dict[str, int]):
    """Project ids → numbers; blanks around an id do not matter."""

    def __missing__(self, text: str) -> int:
        clean = text.strip()
        return self.get(clean, UNKNOWN) if clean else _BLANK


class _Values(dict[str, int]):
    """Points as written → places in `values`."""

    def __init__(self) -> None:
        self.amounts: list[Amount] = []

    def __missing__(self, text: str) -> int:
        clean = text.strip()
        if not clean:
            return _BLANK
        if not _POINT.fullmatch(clean):
            return _WRONG
        self.amounts.append(plain(Fraction(clean)))
        self[text] = len(self.amounts) - 1
        return self[text]


def read(votes: "Table", ids: Sequence[str], *, points: bool) -> Marks:
    """The ballots of VOTES; with `points`, what its column of that name says. Raises `PabulibError`."""
    known, values = _Ids(zip(ids, range(len(ids)), strict=True)), _Values()
    counts, picks, given = [], [], []
    for first, texts in _chunks(votes, "vote"):
        length, numbers = _entries(texts, known)
        marked = numbers != _BLANK
        if points:
            beside = votes.cells("points", first, first + len(texts))
            there, codes = _entries(beside, values)
            uneven = _disagreement(length, marked, there, codes)
            if uneven is not None:
                raise PabulibError(votes.line(first + uneven), _wrong(texts[uneven], beside[uneven]))
            given.append(codes[marked])
        if not marked.all():
            length = np.bincount(np.repeat(np.arange(len(texts)), length)[marked], minlength=len(texts))
        counts.append(length)
        picks.append(numbers[marked])
    start = np.zeros(len(votes.rows) + 1, np.int64)
    if counts:
        np.cumsum(np.concatenate(counts), out=start[1:])
    found = np.concatenate(picks) if picks else np.zeros(0, np.int32)
    if not points:
        return Marks(start, found)
    return Marks(start, found, np.concatenate(given) if given else np.zeros(0, np.int32), tuple(values.amounts))


def _chunks(votes: "Table", name: str) -> Iterator[tuple[int, list[str]]]:
    for first in range(0, len(votes.rows), _CHUNK):
        yield first, votes.cells(name, first, first + _CHUNK)


def _entries(texts: list[str], known: dict[str, int]) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """How many entries each cell has, and all of them by number."""
    counts = np.fromiter(map(str.count, texts, repeat(",")), np.int64, len(texts)) + 1
    entries = ",".join(texts).split(",")
    return counts, np.fromiter(map(known.__getitem__, entries), np.int32, len(entries))


def _disagreement(
    length: NDArray[np.int64], marked: NDArray[np.bool_], there: NDArray[np.int64], codes: NDArray[np.int32]
) -> int | None:
    """The first ballot whose points are none, or not one for each project."""
    uneven = np.flatnonzero(length != there)
    if not len(uneven):
        uneven = _rows_with(marked != (codes != _BLANK), length)
    return min((int(row) for row in [*_rows_with(codes == _WRONG, there)[:1], *uneven[:1]]), default=None)


def _wrong(vote: str, points: str) -> Message:
    cells = [cell.strip() for cell in points.split(",")] if points else []
    bad = next((cell for cell in cells if not _POINT.fullmatch(cell)), None)
    if bad is not None:
        return msg("점수가 0 이상의 숫자가 아닙니다: '%(text)s'", text=shorten(bad))
    picks = vote.count(",") + 1 if vote else 0
    return msg("고른 사업은 %(picks)s개인데 점수는 %(n)s개입니다.", picks=picks, n=len(cells))


def _rows_with(found: NDArray[np.bool_], counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """The ballots of the entries that are found."""
    return np.unique(np.repeat(np.arange(len(counts)), counts)[found]) if found.any() else np.zeros(0, np.int64)


def ballots_of(marks: Marks, found: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The ballots with one of these entries, ascending."""
    return np.unique(np.searchsorted(marks.start, np.flatnonzero(found), side="right") - 1)


def again(marks: Marks, projects: int) -> NDArray[np.bool_]:
    """Which entries name a project their ballot has named before."""
    key = np.repeat(np.arange(len(marks.lengths)) * (projects + 1), marks.lengths) + marks.picks + 1
    order = np.argsort(key, kind="stable")
    found = np.zeros(len(key), np.bool_)
    found[order[1:]] = key[order[1:]] == key[order[:-1]]
    found &= marks.picks != UNKNOWN
    return found
