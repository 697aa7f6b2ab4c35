"""What an account gave to citizens' proposals: for its owner's download, and what goes when they leave."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, delete, or_, select, update
from sqlalchemy.orm import Session

from civicvote.domain.lifecycles import ProposalState
from civicvote.models.accounts import User
from civicvote.models.discussion import Watch
from civicvote.models.files import Attachment
from civicvote.models.proposals import CoAuthor, CoAuthorInvitation, Proposal, ProposalEndorsement, ProposalRevision
from civicvote.services import clock
from civicvote.services.proposals import endorsing, revisions
from civicvote.services.records import rows

_WRITTEN = "id number state title problem idea category district place map_x map_y created_at updated_at published_at"


def _with_title(
    session: Session, table: Any, columns: tuple[Any, ...], own: ColumnElement[bool]
) -> list[dict[str, Any]]:
    named = (table.proposal_id, Proposal.title.label("proposal"), *columns)
    return rows(session, named, own, start=table, joins=[(Proposal, Proposal.id == table.proposal_id)])


def given(session: Session, user_id: UUID) -> dict[str, Any]:
    """What the account wrote, endorsed, joined and asked others to join."""
    written = [getattr(Proposal, name) for name in _WRITTEN.split()]
    revised = [getattr(ProposalRevision, name) for name in ("proposal_id", "number", "note", "at", *revisions.KEPT)]
    given_, joined, invited = ProposalEndorsement, CoAuthor, CoAuthorInvitation
    sent = (invited.email, invited.created_at, invited.ended_at)
    return {
        "citizen_proposals": rows(session, written, Proposal.author_id == user_id),
        "citizen_proposal_revisions": rows(session, revised, ProposalRevision.author_id == user_id),
        "citizen_proposal_endorsements": _with_title(session, given_, (given_.at,), given_.user_id == user_id),
        "citizen_proposals_co_authored": _with_title(session, joined, (joined.at,), joined.user_id == user_id),
        "citizen_proposal_invitations_sent": _with_title(session, invited, sent, invited.invited_by == user_id),
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
    own = (Proposal.author_id == user.id, Proposal.state == ProposalState.DRAFT, ~along)
    session.execute(
        update(Attachment)
        .where(Attachment.subject_id.in_(select(Proposal.id).where(*own)), Attachment.removed_at.is_(None))
        .values(removed_at=clock.now(), name="", alt="")
        .execution_options(synchronize_session=False)
    )
    session.execute(
        update(Proposal)
        .where(*own)
        .values(title="", problem="", idea="", place="", category="", district=None, map_x=None, map_y=None)
        .execution_options(synchronize_session=False)
    )
