"""Threads, posts and what moderators decided about them, each made in one line."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from civicvote.domain.discussion import HideReason
from civicvote.domain.permissions import Actor, Role
from civicvote.models.accounts import User
from civicvote.models.discussion import Appeal, Post
from civicvote.models.proposals import Proposal
from civicvote.services import clock
from civicvote.services.discussion import posting
from civicvote.services.moderation import deciding
from tests import factories
from tests.support import proposals

#: Longer than an account counts as new.
LONG_AGO = timedelta(days=60)


def member(session: Session, *roles: Role, level: int = 0, **values: Any) -> Actor:
    """Somebody whose account is no longer new."""
    made = factories.user(session, *roles, level=level, **values)
    made.created_at = clock.now() - LONG_AGO
    session.flush()
    return factories.actor(made, *roles)


def moderator(session: Session) -> Actor:
    """A moderator."""
    return member(session, Role.MODERATOR)


@dataclass
class Talk:
    """A proposal with its thread."""

    session: Session
    proposal: Proposal
    author: User

    def say(self, body: str = "좋은 제안입니다.", *, by: Actor | None = None, **more: Any) -> Post:
        """Say something; by somebody new unless `by` says who."""
        speaker = by or member(self.session)
        return posting.say(
            self.session, speaker, self.proposal.id, body=body, form_key=more.pop("form_key", uuid4()), **more
        )


def talk(session: Session) -> Talk:
    """A public proposal that people talk about."""
    author = factories.user(session, name="제안한이")
    return Talk(session, proposals.proposal(session, author), author)


def hidden(session: Session, by: Actor, author: Actor, talk_: Talk) -> Post:
    """A post that a moderator has hidden."""
    post = talk_.say(by=author)
    return deciding.hide(session, by, post.id, code=HideReason.INSULT, reason="다른 사람을 깎아내리는 말입니다.")


def appealed(session: Session, by: Actor, author: Actor, talk_: Talk) -> UUID:
    """An open appeal against a hiding."""
    post = hidden(session, by, author, talk_)
    made = Appeal(
        post_id=post.id, author_id=author.id, against_id=by.id, text="비방이 아니었습니다.", created_at=clock.now()
    )
    session.add(made)
    session.flush()
    return made.id
