"""Answers published together: put into a batch, looked at once more, and published in one transaction or not at all."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from civicvote.domain.errors import ConflictError, InvalidError, NotFoundError
from civicvote.domain.lifecycles import ProposalState
from civicvote.domain.messages import msg
from civicvote.domain.permissions import Actor, Permission
from civicvote.domain.proposals import Verdict
from civicvote.domain.text import clean_line, refuse_resident_number
from civicvote.models.departments import Department
from civicvote.models.discussion import Watch
from civicvote.models.proposals import AnswerBatch, CoAuthor, Proposal, ProposalAnswer
from civicvote.services import audit, clock
from civicvote.services.proposals import answers

TITLE_MIN, TITLE_MAX = 2, 100
MOST = 200


@dataclass(frozen=True, slots=True)
class Row:
    """A batch in the list; `answers`: how many are in it."""

    id: UUID
    title: str
    answers: int
    created_at: datetime
    published_at: datetime | None


@dataclass(frozen=True, slots=True)
class Item:
    """A ready answer. `people`: how many its publication tells; `version`: the one that was read here."""

    proposal_id: UUID
    number: int
    title: str
    department: str
    verdict: Verdict
    text: str
    elsewhere: str
    people: int
    version: int
    inside: bool


@dataclass(frozen=True, slots=True)
class Detail:
    """A batch with what is in it and what could be put in."""

    batch: AnswerBatch
    inside: Sequence[Item]
    outside: Sequence[Item]

    @property
    def people(self) -> int:
        """How many notices the publication sends."""
        return sum(item.people for item in self.inside)


def listing(session: Session, actor: Actor) -> Sequence[Row]:
    """Batches, those that wait first, then the latest published."""
    actor.require(Permission.ANSWER_PUBLISH)
    inside = select(func.count()).where(ProposalAnswer.batch_id == AnswerBatch.id).scalar_subquery()
    rows = session.execute(
        select(AnswerBatch, inside).order_by(AnswerBatch.published_at.is_not(None), AnswerBatch.id.desc()).limit(100)
    )
    return [Row(b.id, b.title, n, b.created_at, b.published_at) for b, n in rows]


def make(session: Session, actor: Actor, *, title: str) -> AnswerBatch:
    """Begin a batch."""
    actor.require(Permission.ANSWER_PUBLISH)
    name = clean_line(title, minimum=TITLE_MIN, maximum=TITLE_MAX, field="title")
    refuse_resident_number(name, field="title")
    made = AnswerBatch(title=name, created_by=actor.id, created_at=clock.now())
    session.add(made)
    session.flush()
    audit.record(session, actor, "answer-batch:make", made)
    return made


def _waiting(session: Session, actor: Actor, batch_id: UUID, *, lock: bool = False) -> AnswerBatch:
    actor.require(Permission.ANSWER_PUBLISH)
    found = session.get(AnswerBatch, batch_id, with_for_update=True if lock else None, populate_existing=lock)
    if found is None:
        raise NotFoundError
    if lock and found.published_at is not None:
        raise ConflictError(msg("이미 공개한 묶음입니다. 다른 담당자가 먼저 공개했습니다."))
    return found


def _items(session: Session, batch: AnswerBatch) -> list[Item]:
    followers = select(func.count()).where(Watch.subject_id == Proposal.id).scalar_subquery()
    writers = select(func.count()).where(CoAuthor.proposal_id == Proposal.id).scalar_subquery()
    mine = ProposalAnswer.batch_id == batch.id
    published = ProposalAnswer.published_at.is_not(None)
    # One that was withdrawn or merged meanwhile gets no answer.
    waits = ~published & ProposalAnswer.ready_at.is_not(None) & (Proposal.state == ProposalState.IN_REVIEW)
    shown = mine & published if batch.published_at else (mine | ProposalAnswer.batch_id.is_(None)) & waits
    rows = session.execute(
        select(ProposalAnswer, Proposal.number, Proposal.title, Department.name, followers + writers, mine)
        .join(Proposal, Proposal.id == ProposalAnswer.proposal_id)
        .join(Department, Department.id == ProposalAnswer.department_id)
        .where(shown)
        .order_by(case((mine, 0), else_=1), ProposalAnswer.ready_at, ProposalAnswer.id)
        .limit(2 * MOST)
    )
    return [
        Item(a.proposal_id, number or 0, title, unit, a.verdict, a.text, a.elsewhere, people, a.version, bool(inside))
        for a, number, title, unit, people, inside in rows
    ]


def detail(session: Session, actor: Actor, batch_id: UUID) -> Detail:
    """A batch with a preview of every consequence; two statements."""
    batch = _waiting(session, actor, batch_id)
    items = _items(session, batch)
    return Detail(batch, [i for i in items if i.inside], [i for i in items if not i.inside])


def put(session: Session, actor: Actor, batch_id: UUID, proposal_ids: Sequence[UUID]) -> int:
    """Put ready answers into a batch; one that is in another stays there. Returns how many are new."""
    batch = _waiting(session, actor, batch_id, lock=True)
    held = session.scalar(select(func.count()).where(ProposalAnswer.batch_id == batch.id)) or 0
    keys = sorted(set(proposal_ids))
    if held + len(keys) > MOST:
        raise InvalidError(msg("한 묶음에는 답변을 %(n)s건까지 넣을 수 있습니다.", n=MOST))
    new = 0
    for key in keys:
        answer = answers.publishable(session, actor, key, lock=True).answer
        if answer.batch_id is None:
            answer.batch_id = batch.id
            new += 1
    session.flush()
    audit.record(session, actor, "answer-batch:put", batch, answers=new)
    return new


def take_out(session: Session, actor: Actor, batch_id: UUID, proposal_id: UUID) -> None:
    """Take an answer out of a batch that waits."""
    batch = _waiting(session, actor, batch_id, lock=True)
    answer = answers.of(session, proposal_id)
    if answer is None or answer.batch_id != batch.id:
        raise NotFoundError
    answer.batch_id = None
    audit.record(session, actor, "answer-batch:take-out", batch)


def publish(session: Session, actor: Actor, batch_id: UUID, seen: dict[UUID, int]) -> int:
    """Publish every answer of a batch as it was read (`seen`: version by proposal), or none. Returns how many.

    ConflictError when somebody was faster, or when a department has changed or taken back an answer since.
    """
    batch = _waiting(session, actor, batch_id, lock=True)
    keys = session.scalars(
        select(ProposalAnswer.proposal_id)
        .join(Proposal, Proposal.id == ProposalAnswer.proposal_id)
        .where(ProposalAnswer.batch_id == batch.id, Proposal.state == ProposalState.IN_REVIEW)
        .order_by(ProposalAnswer.proposal_id)
    ).all()
    if not keys:
        raise ConflictError(msg("묶음에 답변이 없습니다. 공개할 답변을 먼저 넣어 주십시오."))
    if set(keys) != set(seen):
        raise ConflictError(msg("그사이 묶음이 바뀌었습니다. 다시 확인한 뒤 공개해 주십시오."))
    for key in keys:
        answers.publish(session, actor, key, seen=seen[key])
    batch.published_by, batch.published_at = actor.id, clock.now()
    audit.record(session, actor, "answer-batch:publish", batch, answers=len(keys))
    return len(keys)
