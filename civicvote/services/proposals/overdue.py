"""Answers that are late: the department and staff are told once for each due date."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from civicvote.domain.lifecycles import ProposalState
from civicvote.domain.notices import NoticeKind
from civicvote.domain.permissions import Role
from civicvote.models.accounts import UserRole
from civicvote.models.proposals import Proposal
from civicvote.services import clock, notices
from civicvote.services.proposals.assigning import members
from civicvote.services.proposals.moves import co_authors, path


def note_overdue(session: Session) -> int:
    """Tell of every answer that is late now; who knows of this due date is not told again. Returns how many were told."""
    late = session.scalars(
        select(Proposal)
        .where(Proposal.state == ProposalState.IN_REVIEW, Proposal.due_at <= clock.now())
        .order_by(Proposal.due_at, Proposal.id)
    ).all()
    told = 0
    for proposal in late:
        assert proposal.department_id is not None  # the state holds it
        assert proposal.due_at is not None
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
    return told
