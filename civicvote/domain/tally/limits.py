"""What may not be funded together: alternatives that exclude one another, and caps per category or district."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from civicvote.domain.tally.election import Election
from civicvote.domain.tally.outcome import Code, Reason
from civicvote.domain.tally.rules import Cap, Rule


@dataclass(frozen=True, slots=True)
class Ceiling:
    """A `Cap` in indices and money units."""

    cap: Cap
    members: frozenset[int]
    most: int | None
    money: int | None

    def room(self, election: Election, funded: Collection[int]) -> tuple[bool, int | None]:
        """Whether one more may be funded beside `funded`, and how much it may cost (None: anything)."""
        inside = self.members & set(funded)
        more = self.most is None or len(inside) < self.most
        return more, None if self.money is None else self.money - sum(election.costs[number] for number in inside)


@dataclass(frozen=True, slots=True)
class Limits:
    """Asked with the projects funded so far (indices); those `locked` in beforehand are added to them.

    Whatever is shut stays shut when more is funded, so a rule may drop it.
    """

    election: Election
    groups: tuple[frozenset[int], ...] = ()
    ceilings: tuple[Ceiling, ...] = ()
    locked: tuple[int, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.groups or self.ceilings)

    def shut(self, funded: Collection[int]) -> frozenset[int]:
        """Projects that may not be funded (any more) beside `funded`; never one of those."""
        together = {*funded, *self.locked}
        closed: set[int] = set()
        for group in self.groups:
            if group & together:
                closed |= group
        for ceiling in self.ceilings:
            more, money = ceiling.room(self.election, together)
            closed |= {number for number in ceiling.members if not more or self._dear(number, money)}
        return frozenset(closed - together)

    def allow(self, funded: Iterable[int]) -> bool:
        """Whether `funded` may be funded together (with the locked-in ones)."""
        together = {*funded, *self.locked}
        if any(len(group & together) > 1 for group in self.groups):
            return False
        for ceiling in self.ceilings:
            inside = ceiling.members & together
            if ceiling.most is not None and len(inside) > ceiling.most:
                return False
            if ceiling.money is not None and sum(self.election.costs[number] for number in inside) > ceiling.money:
                return False
        return True

    def reason(self, funded: Collection[int], number: int) -> Reason:
        """Why `number`, which is shut beside `funded`, may not be funded."""
        together = {*funded, *self.locked} - {number}
        projects = self.election.projects
        rivals = {rival for group in self.groups if number in group for rival in group & together}
        if rivals:
            return Reason(projects[number].id, Code.EXCLUDED_BY, {"by": min(projects[rival].id for rival in rivals)})
        for ceiling in self.ceilings:
            more, money = ceiling.room(self.election, together)
            if number in ceiling.members and (not more or self._dear(number, money)):
                facts = {
                    "cap": ceiling.cap.title,
                    "most": ceiling.cap.most,
                    "budget": ceiling.cap.budget,
                    "left": None if money is None else self.election.money(money),
                    "cost": projects[number].cost,
                }
                return Reason(projects[number].id, Code.CAPPED, facts)
        raise ValueError(number)

    def _dear(self, number: int, money: int | None) -> bool:
        return money is not None and self.election.costs[number] > money


def limits(election: Election, rule: Rule) -> Limits:
    """The limits of `rule`, in the indices and money units of `election`. The rule has been checked."""

    def indices(ids: Iterable[str]) -> frozenset[int]:
        return frozenset(election.index[project] for project in ids)

    def units(cap: Cap) -> int | None:
        return None if cap.budget is None else int(cap.budget * election.money_unit)  # rounded down: costs are whole

    ceilings = tuple(Ceiling(cap, indices(cap.projects), cap.most, units(cap)) for cap in rule.caps)
    locked = tuple(election.index[project] for project in rule.locked)
    return Limits(election, tuple(indices(group) for group in rule.exclusive), ceilings, locked)
