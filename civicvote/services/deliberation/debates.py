"""시민토론 that grows out of a proposal: opened by the platform when the second threshold is reached."""

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from civicvote.domain.deliberation import Audience, ForumKind, RoundKind
from civicvote.domain.lifecycles import FORUM, ForumState
from civicvote.domain.messages import msg
from civicvote.domain.permissions import SYSTEM
from civicvote.domain.text import excerpt
from civicvote.models.base import new_id
from civicvote.models.deliberation import Forum, ForumLink, Round
from civicvote.models.proposals import Proposal
from civicvote.services import clock, dated_settings, workflow
from civicvote.services.deliberation import making
from civicvote.services.discussion import threads
from civicvote.services.upsert import insert_new

ROUND_TITLE = msg("상호토론").text
GUIDE = msg("찬성, 반대, 기타 의견을 이유와 함께 써 주십시오. 다른 의견에는 답글로 물어 주십시오.").text


#: What a debate is called while the proposal it grew from is hidden.
HIDDEN_TITLE = msg("숨긴 제안에서 열린 시민토론").text


def _background(proposal: Proposal) -> str:
    problem, idea = msg("무엇이 문제입니까").text, msg("어떻게 하면 좋겠습니까").text
    return f"**{problem}**\n\n{proposal.problem}\n\n**{idea}**\n\n{proposal.idea}"


def _insert(session: Session, proposal: Proposal) -> Forum | None:
    """The forum's row, unless another was faster: the constraint on `proposal_id` decides."""
    moment = clock.now()
    row = {
        "id": new_id(),
        "kind": ForumKind.DEBATE,
        "state": ForumState.DRAFT,
        "title": proposal.title,
        "summary": excerpt(proposal.idea or proposal.problem, 200),
        "background": _background(proposal),
        "category": proposal.category,
        "district": proposal.district,
        "department_id": proposal.department_id,
        "proposal_id": proposal.id,
        "created_at": moment,
        "updated_at": moment,
        "opened_at": moment,
        "conclusion": "",
        "answer": "",
        "state_reason": "",
        "version": 1,
    }
    return session.get_one(Forum, row["id"]) if insert_new(session, Forum, [row]) else None


def _label(proposal: Proposal) -> str:
    return (f"{proposal.number}. {proposal.title}" if proposal.number else proposal.title)[:160]


def _url(proposal: Proposal) -> str:
    return f"/proposals/{proposal.id}"


def open_from_proposal(session: Session, proposal: Proposal) -> Forum:
    """A debate about the proposal with one round of threads, open from this moment; a second call gives the first's forum.

    Both pages lead to each other. The caller tells the proposal's author and followers.
    """
    made = _insert(session, proposal)
    if made is None:
        return session.scalars(select(Forum).where(Forum.proposal_id == proposal.id)).one()
    opened = made.created_at
    talk = Round(
        forum_id=made.id,
        position=1,
        kind=RoundKind.THREADS,
        title=ROUND_TITLE,
        guide=GUIDE,
        audience=Audience.EVERYONE,
        opens_at=opened,
        closes_at=opened + timedelta(days=dated_settings.value(session, "forum.debate_days")),
    )
    before = ForumLink(forum_id=made.id, after=False, label=_label(proposal), url=_url(proposal), at=opened)
    session.add_all([talk, before])
    session.flush()
    workflow.move(session, SYSTEM, FORUM, made, "open")
    making.open_threads(session, made)
    threads.touch(session, proposal.id)
    return made


def follow_hiding(session: Session, proposal: Proposal) -> None:
    """The debate holds a copy of the proposal's words: while that is hidden it shows none of them, and again once it is not."""
    held = session.scalars(select(Forum).where(Forum.proposal_id == proposal.id)).one_or_none()
    if held is None:
        return
    if proposal.hidden_at is not None:
        held.title, held.summary, held.background, label = HIDDEN_TITLE, "", "", HIDDEN_TITLE
    else:
        held.title, held.summary, label = (
            proposal.title,
            excerpt(proposal.idea or proposal.problem, 200),
            _label(proposal),
        )
        held.background = _background(proposal)
    for link in session.scalars(
        select(ForumLink).where(ForumLink.forum_id == held.id, ForumLink.url == _url(proposal))
    ):
        link.label = label
    session.flush()
    threads.rename(session, held.id, held.title)
    for key, title in session.execute(select(Round.id, Round.title).where(Round.forum_id == held.id)).all():
        threads.rename(session, key, f"{held.title} · {title}"[:160])
