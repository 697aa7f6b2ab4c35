"""Citizens' proposals a test needs, made in one line each."""

from datetime import timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from civicvote.domain.discussion import ThreadKind
from civicvote.domain.lifecycles import ProposalState
from civicvote.models.accounts import User
from civicvote.models.base import new_id
from civicvote.models.proposals import CoAuthor, Proposal, ProposalEndorsement
from civicvote.services import clock
from civicvote.services.discussion import threads
from civicvote.services.proposals import moves, writing
from tests import factories


def content(**changes: Any) -> writing.Content:
    """What an author writes, long enough to be public."""
    values = {
        "title": "한강공원에 그늘막 쉼터 설치",
        "problem": "여름 한낮에 쉴 그늘이 없어 어르신들이 산책을 포기합니다.",
        "idea": "한강공원 산책로 500미터마다 그늘막과 의자를 두어 주십시오.",
        "category": "환경·공원",
    }
    return writing.Content(**(values | changes))


def proposal(
    session: Session, author: User | None = None, state: ProposalState = ProposalState.PUBLISHED, **values: Any
) -> Proposal:
    """A proposal in a state, its window open for 30 days, with its thread once it is public."""
    moment = clock.now()
    public = state is not ProposalState.DRAFT
    written = content()
    base: dict[str, Any] = {
        "id": new_id(),
        "author_id": (author or factories.user(session)).id,
        "state": state,
        "title": written.title,
        "problem": written.problem,
        "idea": written.idea,
        "category": written.category,
        "created_at": moment,
        "updated_at": moment,
        "shuffle": 1,
    }
    if public:
        number = (session.scalar(select(func.max(Proposal.number))) or 0) + 1
        base |= {"number": number, "published_at": moment, "closes_at": moment + timedelta(days=30)}
    made = Proposal(**(base | values))
    session.add(made)
    session.flush()
    if public:
        threads.open_thread(session, ThreadKind.PROPOSAL, made.id, title=made.title, path=moves.path(made))
    return made


def endorsed(session: Session, made: Proposal, count: int) -> list[User]:
    """`count` accounts that have given 공감, with the counter that belongs to them."""
    people = [factories.user(session) for _ in range(count)]
    session.add_all(ProposalEndorsement(proposal_id=made.id, user_id=one.id, at=clock.now()) for one in people)
    made.endorsement_count += count
    session.flush()
    return people


def co_author(session: Session, made: Proposal, user: User) -> None:
    """Let somebody write along."""
    session.add(CoAuthor(proposal_id=made.id, user_id=user.id, at=clock.now()))
    session.flush()
