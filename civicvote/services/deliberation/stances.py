"""찬성, 반대, 기타 of 시민토론: the latest counts, one per person."""

from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from civicvote.domain.deliberation import ForumKind, Stance
from civicvote.domain.permissions import Actor
from civicvote.models.deliberation import StanceCount
from civicvote.services import audit
from civicvote.services.deliberation import choosing
from civicvote.services.discussion import threads
from civicvote.services.upsert import insert_new


def take(session: Session, actor: Actor, forum_id: UUID, stance: Stance) -> None:
    """Say, or change, what one thinks while a round is open. Others see only how many think so."""
    held = choosing.place(session, actor, forum_id, ForumKind.DEBATE)
    changed, before = choosing.put(session, forum_id, actor.account(), stance=stance)
    if not changed:
        return
    insert_new(session, StanceCount, [{"forum_id": forum_id, "stance": one, "people": 0} for one in Stance])
    # Always in one order, or two people changing their minds the other way round would wait for each other.
    for one in Stance:
        step = (one is stance) - (one is before)
        if step:
            session.execute(
                update(StanceCount)
                .where(StanceCount.forum_id == forum_id, StanceCount.stance == one)
                .values(people=StanceCount.people + step)
                .execution_options(synchronize_session=False)
            )
    audit.record(session, actor, "forum:stance", held)
    threads.touch(session, forum_id)


def counts(session: Session, forum_id: UUID) -> dict[Stance, int]:
    """People per stance, every stance named."""
    rows = session.execute(select(StanceCount.stance, StanceCount.people).where(StanceCount.forum_id == forum_id))
    found = {row[0]: row[1] for row in rows}
    return {one: found.get(one, 0) for one in Stance}
