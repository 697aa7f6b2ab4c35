"""Making, opening and ending a campaign."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from civicvote.domain import districts
from civicvote.domain.discussion import ThreadKind
from civicvote.domain.errors import ConflictError, InvalidError, NotFoundError
from civicvote.domain.lifecycles import CAMPAIGN, CampaignState, ProposalState
from civicvote.domain.messages import msg
from civicvote.domain.notices import NoticeKind
from civicvote.domain.permissions import Actor, Permission
from civicvote.domain.proposals import COMMITTING
from civicvote.domain.text import clean_line, clean_text, refuse_resident_number
from civicvote.models.campaigns import Campaign
from civicvote.models.proposals import Proposal
from civicvote.services import audit, clock, notices, watching, workflow
from civicvote.services.discussion import threads

TITLE_MIN, TITLE_MAX = 5, 80
GUIDE_MIN, GUIDE_MAX = 10, 4000
RESULT_MIN, RESULT_MAX = 10, 2000
GOAL_MAX = 1_000_000


@dataclass(frozen=True, slots=True)
class CampaignDraft:
    """What staff or a moderator write."""

    title: str
    guide: str
    goal: int
    opens_at: datetime
    closes_at: datetime
    district: str = ""


def path(campaign: Campaign) -> str:
    """Where the campaign stands on this site."""
    return f"/campaigns/{campaign.id}"


def accepted(session: Session, actor: Actor) -> Sequence[tuple[UUID, int, str]]:
    """Proposals a campaign can belong to, the latest answered first: key, number, title."""
    actor.require(Permission.CAMPAIGN_MANAGE)
    rows = session.execute(
        select(Proposal.id, Proposal.number, Proposal.title)
        .where(
            Proposal.state == ProposalState.ANSWERED,
            Proposal.verdict.in_(COMMITTING),
            Proposal.hidden_at.is_(None),
        )
        .order_by(Proposal.answered_at.desc(), Proposal.id)
        .limit(200)
    )
    return [(key, number or 0, title) for key, number, title in rows]


def _values(draft: CampaignDraft) -> dict[str, object]:
    if draft.opens_at >= draft.closes_at:
        raise InvalidError(msg("끝나는 때는 시작하는 때보다 뒤여야 합니다."), field="closes_at")
    if draft.district and not districts.is_district(draft.district):
        raise InvalidError(msg("없는 자치구입니다. 목록에서 골라 주십시오."), field="district")
    if not 1 <= draft.goal <= GOAL_MAX:
        raise InvalidError(msg("목표는 1부터 1,000,000까지의 수로 적어 주십시오."), field="goal")
    title = clean_line(draft.title, minimum=TITLE_MIN, maximum=TITLE_MAX, field="title")
    guide = clean_text(draft.guide, minimum=GUIDE_MIN, maximum=GUIDE_MAX, field="guide")
    refuse_resident_number(title, field="title")
    refuse_resident_number(guide, field="guide")
    return {
        "title": title,
        "guide": guide,
        "goal": draft.goal,
        "district": draft.district or None,
        "opens_at": draft.opens_at,
        "closes_at": draft.closes_at,
    }


def make(session: Session, actor: Actor, proposal_id: UUID, draft: CampaignDraft) -> Campaign:
    """Prepare a campaign for an accepted proposal."""
    actor.require(Permission.CAMPAIGN_MANAGE)
    proposal = session.get(Proposal, proposal_id)
    if proposal is None or proposal.hidden_at is not None or proposal.state is not ProposalState.ANSWERED:
        raise InvalidError(msg("수용되었거나 부분수용된 제안을 골라 주십시오."), field="proposal")
    if proposal.verdict not in COMMITTING:
        raise InvalidError(msg("수용되었거나 부분수용된 제안을 골라 주십시오."), field="proposal")
    campaign = Campaign(
        proposal_id=proposal.id, created_by=actor.id, created_at=clock.now(), state_reason="", **_values(draft)
    )
    session.add(campaign)
    session.flush()
    threads.open_thread(session, ThreadKind.CAMPAIGN, campaign.id, title=campaign.title, path=path(campaign))
    audit.record(session, actor, "campaign:make", campaign, proposal=proposal.id)
    return campaign


def managed(session: Session, actor: Actor, campaign_id: UUID, *, lock: bool = False) -> Campaign:
    """The campaign for its organisers."""
    actor.require(Permission.CAMPAIGN_MANAGE)
    campaign = session.get(Campaign, campaign_id, with_for_update=True if lock else None, populate_existing=lock)
    if campaign is None:
        raise NotFoundError
    return campaign


def _kept(written: datetime, stored: datetime) -> datetime:
    """The stored moment where its own minute was sent back: forms show no seconds."""
    return stored if written == stored.replace(second=0, microsecond=0) else written


def change(session: Session, actor: Actor, campaign_id: UUID, draft: CampaignDraft) -> Campaign:
    """Change it: everything while it is prepared, afterwards text and end (which can only move on)."""
    campaign = managed(session, actor, campaign_id, lock=True)
    if campaign.state is CampaignState.ENDED:
        raise ConflictError(msg("마무리한 캠페인은 고칠 수 없습니다."))
    opens_at, closes_at = _kept(draft.opens_at, campaign.opens_at), _kept(draft.closes_at, campaign.closes_at)
    values = _values(replace(draft, opens_at=opens_at, closes_at=closes_at))
    if campaign.state is CampaignState.OPEN:
        if opens_at != campaign.opens_at or draft.goal != campaign.goal:
            raise InvalidError(msg("공개한 뒤에는 시작하는 때와 목표를 바꿀 수 없습니다."), field="goal")
        if closes_at < campaign.closes_at:
            raise InvalidError(msg("공개한 뒤에는 기간을 줄일 수 없습니다."), field="closes_at")
    for name, value in values.items():
        setattr(campaign, name, value)
    threads.rename(session, campaign.id, campaign.title)
    audit.record(session, actor, "campaign:change", campaign)
    return campaign


def open_campaign(session: Session, actor: Actor, campaign_id: UUID) -> Campaign:
    """Make it public; whoever follows the proposal is told."""
    campaign = managed(session, actor, campaign_id, lock=True)
    if campaign.closes_at <= clock.now():
        raise ConflictError(msg("이미 지난 기간입니다. 기간을 고친 뒤 공개해 주십시오."))
    workflow.move(session, actor, CAMPAIGN, campaign, "open")
    proposal = session.get_one(Proposal, campaign.proposal_id)
    concerned = {proposal.author_id, *session.scalars(watching.watchers(proposal.id))}
    notices.tell(
        session,
        NoticeKind.FOLLOWED_CHANGED,
        about=f"{campaign.id}|open",
        to=concerned,
        but=actor.id,
        path=path(campaign),
        title=campaign.title,
        move="open",
    )
    return campaign


def end(session: Session, actor: Actor, campaign_id: UUID, *, result: str) -> Campaign:
    """End it with what it achieved; whoever took part or follows is told."""
    campaign = managed(session, actor, campaign_id, lock=True)
    text = clean_text(result, minimum=RESULT_MIN, maximum=RESULT_MAX, field="result")
    refuse_resident_number(text, field="result")
    workflow.move(session, actor, CAMPAIGN, campaign, "end", reason=text)
    campaign.state_reason = text
    notices.tell(
        session,
        NoticeKind.CONCLUDED,
        about=f"{campaign.id}|end",
        to=watching.watchers(campaign.id),
        but=actor.id,
        path=path(campaign),
        title=campaign.title,
    )
    return campaign
