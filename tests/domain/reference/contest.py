"""A contest as plain as it can be said, and what must hold of any set of winners."""

from collections.abc import Collection
from dataclasses import dataclass, field
from fractions import Fraction


@dataclass
class Contest:
    """`ballots`: each voter's points by project. `order`: ≺, every id, the first wins. `caps`: (ids, most, won)."""

    costs: dict[str, Fraction]
    budget: Fraction
    ballots: list[dict[str, int]]
    order: list[str]
    threshold: int = 0
    share: Fraction = Fraction(0)
    quorum: int = 0
    withdrawn: set[str] = field(default_factory=set)
    exclusive: list[set[str]] = field(default_factory=list)
    caps: list[tuple[set[str], int | None, Fraction | None]] = field(default_factory=list)
    locked: list[str] = field(default_factory=list)

    def supporters(self, project: str) -> list[int]:
        return [voter for voter, ballot in enumerate(self.ballots) if ballot.get(project)]

    def score(self, project: str) -> int:
        return sum(ballot.get(project, 0) for ballot in self.ballots)

    def cost(self, projects: Collection[str]) -> Fraction:
        return sum((self.costs[project] for project in projects), Fraction(0))

    def first(self, projects: Collection[str]) -> str:
        return min(projects, key=self.order.index)

    @property
    def void(self) -> bool:
        return len(self.ballots) < self.quorum

    @property
    def pool(self) -> Fraction:
        return self.budget - self.cost(self.locked)

    def open(self) -> list[str]:
        """Who may win besides those locked in."""
        return [
            project
            for project in self.costs
            if project not in self.withdrawn
            and project not in self.locked
            and self.score(project) > 0
            and self.score(project) >= self.threshold
            and len(self.supporters(project)) >= self.share * len(self.ballots)
            and self.costs[project] <= self.pool
        ]

    def allowed(self, projects: Collection[str]) -> bool:
        """Whether these may be funded together: no two alternatives, and no cap exceeded."""
        together = set(projects)
        if any(len(together & group) > 1 for group in self.exclusive):
            return False
        for group, most, won in self.caps:
            inside = together & group
            if most is not None and len(inside) > most:
                return False
            if won is not None and self.cost(inside) > won:
                return False
        return True
