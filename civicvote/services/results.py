"""Published results, for everybody."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from civicvote.domain.ballots.counting import REASONS
from civicvote.domain.errors import NotFoundError
from civicvote.domain.lifecycles import CycleState
from civicvote.domain.messages import Message
from civicvote.domain.permissions import Actor
from civicvote.domain.tally import Amount
from civicvote.models.counts import PublishedFile, TallyDecision, TallyRun
from civicvote.models.cycles import Cycle
from civicvote.models.projects import Project
from civicvote.models.votes import Vote
from civicvote.services import board
from civicvote.services.counting.outcomes import exact, read_reason


@dataclass(frozen=True, slots=True)
class Winner:
    """A funded project. Amounts in the cycle's currency.

    `share`: the most that one supporter paid of their own share (per point where ballots carry points; Equal Shares
    only). `emptied`: how many supporters gave all they had left, which was that or less.
    """

    place: int
    number: str
    id: UUID | None
    title: str
    cost: Amount
    votes: int
    share: Amount | None
    emptied: int
    left: Amount


@dataclass(frozen=True, slots=True)
class Loser:
    """A project that was not funded, and why."""

    number: str
    id: UUID | None
    title: str
    cost: Amount
    votes: int
    reason: Mapping[str, Any]

    def explained(self, money: Callable[[Amount], Any]) -> Message:
        """Why, in a sentence; `money` writes amounts in the cycle's currency."""
        return read_reason(self.reason, money)


@dataclass(frozen=True, slots=True)
class Beside:
    """What the other rule would have said: only for comparison."""

    rule: str
    only_here: Sequence[str]
    only_there: Sequence[str]
    with_one: tuple[int, int]
    mean: tuple[float, float]
    prefer: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Contest:
    """A pool's result. Amounts in the cycle's currency.

    `endowment`: what everybody held at the start of the final round, after `rounds` raises (Equal Shares only).
    `scored`: ballots carry points.
    """

    pool: str
    title: str
    budget: Amount
    spent: Amount
    rule: str
    utility: str
    completion: str
    scored: bool
    voters: int
    endowment: Amount | None
    rounds: int
    winners: Sequence[Winner]
    losers: Sequence[Loser]
    ties: Sequence[tuple[str, str]]
    beside: Beside


@dataclass(frozen=True, slots=True)
class Papers:
    """Ballots: counted ones, valid ones among them, and the others by reason."""

    counted: int
    valid: int
    invalid: Sequence[tuple[Message, int]]


@dataclass(frozen=True, slots=True)
class FileRow:
    """A file to download, with its SHA-256."""

    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Result:
    """A published result."""

    cycle: Cycle
    vote: Vote
    participants: int
    papers: Papers
    turnout: board.Turnout
    contests: Sequence[Contest]
    files: Sequence[FileRow]
    published_at: datetime
    result_hash: str
    code_version: str


def _beside(document: Mapping[str, Any], titles: Mapping[str, str]) -> Beside:
    other = document["other"]
    here = [step["project"] for step in document["steps"]]
    return Beside(
        other["rule"],
        [titles[p] for p in here if p not in other["selected"]],
        [titles[p] for p in other["selected"] if p not in here],
        tuple(other["with_one"]),
        tuple(other["mean"]),
        tuple(other["prefer"]),
    )


def _winners(document: Mapping[str, Any], projects: Mapping[str, Any], ids: Mapping[str, UUID]) -> list[Winner]:
    return [
        Winner(
            place,
            step["project"],
            ids.get(step["project"]),
            projects[step["project"]]["title"],
            exact(step["cost"]),
            step["votes"],
            exact(step["price"]),
            step["emptied"],
            exact(step["left"]),
        )
        for place, step in enumerate(document["steps"], 1)
    ]


def _losers(document: Mapping[str, Any], projects: Mapping[str, Any], ids: Mapping[str, UUID]) -> list[Loser]:
    """Those with the most votes first."""
    return [
        Loser(
            reason["project"],
            ids.get(reason["project"]),
            projects[reason["project"]]["title"],
            exact(projects[reason["project"]]["cost"]),
            document["votes"][reason["project"]],
            reason,
        )
        for reason in sorted(document["rejected"], key=lambda r: (-document["votes"][r["project"]], r["project"]))
    ]


def _contest(document: Mapping[str, Any], notice: Mapping[str, Any], ids: Mapping[str, UUID]) -> Contest:
    projects = {p["id"]: p for p in notice["projects"]}
    winners = _winners(document, projects, ids)
    titles = {key: value["title"] for key, value in projects.items()}
    return Contest(
        document["pool"],
        document["title"],
        exact(document["budget"]),
        sum(winner.cost for winner in winners),
        document["rule"],
        document["utility"],
        document["completion"],
        next(one["measure"] for one in notice["contests"] if one["pool"] == document["pool"]) == "points",
        document["voters"],
        exact(document["endowment"]),
        document["rounds"],
        winners,
        _losers(document, projects, ids),
        [(titles[a], titles[b]) for a, b in document["ties"]],
        _beside(document, titles),
    )


def _papers(document: Mapping[str, Any]) -> Papers:
    invalid = [(REASONS[reason], n) for reason, n in document["invalid"].items()]
    return Papers(document["counted"], document["valid"], invalid)


def _approved(session: Session, slug: str) -> Any:
    row = session.execute(
        select(Cycle, Vote, TallyRun.result, TallyRun.result_hash, TallyRun.code_version, TallyDecision.at)
        .join(Vote, Vote.cycle_id == Cycle.id)
        .join(TallyRun, TallyRun.vote_id == Vote.id)
        .join(TallyDecision, TallyDecision.run_id == TallyRun.id)
        .where(Cycle.slug == slug, Cycle.state == CycleState.PUBLISHED, TallyDecision.approved.is_(True))
        .order_by(TallyRun.id.desc())
        .limit(1)
    ).first()
    if row is None:
        raise NotFoundError
    return row


def published(session: Session, actor: Actor, slug: str) -> Result:
    """The published result of a cycle; NotFoundError before that, for everybody."""
    del actor  # public
    cycle, vote, result, digest, version, at = _approved(session, slug)
    numbered = select(Project.number, Project.id).where(Project.cycle_id == cycle.id, Project.number.is_not(None))
    ids: dict[str, UUID] = {str(number): key for number, key in session.execute(numbered)}
    files = session.execute(
        select(PublishedFile.name, PublishedFile.sha256)
        .where(PublishedFile.vote_id == vote.id)
        .order_by(PublishedFile.name)
    ).all()
    turnout = board.turnout(session, vote.id)
    return Result(
        cycle,
        vote,
        turnout.total,
        _papers(result["papers"]),
        turnout,
        [_contest(contest, vote.notice, ids) for contest in result["contests"]],
        [FileRow(name, sha) for name, sha in files],
        at,
        digest,
        version,
    )


@dataclass(frozen=True, slots=True)
class Why:
    """One project's outcome, and every step of the count around it."""

    result: Result
    contest: Contest
    winner: Winner | None
    loser: Loser | None


def why(session: Session, actor: Actor, slug: str, project_id: UUID) -> Why:
    """Why a project was or was not chosen."""
    result = published(session, actor, slug)
    for contest in result.contests:
        for winner in contest.winners:
            if winner.id == project_id:
                return Why(result, contest, winner, None)
        for loser in contest.losers:
            if loser.id == project_id:
                return Why(result, contest, None, loser)
    raise NotFoundError


def file(session: Session, actor: Actor, slug: str, name: str) -> PublishedFile:
    """A published file, byte for byte."""
    del actor  # public
    found = session.scalar(
        select(PublishedFile)
        .join(Vote, Vote.id == PublishedFile.vote_id)
        .join(Cycle, Cycle.id == Vote.cycle_id)
        .where(Cycle.slug == slug, Cycle.state == CycleState.PUBLISHED, PublishedFile.name == name)
    )
    if found is None:
        raise NotFoundError
    return found
