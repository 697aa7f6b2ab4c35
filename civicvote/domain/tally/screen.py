"""Before any rule: who is out from the start, and which projects exclude one another."""

from dataclasses import dataclass

from civicvote.domain.tally.election import Election
from civicvote.domain.tally.outcome import Code, Reason
from civicvote.domain.tally.rules import Rule


@dataclass(frozen=True, slots=True)
class Field:
    """`candidates` may win (indices); `out` says why each of the others may not; `ranks` is ≺."""

    election: Election
    candidates: tuple[int, ...]
    out: dict[int, Reason]
    ranks: tuple[int, ...]
    rivals: dict[int, frozenset[int]]

    def id(self, number: int) -> str:
        return self.election.projects[number].id


def screen(election: Election, rule: Rule) -> Field:
    """Withdrawn, without support, below the threshold, dearer than the pool: in this order, the first that applies."""
    rule.check(election)
    out: dict[int, Reason] = {}
    for number in range(len(election.projects)):
        reason = _out(election, rule, number)
        if reason:
            out[number] = reason
    candidates = tuple(number for number in range(len(election.projects)) if number not in out)
    rivals: dict[int, frozenset[int]] = {}
    for group in rule.exclusive:
        numbers = frozenset(election.index[project] for project in group)
        for number in numbers:
            rivals[number] = rivals.get(number, frozenset()) | (numbers - {number})
    return Field(election, candidates, out, tuple(rule.tie.ranks(election)), rivals)


def _out(election: Election, rule: Rule, number: int) -> Reason | None:
    project = election.projects[number]
    score = election.scores[number]
    if project.id in rule.withdrawn:
        return Reason(project.id, Code.WITHDRAWN)
    if not score:
        return Reason(project.id, Code.NO_SUPPORT)
    if score < rule.threshold:
        return Reason(project.id, Code.BELOW_THRESHOLD, {"votes": score, "threshold": rule.threshold})
    if project.cost > election.budget:
        return Reason(project.id, Code.TOO_EXPENSIVE, {"cost": project.cost, "budget": election.budget})
    return None
