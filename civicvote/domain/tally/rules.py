"""The rule of a count, as a value that can be published before the vote and compared afterwards."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from typing import Any

from civicvote.domain.errors import InvalidError
from civicvote.domain.messages import msg
from civicvote.domain.tally.election import Amount, Election


class Method(StrEnum):
    """How projects are chosen."""

    GREEDY = "greedy"
    """G1: by votes, whatever fits."""
    GREEDY_NO_SKIP = "greedy-no-skip"
    """G2: by votes, ends at the first that does not fit."""
    GREEDY_POZNAN = "greedy-poznan"
    """G3 (Poznań): as G2, but that one is funded when at least 80 % of its cost is left."""
    GREEDY_PER_COST = "greedy-per-cost"
    """G4: by votes per won, whatever fits."""
    WELFARE = "welfare"
    """The affordable projects with the most votes together (an exact knapsack)."""
    EQUAL_SHARES = "equal-shares"
    """Method of Equal Shares (Peters, Pierczyński, Skowron 2021)."""
    PHRAGMEN = "phragmen"
    """Sequential Phragmén (Phragmén 1894; Los, Christoff, Grossi 2022), ends when a least-load project doesn't fit."""
    PHRAGMEN_SKIP = "phragmen-skip"
    """The same, but projects that do not fit are left out and the count goes on."""

    @classmethod
    def ranked(cls) -> frozenset["Method"]:
        """The greedy rules: all they need are the projects' scores."""
        return frozenset({cls.GREEDY, cls.GREEDY_NO_SKIP, cls.GREEDY_POZNAN, cls.GREEDY_PER_COST})


class Utility(StrEnum):
    """What a funded project is worth to a supporter: its cost, or one."""

    COST = "cost"
    CARDINALITY = "cardinality"

    @classmethod
    def usual(cls, election: Election) -> "Utility":
        """Cost for approval ballots; points speak for themselves. (As pabutools, so that results compare.)"""
        return cls.CARDINALITY if election.scored else cls.COST


class Completion(StrEnum):
    """How Equal Shares goes on with the money it leaves."""

    NONE = "none"
    ADD1 = "add1"
    ADD1U = "add1u"
    """add1, then greedily what still fits."""
    UTILITARIAN = "utilitarian"
    """One run, then greedily what still fits."""


class TieKey(StrEnum):
    """One criterion of a tie order; `id` is the order of the ids as text, `number` the order of the ballot."""

    ID = "id"
    NUMBER = "number"
    VOTES = "votes"
    COST = "cost"
    COST_DESC = "cost-desc"
    LOT = "lot"


@dataclass(frozen=True, slots=True)
class Tie:
    """≺, the order among equals: criteria one after the other, the id as the last. `lot` lists ids, first wins.

    Ids that a lot leaves out come after those it names.
    """

    keys: tuple[TieKey, ...] = (TieKey.ID,)
    lot: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> "Tie":
        """`"cost,id"` → the criteria; raises `InvalidError` for an unknown one."""
        try:
            return cls(tuple(TieKey(part.strip()) for part in text.split(",")))
        except ValueError:
            raise InvalidError(msg("알 수 없는 동점 기준입니다: %(text)s", text=text), field="tie") from None

    @classmethod
    def by_lot(cls, ids: Iterable[str]) -> "Tie":
        """An order drawn by lot."""
        return cls((TieKey.LOT,), tuple(ids))

    def ranks(self, election: Election) -> list[int]:
        """Each project's place in ≺, 0 first."""
        values = self._values(election)
        ranks = [0] * len(election.projects)
        for rank, number in enumerate(sorted(range(len(ranks)), key=values.__getitem__)):
            ranks[number] = rank
        return ranks

    def deciding(self, election: Election, winner: str, loser: str) -> TieKey:
        """The criterion that puts one project (id) ahead of the other: the first in which they differ."""
        values = self._values(election)
        ahead, behind = values[election.index[winner]], values[election.index[loser]]
        return next(key for key, one, other in zip((*self.keys, TieKey.ID), ahead, behind, strict=True) if one != other)

    def _values(self, election: Election) -> list[tuple[Any, ...]]:
        """What the projects are ordered by: one value for each criterion, and the id."""
        place = {project: number for number, project in enumerate(self.lot)}
        columns = {
            TieKey.ID: [project.id for project in election.projects],
            TieKey.NUMBER: range(len(election.projects)),
            TieKey.VOTES: [-votes for votes in election.votes] if TieKey.VOTES in self.keys else (),
            TieKey.COST: [project.cost for project in election.projects],
            TieKey.COST_DESC: [-project.cost for project in election.projects],
            TieKey.LOT: [place.get(project.id, len(place)) for project in election.projects],
        }
        return list(zip(*(columns[key] for key in (*self.keys, TieKey.ID)), strict=True))

    def __str__(self) -> str:
        return ",".join(self.keys)


@dataclass(frozen=True, slots=True)
class Cap:
    """Of `projects` at most `most` are funded, for at most `budget` (money) together; `title` names them.

    A project counts with its whole cost, also where the 80 % rule funds it in part.
    """

    projects: frozenset[str]
    most: int | None = None
    budget: Amount | None = None
    title: str = ""

    def __post_init__(self) -> None:
        if self.most is None and self.budget is None:
            raise InvalidError(msg("상한에는 사업 수나 금액이 있어야 합니다."), field="caps")
        if (self.most or 0) < 0 or (self.budget or 0) < 0:
            raise InvalidError(msg("상한은 0보다 작을 수 없습니다."), field="caps")


@dataclass(frozen=True, slots=True)
class Rule:
    """Everything that decides a count besides the ballots.

    `step` (money) and `exhaustive_stop` belong to add1: the endowment grows by `step` per voter and round, and with
    `exhaustive_stop` the count ends as soon as no supported project fits any more. `comparison` adopts the greedy
    result if strictly more voters get more funded projects from it. `threshold` is the least number of votes (points)
    a project needs, `threshold_share` the least share of the voters that must support it; with fewer than `quorum`
    voters the contest is void. `withdrawn` ids are out; of each of the `exclusive` groups at most one is funded, and of
    the projects of each cap no more than it allows. `locked` projects are funded first, whatever their votes.
    """

    method: Method = Method.GREEDY
    utility: Utility = Utility.COST
    completion: Completion = Completion.NONE
    step: Amount = 1
    exhaustive_stop: bool = True
    comparison: bool = False
    tie: Tie = field(default_factory=Tie)
    threshold: Amount = 0
    withdrawn: frozenset[str] = frozenset()
    exclusive: tuple[frozenset[str], ...] = ()
    threshold_share: Fraction = Fraction(0)
    quorum: int = 0
    caps: tuple[Cap, ...] = ()
    locked: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.step <= 0:
            raise InvalidError(msg("한 번에 더하는 금액은 0보다 커야 합니다."), field="step")
        if self.threshold < 0:
            raise InvalidError(msg("최소 득표는 0보다 작을 수 없습니다."), field="threshold")
        if not 0 <= self.threshold_share <= 1:
            raise InvalidError(msg("최소 지지율은 0과 1 사이여야 합니다."), field="threshold_share")
        if self.quorum < 0:
            raise InvalidError(msg("최소 투표자 수는 0보다 작을 수 없습니다."), field="quorum")
        if len(set(self.locked)) < len(self.locked) or self.withdrawn & set(self.locked):
            raise InvalidError(msg("확정 사업이 겹치거나 안건에서 제외되었습니다."), field="locked")

    @property
    def name(self) -> str:
        """The method's name, as the command line takes it."""
        return self.method.value

    def check(self, election: Election) -> None:
        """Raise `InvalidError` when the rule names a project the election does not have."""
        for project in sorted(self.withdrawn.union(self.locked, *self.exclusive, *(cap.projects for cap in self.caps))):
            if project not in election.index:
                raise InvalidError(msg("이 선거에 없는 사업입니다: %(id)s", id=project))
