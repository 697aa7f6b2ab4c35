"""Ballots as arrays: compressed rows (CSR), their transpose by project, identical ballots merged where it pays."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from civicvote.domain.errors import InvalidError
from civicvote.domain.messages import msg

Ints = NDArray[np.int64]
Indices = NDArray[np.int32]

MERGE_BELOW = 0.6
"""Identical ballots are merged where at most this share of the rows is left: less would not pay for the weights."""
MOST_PEOPLE = 2**53
"""Beyond this a float64 no longer counts one by one."""


@dataclass(frozen=True, slots=True)
class Ballot:
    """Ballots that are the same. `picks` are indices of projects, ascending; `points` stand beside them.

    An approval ballot has no `points`. Points are whole numbers above 0, in units of 1 / `Election.point_unit`.
    """

    picks: tuple[int, ...]
    points: tuple[int, ...] = ()
    count: int = 1


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """The ballots by project: those of project c are `groups[indptr[c]:indptr[c + 1]]`, ascending.

    `indptr` int64[m + 1], `groups` int32[nnz] (row numbers), `points` int64[nnz] or None for approvals.
    """

    indptr: Ints
    groups: Indices
    points: Ints | None

    def of(self, project: int) -> Indices:
        """The rows that support a project."""
        return self.groups[self.indptr[project] : self.indptr[project + 1]]

    def points_of(self, project: int) -> Ints | None:
        """The points beside `of(project)`; None for approvals."""
        return None if self.points is None else self.points[self.indptr[project] : self.indptr[project + 1]]


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Ballot i is `picks[indptr[i]:indptr[i + 1]]`, ascending, and was cast by `people[i]` persons.

    `indptr` int64[g + 1], `picks` int32[nnz] (indices of projects), `points` int64[nnz] above 0, or None for
    approvals, `people` int64[g]. The arrays are read-only. Build it with `Rows.of` or `Rows.from_ballots`.
    """

    indptr: Ints
    picks: Indices
    points: Ints | None
    people: Ints

    @classmethod
    def of(cls, indptr: ArrayLike, picks: ArrayLike, points: ArrayLike | None, people: ArrayLike) -> "Rows":
        """Rows from arrays, made regular: picks ascending, each once (its first points), 0 points no support.

        Raises `InvalidError` for arrays that do not fit together, points below 0, or rows nobody cast.
        """
        try:
            starts, cast = np.asarray(indptr, dtype=np.int64), np.asarray(people, dtype=np.int64)
            given = np.asarray(picks, dtype=np.int32)
            worth = None if points is None else np.asarray(points, dtype=np.int64)
        except OverflowError:
            raise InvalidError(msg("점수가 너무 큽니다.")) from None
        whole = len(starts) == len(cast) + 1 and starts[0] == 0 and starts[-1] == len(given)
        if not whole or (np.diff(starts) < 0).any() or (worth is not None and len(worth) != len(given)):
            raise InvalidError(msg("투표지 배열의 길이가 서로 맞지 않습니다."))
        if len(cast) and (cast.min() < 1 or cast.astype(np.float64).sum() >= MOST_PEOPLE):
            raise InvalidError(msg("투표지의 수가 올바르지 않습니다."))
        if len(given) and given.min() < 0:
            raise InvalidError(msg("투표지에 없는 사업이 있습니다: %(id)s", id=str(given.min())))
        if worth is not None and len(worth) and worth.min() < 0:
            raise InvalidError(msg("점수는 0보다 작을 수 없습니다."))
        return cls._regular(starts, given, worth, cast)

    @classmethod
    def from_ballots(cls, ballots: Iterable[Ballot], *, scored: bool) -> "Rows":
        """Rows from ballots one by one: for small uses."""
        listed = list(ballots)
        starts = np.cumsum([0, *(len(ballot.picks) for ballot in listed)])
        picks = [pick for ballot in listed for pick in ballot.picks]
        points = [value for ballot in listed for value in ballot.points] if scored else None
        return cls.of(starts, picks, points, [ballot.count for ballot in listed])

    @classmethod
    def _regular(cls, starts: Ints, picks: Indices, points: Ints | None, people: Ints) -> "Rows":
        if points is not None and not points.all():
            starts, picks, points = _kept(points > 0, starts, picks, points)
        rising = np.ones(len(picks), dtype=bool)
        rising[1:] = picks[1:] > picks[:-1]
        rising[starts[:-1][np.diff(starts) > 0]] = True
        if not rising.all():
            row = np.repeat(np.arange(len(people)), np.diff(starts))
            order = np.lexsort((picks, row))
            picks, points = picks[order], None if points is None else points[order]
            again = np.zeros(len(picks), dtype=bool)
            again[1:] = (picks[1:] == picks[:-1]) & (row[1:] == row[:-1])
            starts, picks, points = _kept(~again, starts, picks, points)
        return cls(*(_fixed(one) for one in (starts, picks, points, people)))

    def __len__(self) -> int:
        return len(self.people)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Rows) or self.scored != other.scored:
            return False
        names = ("indptr", "picks", "people", *(["points"] if self.scored else []))
        return all(np.array_equal(getattr(self, name), getattr(other, name)) for name in names)

    def __hash__(self) -> int:
        return hash((len(self), len(self.picks), self.scored))

    @property
    def scored(self) -> bool:
        """The ballots carry points."""
        return self.points is not None

    @property
    def lengths(self) -> Ints:
        """Picks of each row."""
        return np.diff(self.indptr)

    def places(self, rows: Ints | Indices) -> Ints:
        """Where in `picks` and `points` the entries of these rows stand, row after row."""
        starts, lengths = self.indptr[rows], self.indptr[np.asarray(rows) + 1] - self.indptr[rows]
        before = np.cumsum(lengths) - lengths
        return np.repeat(starts - before, lengths) + np.arange(lengths.sum())

    def merged(self) -> "Rows":
        """Identical ballots as one row each, where that saves at least 40 % of the rows; else the rows as they are."""
        prints = self._fingerprints()
        if not len(self) or len(np.unique(prints)) > MERGE_BELOW * len(self):
            return self
        _, first, kind = np.unique(prints, return_index=True, return_inverse=True)
        if not self._equal(first[kind]):  # two different ballots with one fingerprint
            return self
        people = np.bincount(kind, weights=self.people).astype(np.int64)
        order = np.argsort(first)
        kept = self.places(first[order])
        starts = np.concatenate([[0], np.cumsum(self.lengths[first[order]])])
        points = None if self.points is None else self.points[kept]
        return Rows(*(_fixed(one) for one in (starts, self.picks[kept], points, people[order])))

    def only(self, projects: Sequence[int]) -> "Rows":
        """The rows with these projects alone, which become 0, 1, …; ballots left empty stay."""
        most = max(int(self.picks.max(initial=-1)), *projects, -1)
        place = np.full(most + 1, -1, dtype=np.int32)
        place[list(projects)] = np.arange(len(projects))
        picks = place[self.picks]
        return Rows.of(*_kept(picks >= 0, self.indptr, picks, self.points), self.people).merged()

    def columns(self, projects: int) -> Columns:
        """The transpose, for `projects` projects."""
        order = np.argsort(self.picks.astype(np.min_scalar_type(projects)), kind="stable")  # small types sort by radix
        row = np.repeat(np.arange(len(self), dtype=np.int32), self.lengths)
        counts = np.bincount(self.picks, minlength=projects)
        points = None if self.points is None else self.points[order]
        return Columns(_fixed(np.concatenate([[0], np.cumsum(counts)])), _fixed(row[order]), _fixed(points))

    def ballots(self) -> tuple[Ballot, ...]:
        """The rows as objects, for small uses."""
        picks, starts, people = self.picks.tolist(), self.indptr.tolist(), self.people.tolist()
        points = [] if self.points is None else self.points.tolist()
        return tuple(
            Ballot(tuple(picks[start:end]), tuple(points[start:end]), count)
            for (start, end), count in zip(pairwise(starts), people, strict=True)
        )

    def _fingerprints(self) -> NDArray[np.uint64]:
        """A number per row, the same for the same ballot (and, with luck, different for others)."""
        mixed = _mix(np.arange(int(self.picks.max(initial=-1)) + 1, dtype=np.uint64))[self.picks]
        if self.points is not None:
            mixed = _mix(mixed + self.points.astype(np.uint64))
        sums = np.concatenate([np.zeros(1, dtype=np.uint64), np.cumsum(mixed, dtype=np.uint64)])
        prints: NDArray[np.uint64] = np.diff(sums[self.indptr])
        return prints

    def _equal(self, others: Ints) -> bool:
        """Whether each row is the same ballot as the row `others` names for it."""
        if not np.array_equal(self.lengths, self.lengths[others]):
            return False
        places = self.places(others)
        same = np.array_equal(self.picks, self.picks[places])
        return same and (self.points is None or np.array_equal(self.points, self.points[places]))


def _kept(
    keep: NDArray[np.bool_], starts: Ints, picks: Indices, points: Ints | None
) -> tuple[Ints, Indices, Ints | None]:
    """The entries marked in `keep`, with the rows' new starts."""
    before = np.concatenate([[0], np.cumsum(keep)])
    return before[starts], picks[keep], None if points is None else points[keep]


def _mix(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """SplitMix64's finaliser: neighbours become strangers. Arithmetic modulo 2^64."""
    mixed: NDArray[np.uint64] = values + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    return mixed


def _fixed(array: Any) -> Any:
    """A read-only view: rows are shared and never change."""
    if array is None:
        return None
    view = array.view()
    view.flags.writeable = False
    return view
