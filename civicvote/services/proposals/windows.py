"""The end of a proposal's 공감 window. Whether 공감 can be given, the clock says at every write; this only says what became of it."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from civicvote.domain.lifecycles import ProposalState
from civicvote.domain.notices import NoticeKind
from civicvote.domain.permissions import SYSTEM
from civicvote.models.proposals import Proposal
from civicvote.services import clock
from civicvote.services.proposals.endorsing import weigh
from civicvote.services.proposals.moves import advance

#: Proposals a tick closes at the most; the next one goes on.
BATCH = 100


def close_windows(session: Session, *, limit: int = BATCH) -> int:
    """공감마감 for proposals whose window ended below the threshold; their authors are told. Returns how many."""
    due = session.scalars(
        select(Proposal)
        .where(Proposal.state == ProposalState.PUBLISHED, Proposal.closes_at <= clock.now())
        .order_by(Proposal.closes_at, Proposal.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    closed = 0
    for proposal in due:
        weigh(session, proposal)  # what reached the threshold in time goes to a department, however late this looks
        if proposal.state is ProposalState.PUBLISHED:
            advance(session, SYSTEM, proposal, "close", authors=NoticeKind.CLOSED_BELOW)
            closed += 1
    return closed
