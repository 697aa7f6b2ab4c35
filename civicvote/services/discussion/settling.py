"""Reports that end: with a moderator's decision, or because what was reported is gone."""

from sqlalchemy import update
from sqlalchemy.orm import Session

from civicvote.domain.permissions import Actor
from civicvote.models.discussion import Post, Report
from civicvote.models.proposals import Proposal
from civicvote.services import clock


def settle(session: Session, actor: Actor, subject: Post | Proposal, *, upheld: bool) -> None:
    """Open reports of the thing end now, found right (`upheld`) or not."""
    mine = Report.post_id == subject.id if isinstance(subject, Post) else Report.proposal_id == subject.id
    session.execute(
        update(Report)
        .where(mine, Report.settled_at.is_(None))
        .values(settled_at=clock.now(), settled_by=actor.id, upheld=upheld)
        .execution_options(synchronize_session=False)
    )
