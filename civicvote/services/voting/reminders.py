"""One notice to people who began to fill in a ballot and have not cast it: only that they began is kept, until they do.

The worker forgets them, not the casting transaction: a number of one transaction on both would link a person and a ballot.
"""

from datetime import datetime, timedelta

from sqlalchemy import delete, exists, select
from sqlalchemy.orm import Session

from civicvote.domain.lifecycles import CycleState
from civicvote.domain.notices import hours
from civicvote.domain.permissions import Actor
from civicvote.models.accounts import User
from civicvote.models.channels import CheckIn
from civicvote.models.cycles import Cycle
from civicvote.models.votes import Participation, UnfinishedBallot, Vote
from civicvote.services import clock, outbox
from civicvote.services.upsert import insert_new
from civicvote.services.voting import checked_in, entrance

AHEAD = timedelta(days=1)
#: Notices promised in one round, so that a worker's transaction stays short.
ROUND = 200


def begun(session: Session, actor: Actor, slug: str, *, arrived: datetime) -> None:
    """Keep that the actor has begun a ballot; nothing for somebody who can't vote, has voted, or sits at a station."""
    row = session.execute(
        select(Cycle, Vote, entrance.HELD).join(Vote, Vote.cycle_id == Cycle.id).where(Cycle.slug == slug)
    ).first()
    who = entrance.voter(session, actor)
    if row is None or who is None or actor.station_id is not None:
        return
    cycle, vote, held = row
    stop = entrance.closed(vote, cycle.state, held=held, arrived=arrived, now=clock.now())
    stop = stop or entrance.barred(cycle.eligibility(), who, vote.closes_at)
    stands = checked_in.standing(session, vote, who)
    if stop is None and not stands.voted and stands.channel is None:
        insert_new(session, UnfinishedBallot, [{"vote_id": vote.id, "person_id": who.person_id}])


def remind(session: Session) -> int:
    """Forget whom it no longer concerns, and promise a notice to the others a day before the close. How many it told."""
    moment = clock.now()
    cast = exists().where(
        Participation.vote_id == UnfinishedBallot.vote_id, Participation.person_id == UnfinishedBallot.person_id
    )
    at_desk = exists().where(
        CheckIn.vote_id == UnfinishedBallot.vote_id,
        CheckIn.person_id == UnfinishedBallot.person_id,
        CheckIn.taken_back_at.is_(None),
    )
    over = select(Vote.id).where((Vote.closes_at <= moment) | Vote.sealed_at.is_not(None))
    session.execute(delete(UnfinishedBallot).where(cast | at_desk | UnfinishedBallot.vote_id.in_(over)))
    if hours.quiet(moment):
        return 0
    rows = session.execute(
        select(UnfinishedBallot, User.id, Cycle.slug, Cycle.title, Vote.closes_at)
        .join(Vote, Vote.id == UnfinishedBallot.vote_id)
        .join(Cycle, Cycle.id == Vote.cycle_id)
        .join(User, User.person_id == UnfinishedBallot.person_id)
        .where(
            Vote.opens_at <= moment,
            Vote.closes_at <= moment + AHEAD,
            Cycle.state == CycleState.LISTED,
            ~entrance.HELD,
        )
        .order_by(UnfinishedBallot.vote_id, UnfinishedBallot.person_id)
        .limit(ROUND)
    ).all()
    for row, user_id, slug, title, closes_at in rows:
        outbox.put(
            session,
            "ballot-unfinished",
            about=str(row.vote_id),
            recipient_id=user_id,
            slug=slug,
            title=title,
            closes_at=closes_at.isoformat(),
        )
        session.delete(row)  # the outbox knows who was told: beginning again makes no second letter
    return len(rows)
