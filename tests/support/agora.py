"""Things that are open, each made in one line."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy.orm import Session

from civicvote.domain.deliberation import Audience, ForumKind, RoundKind
from civicvote.domain.discussion import ThreadKind
from civicvote.domain.lifecycles import CampaignState, ForumState, ProposalState
from civicvote.domain.proposals import Verdict
from civicvote.models.agora import OutsideLink
from civicvote.models.campaigns import Campaign
from civicvote.models.deliberation import Forum, Round
from civicvote.models.proposals import Proposal
from civicvote.services import clock
from civicvote.services.discussion import threads
from tests import factories

HOUR = timedelta(hours=1)


def proposal(session: Session, state: ProposalState = ProposalState.PUBLISHED, **values: Any) -> Proposal:
    """A public proposal whose window ends in two days."""
    moment = clock.now()
    answered = state is ProposalState.ANSWERED
    made = Proposal(
        number=next(factories.COUNT),
        author_id=values.pop("author_id", None) or factories.user(session).id,
        state=state,
        title=values.pop("title", "동네 빈 화분에 꽃 심기"),
        created_at=moment,
        updated_at=moment,
        published_at=moment,
        closes_at=values.pop("closes_at", moment + 48 * HOUR),
        shuffle=7,
        answered_at=moment if answered else None,
        verdict=values.pop("verdict", Verdict.ACCEPTED if answered else None),
        **values,
    )
    session.add(made)
    session.flush()
    threads.open_thread(session, ThreadKind.PROPOSAL, made.id, title=made.title, path=f"/proposals/{made.id}")
    return made


def round_of(session: Session, kind: ForumKind, closes_at: datetime, **values: Any) -> Round:
    """An open round of an open forum."""
    moment = clock.now()
    forum = Forum(
        kind=kind,
        state=values.pop("state", ForumState.OPEN),
        title=values.pop("title", "한강 자전거길"),
        district=values.pop("district", None),
        created_at=moment,
        updated_at=moment,
        opened_at=moment,
        theme_confirmed_at=moment if kind is ForumKind.THEME else None,
    )
    session.add(forum)
    session.flush()
    made = Round(
        forum_id=forum.id,
        position=1,
        kind=RoundKind.THREADS,
        title="상호토론",
        opens_at=values.pop("opens_at", moment - HOUR),
        closes_at=closes_at,
        audience=values.pop("audience", Audience.EVERYONE),
        **values,
    )
    session.add(made)
    session.flush()
    return made


def campaign(session: Session, state: CampaignState = CampaignState.OPEN, **values: Any) -> Campaign:
    """A campaign that is under way."""
    moment = clock.now()
    made = Campaign(
        proposal_id=values.pop("proposal_id", None) or proposal(session, ProposalState.ANSWERED).id,
        state=state,
        title=values.pop("title", "일회용 컵 없는 하루"),
        guide=values.pop("guide", "하루 동안 다회용 컵을 쓰고 사진을 남겨 주십시오."),
        goal=values.pop("goal", 100),
        opens_at=values.pop("opens_at", moment - HOUR),
        closes_at=values.pop("closes_at", moment + 72 * HOUR),
        created_at=moment,
        **values,
    )
    session.add(made)
    session.flush()
    threads.open_thread(session, ThreadKind.CAMPAIGN, made.id, title=made.title, path=f"/campaigns/{made.id}")
    return made


def outside(session: Session, closes_at: datetime, **values: Any) -> OutsideLink:
    """A registered link."""
    moment = clock.now()
    made = OutsideLink(
        title=values.pop("title", "엠보팅 설문"),
        host="엠보팅",
        url=f"https://mvoting.example.kr/{uuid4().hex}",
        opens_at=values.pop("opens_at", moment - HOUR),
        closes_at=closes_at,
        created_at=moment,
        **values,
    )
    session.add(made)
    session.flush()
    return made
