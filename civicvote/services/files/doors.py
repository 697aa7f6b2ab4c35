"""Who may see, add and remove the files of a thing: as the thing itself is seen and changed."""

from uuid import UUID

from sqlalchemy.orm import Session

from civicvote.domain.discussion import PostKind
from civicvote.domain.errors import ForbiddenError, NotFoundError
from civicvote.domain.lifecycles import PostState
from civicvote.domain.permissions import Actor, Permission
from civicvote.models.campaigns import Campaign
from civicvote.models.discussion import Post, Thread
from civicvote.models.proposals import Proposal
from civicvote.services.deliberation import access
from civicvote.services.discussion import doors
from civicvote.services.proposals import moves
from civicvote.services.proposals.writing import EDITABLE

KINDS = ("proposal", "post", "forum", "round", "campaign")


def _proposal(session: Session, actor: Actor, key: UUID, *, change: bool) -> None:
    proposal: Proposal = moves.visible(session, actor, key)
    own = moves.towards(session, actor, proposal).can(Permission.PROPOSAL_EDIT)
    if proposal.hidden_at is not None and not (own or actor.can(Permission.POST_MODERATE)):
        raise NotFoundError
    if change and not (own and proposal.state in EDITABLE and proposal.hidden_at is None):
        raise ForbiddenError


def _post(session: Session, actor: Actor, key: UUID, *, change: bool) -> None:
    post = session.get(Post, key)
    if post is None:
        raise NotFoundError
    doors.may_read(session, actor, session.get_one(Thread, post.thread_id))
    own = actor.id is not None and actor.id == post.author_id
    if post.state is not PostState.SHOWN and not (own or actor.can(Permission.POST_MODERATE)):
        raise NotFoundError
    # What others may have seen stays as it was; talk has no files.
    waits = post.kind is PostKind.PROOF and post.state is PostState.HELD
    if change and not (own and waits):
        raise ForbiddenError


def _forum(session: Session, actor: Actor, key: UUID, *, change: bool) -> None:
    forum = access.forum(session, actor, key)
    drafts = actor.id is not None and actor.id == forum.created_by
    if change and not (drafts or access.moderates(session, actor, key)):
        raise ForbiddenError


def _round(session: Session, actor: Actor, key: UUID, *, change: bool) -> None:
    _found, forum = access.round_of(session, actor, key)
    if change:
        access.require_moderator(session, actor, forum.id)


def _campaign(session: Session, actor: Actor, key: UUID, *, change: bool) -> None:
    campaign = session.get(Campaign, key)
    manages = actor.can(Permission.CAMPAIGN_MANAGE)
    if campaign is None or (campaign.state.value == "draft" and not manages):
        raise NotFoundError
    if change and not manages:
        raise ForbiddenError


_DOORS = {"proposal": _proposal, "post": _post, "forum": _forum, "round": _round, "campaign": _campaign}


def require(session: Session, actor: Actor, kind: str, key: UUID, *, change: bool = False) -> None:
    """NotFoundError unless the actor may see the thing's files; ForbiddenError if they may see but not `change` them."""
    door = _DOORS.get(kind)
    if door is None:
        raise NotFoundError
    door(session, actor, key, change=change)
