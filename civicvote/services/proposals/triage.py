"""Staff look through what was published: a proposal, or a complaint (민원) for another desk."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from civicvote.domain.errors import ConflictError
from civicvote.domain.lifecycles import UNASSIGNED_STATES
from civicvote.domain.messages import msg
from civicvote.domain.notices import NoticeKind
from civicvote.domain.paging import Cursor, Page
from civicvote.domain.permissions import Actor, Permission
from civicvote.domain.proposals import Triage
from civicvote.domain.text import clean_line, refuse_resident_number
from civicvote.models.proposals import Proposal
from civicvote.services import audit
from civicvote.services.proposals.assigning import reason_of
from civicvote.services.proposals.moves import advance, require_not_own, visible

PAGE = 30
DESK_MIN, DESK_MAX = 2, 120


def waiting(session: Session, actor: Actor, *, cursor: Cursor | None = None) -> Page[Proposal]:
    """Public proposals nobody has looked through, the longest waiting first."""
    actor.require(Permission.PROPOSAL_TRIAGE)
    query = select(Proposal).where(
        Proposal.triage.is_(None), Proposal.state.in_(UNASSIGNED_STATES), Proposal.hidden_at.is_(None)
    )
    if cursor is not None:
        at = cursor.moment()
        query = query.where(or_(Proposal.published_at > at, (Proposal.published_at == at) & (Proposal.id > cursor.key)))
    found = session.scalars(query.order_by(Proposal.published_at, Proposal.id).limit(PAGE + 1)).all()
    return Page.cut(found, PAGE, lambda one: Cursor(one.id, one.published_at.isoformat() if one.published_at else ""))


def confirm(session: Session, actor: Actor, proposal_ids: Iterable[UUID]) -> int:
    """These are proposals. What somebody else has settled meanwhile stays as it is; returns how many were new."""
    actor.require(Permission.PROPOSAL_TRIAGE)
    confirmed = 0
    for key in sorted(set(proposal_ids)):
        proposal = visible(session, actor, key, lock=True)
        require_not_own(session, actor, proposal)
        if proposal.triage is None and proposal.state in UNASSIGNED_STATES:
            proposal.triage = Triage.PROPOSAL
            audit.record(session, actor, "proposal:confirm", proposal)
            confirmed += 1
    session.flush()
    return confirmed


def forwardable(session: Session, actor: Actor, proposal_id: UUID, *, lock: bool = False) -> Proposal:
    """A proposal that can be handed to a complaints desk now."""
    actor.require(Permission.PROPOSAL_TRIAGE)
    proposal = visible(session, actor, proposal_id, lock=lock)
    require_not_own(session, actor, proposal)
    if proposal.state not in UNASSIGNED_STATES:
        raise ConflictError(msg("담당 부서가 정해지기 전의 제안만 민원으로 넘길 수 있습니다."))
    return proposal


def forward(session: Session, actor: Actor, proposal_id: UUID, *, to: str, note: str) -> Proposal:
    """Hand a complaint to another desk, with words its author and everybody can read."""
    proposal = forwardable(session, actor, proposal_id, lock=True)
    desk = clean_line(to, minimum=DESK_MIN, maximum=DESK_MAX, field="to")
    refuse_resident_number(desk, field="to")
    said = reason_of(note)
    proposal.triage, proposal.forwarded_to, proposal.triage_note = Triage.COMPLAINT, desk, said
    advance(session, actor, proposal, "forward", reason=said, authors=NoticeKind.FORWARDED)
    return proposal
