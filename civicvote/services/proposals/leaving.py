"""What an account gave to citizens' proposals: for its owner's download, and what goes when they leave."""

from typing import Any
from uuid import UUID

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from civicvote.domain.lifecycles import ProposalState
from civicvote.models.accounts import User
from civicvote.models.discussion import Watch
from civicvote.models.proposals import CoAuthor, CoAuthorInvitation, Proposal, ProposalEndorsement
from civicvote.services import clock
from civicvote.services.proposals import endorsing, revisions

_WRITTEN = [
    "id",
    "number",
    "state",
    "title",
    "problem",
    "idea",
    "category",
    "district",
    "place",
    "map_x",
    "map_y",
    "created_at",
    "updated_at",
    "published_at",
]


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else str(value) if isinstance(value, UUID) else value


def _rows(session: Session, columns: dict[str, Any], *conditions: Any, start: Any = Proposal) -> list[dict[str, Any]]:
    query = select(*columns.values()).select_from(start)
    if start is not Proposal:
        query = query.join(Proposal, Proposal.id == start.proposal_id)
    found = session.execute(query.where(*conditions).order_by(Proposal.id))
    return [{name: _plain(value) for name, value in zip(columns, row, strict=True)} for row in found]


def given(session: Session, user_id: UUID) -> dict[str, Any]:
    """What the account wrote, endorsed, joined and asked others to join."""
    about = {"proposal_id": Proposal.id, "proposal": Proposal.title}
    invited = {"email": CoAuthorInvitation.email, "created_at": CoAuthorInvitation.created_at}
    return {
        "citizen_proposals": _rows(
            session, {name: getattr(Proposal, name) for name in _WRITTEN}, Proposal.author_id == user_id
        ),
        "citizen_proposal_revisions": revisions.texts(session, user_id),
        "citizen_proposal_endorsements": _rows(
            session,
            about | {"at": ProposalEndorsement.at},
            ProposalEndorsement.user_id == user_id,
            start=ProposalEndorsement,
        ),
        "citizen_proposals_co_authored": _rows(
            session, about | {"at": CoAuthor.at}, CoAuthor.user_id == user_id, start=CoAuthor
        ),
        "citizen_proposal_invitations_sent": _rows(
            session, about | invited, CoAuthorInvitation.invited_by == user_id, start=CoAuthorInvitation
        ),
    }


def forget(session: Session, user: User) -> None:
    """Before an account is emptied: its 공감 stay the person's, drafts nobody else saw and addresses go."""
    if user.person_id is not None:
        endorsing.unite(session, user.id, user.person_id)
    for table in (CoAuthor, Watch):
        session.execute(delete(table).where(table.user_id == user.id).execution_options(synchronize_session=False))
    session.execute(
        update(CoAuthorInvitation)
        .where(
            or_(CoAuthorInvitation.invited_by == user.id, CoAuthorInvitation.email == user.email),
            CoAuthorInvitation.ended_at.is_(None),
        )
        .values(ended_at=clock.now(), email=None)
        .execution_options(synchronize_session=False)
    )
    along = select(CoAuthor.user_id).where(CoAuthor.proposal_id == Proposal.id).exists()
    session.execute(
        update(Proposal)
        .where(Proposal.author_id == user.id, Proposal.state == ProposalState.DRAFT, ~along)
        .values(title="", problem="", idea="", place="", category="", district=None, map_x=None, map_y=None)
        .execution_options(synchronize_session=False)
    )
