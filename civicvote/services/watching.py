"""소식 받기: who wants to hear when a thing moves on."""

from uuid import UUID

from sqlalchemy import Select, delete, select
from sqlalchemy.orm import Session

from civicvote.domain.permissions import Actor
from civicvote.models.discussion import Watch
from civicvote.services import audit, clock
from civicvote.services.upsert import insert_new


def watch(session: Session, actor: Actor, subject_id: UUID, *, on: bool = True) -> None:
    """소식 받기, or no longer; saying it twice changes nothing. The caller has seen that the actor may read the thing."""
    user_id = actor.account()
    if on:
        changed = bool(insert_new(session, Watch, [{"subject_id": subject_id, "user_id": user_id, "at": clock.now()}]))
    else:
        removed = delete(Watch).where(Watch.subject_id == subject_id, Watch.user_id == user_id).returning(Watch.user_id)
        changed = bool(session.scalars(removed.execution_options(synchronize_session=False)).all())
    if changed:
        audit.record(session, actor, "watch:on" if on else "watch:off", None, thing=subject_id)


def watchers(subject_id: UUID) -> Select[UUID]:
    """Accounts that want to hear of a thing, to be run by `notices.tell`."""
    return select(Watch.user_id).where(Watch.subject_id == subject_id)


def watches(session: Session, actor: Actor, subject_id: UUID) -> bool:
    """Whether the actor wants to hear of a thing."""
    if actor.id is None:
        return False
    return session.get(Watch, (subject_id, actor.id)) is not None
