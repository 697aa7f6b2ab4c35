"""Six statements for a result page, whatever its size."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from civicvote.domain.errors import NotFoundError
from civicvote.domain.lifecycles import CycleState
from civicvote.domain.permissions import Actor
from civicvote.models.channels import PaperBatch
from civicvote.models.counts import PublishedFile, TallyDecision, TallyRun
from civicvote.models.cycles import Cycle
from civicvote.models.projects import Project
from civicvote.models.votes import BoardEntry, Vote
from civicvote.services import board
from civicvote.services.results.document import Ids, Reader, papers
from civicvote.services.results.shapes import Contest, Desk, FileRow, Loser, Note, Result, Winner

LOG_FORMAT = "civicvote-log/1"


def _approved(session: Session, slug: str) -> Any:
    row = session.execute(
        select(Cycle, Vote, TallyRun, TallyDecision.at, TallyDecision.pooled)
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
    cycle, vote, run, at, pooled = _approved(session, slug)
    ids, document = _ids(session, cycle), run.result
    reader = Reader(vote.notice, ids, pooled=pooled)
    files = session.execute(
        select(PublishedFile.name, PublishedFile.sha256)
        .where(PublishedFile.vote_id == vote.id)
        .order_by(PublishedFile.name)
    ).all()
    desk, counted = _desk(session, vote), papers(document["papers"])
    events = _events(session, vote)
    return Result(
        cycle=cycle,
        vote=vote,
        participants=counted.counted + (desk.blank + desk.void if desk else 0),  # on paper as well: one ballot each
        papers=counted,
        turnout=board.turnout(session, vote.id),
        contests=[reader.contest(contest) for contest in document["contests"]],
        files=[FileRow(name, sha) for name, sha in files],
        notes=_notes(events, reader.titles, ids),
        desk=desk,
        reached=reader.reached(document),
        areas=reader.areas(document),
        pooled=pooled,
        published_at=at,
        result_hash=run.result_hash,
        code_version=run.code_version,
    )


def chosen(session: Session, slug: str) -> Contest | None:
    """The first contest of a published result; None before that. One statement, for pages where it stands beside other things."""
    try:
        _cycle, vote, run, _at, pooled = _approved(session, slug)
    except NotFoundError:
        return None
    return Reader(vote.notice, {}, pooled=pooled).contest(run.result["contests"][0])


def _ids(session: Session, cycle: Cycle) -> Ids:
    numbered = select(Project.number, Project.id).where(Project.cycle_id == cycle.id, Project.number.is_not(None))
    return {str(number): key for number, key in session.execute(numbered)}


def _events(session: Session, vote: Vote) -> list[tuple[str, Any]]:
    rows = session.execute(
        select(BoardEntry.kind, BoardEntry.item)
        .where(BoardEntry.vote_id == vote.id, BoardEntry.kind.in_(("withdraw", "note")))
        .order_by(BoardEntry.seq)
    )
    return [(kind, json.loads(item)) for kind, item in rows]


def _notes(events: Sequence[tuple[str, Any]], titles: Mapping[str, str], ids: Ids) -> list[Note]:
    """What happened to single projects; other notes stay on the board."""
    notes = []
    for kind, item in events:
        project = str(item.get("project")) if isinstance(item, dict) else ""
        if project in titles:
            text = item.get("reason") or item.get("text") or ""
            notes.append(Note(titles[project], ids.get(project), str(text), withdrawn=kind == "withdraw"))
    return notes


def _desk(session: Session, vote: Vote) -> Desk | None:
    columns = (PaperBatch.papers, PaperBatch.valid, PaperBatch.blank, PaperBatch.void)
    row = session.execute(
        select(func.count(), *(func.coalesce(func.sum(column), 0) for column in columns)).where(
            PaperBatch.vote_id == vote.id, PaperBatch.confirmed_at.is_not(None), PaperBatch.dropped_by.is_(None)
        )
    ).one()
    return Desk(*(int(value) for value in row)) if row[0] else None


@dataclass(frozen=True, slots=True)
class Why:
    """One project's outcome, and every step of the count around it."""

    result: Result
    contest: Contest
    winner: Winner | None
    loser: Loser | None

    @property
    def notes(self) -> Sequence[Note]:
        """What happened to it while people voted."""
        one = self.winner or self.loser
        return [note for note in self.result.notes if one is not None and note.id == one.id]


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


@dataclass(frozen=True, slots=True)
class Log:
    """Every step of the count, for its page."""

    cycle: Cycle
    contests: Sequence[Contest]
    result_hash: str
    code_version: str


def log(session: Session, actor: Actor, slug: str) -> Log:
    """The whole step log; NotFoundError before publication."""
    del actor  # public
    cycle, vote, run, _, pooled = _approved(session, slug)
    reader = Reader(vote.notice, _ids(session, cycle), pooled=pooled)
    contests = [reader.contest(contest) for contest in run.result["contests"]]
    return Log(cycle, contests, run.result_hash, run.code_version)


def log_document(session: Session, actor: Actor, slug: str) -> dict[str, Any]:
    """The same as JSON values: what the run recorded, with its certificate. Exact numbers are whole, or text "p/q"."""
    del actor  # public
    _, vote, run, at, pooled = _approved(session, slug)
    hidden = {"kinds"} if pooled else set[str]()
    return {
        "format": LOG_FORMAT,
        "vote": vote.notice["vote"],
        "title": vote.notice["title"],
        "result": run.result_hash,
        "code_version": run.code_version,
        "published_at": at.isoformat(),
        "projects": [
            {key: one[key] for key in ("id", "title", "pool", "cost", "withdrawn")} for one in vote.notice["projects"]
        ],
        "contests": [
            {key: value for key, value in contest.items() if key not in hidden} for contest in run.result["contests"]
        ],
        "papers": run.result["papers"],
    }


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
