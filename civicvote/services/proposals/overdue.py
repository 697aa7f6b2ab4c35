"""Answers that are late: listed in public, and told to the department and staff once for each due date."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from civicvote.domain.korean import seoul_date
from civicvote.domain.lifecycles import ProposalState
from civicvote.domain.notices import NoticeKind
from civicvote.domain.paging import Cursor, Page
from civicvote.domain.permissions import SYSTEM, Role
from civicvote.models.accounts import UserRole
from civicvote.models.departments import Department
from civicvote.models.proposals import DueExtension, Proposal
from civicvote.services import audit, clock, notices
from civicvote.services.proposals.assigning import members
from civicvote.services.proposals.moves import co_authors, path

SIZE = 20
#: Cases told of in one round of the worker.
_TOLD = 50


@dataclass(frozen=True, slots=True)
class Late:
    """A late answer. `days`: whole days in Seoul since it was due; extensions with their reasons, the first one first."""

    id: UUID
    number: int
    title: str
    department: str
    due_at: datetime
    days: int
    extensions: Sequence[DueExtension]


def listing(session: Session, cursor: Cursor | None = None) -> Page[Late]:
    """What is late now, the longest first; two statements."""
    moment = clock.now()
    query = (
        select(Proposal.id, Proposal.number, Proposal.title, Department.name, Proposal.due_at)
        .join(Department, Department.id == Proposal.department_id)
        .where(Proposal.state == ProposalState.IN_REVIEW, Proposal.due_at <= moment, Proposal.hidden_at.is_(None))
        .order_by(Proposal.due_at, Proposal.id)
        .limit(SIZE + 1)
    )
    if cursor is not None:
        mark = cursor.moment()
        query = query.where(or_(Proposal.due_at > mark, and_(Proposal.due_at == mark, Proposal.id > cursor.key)))
    found = session.execute(query).all()
    given: dict[UUID, list[DueExtension]] = {row.id: [] for row in found}
    for line in session.scalars(
        select(DueExtension).where(DueExtension.proposal_id.in_(given)).order_by(DueExtension.id)
    ):
        given[line.proposal_id].append(line)
    today = seoul_date(moment)
    rows = [
        Late(r.id, r.number or 0, r.title, r.name, r.due_at, (today - seoul_date(r.due_at)).days, given[r.id])
        for r in found
    ]
    return Page.cut(rows, SIZE, lambda row: Cursor(row.id, row.due_at.isoformat()))


def count(session: Session) -> int:
    """How many answers are late now."""
    late = (Proposal.state == ProposalState.IN_REVIEW, Proposal.due_at <= clock.now(), Proposal.hidden_at.is_(None))
    return session.scalar(select(func.count()).where(*late)) or 0


def note_overdue(session: Session) -> int:
    """Tell of answers that are late now, each due date once; returns how many people were told."""
    moment = clock.now()
    late = session.scalars(
        select(Proposal)
        .where(
            Proposal.state == ProposalState.IN_REVIEW,
            Proposal.due_at <= moment,
            or_(Proposal.overdue_told_at.is_(None), Proposal.overdue_told_at < Proposal.due_at),
        )
        .order_by(Proposal.due_at, Proposal.id)
        .limit(_TOLD)
        .with_for_update(skip_locked=True)
    ).all()
    told = 0
    for proposal in late:
        assert proposal.department_id is not None  # the state holds it
        assert proposal.due_at is not None
        proposal.overdue_told_at = moment
        writers = {proposal.author_id, *co_authors(session, proposal)}
        staff = select(UserRole.user_id).where(UserRole.role == Role.STAFF)
        for people in (members(proposal.department_id, but=writers), staff):
            told += notices.tell(
                session,
                NoticeKind.OVERDUE,
                about=f"{proposal.id}|due-{proposal.due_at.isoformat()}",
                to=people,
                path=path(proposal),
                title=proposal.title,
                due=proposal.due_at,
            )
        audit.record(session, SYSTEM, "proposal:overdue", proposal, due_at=proposal.due_at)
    return told
