"""What can be told about one project of a counted election."""

from dataclasses import dataclass, field
from enum import StrEnum

from civicvote.domain.tally.election import Amount
from civicvote.domain.tally.outcome import Code


class Basis(StrEnum):
    """What a counterfactual figure holds for."""

    COUNT = "count"
    """The whole count, run again."""
    ENDOWMENT = "endowment"
    """Equal Shares with the endowment of the final run: everyone, newcomers too, holds what the voters held there.
    A whole new count divides the money anew; `Why.anew` tells what it would say."""


@dataclass(frozen=True, slots=True)
class Fresh:
    """What a whole new count of Equal Shares says: with `supporters` further people the project is funded, with one fewer
    it is not; at `cost` it is, at one unit of money more it is not. None: no such number was found.

    Both were counted. Such counts are not monotone: other numbers, smaller ones too, may also do.
    """

    supporters: int | None = None
    cost: Amount | None = None


@dataclass(frozen=True, slots=True)
class Why:
    """One project. Shares are 0–1 and may exceed 1; money is in the election's currency; `None`: does not apply.

    `place`: in the order of selection from 1, None when not funded; `code`: why not, None when funded. `rank`: by votes
    (points), from 1. `price`: per supporter (per point where ballots carry points).

    Funded by Equal Shares: `emptied` supporters paid all they had, `kept` is what the supporters hold together after.
    Not funded: `support` is the part of the cost its supporters would have paid at the best moment, no dearer than the
    project bought then; `held` what they hold together at the end; `paid_for` where their money went, most first.
    Greedy: `left` is the money left at its turn.

    `supporters`: the fewest further people, each for this project alone and with the most points a ballot gives, with
    whom it would have been funded. `cost`: the largest cost at which it would have been. None: no number, no cost.
    `confirmed`: both are proved, at the number and at one below (one above for the cost). `anew`: the same by a whole
    new count, where `basis` is not one already and there was time for it.
    """

    project: str
    votes: int
    rank: int
    place: int | None = None
    code: Code | None = None
    price: Amount | None = None
    emptied: int = 0
    kept: Amount | None = None
    support: float | None = None
    held: Amount | None = None
    paid_for: tuple[tuple[str, Amount], ...] = ()
    left: Amount | None = None
    supporters: int | None = None
    cost: Amount | None = None
    basis: Basis = Basis.COUNT
    confirmed: bool = False
    anew: Fresh | None = None


@dataclass(slots=True)
class Best:
    """The figures of one loser while its moments are looked through; `cost` in money units."""

    supporters: int | None = None
    cost: int | None = None
    support: float | None = None
    held: float | None = None
    left: int | None = None
    paid_for: dict[int, float] = field(default_factory=dict)

    def take(self, supporters: int | None, cost: int | None) -> None:
        """Keep the fewer supporters and the larger cost."""
        if supporters is not None and (self.supporters is None or supporters < self.supporters):
            self.supporters = supporters
        if cost is not None and cost > 0 and (self.cost is None or cost > self.cost):
            self.cost = cost
