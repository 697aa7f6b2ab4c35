"""G1 to G4: by votes, from the top down. Exact: votes, points and costs are whole numbers."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction

from civicvote.domain.tally.outcome import Code, Reason
from civicvote.domain.tally.rules import Method
from civicvote.domain.tally.screen import Field


@dataclass(slots=True)
class Picked:
    """Projects in order with what is paid for each (money units), and why each of the others is left."""

    paid: dict[int, int] = field(default_factory=dict)
    left: int = 0
    rejected: dict[int, Reason] = field(default_factory=dict)
    ties: list[tuple[int, int]] = field(default_factory=list)


def ranking(area: Field, method: Method, among: Iterable[int]) -> list[int]:
    """Projects from the top down; projects without cost first, equals by ≺."""
    election = area.election

    def key(number: int) -> tuple[bool, Fraction | int, int]:
        cost, score = election.costs[number], election.raw_scores[number]
        value = Fraction(score, cost) if method is Method.GREEDY_PER_COST and cost else score
        return cost > 0, -value, area.ranks[number]

    return sorted(among, key=key)


def greedy(area: Field, method: Method, *, funded: Iterable[int] = (), left: int | None = None) -> Picked:
    """Fund what fits from the top down, after `funded`, with `left` money units (the whole pool by default)."""
    election = area.election
    before = list(funded)
    result = Picked(left=election.pool if left is None else left)
    taken = set(before)
    stopped: int | None = None
    order = ranking(area, method, (number for number in area.candidates if number not in taken))
    for number in order:
        rival = min(area.rivals.get(number, frozenset()) & taken, key=area.id, default=None)
        cost = election.costs[number]
        if rival is not None:
            result.rejected[number] = Reason(area.id(number), Code.EXCLUDED_BY, {"by": area.id(rival)})
        elif stopped is not None:
            facts = {"stopped": area.id(stopped), "left": election.money(result.left)}
            result.rejected[number] = Reason(area.id(number), Code.AFTER_STOP, facts)
        elif cost <= result.left:
            _fund(result, taken, number, cost)
        elif method is Method.GREEDY_80 and 10 * result.left >= 8 * cost:
            stopped = number
            _fund(result, taken, number, result.left)
        else:
            if method in {Method.GREEDY_NO_SKIP, Method.GREEDY_80}:
                stopped = number
            result.rejected[number] = _no_money(area, number, result.left)
    _note_ties(area, method, order, result)
    return result


def _fund(result: Picked, taken: set[int], number: int, amount: int) -> None:
    result.paid[number] = amount
    result.left -= amount
    taken.add(number)


def _no_money(area: Field, number: int, left: int) -> Reason:
    election = area.election
    facts = {"cost": election.projects[number].cost, "left": election.money(left), "votes": election.scores[number]}
    return Reason(area.id(number), Code.NO_MONEY_LEFT, facts)


def _note_ties(area: Field, method: Method, order: list[int], result: Picked) -> None:
    """Neighbours with equal standing of whom one is in and the other out: here the tie order decided."""

    def standing(number: int) -> Fraction | int:
        score, cost = area.election.raw_scores[number], area.election.costs[number]
        return Fraction(score, cost) if method is Method.GREEDY_PER_COST and cost else score

    losers = [number for number in order if number not in result.paid]
    for loser in losers:
        place = order.index(loser)
        for winner in order[:place][::-1]:
            if standing(winner) != standing(loser):
                break
            if winner in result.paid:
                result.ties.append((winner, loser))
                break
