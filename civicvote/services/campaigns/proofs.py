"""Proofs: posted by citizens, confirmed by moderators, counted once confirmed."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from civicvote.domain import addresses
from civicvote.domain.discussion import PostKind
from civicvote.domain.errors import ConflictError, InvalidError
from civicvote.domain.korean import seoul_date
from civicvote.domain.lifecycles import CampaignState, PostState
from civicvote.domain.messages import msg
from civicvote.domain.notices import NoticeKind
from civicvote.domain.permissions import Actor
from civicvote.models.campaigns import Campaign
from civicvote.models.discussion import Post
from civicvote.services import clock, notices, watching
from civicvote.services.campaigns import making, reading
from civicvote.services.discussion import posting
from civicvote.services.locks import exclusive


def takes_proofs(campaign: Campaign) -> bool:
    """Whether proofs are taken at this moment, by the clock."""
    return campaign.state is CampaignState.OPEN and campaign.opens_at <= clock.now() < campaign.closes_at


def require_open(campaign: Campaign) -> None:
    """Raise ConflictError with words unless proofs are taken now."""
    if takes_proofs(campaign):
        return
    if campaign.state is CampaignState.OPEN and clock.now() < campaign.opens_at:
        raise ConflictError(msg("캠페인이 아직 시작되지 않았습니다."))
    raise ConflictError(msg("캠페인이 끝나 인증을 더 받지 않습니다."))


def prove(
    session: Session, actor: Actor, campaign_id: UUID, *, body: str, link: str, consent: bool, form_key: UUID
) -> Post:
    """Show what one did: a text, and a link if there is one. It waits for a moderator; one a day and person.

    `consent`: that it may be shown in the gallery and in reports; without it nothing is taken.
    """
    campaign = reading.visible(session, actor, campaign_id)
    user_id = actor.account()
    require_open(campaign)
    if not consent:
        raise InvalidError(
            msg("공개에 동의해야 인증할 수 있습니다. 원하지 않으면 올리지 않으셔도 됩니다."), field="consent"
        )
    address = addresses.https(link, field="link") if link.strip() else ""
    exclusive(session, f"proof:{campaign_id}:{user_id}")
    latest = session.execute(
        select(Post.created_at, Post.form_key)
        .where(
            Post.thread_id == campaign_id,
            Post.author_id == user_id,
            Post.state.in_((PostState.SHOWN, PostState.HELD, PostState.VEILED)),
            Post.created_at > clock.now() - timedelta(days=1),
        )
        .order_by(Post.id.desc())
        .limit(1)
    ).one_or_none()
    if latest and latest.form_key != form_key and seoul_date(latest.created_at) == seoul_date(clock.now()):
        raise InvalidError(msg("오늘은 이미 인증하셨습니다. 인증은 하루에 한 번 할 수 있습니다."))
    post = posting.say(
        session,
        actor,
        campaign_id,
        body=body,
        form_key=form_key,
        kind=PostKind.PROOF,
        extra={"link": address, "consent": True},
        premoderated=True,
    )
    watching.watch(session, actor, campaign_id)
    return post


def confirmed(session: Session, post: Post) -> None:
    """A moderator has let a proof be shown: tell its author."""
    campaign = session.get_one(Campaign, post.thread_id)
    notices.tell(
        session,
        NoticeKind.PROOF_CONFIRMED,
        about=post.id,
        to=[post.author_id],
        path=making.path(campaign),
        title=campaign.title,
    )


def recount(session: Session, *, repair: bool = True) -> int:
    """Rebuild the number of confirmed proofs. Returns how many campaigns differed (0: no drift)."""
    proofs = (
        select(func.count())
        .where(Post.thread_id == Campaign.id, Post.kind == PostKind.PROOF, Post.state == PostState.SHOWN)
        .correlate(Campaign)
        .scalar_subquery()
    )
    wrong = Campaign.proof_count != proofs
    drift = session.scalar(select(func.count()).select_from(Campaign).where(wrong)) or 0
    if drift and repair:
        session.execute(
            update(Campaign).where(wrong).values(proof_count=proofs).execution_options(synchronize_session=False)
        )
    return drift
