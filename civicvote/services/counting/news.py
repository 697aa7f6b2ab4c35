"""A project leaves the ballot, or is put right, while people vote: the public reads it, and all who took part are told.

The platform doesn't know who picked the project, so everybody who took part gets the letter. Letters are promised piece by
piece and no faster than they leave the house: a million of them never stand before somebody's new password.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Select, String, cast, func, literal, literal_column, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from civicvote.domain.errors import ConflictError, InvalidError
from civicvote.domain.lifecycles import CycleState
from civicvote.domain.messages import msg
from civicvote.domain.permissions import Actor, Permission
from civicvote.domain.text import clean_text, refuse_resident_number
from civicvote.keystore import KeyStore
from civicvote.models.accounts import User
from civicvote.models.base import Base
from civicvote.models.custody import BallotNews
from civicvote.models.cycles import Cycle
from civicvote.models.outbox import OutboxMessage
from civicvote.models.votes import BoardEntry, Participation, Vote
from civicvote.services import audit, board, clock
from civicvote.services.counting.runs import vote_of
from civicvote.services.locks import exclusive

KIND = "ballot-news"
#: People told at a time, and letters of this kind that may wait at most.
BATCH = 500
WITHDRAWN, CHANGED = "withdrawn", "changed"
#: The board's word for it.
WITHDRAW = "withdraw"
_OUTBOX = Base.metadata.tables[OutboxMessage.__tablename__]


@dataclass(frozen=True, slots=True)
class News:
    """A change of the ballot, for everybody. `told`: letters promised; `finished`: when the last one was."""

    kind: str
    project: str
    title: str
    body: str
    at: datetime
    told: int
    finished: datetime | None

    @property
    def withdrawn(self) -> bool:
        """Whether the project is off the ballot; else something about it was put right."""
        return self.kind == WITHDRAWN


def news(session: Session, vote: Vote) -> list[News]:
    """All changes of a vote's ballot since its notice, the oldest first; one statement. Public."""
    titles = _titles(vote)
    rows = session.scalars(select(BallotNews).where(BallotNews.vote_id == vote.id).order_by(BallotNews.id))
    return [
        News(row.kind, row.project, titles.get(row.project, ""), row.body, row.at, row.told, row.told_at)
        for row in rows
    ]


def of(session: Session, slug: str) -> list[News]:
    """The same for a page that knows the cycle's address alone; one statement while nothing has changed, else two."""
    vote = session.scalars(
        select(Vote)
        .join(Cycle, Cycle.id == Vote.cycle_id)
        .where(Cycle.slug == slug, Vote.id.in_(select(BallotNews.vote_id)))
    ).one_or_none()
    return news(session, vote) if vote else []


def _titles(vote: Vote) -> dict[str, str]:
    return {project["id"]: project["title"] for project in vote.notice["projects"]}


@dataclass(frozen=True, slots=True)
class Desk:
    """The page on which staff put things right: `choices` are (number, title) of the projects that still stand."""

    cycle: Cycle
    vote: Vote
    open: bool
    news: Sequence[News]
    choices: Sequence[tuple[str, str]]


def desk(session: Session, actor: Actor, slug: str) -> Desk:
    """For staff and auditors; three statements."""
    if not actor.can(Permission.AUDIT_READ):
        actor.require(Permission.PROJECT_EXCLUDE)
    cycle, vote = vote_of(session, slug)
    known = news(session, vote)
    gone = {one.project for one in known if one.withdrawn}
    choices = [(number, title) for number, title in sorted(_titles(vote).items()) if number not in gone]
    return Desk(cycle, vote, cycle.state is CycleState.LISTED, known, choices)


def correct(session: Session, actor: Actor, slug: str, *, project: str, text: str, keys: KeyStore) -> BallotNews:
    """Put right what is said of a project's text or place: on the board at once, and to everybody who took part.

    Its cost stays as announced; a project that needs another is taken off the ballot. The same words twice are one
    correction. ConflictError once the box is sealed; InvalidError for a project that isn't on the ballot.
    """
    actor.require(Permission.PROJECT_EXCLUDE)
    cycle, vote = vote_of(session, slug)
    if cycle.state is not CycleState.LISTED:
        raise ConflictError(msg("투표안건을 공고한 뒤부터 투표함을 봉인하기 전까지만 정정을 알릴 수 있습니다."))
    if project not in {number for number, _ in desk(session, actor, slug).choices}:
        raise InvalidError(msg("투표안건에 있는 사업을 골라 주십시오."), field="project")
    text = clean_text(text, minimum=10, maximum=2000, field="text")
    refuse_resident_number(text, field="text")
    exclusive(session, f"board|{vote.id}")
    about = f"{CHANGED}|{project}|{hashlib.sha256(text.encode()).hexdigest()[:24]}"
    known: BallotNews | None = session.scalars(_named(vote.id, about)).one_or_none()
    if known is not None:
        return known
    made = _announce(session, vote.id, about, CHANGED, project, text)
    board.append(session, vote, [("note", {"about": "correction", "project": project, "text": text})], keys)
    audit.record(session, actor, "vote:correction", vote, project=project, news=made.id)
    return made


def _named(vote: UUID, about: str) -> Select[BallotNews]:
    return select(BallotNews).where(BallotNews.vote_id == vote, BallotNews.about == about)


def _announce(session: Session, vote: UUID, about: str, kind: str, project: str, body: str) -> BallotNews:
    """New to the vote; the caller holds a lock that keeps it so."""
    made = BallotNews(vote_id=vote, about=about, kind=kind, project=project, body=body, at=clock.now(), told=0)
    session.add(made)
    session.flush()
    return made


def gather(session: Session) -> int:
    """Make news of what the board says was withdrawn; returns how many were new. The worker calls it."""
    exclusive(session, KIND)
    told = session.execute(select(BallotNews.vote_id, BallotNews.about).where(BallotNews.kind == WITHDRAWN))
    known = {(row.vote_id, row.about) for row in told}
    rows = session.execute(
        select(Vote.id, BoardEntry.item)
        .join(BoardEntry, (BoardEntry.vote_id == Vote.id) & (BoardEntry.kind == WITHDRAW))
        .order_by(Vote.id, BoardEntry.seq)
    ).all()
    new = 0
    for vote, text in rows:
        item: dict[str, str] = json.loads(text)
        about = f"{WITHDRAWN}|{item['project']}"
        if (vote, about) not in known:
            _announce(session, vote, about, WITHDRAWN, item["project"], item["reason"])
            new += 1
    return new


def tell(session: Session) -> int:
    """Promise the next letters; returns how many. Nothing happens while enough of them wait to leave the house.

    Idempotent: how far it is stands in the news itself, and a letter's own key is unique.
    """
    exclusive(session, KIND)
    waiting = session.scalar(
        select(func.count()).where(
            OutboxMessage.done_at.is_(None), OutboxMessage.failed_at.is_(None), OutboxMessage.kind == KIND
        )
    )
    if (waiting or 0) >= BATCH:
        return 0
    row = session.execute(
        select(BallotNews, Vote, Cycle)
        .join(Vote, Vote.id == BallotNews.vote_id)
        .join(Cycle, Cycle.id == Vote.cycle_id)
        .where(BallotNews.told_at.is_(None))
        .order_by(BallotNews.id)
        .limit(1)
    ).first()
    return _tell_some(session, *row) if row else 0


def _tell_some(session: Session, one: BallotNews, vote: Vote, cycle: Cycle) -> int:
    """The next `BATCH` of those who took part, in the order of their numbers: it says nothing of when they did."""
    took_part = select(Participation.person_id).where(Participation.vote_id == vote.id)
    if one.told_to is not None:
        took_part = took_part.where(Participation.person_id > one.told_to)
    people = took_part.order_by(Participation.person_id).limit(BATCH)
    last = session.scalars(people.offset(BATCH - 1).limit(1)).first()
    payload = {
        "news": one.kind,
        "number": one.project,
        "project": _titles(vote).get(one.project, ""),
        "reason": one.body,
        "title": cycle.title,
        "slug": cycle.slug,
        "again": clock.now() < vote.closes_at,
        "closes_at": vote.closes_at.isoformat(),
    }
    new = _promise(session, one.id, people, payload)
    one.told += new
    if last is None:
        one.told_at = clock.now()
    else:
        one.told_to = last
    session.flush()
    return new


def _promise(session: Session, news_id: UUID, people: Any, payload: dict[str, Any]) -> int:
    """One INSERT … SELECT: a letter to each of `people` who has an account with an address."""
    on_sqlite = session.get_bind().dialect.name == "sqlite"
    moment = clock.now()
    kinds = {column.name: column.type for column in _OUTBOX.columns}
    rows = select(
        literal_column("lower(hex(randomblob(16)))" if on_sqlite else "gen_random_uuid()"),
        literal(KIND),
        literal(f"{KIND}|{news_id}|") + cast(User.id, String),
        User.id,
        literal(payload, JSON),
        literal(moment, kinds["created_at"]),
        literal(moment, kinds["available_at"]),
        literal(0),
        literal(""),
    ).where(User.person_id.in_(people), User.email.is_not(None))
    names = ["id", "kind", "dedupe_key", "recipient_id", "payload", "created_at", "available_at", "attempts", "error"]
    made = sqlite.insert(_OUTBOX) if on_sqlite else postgresql.insert(_OUTBOX)
    statement = made.from_select(names, rows).on_conflict_do_nothing().returning(_OUTBOX.c.id)
    return len(session.execute(statement).all())
