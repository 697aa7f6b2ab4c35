"""What the result pages show. Amounts in the cycle's currency; shares 0–1 unless said otherwise."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from civicvote.domain.messages import Message
from civicvote.domain.tally import Amount, Code
from civicvote.models.cycles import Cycle
from civicvote.models.votes import Vote
from civicvote.services.board import Turnout
from civicvote.services.counting.outcomes import exact, read_figures, read_reason, read_step

Money = Callable[[Amount], Any]


@dataclass(frozen=True, slots=True)
class Project:
    """A project with its place in the result. `votes`: how many chose it; `points`: what they gave it, where points count.

    `told`: the figures behind it (empty for runs of older versions).
    """

    number: str
    id: UUID | None
    title: str
    cost: Amount
    votes: int
    points: float | None
    told: Mapping[str, Any]
    titles: Mapping[str, str] = field(repr=False)

    @property
    def rank(self) -> int | None:
        """By votes (points), from 1."""
        rank: int | None = self.told.get("rank")
        return rank


@dataclass(frozen=True, slots=True)
class Winner(Project):
    """A funded project.

    `share`: the most that one supporter paid of their own share, per point where ballots carry points (Equal Shares), or
    carries after it (Phragmén). `emptied`: how many supporters gave all they had left, which was that or less. `left`:
    money of the contest after it. `step`: as the run recorded it.
    """

    place: int
    share: Amount | None
    emptied: int
    left: Amount
    paid: Amount
    locked: bool
    completion: bool
    rule: str
    step: Mapping[str, Any] = field(repr=False)

    @property
    def kept(self) -> Amount | None:
        """What the supporters hold together after it."""
        kept: Amount | None = exact(self.told.get("kept"))
        return kept

    def explained(self, money: Money) -> Message:
        """Why, in a sentence; `money` writes amounts in the cycle's currency."""
        return read_step(self.step, self.place, self.rule, money)

    def figures(self, money: Money) -> list[Message]:
        """What stands behind it."""
        return read_figures(self.told, self.number, None, self.votes, money, self.titles)


@dataclass(frozen=True, slots=True)
class Loser(Project):
    """A project that was not funded, and why."""

    reason: Mapping[str, Any]

    @property
    def code(self) -> str:
        """Why, as `domain.tally.Code`."""
        code: str = self.reason["code"]
        return code

    @property
    def excluded(self) -> bool:
        """Staff took it off the ballot; it wasn't counted. (A proposal its author took back never came to the vote.)"""
        return self.code == Code.WITHDRAWN

    @property
    def asked(self) -> bool:
        """Whether figures say what would have changed its lot."""
        return bool({"supporters", "cost", "anew"} & set(self.told))

    @property
    def support(self) -> float | None:
        """The part of the cost that its supporters could have paid at the best moment."""
        support: float | None = self.told.get("support")
        return support

    @property
    def left(self) -> Amount | None:
        """Money left at its turn (greedy rules)."""
        left: Amount | None = exact(self.told.get("left"))
        return left

    @property
    def held(self) -> Amount | None:
        """What its supporters hold together at the end."""
        held: Amount | None = exact(self.told.get("held"))
        return held

    @property
    def paid_for(self) -> list[tuple[str, Amount]]:
        """Titles of the projects its supporters' money went to, and how much; the most first, at most five."""
        return [(self.titles.get(one, one), exact(money)) for one, money in self.told.get("paid_for", [])]

    def explained(self, money: Money) -> Message:
        """Why, in a sentence; `money` writes amounts in the cycle's currency."""
        return read_reason(self.reason, money, self.titles)

    def figures(self, money: Money) -> list[Message]:
        """What stands behind it, and what would have changed it."""
        return read_figures(self.told, self.number, self.code, self.votes, money, self.titles)


@dataclass(frozen=True, slots=True)
class Side:
    """One rule in figures; the first of a contest is the one that counted. None: not computed (older runs).

    `added` and `dropped`: titles that this rule would have funded besides, and would not have. `prefer`: voters who
    supported more funded projects under the rule that counted, and under this one. `mean_cost`: money of the funded
    projects a voter supported, on average. `gini`: of the money used per voter, 0 is everybody the same.
    """

    rule: str
    completion: str
    added: Sequence[str]
    dropped: Sequence[str]
    with_one: int
    mean_projects: float
    prefer: tuple[int, int]
    funded: int | None = None
    spent: Amount | None = None
    mean_cost: Amount | None = None
    gini: float | None = None


@dataclass(frozen=True, slots=True)
class Kind:
    """Voters with `low` to `high` picks (None: or more): `use` is how much of their share found a use.

    `bins`: voters who used nothing, up to a quarter, half, three quarters, all, and more than all of their share.
    """

    low: int
    high: int | None
    voters: int
    with_one: int
    use: float
    bins: Sequence[int]


@dataclass(frozen=True, slots=True)
class Contest:
    """A pool's result.

    `budget`: with `more`, the money that flowed in from others; what is left flows to `leftover_to` (a title), if any.
    `endowment`: what everybody held at the start of the final round, after `rounds` raises (Equal Shares only).
    `adopted`: the greedy result was taken by the comparison step. `void`: the quorum was not met. `scored`: ballots
    carry points. `terms`: the contest in the notice.
    """

    pool: str
    title: str
    budget: Amount
    more: Amount
    leftover_to: str | None
    spent: Amount
    rule: str
    utility: str
    completion: str
    adopted: bool
    void: bool
    scored: bool
    voters: int
    endowment: Amount | None
    rounds: int
    winners: Sequence[Winner]
    losers: Sequence[Loser]
    ties: Sequence[tuple[str, str]]
    sides: Sequence[Side]
    kinds: Sequence[Kind]
    terms: Mapping[str, Any] = field(repr=False)

    @property
    def pointed(self) -> bool:
        """Points can be shown beside each project; runs of older versions kept none."""
        return self.scored and all(one.points is not None for one in (*self.winners, *self.losers))

    @property
    def shared(self) -> bool:
        """Counted by Equal Shares, and that result stands."""
        return self.rule == "equal-shares" and not self.adopted

    @property
    def ladder(self) -> list[Winner]:
        """The purchases with a price, in order."""
        return [winner for winner in self.winners if winner.share is not None]

    @property
    def with_one(self) -> float | None:
        """The share of voters who supported at least one funded project."""
        return self.sides[0].with_one / self.voters if self.sides and self.voters else None


@dataclass(frozen=True, slots=True)
class Papers:
    """Ballots: counted ones, valid ones among them, and the others by reason."""

    counted: int
    valid: int
    invalid: Sequence[tuple[Message, int]]


@dataclass(frozen=True, slots=True)
class Desk:
    """Ballots on paper: confirmed batches; papers = valid + blank + void."""

    batches: int
    papers: int
    valid: int
    blank: int
    void: int


@dataclass(frozen=True, slots=True)
class Note:
    """What happened to a project during the vote, from the board: it left (`withdrawn`), or was changed."""

    title: str
    id: UUID | None
    text: str
    withdrawn: bool


@dataclass(frozen=True, slots=True)
class Reached:
    """Voters of a contest (`title`), or of a district's projects (its code), and how many of them got nothing at all.

    None: too few to tell.
    """

    title: str
    voters: int | None
    without: int | None


@dataclass(frozen=True, slots=True)
class FileRow:
    """A file to download, with its SHA-256."""

    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Result:
    """A published result. `pooled`: only totals were published, not the ballots."""

    cycle: Cycle
    vote: Vote
    participants: int
    papers: Papers
    turnout: Turnout
    contests: Sequence[Contest]
    files: Sequence[FileRow]
    notes: Sequence[Note]
    desk: Desk | None
    reached: Sequence[Reached]
    areas: Sequence[Reached]
    pooled: bool
    published_at: datetime
    result_hash: str
    code_version: str
