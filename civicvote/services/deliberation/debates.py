"""시민토론 that grows out of a proposal: opened by the platform when the second threshold is reached."""

from datetime import timedelta

from sqlalchemy.orm import Session

from civicvote.domain.deliberation import ForumKind, RoundKind
from civicvote.domain.discussion import ThreadKind
from civicvote.domain.lifecycles import FORUM
from civicvote.domain.messages import msg
from civicvote.domain.permissions import SYSTEM
from civicvote.domain.text import excerpt
from civicvote.models.deliberation import Forum, ForumLink, Round
from civicvote.models.proposals import Proposal
from civicvote.services import clock, dated_settings, workflow
from civicvote.services.discussion import threads

ROUND_TITLE = msg("상호토론").text
GUIDE = msg("찬성, 반대, 기타 의견을 이유와 함께 써 주십시오. 다른 의견에는 답글로 물어 주십시오.").text


def open_from_proposal(session: Session, proposal: Proposal) -> Forum:
    """A debate about the proposal with one round of threads, open from this moment. The caller holds the proposal's lock."""
    moment = clock.now()
    days = dated_settings.value(session, "forum.debate_days")
    forum = Forum(
        kind=ForumKind.DEBATE,
        title=proposal.title,
        summary=excerpt(proposal.idea, 200),
        background=f"{proposal.problem}\n\n{proposal.idea}",
        category=proposal.category,
        district=proposal.district,
        proposal_id=proposal.id,
        created_at=moment,
        updated_at=moment,
        opened_at=moment,
    )
    session.add(forum)
    session.flush()
    talk = Round(
        forum_id=forum.id,
        position=1,
        kind=RoundKind.THREADS,
        title=ROUND_TITLE,
        guide=GUIDE,
        opens_at=moment,
        closes_at=moment + timedelta(days=days),
    )
    label = f"{proposal.number}. {proposal.title}"
    session.add_all(
        [talk, ForumLink(forum_id=forum.id, after=False, label=label, url=f"/proposals/{proposal.id}", at=moment)]
    )
    session.flush()
    path = f"/forums/{forum.id}"
    threads.open_thread(session, ThreadKind.FORUM, forum.id, title=forum.title, path=path)
    threads.open_thread(session, ThreadKind.ROUND, talk.id, title=forum.title, path=f"{path}/rounds/{talk.id}")
    workflow.move(session, SYSTEM, FORUM, forum, "open")
    return forum
