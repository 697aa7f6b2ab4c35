"""The figures kept beside a proposal, built anew from the facts they sum up."""

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from civicvote.models.proposals import Proposal, ProposalEndorsement


def recount(session: Session, *, repair: bool = True) -> int:
    """Rebuild endorsement counts from their rows. Returns how many proposals differed (0: no drift)."""
    endorsements = (
        select(func.count()).where(ProposalEndorsement.proposal_id == Proposal.id).correlate(Proposal).scalar_subquery()
    )
    wrong = Proposal.endorsement_count != endorsements
    drift = session.scalar(select(func.count()).select_from(Proposal).where(wrong)) or 0
    if drift and repair:
        session.execute(
            update(Proposal)
            .where(wrong)
            .values(endorsement_count=endorsements)
            .execution_options(synchronize_session=False)
        )
    return drift
