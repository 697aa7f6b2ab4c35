"""공감: one per person, taken and given back by the clock, and what its number sets in motion."""

from uuid import UUID

from sqlalchemy import ColumnElement, delete, or_, select, update
from sqlalchemy.orm import Session, aliased
from sqlalchemy.orm.attributes import set_committed_value

from civicvote.domain.errors import ConflictError
from civicvote.domain.lifecycles import ENDORSABLE_STATES, ProposalState
from civicvote.domain.messages import Message, msg
from civicvote.domain.notices import NoticeKind
from civicvote.domain.permissions import SYSTEM, Actor, Permission, Role
from civicvote.models.accounts import UserRole
from civicvote.models.proposals import Proposal, ProposalEndorsement
from civicvote.services import audit, clock, notices, watching
from civicvote.services.deliberation import debates
from civicvote.services.proposals import revisions
from civicvote.services.proposals.moves import advance, co_authors, hold, path, visible
from civicvote.services.upsert import insert_new

SAME_PERSON = msg(
    "이 제안에는 예전 계정으로 이미 공감하셨습니다. 공감은 한 사람이 한 번 할 수 있고, 계정을 새로 만들어도 그대로 남아 있습니다."
)


def refusal(proposal: Proposal) -> Message | None:
    """Why no 공감 can be given or taken back now; None while it can. The clock decides, never a stored phase."""
    if proposal.hidden_at is not None:
        return msg("숨겨진 제안에는 공감을 바꿀 수 없습니다.")
    if proposal.state not in ENDORSABLE_STATES:
        return msg("공감은 공개된 뒤 답변을 받기 전까지 받습니다. 지금은 공감을 바꿀 수 없습니다.")
    if proposal.closes_at is None or clock.now() >= proposal.closes_at:
        return msg("공감을 받는 기간이 끝났습니다. 지금은 공감을 바꿀 수 없습니다.")
    return None


def endorse(session: Session, actor: Actor, proposal_id: UUID, *, on: bool = True) -> Proposal:
    """공감, or take it back; saying it twice changes nothing. The proposal comes back with its new number.

    The proposal's row is locked: number, thresholds and what they set in motion are decided by one at a time.
    """
    actor.require(Permission.PROPOSAL_ENDORSE)
    proposal = visible(session, actor, proposal_id, lock=True)
    refused = refusal(proposal)
    if refused is not None:
        raise ConflictError(refused)
    change = _give(session, actor, proposal) if on else -_take_back(session, actor, proposal)
    if change:
        audit.record(session, actor, "proposal:endorse" if on else "proposal:unendorse", proposal)
        count(session, proposal, change)
        weigh(session, proposal)
    return proposal


def _give(session: Session, actor: Actor, proposal: Proposal) -> int:
    row = {"proposal_id": proposal.id, "user_id": actor.id, "person_id": actor.person_id, "at": clock.now()}
    if insert_new(session, ProposalEndorsement, [row]):
        if proposal.endorsement_count == 0:
            revisions.keep_first(session, proposal)
        return 1
    if session.get(ProposalEndorsement, (proposal.id, actor.id)) is None:
        raise ConflictError(SAME_PERSON)
    return 0


def of_person(actor: Actor) -> ColumnElement[bool]:
    """A person's own 공감, also one they gave with an account they have left."""
    own = ProposalEndorsement.user_id == actor.id
    return own if actor.person_id is None else or_(own, ProposalEndorsement.person_id == actor.person_id)


def _take_back(session: Session, actor: Actor, proposal: Proposal) -> int:
    removed = session.scalars(
        delete(ProposalEndorsement)
        .where(ProposalEndorsement.proposal_id == proposal.id, of_person(actor))
        .returning(ProposalEndorsement.user_id)
        .execution_options(synchronize_session=False)
    ).all()
    return len(removed)


def count(session: Session, proposal: Proposal, by: int) -> None:
    """Move the counter, atomically; the loaded row learns its new value."""
    value = session.scalars(
        update(Proposal)
        .where(Proposal.id == proposal.id)
        .values(endorsement_count=Proposal.endorsement_count + by)
        .returning(Proposal.endorsement_count)
        .execution_options(synchronize_session=False)
    ).one()
    set_committed_value(proposal, "endorsement_count", value)


def weigh(session: Session, proposal: Proposal) -> None:
    """What the present number of 공감 sets in motion: the way to a department and back, and once the forum.

    The caller holds the proposal's lock. Whoever toggles around a threshold makes moves, but each is told once.
    """
    number = proposal.endorsement_count
    if proposal.state is ProposalState.PUBLISHED and number >= proposal.department_threshold:
        about = f"{proposal.id}|reach"
        advance(session, SYSTEM, proposal, "reach", kind=NoticeKind.THRESHOLD_REACHED, about=about)
        _tell_staff(session, proposal)
    elif proposal.state is ProposalState.AWAITING_DEPARTMENT and number < proposal.department_threshold:
        advance(session, SYSTEM, proposal, "step-back", about=f"{proposal.id}|step-back")
    if proposal.forum_reached_at is None and number >= proposal.forum_threshold:
        _open_forum(session, proposal)


def _tell_staff(session: Session, proposal: Proposal) -> None:
    notices.tell(
        session,
        NoticeKind.WORK_WAITS,
        about=f"{proposal.id}|assign",
        to=select(UserRole.user_id).where(UserRole.role == Role.STAFF),
        path=path(proposal),
        title=proposal.title,
        work="assign",
    )


def _open_forum(session: Session, proposal: Proposal) -> None:
    """The second threshold, once for good: what people then take back doesn't close a debate that has begun."""
    proposal.forum_reached_at = clock.now()
    audit.record(session, SYSTEM, "proposal:reach-forum", proposal, endorsements=proposal.endorsement_count)
    session.flush()
    forum = debates.open_from_proposal(session, proposal)
    writers: set[UUID | None] = {proposal.author_id, *co_authors(session, proposal)}
    notices.tell(
        session,
        NoticeKind.THRESHOLD_REACHED,
        about=f"{proposal.id}|forum",
        to=writers | set(session.scalars(watching.watchers(proposal.id))),
        path=path(proposal),
        title=proposal.title,
        forum=str(forum.id),
    )


def unite(session: Session, user_id: UUID, person_id: UUID) -> None:
    """Somebody was verified: what their account endorsed before is the person's, and what the person had endorsed counts once.

    Proposals are locked in the order of their keys, as everybody does who locks several.
    """
    rows = session.scalars(
        select(ProposalEndorsement)
        .where(ProposalEndorsement.user_id == user_id, ProposalEndorsement.person_id.is_(None))
        .order_by(ProposalEndorsement.proposal_id)
    ).all()
    other = aliased(ProposalEndorsement)
    for row in rows:
        hold(session, row.proposal_id)
        proposal = session.get_one(Proposal, row.proposal_id, populate_existing=True)
        twice = session.scalar(
            select(other.user_id).where(other.proposal_id == row.proposal_id, other.person_id == person_id)
        )
        if twice is None:
            row.person_id = person_id
            session.flush()
            continue
        session.delete(row)
        session.flush()
        count(session, proposal, -1)
        audit.record(session, SYSTEM, "proposal:endorse-once", proposal)
        weigh(session, proposal)
