"""What is counted: projects, a pool of money, and ballots as arrays, grouped where that pays."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from math import lcm

import numpy as np
from numpy.typing import ArrayLike

from civicvote.domain.errors import InvalidError
from civicvote.domain.messages import msg
from civicvote.domain.tally.rows import Ballot, Columns, Rows

Amount = int | Fraction
"""Money, exact: whole won as `int`; amounts of other currencies with decimals as `Fraction`."""


def plain(value: Amount) -> Amount:
    """`value` as an `int` where it is whole."""
    return int(value) if value == int(value) else value


@dataclass(frozen=True, slots=True)
class Project:
    """Something that can be funded. `cost` is at least 0, in the currency's unit (won)."""

    id: str
    cost: Amount
    name: str = ""


@dataclass(frozen=True)
class Election:
    """One contest. Build it with `Election.of` (ids) or `Election.from_rows` (arrays).

    `rows` are the ballots (see `rows.Rows`); `voters` is n, the number of people among whom Equal Shares divides
    the money. Points are whole numbers in units of 1 / `point_unit`.
    """

    projects: tuple[Project, ...]
    budget: Amount
    rows: Rows
    voters: int
    point_unit: int = 1
    index: Mapping[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        index = {project.id: number for number, project in enumerate(self.projects)}
        if len(index) != len(self.projects):
            raise InvalidError(msg("사업 번호가 겹칩니다."))
        if self.budget <= 0:
            raise InvalidError(msg("예산은 0보다 커야 합니다."), field="budget")
        if any(project.cost < 0 for project in self.projects):
            raise InvalidError(msg("사업비는 0보다 작을 수 없습니다."), field="cost")
        if (last := int(self.rows.picks.max(initial=-1))) >= len(self.projects):
            raise InvalidError(msg("투표지에 없는 사업이 있습니다: %(id)s", id=str(last)))
        if self.voters < 0 or self.voters < int(self.rows.people[self.rows.lengths > 0].sum()):
            raise InvalidError(msg("투표자 수가 투표지 수보다 적습니다."))
        object.__setattr__(self, "index", index)

    @classmethod
    def from_rows(
        cls,
        projects: Iterable[Project],
        budget: Amount,
        indptr: ArrayLike,
        picks: ArrayLike,
        points: ArrayLike | None,
        people: ArrayLike,
        *,
        voters: int,
        point_unit: int = 1,
    ) -> "Election":
        """An election from arrays: row i has `picks[indptr[i]:indptr[i + 1]]` (indices of projects) with `points`
        beside them (None: approvals), and `people[i]` persons cast it.

        Picks may come in any order and twice (the first counts); 0 points is no support. Identical rows are merged
        where that saves 40 % of them. Raises `InvalidError` for what cannot be counted.
        """
        rows = Rows.of(indptr, picks, points, people).merged()
        return cls(tuple(projects), plain(budget), rows, voters, point_unit)

    @classmethod
    def of(
        cls,
        projects: Iterable[Project],
        budget: Amount,
        ballots: Iterable[Sequence[str] | Mapping[str, Amount]],
        *,
        count_empty: bool = True,
    ) -> "Election":
        """An election from ballots given by project ids: a sequence of ids (approval), or `{id: points}`.

        A project twice in one ballot counts once; 0 points is no support. Empty ballots count among the voters
        only with `count_empty`. Unknown ids and points below 0 raise `InvalidError`.
        """
        listed = tuple(projects)
        index = {project.id: number for number, project in enumerate(listed)}
        starts, picks, values = [0], list[int](), list[Amount]()
        kinds = set[bool]()
        for ballot in ballots:
            try:
                picks += [index[key] for key in ballot]
            except KeyError as error:
                raise InvalidError(msg("투표지에 없는 사업이 있습니다: %(id)s", id=str(error.args[0]))) from None
            starts.append(len(picks))
            kinds.add(isinstance(ballot, Mapping))
            if isinstance(ballot, Mapping):
                values += ballot.values()
        if len(kinds) > 1:
            raise InvalidError(msg("찬성 투표지와 점수 투표지를 한 선거에 섞을 수 없습니다."))
        unit = lcm(1, *{Fraction(value).denominator for value in set(values)})
        points = [int(value * unit) for value in values] if True in kinds else None
        rows = Rows.of(starts, picks, points, np.ones(len(starts) - 1, dtype=np.int64)).merged()
        voters = int((rows.people if count_empty else rows.people[rows.lengths > 0]).sum())
        return cls(listed, plain(budget), rows, voters, unit)

    def without(self, gone: Collection[str]) -> "Election":
        """The election without the projects `gone` (ids); its voters stay, and so do ballots left empty."""
        kept = [number for number, project in enumerate(self.projects) if project.id not in gone]
        if len(kept) == len(self.projects):
            return self
        return replace(self, projects=tuple(self.projects[number] for number in kept), rows=self.rows.only(kept))

    @property
    def scored(self) -> bool:
        """Ballots carry points."""
        return self.rows.scored

    @cached_property
    def columns(self) -> Columns:
        """The ballots by project."""
        return self.rows.columns(len(self.projects))

    @cached_property
    def ballots(self) -> tuple[Ballot, ...]:
        """The rows as objects: for small uses, not for a million."""
        return self.rows.ballots()

    @cached_property
    def votes(self) -> tuple[int, ...]:
        """Supporters of each project."""
        people, numbers = self.rows.people, range(len(self.projects))
        return tuple(int(people[self.columns.of(number)].sum()) for number in numbers)

    @cached_property
    def raw_scores(self) -> tuple[int, ...]:
        """Points of each project in units of 1 / `point_unit`; votes where ballots have no points."""
        points, people = self.columns.points, self.rows.people
        if points is None:
            return self.votes
        fits = int(points.max(initial=0)) * int(people.sum()) < 2**63
        worth = points if fits else points.astype(np.object_)
        starts = self.columns.indptr.tolist()
        return tuple(
            int((people[self.columns.groups[start:end]] * worth[start:end]).sum()) for start, end in pairwise(starts)
        )

    @cached_property
    def scores(self) -> tuple[Amount, ...]:
        """Points of each project (votes where ballots have no points)."""
        return tuple(plain(Fraction(score, self.point_unit)) for score in self.raw_scores)

    @cached_property
    def money_unit(self) -> int:
        """All costs and the budget are whole numbers when multiplied with this."""
        return lcm(Fraction(self.budget).denominator, *(Fraction(p.cost).denominator for p in self.projects))

    @cached_property
    def costs(self) -> tuple[int, ...]:
        """Costs in units of 1 / `money_unit`."""
        return tuple(int(project.cost * self.money_unit) for project in self.projects)

    @cached_property
    def pool(self) -> int:
        """The budget in units of 1 / `money_unit`."""
        return int(self.budget * self.money_unit)

    def money(self, units: int | Fraction) -> Amount:
        """An amount in units of 1 / `money_unit`, as money."""
        return plain(Fraction(units) / self.money_unit)
