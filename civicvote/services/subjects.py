"""What threads, followers and files hang on: things of several kinds that share one space of keys."""

from uuid import UUID

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from civicvote.models.campaigns import Campaign
from civicvote.models.deliberation import Forum, Round
from civicvote.models.discussion import Post, Thread
from civicvote.models.files import Attachment


def taken(session: Session, key: UUID) -> bool:
    """Whether something has this key already: a form that brings a key of its own may not begin another thing under it."""
    kinds = (exists().where(kind.id == key) for kind in (Thread, Forum, Round, Campaign, Post))
    return bool(session.scalar(select(or_(*kinds, exists().where(Attachment.subject_id == key)))))
