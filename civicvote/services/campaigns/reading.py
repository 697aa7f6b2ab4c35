"""Campaigns as everybody reads them: the list, one with its gallery, and what waits for its moderators."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from civicvote.domain.discussion import PostKind
from civicvote.domain.errors import NotFoundError
from civicvote.domain.lifecycles import PUBLIC_CAMPAIGN_STATES, CampaignState, PostState
from civicvote.domain.paging import Cursor, Page
from civicvote.domain.permissions import Actor, Permission
from civicvote.models.accounts import User
from civicvote.models.campaigns import Campaign
from civicvote.models.discussion import Post
from civicvote.models.proposals import Proposal
from civicvote.services import clock

SIZE = 12


@dataclass(frozen=True, slots=True)
class CampaignRow:
    """A campaign in the list; `share` of its goal, 0–1."""

    id: UUID
    title: str
    state: CampaignState
    district: str | None
    opens_at: datetime
    closes_at: datetime
    proofs: int
    goal: int

    @property
    def share(self) -> float:
        """How much of the goal is reached."""
        return min(1.0, self.proofs / self.goal)


def _row(c: Campaign) -> CampaignRow:
    return CampaignRow(c.id, c.title, c.state, c.district, c.opens_at, c.closes_at, c.proof_count, c.goal)


def visible(session: Session, actor: Actor, campaign_id: UUID) -> Campaign:
    """The campaign if the actor may see it: one that is prepared is its organisers' alone."""
    campaign = session.get(Campaign, campaign_id)
    if campaign is None:
        raise NotFoundError
    if campaign.state not in PUBLIC_CAMPAIGN_STATES and not actor.can(Permission.CAMPAIGN_MANAGE):
        raise NotFoundError
    return campaign


def listing(session: Session, actor: Actor, *, ended: bool, cursor: Cursor | None = None) -> Page[CampaignRow]:
    """Campaigns under way, what closes first on top, or those that are over, the latest first; organisers also see drafts."""
    states = {CampaignState.ENDED} if ended else {CampaignState.OPEN}
    if not ended and actor.can(Permission.CAMPAIGN_MANAGE):
        states.add(CampaignState.DRAFT)
    order = (Campaign.closes_at.desc(), Campaign.id.desc()) if ended else (Campaign.closes_at, Campaign.id)
    query = select(Campaign).where(Campaign.state.in_(states)).order_by(*order).limit(SIZE + 1)
    if cursor is not None:
        mark = cursor.moment()
        beyond = Campaign.closes_at < mark if ended else Campaign.closes_at > mark
        behind = Campaign.id < cursor.key if ended else Campaign.id > cursor.key
        query = query.where(or_(beyond, and_(Campaign.closes_at == mark, behind)))
    rows = [_row(campaign) for campaign in session.scalars(query)]
    return Page.cut(rows, SIZE, lambda row: Cursor(row.id, row.closes_at.isoformat()))


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof as the gallery shows it; `author` is None for somebody who left."""

    id: UUID
    author: str | None
    body: str
    link: str
    at: datetime
    state: PostState
    mine: bool


def _proofs(session: Session, actor: Actor, *conditions: object, cursor: Cursor | None = None) -> Page[Proof]:
    query = (
        select(Post.id, User.name, User.erased_at, Post.body, Post.extra, Post.created_at, Post.state, Post.author_id)
        .outerjoin(User, User.id == Post.author_id)
        .where(Post.kind == PostKind.PROOF, *conditions)  # type: ignore[arg-type]  # column expressions
        .order_by(Post.id.desc())
        .limit(SIZE + 1)
    )
    if cursor is not None:
        query = query.where(Post.id < cursor.key)
    rows = [
        Proof(
            r.id,
            None if r.erased_at else r.name,
            r.body,
            str((r.extra or {}).get("link", "")),
            r.created_at,
            r.state,
            actor.id is not None and r.author_id == actor.id,
        )
        for r in session.execute(query)
    ]
    return Page.cut(rows, SIZE, lambda row: Cursor(row.id))


def gallery(session: Session, actor: Actor, campaign_id: UUID, cursor: Cursor | None = None) -> Page[Proof]:
    """Confirmed proofs, the newest first."""
    return _proofs(session, actor, Post.thread_id == campaign_id, Post.state == PostState.SHOWN, cursor=cursor)


def waiting(session: Session, actor: Actor, campaign_id: UUID) -> Sequence[Proof]:
    """Proofs that wait to be confirmed: the organisers' all, else the actor's own."""
    if actor.id is None:
        return []
    own = () if actor.can(Permission.POST_MODERATE) else (Post.author_id == actor.id,)
    return _proofs(session, actor, Post.thread_id == campaign_id, Post.state == PostState.HELD, *own).rows


@dataclass(frozen=True, slots=True)
class Detail:
    """One campaign with the proposal it belongs to."""

    campaign: Campaign
    row: CampaignRow
    proposal: Proposal
    open_now: bool


def detail(session: Session, actor: Actor, campaign_id: UUID) -> Detail:
    """Everything public about a campaign besides its gallery."""
    campaign = visible(session, actor, campaign_id)
    open_now = campaign.state is CampaignState.OPEN and campaign.opens_at <= clock.now() < campaign.closes_at
    return Detail(campaign, _row(campaign), session.get_one(Proposal, campaign.proposal_id), open_now)
