"""Who was checked in, by whomever, is told of it where they have an account: one clerk alone may have used their name.

Nothing of a ballot stands in these letters, nor whether there was one.
"""

from sqlalchemy import select
from sqlalchemy.orm import Session

from civicvote.models.accounts import User
from civicvote.models.channels import CheckIn
from civicvote.models.cycles import Cycle
from civicvote.models.votes import Vote
from civicvote.services import clock, outbox


def came(session: Session, made: CheckIn) -> None:
    """Promise the letter of a check-in; one for each, and none where nobody has an account."""
    _tell(session, made, "desk-came")


def taken_back(session: Session, made: CheckIn) -> None:
    """Promise the letter of a check-in that is over."""
    _tell(session, made, "desk-taken-back")


def _tell(session: Session, made: CheckIn, kind: str) -> None:
    row = session.execute(
        select(User.id, Cycle.slug, Cycle.title, Vote.closes_at)
        .select_from(User)
        .join(Vote, Vote.id == made.vote_id)
        .join(Cycle, Cycle.id == Vote.cycle_id)
        .where(User.person_id == made.person_id)
    ).first()
    if row is None:
        return
    outbox.put(
        session,
        kind,
        about=str(made.id),
        recipient_id=row.id,
        slug=row.slug,
        title=row.title,
        number=made.number,
        channel=made.channel.value,
        at=made.checked_in_at.isoformat(),
        closes_at=row.closes_at.isoformat(),
        open=clock.now() < row.closes_at,
    )
