"""What is counted: projects, a pool of money, and ballots grouped where they are the same."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from math import lcm

from civicvote.domain.errors import InvalidError
from civicvote.domain.messages import msg

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


@dataclass(frozen=True, slots=True)
class Ballot:
    """Ballots that are the same. `picks` are indices of projects, ascending; `points` stand beside them.

    An approval ballot has no `points`. Points are whole numbers above 0, in units of 1 / `Election.point_unit`.
    """

    picks: tuple[int, ...]
    points: tuple[int, ...] = ()
    count: int = 1


@dataclass(frozen=True)
class Election:
    """One contest. Build it with `Election.of`; the constructor takes what is already grouped.

    `voters` is n, the number of people among whom Equal Shares divides the money.
    """

    projects: tuple[Project, ...]
    budget: Amount
    ballots: tuple[Ballot, ...]
    voters: int
    scored: bool = False
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
        if self.voters < 0 or self.voters < sum(ballot.count for ballot in self.ballots if ballot.picks):
            raise InvalidError(msg("투표자 수가 투표지 수보다 적습니다."))
        object.__setattr__(self, "index", index)

    @classmethod
    def of(
        cls,
        projects: Iterable[Project],
        budget: Amount,
        ballots: Iterable[Sequence[str] | Mapping[str, Amount]],
        *,
        count_empty: bool = True,
    ) -> "Election":
        """Group ballots given by project ids: a sequence of ids (approval), or `{id: points}`.

        A project twice in one ballot counts once; 0 points is no support. Empty ballots count among the voters
        only with `count_empty`. Unknown ids and points below 0 raise `InvalidError`.
        """
        listed = tuple(projects)
        index = {project.id: number for number, project in enumerate(listed)}
        approvals: Counter[tuple[int, ...]] = Counter()
        scores: Counter[tuple[tuple[int, Amount], ...]] = Counter()
        for ballot in ballots:
            try:
                if isinstance(ballot, Mapping):
                    scores[tuple(sorted((index[key], value) for key, value in ballot.items() if value))] += 1
                else:
                    approvals[tuple(sorted({index[key] for key in ballot}))] += 1
            except KeyError as error:
                raise InvalidError(msg("투표지에 없는 사업이 있습니다: %(id)s", id=str(error.args[0]))) from None
        if approvals and scores:
            raise InvalidError(msg("찬성 투표지와 점수 투표지를 한 선거에 섞을 수 없습니다."))
        if any(value < 0 for row in scores for _, value in row):
            raise InvalidError(msg("점수는 0보다 작을 수 없습니다."))
        unit = lcm(1, *{Fraction(value).denominator for row in scores for _, value in row})
        grouped = [Ballot(row, (), count) for row, count in approvals.items()]
        grouped += [
            Ballot(tuple(c for c, _ in row), tuple(int(value * unit) for _, value in row), count)
            for row, count in scores.items()
        ]
        voters = sum(ballot.count for ballot in grouped if ballot.picks or count_empty)
        return cls(listed, plain(budget), tuple(grouped), voters, scored=bool(scores), point_unit=unit)

    @cached_property
    def votes(self) -> tuple[int, ...]:
        """Supporters of each project."""
        totals = [0] * len(self.projects)
        for ballot in self.ballots:
            for pick in ballot.picks:
                totals[pick] += ballot.count
        return tuple(totals)

    @cached_property
    def raw_scores(self) -> tuple[int, ...]:
        """Points of each project in units of 1 / `point_unit`; votes where ballots have no points."""
        if not self.scored:
            return self.votes
        totals = [0] * len(self.projects)
        for ballot in self.ballots:
            for pick, points in zip(ballot.picks, ballot.points, strict=True):
                totals[pick] += points * ballot.count
        return tuple(totals)

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
