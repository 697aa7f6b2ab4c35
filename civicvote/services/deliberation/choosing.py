"""What a person thinks now, kept once per person: the latest counts, and the counters follow in the same transaction."""

from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from civicvote.domain.deliberation import Audience, ForumKind, Opening
from civicvote.domain.errors import ConflictError
from civicvote.domain.messages import Message, msg
from civicvote.domain.permissions import Actor, Permission
from civicvote.models.deliberation import Forum, ForumChoice
from civicvote.services import clock
from civicvote.services.deliberation import access, schedule
from civicvote.services.upsert import insert_new


def place(session: Session, actor: Actor, forum_id: UUID, kind: ForumKind) -> Forum:
    """The forum if the actor may say now what they think: some round of it is open to them. Else words why not."""
    actor.require(Permission.POST_WRITE)
    held = access.forum(session, actor, forum_id)
    if held.kind is not kind:
        raise ConflictError(msg("이 공론장에서는 쓰지 않는 방식입니다."))
    rows = access.rounds(session, forum_id)
    going = [one for one in rows if schedule.opening(one, held) is Opening.OPEN]
    if not going:
        raise ConflictError(msg("지금은 열려 있는 순서가 없어 의견을 바꿀 수 없습니다."))
    refusal: Message | None = None
    for one in sorted(going, key=lambda found: found.audience is Audience.GROUP):
        if one.audience is Audience.GROUP and not access.in_group(session, actor, one.group_id):
            continue
        refusal = schedule.refusal(session, actor, one, held)
        if refusal is None:
            return held
    raise ConflictError(refusal or msg("지금은 정해진 참여자만 참여하는 순서입니다."))


def put(session: Session, forum_id: UUID, user_id: UUID, **choice: Any) -> tuple[bool, Any]:
    """Keep the choice (`stance=` or `option_id=`). Returns whether something changed, and what was chosen before."""
    (name, value), moment = next(iter(choice.items())), clock.now()
    row = {"forum_id": forum_id, "user_id": user_id, "at": moment, name: value}
    if insert_new(session, ForumChoice, [row]):
        return True, None
    kept = session.scalars(
        select(ForumChoice)
        .where(ForumChoice.forum_id == forum_id, ForumChoice.user_id == user_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    before = getattr(kept, name)
    if before == value:
        return False, before
    setattr(kept, name, value)
    kept.at = moment
    session.flush()
    return True, before


def mine(session: Session, actor: Actor, forum_id: UUID) -> ForumChoice | None:
    """What the actor said last."""
    return session.get(ForumChoice, (forum_id, actor.id)) if actor.id is not None else None
