"""Comments: the talk under a proposal and in a round of 상호토론."""

from uuid import UUID

from sqlalchemy.orm import Session

from civicvote.domain.deliberation import RoundKind, Stance
from civicvote.domain.discussion import ThreadKind
from civicvote.domain.errors import NotFoundError
from civicvote.domain.permissions import Actor
from civicvote.models.deliberation import Round
from civicvote.models.discussion import Post, Thread
from civicvote.services.deliberation import access
from civicvote.services.discussion import doors, posting


def takes_stances(thread: Thread) -> bool:
    """Whether a comment may say 찬성, 반대 or 기타 there."""
    return thread.kind is ThreadKind.ROUND


def comment(
    session: Session,
    actor: Actor,
    thread_id: UUID,
    *,
    body: str,
    form_key: UUID,
    parent_id: UUID | None = None,
    stance: Stance | None = None,
) -> Post:
    """Comment on the thing a thread hangs on, or answer a comment; in a round it counts as taking part."""
    thread = session.get(Thread, thread_id)
    if thread is None:
        raise NotFoundError
    doors.may_speak(session, actor, thread)
    premoderated = False
    if thread.kind not in {ThreadKind.PROPOSAL, ThreadKind.ROUND}:
        raise NotFoundError
    if thread.kind is ThreadKind.ROUND:
        held = session.get_one(Round, thread.id)
        if held.kind is not RoundKind.THREADS:  # the other kinds have words of their own, said by their own rules
            raise NotFoundError
        premoderated = held.premoderated
    post = posting.say(
        session,
        actor,
        thread_id,
        body=body,
        form_key=form_key,
        premoderated=premoderated,
        parent_id=parent_id,
        stance=stance if takes_stances(thread) else None,
        speaks_as=doors.speaks_as(session, actor, thread),
    )
    if thread.kind is ThreadKind.ROUND:
        access.took_part(session, actor, thread.id)
    return post
