"""Who may speak in a thread: asked of the thing it hangs on."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from civicvote.domain.deliberation import RoundKind
from civicvote.domain.discussion import PostKind, ThreadKind
from civicvote.domain.errors import ConflictError, NotFoundError
from civicvote.domain.lifecycles import PUBLIC_CAMPAIGN_STATES, CampaignState, ProposalState
from civicvote.domain.messages import msg
from civicvote.domain.permissions import Actor, Permission
from civicvote.models.campaigns import Campaign
from civicvote.models.deliberation import Forum, ForumExpert, Round
from civicvote.models.departments import Department
from civicvote.models.discussion import Thread
from civicvote.models.proposals import Proposal
from civicvote.services import clock
from civicvote.services.deliberation import access
from civicvote.services.proposals import moves

_SILENT = frozenset({ProposalState.WITHDRAWN, ProposalState.MERGED, ProposalState.FORWARDED})


def _proposal(session: Session, actor: Actor, thread: Thread, *, speak: bool) -> None:
    proposal = moves.readable(session, actor, thread.id)
    if not speak:
        return
    if proposal.state is ProposalState.DRAFT or proposal.state in _SILENT or proposal.hidden_at is not None:
        raise ConflictError(msg("이 제안에는 댓글을 더 쓸 수 없습니다."))


def _round(session: Session, actor: Actor, thread: Thread, *, speak: bool) -> None:
    found, held = access.round_of(session, actor, thread.id)
    if speak:
        access.require_open(session, actor, found, held, runs=access.moderates(session, actor, held.id))


def _forum(session: Session, actor: Actor, thread: Thread, *, speak: bool) -> None:
    access.forum(session, actor, thread.id)
    if speak:
        raise ConflictError(msg("의견은 진행 중인 토론 화면에서 써 주십시오."))


def _campaign(session: Session, actor: Actor, thread: Thread, *, speak: bool) -> None:
    campaign = session.get(Campaign, thread.id)
    if campaign is None or (campaign.state not in PUBLIC_CAMPAIGN_STATES and not actor.can(Permission.CAMPAIGN_MANAGE)):
        raise NotFoundError
    going = campaign.state is CampaignState.OPEN and campaign.opens_at <= clock.now() < campaign.closes_at
    if speak and not going:
        raise ConflictError(msg("캠페인이 진행되는 동안에만 참여할 수 있습니다."))


_DOORS = {
    ThreadKind.PROPOSAL: _proposal,
    ThreadKind.ROUND: _round,
    ThreadKind.FORUM: _forum,
    ThreadKind.CAMPAIGN: _campaign,
}


def may_read(session: Session, actor: Actor, thread: Thread) -> None:
    """NotFoundError unless the actor may read what the thread hangs on."""
    _DOORS[thread.kind](session, actor, thread, speak=False)


def may_speak(session: Session, actor: Actor, thread: Thread) -> None:
    """Raise with words unless the actor may speak there at this moment."""
    actor.require(Permission.POST_WRITE)
    _DOORS[thread.kind](session, actor, thread, speak=True)


#: What one says by the form of a round's page.
KINDS = {RoundKind.THREADS: PostKind.COMMENT, RoundKind.QUESTIONS: PostKind.QUESTION}


def speaks_as(session: Session, actor: Actor, thread: Thread) -> str:
    """The department or field somebody speaks for in this thread; empty for everybody else."""
    if actor.id is None:
        return ""
    if thread.kind is ThreadKind.PROPOSAL:
        owner = session.scalar(select(Proposal.department_id).where(Proposal.id == thread.id))
    elif thread.kind is ThreadKind.ROUND:
        forum_id, owner = session.execute(
            select(Forum.id, Forum.department_id).join(Round, Round.forum_id == Forum.id).where(Round.id == thread.id)
        ).one()
        expert = session.get(ForumExpert, (forum_id, actor.id)) if actor.can(Permission.FORUM_EXPERT) else None
        if expert is not None:
            return expert.field or str(msg("전문가"))
    else:
        return ""
    if owner is None or owner != actor.department_id or not actor.can(Permission.FORUM_DRAFT):
        return ""
    return session.scalars(select(Department.name).where(Department.id == owner)).one()
