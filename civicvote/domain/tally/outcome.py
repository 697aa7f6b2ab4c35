"""What a count says: who is in, in which order and at which price; who is out, and why."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction

from civicvote.domain.tally.election import Amount
from civicvote.domain.tally.rules import Rule


class Code(StrEnum):
    """Why a project is not funded."""

    WITHDRAWN = "withdrawn"
    VOID = "void"
    BELOW_THRESHOLD = "below-threshold"
    BELOW_SHARE = "below-share"
    NO_SUPPORT = "no-support"
    TOO_EXPENSIVE = "too-expensive"
    NO_MONEY_LEFT = "no-money-left"
    SUPPORTERS_SPENT = "supporters-spent"
    EXCLUDED_BY = "excluded-by"
    CAPPED = "capped"
    AFTER_STOP = "after-stop"
    NOT_IN_BEST = "not-in-best"


Fact = Amount | str | None


@dataclass(frozen=True, slots=True)
class Reason:
    """One project that was not funded. `facts` by code:

    void: voters, quorum · below-threshold: votes, threshold · below-share: votes, voters, needed (votes) ·
    too-expensive: cost, budget (without what is locked in) · no-money-left: cost, left, votes ·
    supporters-spent: cost, held (what its supporters have left together), supporters · excluded-by: by ·
    capped: cap (its title), most, budget (both as ruled), left (of that budget), cost · after-stop: stopped (the
    project that did not fit), left · not-in-best: votes, with_it (the most that any affordable choice with this
    project gets), best. `unit` is "points" where those votes are points.
    """

    project: str
    code: Code
    facts: Mapping[str, Fact] = field(default_factory=dict)

    def __hash__(self) -> int:
        return hash((self.project, self.code))


@dataclass(frozen=True, slots=True)
class Step:
    """One funded project, in order of selection.

    `votes` are its supporters, `score` its points (votes for approval ballots), `left` the money after it.
    Equal Shares: `price` is what each supporter pays per point who can (per supporter for approval ballots),
    `emptied` how many supporters paid all they had. `completion` marks projects added greedily after Equal Shares,
    `locked` those funded before the count. `paid` is less than the cost only for the last project of the 80 % rule.
    Phragmén: `price` is the load of each supporter after it, in money.
    """

    project: str
    cost: Amount
    votes: int
    score: Amount
    left: Amount
    paid: Amount
    price: Fraction | None = None
    emptied: int = 0
    completion: bool = False
    locked: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """A counted election. `votes` and `scores` are by project id.

    Equal Shares: `endowment` is what each voter held at the start of the final run, `rounds` by how many steps it
    was raised. With a rule's comparison, `adopted` says that the greedy result was taken instead.
    `ties` lists pairs (winner, loser) of projects that were equal when the tie order chose between them.
    `void` says that the quorum was not met; nothing is funded then.
    """

    rule: Rule
    budget: Amount
    voters: int
    steps: tuple[Step, ...]
    rejected: tuple[Reason, ...]
    votes: Mapping[str, int]
    scores: Mapping[str, Amount]
    endowment: Fraction | None = None
    rounds: int = 0
    adopted: bool = False
    ties: tuple[tuple[str, str], ...] = ()
    void: bool = False

    @property
    def selected(self) -> tuple[str, ...]:
        """Ids of the funded projects, in order of selection."""
        return tuple(step.project for step in self.steps)

    @property
    def spent(self) -> Amount:
        """Money given out."""
        return sum((step.paid for step in self.steps), 0)

    @property
    def left(self) -> Amount:
        """Money not given out."""
        return self.budget - self.spent

    def __hash__(self) -> int:
        return hash((self.rule, self.selected))
