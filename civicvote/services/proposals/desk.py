"""What waits at the city's desks: proposals without a department, answers to write, answers to publish."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, exists, or_, select
from sqlalchemy.orm import Session

from civicvote.domain.errors import ForbiddenError
from civicvote.domain.lifecycles import PROPOSAL, ProposalState
from civicvote.domain.paging import Cursor, Page
from civicvote.domain.permissions import Actor, Role
from civicvote.domain.permissions import Permission as P
from civicvote.domain.proposals import COMMITTING
from civicvote.models.departments import Department
from civicvote.models.proposals import Commitment, DueExtension, Proposal, ProposalAnswer
from civicvote.services import clock
from civicvote.services.proposals.moves import towards

PAGE = 20
#: What is waiting, by the word in the address; the first is shown where none of them is given.
STAFF_VIEWS = ("assign", "review", "ready", "promise")
DEPARTMENT_VIEWS = ("review", "promise")


@dataclass(frozen=True, slots=True)
class Case:
    """A proposal as it stands in a queue."""

    id: UUID
    number: int | None
    title: str
    endorsements: int
    department: str
    due_at: datetime | None
    drafted: bool
    ready: bool

    @property
    def overdue(self) -> bool:
        """Whether the answer is late."""
        return self.due_at is not None and self.due_at <= clock.now()


def require(actor: Actor) -> bool:
    """Whether the actor sees every department's cases; ForbiddenError for whoever has no part in them."""
    if actor.can(P.PROPOSAL_ASSIGN):
        return True
    if Role.DEPARTMENT in actor.roles and actor.department_id is not None:
        return False
    raise ForbiddenError


def unpromised() -> tuple[ColumnElement[bool], ...]:
    """Proposals that were accepted, with nothing promised yet."""
    promised = exists().where(Commitment.proposal_id == Proposal.id)
    accepted = (Proposal.state == ProposalState.ANSWERED, Proposal.verdict.in_(COMMITTING))
    return *accepted, Proposal.hidden_at.is_(None), ~promised


def queue(session: Session, actor: Actor, show: str = "", *, cursor: Cursor | None = None) -> Page[Case]:
    """Staff: those without a department by key, or open cases; a department: its own. Cases are due soonest first."""
    oversees = require(actor)
    order: Any
    query = (
        select(Proposal, Department.name, ProposalAnswer.id, ProposalAnswer.ready_at)
        .outerjoin(Department, Department.id == Proposal.department_id)
        .outerjoin(ProposalAnswer, ProposalAnswer.proposal_id == Proposal.id)
    )
    if show == "promise":
        query, order = query.where(*unpromised()), Proposal.answered_at
    elif oversees and show not in {"review", "ready"}:
        query = query.where(Proposal.state == ProposalState.AWAITING_DEPARTMENT)
        order = Proposal.closes_at
    else:
        query = query.where(Proposal.state == ProposalState.IN_REVIEW)
        order = Proposal.due_at
    if not oversees:
        query = query.where(Proposal.department_id == actor.department_id)
    if show == "ready":
        query = query.where(ProposalAnswer.ready_at.is_not(None))
    if cursor is not None:
        at = cursor.moment()
        query = query.where(or_(order > at, (order == at) & (Proposal.id > cursor.key)))
    found = session.execute(query.order_by(order, Proposal.id).limit(PAGE + 1)).all()
    page = Page.cut(found, PAGE, lambda row: Cursor(row[0].id, getattr(row[0], order.key).isoformat()))
    return Page([_case(row) for row in page.rows], page.next)


def _case(row: Any) -> Case:
    proposal, department, answer, ready = row
    return Case(
        id=proposal.id,
        number=proposal.number,
        title=proposal.title,
        endorsements=proposal.endorsement_count,
        department=department or "",
        due_at=proposal.due_at if proposal.state is ProposalState.IN_REVIEW else None,
        drafted=answer is not None,
        ready=ready is not None,
    )


@dataclass(frozen=True, slots=True)
class Tools:
    """What stands on a proposal's page of the city's part: the public answer and dates, and what this reader can do."""

    answer: ProposalAnswer | None
    extensions: Sequence[DueExtension]
    assigns: bool
    answers: bool
    publishes: bool
    merges: bool = False
    forwards: bool = False


def tools(session: Session, actor: Actor, proposal: Proposal) -> Tools:
    """An unpublished answer is never in it: only whether there is one to publish, for those who do."""
    state = proposal.state
    names = {move.name for move in PROPOSAL.allowed(actor, state)}
    sorts = {"merges": "merge" in names, "forwards": "forward" in names}
    if state not in {ProposalState.AWAITING_DEPARTMENT, ProposalState.IN_REVIEW, ProposalState.ANSWERED}:
        return Tools(None, (), assigns=False, answers=False, publishes=False, **sorts)
    reviewing = state is ProposalState.IN_REVIEW
    extensions: Sequence[DueExtension] = ()
    answer = None
    if state is not ProposalState.AWAITING_DEPARTMENT:
        query = select(DueExtension).where(DueExtension.proposal_id == proposal.id)
        extensions = session.scalars(query.order_by(DueExtension.id)).all()
    if state is ProposalState.ANSWERED or (reviewing and actor.can(P.ANSWER_PUBLISH)):
        answer = session.scalars(select(ProposalAnswer).where(ProposalAnswer.proposal_id == proposal.id)).one_or_none()
    public = answer if answer is not None and answer.published_at is not None else None
    near = towards(session, actor, proposal) if reviewing and Role.DEPARTMENT in actor.roles else actor
    return Tools(
        public,
        extensions,
        assigns=actor.can(P.PROPOSAL_ASSIGN) and state is not ProposalState.ANSWERED,
        answers=reviewing and near.can(P.ANSWER_WRITE),
        publishes=reviewing and answer is not None and answer.ready_at is not None and public is None,
        **sorts,
    )
