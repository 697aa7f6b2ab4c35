"""What the demo is made of, as plain values. Times are days and hours counted back from the moment of seeding."""

from dataclasses import dataclass
from datetime import date

from civicvote.domain.lifecycles import CycleState, ProjectState
from civicvote.domain.permissions import Role


@dataclass(frozen=True, slots=True)
class Department:
    """A department of the bureau. `budget_2022_won` is its budget in the city's plan of 2022."""

    key: str
    name: str
    name_en: str
    budget_2022_won: int


@dataclass(frozen=True, slots=True)
class Person:
    """A made-up citizen. `sex` is "f" or "m"; `district` a code; `level` the verification the account starts with."""

    key: str
    name: str
    birth: date
    district: str
    sex: str
    level: int = 2

    @property
    def email(self) -> str:
        """An address nobody has."""
        return f"{self.key}@example.org"

    @property
    def phone(self) -> str:
        """A number nobody has: 010-0000-…"""
        return f"010-0000-{int(self.key.removeprefix('p')):04d}"


@dataclass(frozen=True, slots=True)
class Account:
    """An account whose address stands on the demo's first page. `person` gives a citizen a birth date and a district."""

    key: str
    name: str
    role: Role
    department: str | None = None
    level: int = 0
    birth: date | None = None
    district: str | None = None
    sex: str | None = None

    @property
    def email(self) -> str:
        """The address to sign in with."""
        return f"{self.key}@demo.civicvote.example"

    @property
    def phone(self) -> str:
        """A number nobody has."""
        return "010-0000-9001" if self.key == "citizen" else "010-0000-9002"


@dataclass(frozen=True, slots=True)
class Pool:
    """Money of a cycle, in won; `district` is None for the whole city."""

    key: str
    name: str
    name_en: str
    theme: str
    amount_won: int
    district: str | None = None
    max_picks: int | None = None


@dataclass(frozen=True, slots=True)
class Cycle:
    """A year's cycle. Windows are (first, last) day counted from today, negative in the past; see `window`."""

    key: str
    year: int
    title: str
    title_en: str
    summary: str
    state: CycleState
    proposals: tuple[int, int]
    review_until: int
    voting: tuple[int, int]
    pools: tuple[Pool, ...]
    max_picks: int = 10
    min_picks: int = 1
    min_level: int = 2
    min_age: int = 14
    min_support: int = 0

    @property
    def budget_won(self) -> int:
        """Won of all pools."""
        return sum(pool.amount_won for pool in self.pools)


@dataclass(frozen=True, slots=True)
class CostLine:
    """`kind` is programme (사업비), staff (인건비) or operation (운영비)."""

    kind: str
    label: str
    amount_won: int


@dataclass(frozen=True, slots=True)
class Comment:
    """What `author` (a person's key) wrote `hours` after the proposal was submitted.

    `parent` is the place (from 0) of the comment it answers; `hidden_reason` stands where a moderator hid it.
    """

    author: str
    hours: int
    text: str
    parent: int | None = None
    hidden_reason: str = ""


@dataclass(frozen=True, slots=True)
class StatusLine:
    """A line of a funded project: progress in per cent, won spent so far."""

    days_ago: int
    progress: int
    spent_won: int
    text: str


@dataclass(frozen=True, slots=True)
class Project:
    """A proposal and how far it has come.

    `verdict` is the reviewer's reason where it is eligible; `reason` stands where it was refused or withdrawn. `cost_won` is
    None until it was reviewed. `appeal` (1 to 100) says how many voters of the sample election like it. `days_ago`
    is the day it was submitted (a draft: last saved).
    """

    key: str
    cycle: str
    pool: str
    author: str
    title: str
    problem: str
    idea: str
    category: str
    state: ProjectState
    department: str | None = None
    district: str | None = None
    place: str = ""
    requested_won: int | None = None
    costs: tuple[CostLine, ...] = ()
    verdict: str = ""
    reason: str = ""
    supplement: str = ""
    supplement_answer: str = ""
    endorsements: int = 0
    comments: tuple[Comment, ...] = ()
    updates: tuple[StatusLine, ...] = ()
    days_ago: int = 120
    appeal: int = 0

    @property
    def cost_won(self) -> int | None:
        """What the review says it costs: the sum of its lines."""
        return sum(line.amount_won for line in self.costs) or None
