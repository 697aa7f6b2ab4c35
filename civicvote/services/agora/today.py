"""What is open now, wherever it stands: one list by closing time, from one statement."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Select,
    String,
    Uuid,
    and_,
    cast,
    exists,
    false,
    literal,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.orm import Session

from civicvote.domain.agora import OpenKind
from civicvote.domain.deliberation import Audience
from civicvote.domain.lifecycles import ENDORSABLE_STATES, CampaignState, CycleState
from civicvote.domain.paging import Cursor, Page
from civicvote.domain.permissions import Actor
from civicvote.models.agora import OutsideLink
from civicvote.models.ballot_rounds import RoundBallot
from civicvote.models.base import UtcDateTime
from civicvote.models.campaigns import Campaign
from civicvote.models.cycles import Cycle, Hold
from civicvote.models.deliberation import Forum, GroupMember, Round, RoundParticipant
from civicvote.models.discussion import Post
from civicvote.models.proposals import Proposal, ProposalEndorsement
from civicvote.models.votes import Participation, Vote
from civicvote.services import clock
from civicvote.services.cycles.reading import OF_BUDGET
from civicvote.services.deliberation import access

SIZE = 20
#: A proposal is listed in its last days; before, the list of proposals is the place.
LAST_DAYS = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Filters:
    """What narrows the list. `mine`: only what the signed-in person can still do."""

    kind: OpenKind | None = None
    district: str = ""
    mine: bool = False

    def args(self) -> dict[str, str]:
        """As they stand in the address."""
        found = {
            "kind": self.kind.value if self.kind else "",
            "district": self.district,
            "mine": "1" if self.mine else "",
        }
        return {name: value for name, value in found.items() if value}


@dataclass(frozen=True, slots=True)
class OpenRow:
    """Something open. `key` is its own key, `slug` a cycle's, `url` an outside link's; `did`: the reader took part already."""

    kind: OpenKind
    key: UUID
    slug: str
    url: str
    title: str
    note: str
    district: str | None
    closes_at: datetime
    did: bool


def _text(value: Any) -> Any:
    return cast(literal(value) if isinstance(value, str) or value is None else value, String)


def _branch(kind: Any, key: Any, title: Any, closes_at: Any, did: Any, **more: Any) -> Select[Any]:
    """One source's columns; `more`: slug, url, note, district."""
    return select(
        _text(kind).label("kind"),
        cast(key, Uuid).label("key"),
        *(_text(more.get(name, "")).label(name) for name in ("slug", "url")),
        _text(title).label("title"),
        _text(more.get("note", "")).label("note"),
        _text(more.get("district")).label("district"),
        closes_at.label("closes_at"),
        did.label("did"),
    )


def _budget(actor: Actor, moment: datetime) -> list[Select[Any]]:
    held = exists().where(Hold.cycle_id == Cycle.id, Hold.lifted_at.is_(None))
    voted = (
        exists().where(Participation.vote_id == Vote.id, Participation.person_id == actor.person_id)
        if actor.person_id
        else false()
    )
    votes = (
        _branch(literal(OpenKind.VOTE.value), Cycle.id, Cycle.title, Vote.closes_at, voted, slug=Cycle.slug)
        .join(Vote, Vote.cycle_id == Cycle.id)
        .where(Cycle.state == CycleState.LISTED, OF_BUDGET, Vote.opens_at <= moment, Vote.closes_at > moment, ~held)
    )
    calls = _branch(
        literal(OpenKind.CALL.value), Cycle.id, Cycle.title, Cycle.proposals_close_at, false(), slug=Cycle.slug
    ).where(
        Cycle.state == CycleState.ANNOUNCED,
        Cycle.proposals_open_at <= moment,
        Cycle.proposals_close_at > moment,
        ~held,
    )
    return [votes, calls]


def _proposals(actor: Actor, moment: datetime) -> Select[Any]:
    endorsed = exists().where(ProposalEndorsement.proposal_id == Proposal.id, ProposalEndorsement.user_id == actor.id)
    return _branch(
        literal(OpenKind.PROPOSAL.value),
        Proposal.id,
        Proposal.title,
        Proposal.closes_at,
        endorsed if actor.id else false(),
        district=Proposal.district,
    ).where(
        Proposal.state.in_(ENDORSABLE_STATES),
        Proposal.hidden_at.is_(None),
        Proposal.closes_at > moment,
        Proposal.closes_at <= moment + LAST_DAYS,
    )


def _rounds(actor: Actor, moment: datetime) -> Select[Any]:
    took_part = exists().where(RoundParticipant.round_id == Round.id, RoundParticipant.user_id == actor.id)
    # A secret ballot writes no participant of the round: that somebody voted is the vote's own knowledge.
    voted = (
        select(Participation.vote_id)
        .join(Vote, Vote.id == Participation.vote_id)
        .join(RoundBallot, RoundBallot.cycle_id == Vote.cycle_id)
        .where(RoundBallot.round_id == Round.id, Participation.person_id == actor.person_id)
        .exists()
        if actor.person_id
        else false()
    )
    member = exists().where(GroupMember.group_id == Round.group_id, GroupMember.user_id == actor.id)
    return (
        _branch(
            Forum.kind,
            Round.id,
            Forum.title,
            Round.closes_at,
            or_(took_part, voted) if actor.id else false(),
            note=Round.title,
            district=Forum.district,
        )
        .join(Forum, Forum.id == Round.forum_id)
        .where(
            access.going(moment),
            or_(Round.audience != Audience.GROUP, member) if actor.id else Round.audience != Audience.GROUP,
        )
    )


def _campaigns(actor: Actor, moment: datetime) -> Select[Any]:
    proved = exists().where(Post.thread_id == Campaign.id, Post.author_id == actor.id)
    return _branch(
        literal(OpenKind.CAMPAIGN.value),
        Campaign.id,
        Campaign.title,
        Campaign.closes_at,
        proved if actor.id else false(),
        district=Campaign.district,
    ).where(Campaign.state == CampaignState.OPEN, Campaign.opens_at <= moment, Campaign.closes_at > moment)


def _outside(moment: datetime) -> Select[Any]:
    return _branch(
        literal(OpenKind.OUTSIDE.value),
        OutsideLink.id,
        OutsideLink.title,
        OutsideLink.closes_at,
        false(),
        url=OutsideLink.url,
        note=OutsideLink.host,
        district=OutsideLink.district,
    ).where(OutsideLink.removed_at.is_(None), OutsideLink.opens_at <= moment, OutsideLink.closes_at > moment)


def today(
    session: Session, actor: Actor, filters: Filters, cursor: Cursor | None = None, *, size: int = SIZE
) -> Page[OpenRow]:
    """A page of what is open at this moment, what closes first on top; one statement."""
    moment = clock.now()
    open_now = union_all(
        *_budget(actor, moment),
        _proposals(actor, moment),
        _rounds(actor, moment),
        _campaigns(actor, moment),
        _outside(moment),
    ).subquery("open_now")
    row = open_now.c
    query = select(open_now).where(
        row.kind == filters.kind.value if filters.kind else true(),
        or_(row.district == filters.district, row.district.is_(None)) if filters.district else true(),
        row.did.is_(False) if filters.mine and actor.signed_in else true(),
    )
    if cursor is not None:
        mark = literal(cursor.moment(), UtcDateTime)
        query = query.where(or_(row.closes_at > mark, and_(row.closes_at == mark, row.key > cursor.key)))
    found: Sequence[Any] = session.execute(query.order_by(row.closes_at, row.key).limit(size + 1)).all()
    rows = [
        OpenRow(OpenKind(r.kind), r.key, r.slug, r.url, r.title, r.note, r.district, r.closes_at, bool(r.did))
        for r in found
    ]
    return Page.cut(rows, size, lambda last: Cursor(last.key, last.closes_at.astimezone(UTC).isoformat()))
