"""The basket: what may be picked, in an order of each voter's own, and what was picked, for a last look."""

import hashlib
import hmac
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from civicvote.domain.ballot_paper import Paper
from civicvote.domain.ballots import slots
from civicvote.domain.cycles import BallotType
from civicvote.domain.errors import NotFoundError
from civicvote.domain.lifecycles import CycleState, ProjectState
from civicvote.domain.permissions import Actor, Permission
from civicvote.domain.text import excerpt
from civicvote.keystore import KeyStore
from civicvote.models.ballot_rounds import BallotOption, RoundBallot
from civicvote.models.cycles import Cycle, Hold
from civicvote.models.projects import Project
from civicvote.models.votes import Vote
from civicvote.services import clock
from civicvote.services.voting import checked_in, entrance, owning
from civicvote.services.voting.entrance import Refusal


@dataclass(frozen=True, slots=True)
class Choice:
    """A project on the ballot. `number` is what a ballot calls it; `cost_won` the reviewed cost."""

    id: UUID
    number: str
    title: str
    pool: str
    category: str
    district: str | None
    place: str
    text: str
    cost_won: int
    gone: bool
    reason: str
    #: Funded without votes: it is shown, but can't be picked.
    locked: bool = False
    #: Titles of those it stands against: at most one of them is funded.
    rivals: tuple[str, ...] = ()

    @property
    def open(self) -> bool:
        """Whether it can be picked."""
        return not (self.gone or self.locked)


@dataclass(frozen=True, slots=True)
class Part:
    """A pool the voter may choose from. `max_picks`, `max_won`: its own limits, None where only the whole counts."""

    id: str
    title: str
    district: str | None
    amount_won: int
    max_picks: int | None
    max_won: int | None
    choices: list[Choice]

    def picked(self, picks: Sequence[str]) -> list[Choice]:
        """Those of its projects that were picked."""
        return [choice for choice in self.choices if choice.number in picks]


@dataclass(frozen=True, slots=True)
class Filters:
    """What the list is narrowed to; empty fields match everything. What is picked stays in sight in any case."""

    q: str = ""
    pool: str = ""
    district: str = ""

    def match(self, choice: Choice) -> bool:
        """Whether the project is shown. Blanks and case don't matter."""
        wanted = "".join(self.q.split()).casefold()
        words = "".join(f"{choice.number} {choice.title} {choice.category} {choice.place} {choice.text}".split())
        return (
            wanted in words.casefold()
            and self.pool in {"", choice.pool}
            and self.district in {"", choice.district or ""}
        )

    def __bool__(self) -> bool:
        return bool(self.q or self.pool or self.district)


@dataclass(frozen=True, slots=True)
class Booth:
    """The basket's page. `refusal`: why this person can't vote now; then `parts` is empty.

    `most`: the overall limit of picks, None where money alone limits. `voted`: a ballot of theirs is in the box.
    `cycle`: for the rules in words; its pools are not loaded. `vote`, `who`: what was read for it, to check a paper with.
    """

    slug: str
    title: str
    opens_at: datetime
    closes_at: datetime
    ballot_type: BallotType
    least: int
    most: int | None
    key_mode: str
    refusal: Refusal | None
    cycle: Cycle
    hold_reason: str = ""
    voted: bool = False
    parts: list[Part] = field(default_factory=list)
    owner: owning.Owner = field(default_factory=owning.Owner)
    vote: Vote | None = None
    who: entrance.Voter | None = None

    @property
    def typed(self) -> bool:
        """Whether points are written beside projects."""
        return self.ballot_type.typed

    @property
    def ranked(self) -> bool:
        """Whether what was picked is put in order before it is cast."""
        return self.ballot_type is BallotType.RANKING

    @property
    def point_max(self) -> int | None:
        """Most points for one project."""
        return self.cycle.point_max or self.cycle.point_sum

    @property
    def point_sum(self) -> int | None:
        """Points for all projects together, where they are limited."""
        return self.cycle.point_sum if self.ballot_type is BallotType.POINTS else None

    @property
    def knapsack(self) -> bool:
        """Whether money is the limit."""
        return self.ballot_type is BallotType.KNAPSACK

    @property
    def budget_won(self) -> int:
        """All pools of this voter together."""
        return sum(part.amount_won for part in self.parts)

    @property
    def choices(self) -> list[Choice]:
        """Everything that may be picked."""
        return [choice for part in self.parts for choice in part.choices if choice.open]

    @property
    def gone(self) -> list[Choice]:
        """Projects that were taken off the ballot since it was announced."""
        return [choice for part in self.parts for choice in part.choices if choice.gone]

    @property
    def settled(self) -> list[Choice]:
        """Projects that are funded without votes."""
        return [choice for part in self.parts for choice in part.choices if choice.locked and not choice.gone]

    def own(self, paper: Paper) -> Paper:
        """The paper, or an empty one where somebody else filled it in."""
        return paper if paper.whose in {"", self.owner.whose} else Paper()

    def touched(self, paper: Paper) -> tuple[str, ...]:
        """Numbers that were ticked, or that something was written beside."""
        return paper.marked(typed=self.typed)

    def part_title(self, pool: str) -> str:
        """Name of the pool a choice is in."""
        return next((part.title for part in self.parts if part.id == pool), "")

    def picked(self, picks: Sequence[str]) -> list[Choice]:
        """The choices among `picks`."""
        return [choice for choice in self.choices if choice.number in picks]

    def districts(self) -> dict[str, int]:
        """Code of each district the choices lie in → how many do."""
        return dict(sorted(Counter(choice.district for choice in self.choices if choice.district).items()))


def booth(session: Session, actor: Actor, slug: str, *, arrived: datetime, keys: KeyStore) -> Booth:
    """What the actor sees at the ballot box of a cycle, in six statements at most."""
    if actor.station_id is None:
        actor.require(Permission.ACCOUNT_OWN)
    row = session.execute(
        select(Cycle, Vote, Hold.reason, entrance.HELD)
        .outerjoin(Vote, Vote.cycle_id == Cycle.id)
        .outerjoin(Hold, (Hold.cycle_id == Cycle.id) & Hold.lifted_at.is_(None))
        .where(Cycle.slug == slug)
    ).first()
    if row is None or (row[0].state is CycleState.DRAFT and not actor.can(Permission.CYCLE_MANAGE)):
        raise NotFoundError
    cycle, vote, hold, held = row
    who = entrance.voter(session, actor)
    refusal = entrance.closed(vote, cycle.state, held=held, arrived=arrived, now=clock.now())
    refusal = refusal or entrance.barred(cycle.eligibility(), who, cycle.voting_close_at)
    stands = checked_in.standing(session, vote, who) if vote and who else None
    if refusal is None and vote and stands:
        refusal = stands.refusal(actor, vote)
    knapsack = cycle.ballot_type is BallotType.KNAPSACK
    parts, owner = (
        _inside(session, actor, vote, who, keys) if refusal is None and who and vote else ([], owning.Owner())
    )
    return Booth(
        slug=slug,
        title=cycle.title,
        opens_at=cycle.voting_open_at,
        closes_at=cycle.voting_close_at,
        ballot_type=cycle.ballot_type,
        least=cycle.min_picks,
        most=None if knapsack else cycle.max_picks,
        key_mode=vote.key_mode if vote else "",
        refusal=refusal,
        cycle=cycle,
        hold_reason=hold or "",
        voted=bool(stands and stands.voted),
        parts=parts,
        owner=owner,
        vote=vote,
        who=who,
    )


def _inside(
    session: Session, actor: Actor, vote: Vote, who: entrance.Voter, keys: KeyStore
) -> tuple[list[Part], owning.Owner]:
    """What somebody who may vote finds inside."""
    slot = slots.slot(keys.roll(vote.id), str(vote.id), str(who.person_id))
    return _parts(session, vote, who, slot), owning.owner(session, actor, vote, slot)


def _parts(session: Session, vote: Vote, who: entrance.Voter, slot: bytes) -> list[Part]:
    """The pools open to the voter, each with its projects in the order that is this voter's own and stays so."""
    notice = vote.notice
    allowed = entrance.open_pools(vote, who.district)
    by_pool: dict[str, list[Choice]] = {}
    for choice in (_options if "round" in notice.get("more", {}) else _projects)(session, vote):
        by_pool.setdefault(choice.pool, []).append(choice)
    limits = {group["id"]: group for group in notice["ballot"]["groups"]}
    homes = notice.get("more", {}).get("districts", {})
    return [
        Part(
            id=contest["pool"],
            title=contest["title"],
            district=homes.get(contest["pool"]),
            amount_won=int(contest["budget"]),
            max_picks=limits.get(contest["pool"], {}).get("max"),
            max_won=limits.get(contest["pool"], {}).get("max_cost"),
            choices=sorted(by_pool.get(contest["pool"], []), key=lambda choice: _place(slot, choice.number)),
        )
        for contest in notice["contests"]
        if contest["pool"] in allowed
    ]


def _projects(session: Session, vote: Vote) -> list[Choice]:
    """What a budget's vote is about."""
    announced = {project["id"]: project for project in vote.notice["projects"]}
    settled = entrance.locked_in(vote)
    rivals = _rivals(announced, vote.notice["contests"])
    rows = session.execute(
        select(
            Project.id,
            Project.number,
            Project.title,
            Project.category,
            Project.district,
            Project.place,
            Project.problem,
            Project.state,
            Project.state_reason,
        ).where(Project.cycle_id == vote.cycle_id, Project.number.in_(announced))
    )
    return [
        _choice(row, announced[row.number], locked=row.number in settled, rivals=rivals.get(row.number, ()))
        for row in rows
    ]


def _options(session: Session, vote: Vote) -> list[Choice]:
    """What a forum's ballot is about: the titles as announced, with the whole text beside each."""
    announced = {project["id"]: project for project in vote.notice["projects"]}
    rows = session.execute(
        select(BallotOption.id, BallotOption.position, BallotOption.body)
        .join(RoundBallot, RoundBallot.round_id == BallotOption.round_id)
        .where(RoundBallot.cycle_id == vote.cycle_id)
    )
    found = [(row, announced[str(row.position)]) for row in rows]
    return [
        Choice(row.id, told["id"], told["title"], told["pool"], "", None, "", row.body, 1, gone=False, reason="")
        for row, told in found
    ]


def _rivals(projects: Mapping[str, Any], contests: Sequence[Mapping[str, Any]]) -> dict[str, tuple[str, ...]]:
    """Number → titles of the other projects of its group."""
    return {
        number: tuple(projects[other]["title"] for other in group if other != number)
        for contest in contests
        for group in contest.get("exclusive", ())
        for number in group
    }


def _choice(row: Any, told: Mapping[str, Any], *, locked: bool, rivals: tuple[str, ...]) -> Choice:
    gone = row.state is not ProjectState.ON_BALLOT
    return Choice(
        row.id,
        row.number or "",
        row.title,
        told["pool"],
        row.category,
        row.district,
        row.place,
        excerpt(row.problem, 100),
        int(told["cost"]),
        gone,
        row.state_reason if gone else "",
        locked,
        rivals,
    )


def _place(slot: bytes, number: str) -> bytes:
    return hmac.digest(slot, b"order|" + number.encode(), hashlib.sha256)
