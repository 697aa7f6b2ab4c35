"""Merging duplicates: one page goes on, the other stays readable, and nobody's 공감 is lost or counted twice."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, literal, or_, select, update
from sqlalchemy.orm import Session, aliased

from civicvote.domain.errors import ConflictError, InvalidError
from civicvote.domain.lifecycles import PROPOSAL, ProposalState
from civicvote.domain.messages import msg
from civicvote.domain.notices import NoticeKind
from civicvote.domain.permissions import Actor, Permission
from civicvote.models.proposals import Proposal, ProposalEndorsement
from civicvote.services import audit
from civicvote.services.proposals.assigning import reason_of
from civicvote.services.proposals.endorsing import weigh
from civicvote.services.proposals.moves import advance, hold, visible
from civicvote.services.upsert import insert_new

#: What another proposal can be merged into.
TARGETS = frozenset({ProposalState.PUBLISHED, ProposalState.AWAITING_DEPARTMENT, ProposalState.IN_REVIEW})


@dataclass(frozen=True, slots=True)
class Preview:
    """What a merge comes to."""

    source: Proposal
    target: Proposal
    added: int
    shared: int

    @property
    def total(self) -> int:
        """공감 of the target afterwards."""
        return self.target.endorsement_count + self.added


def mergeable(session: Session, actor: Actor, proposal_id: UUID) -> Proposal:
    """A proposal that can be merged into another one now."""
    actor.require(Permission.PROPOSAL_MERGE)
    proposal = visible(session, actor, proposal_id)
    if all(move.name != "merge" for move in PROPOSAL.allowed(actor, proposal.state)):
        raise ConflictError(msg("부서 검토가 시작되었거나 이미 끝난 제안은 다른 제안에 합칠 수 없습니다."))
    return proposal


def _target(session: Session, source: Proposal, number: int) -> UUID:
    found = session.execute(
        select(Proposal.id, Proposal.state).where(Proposal.number == number, Proposal.hidden_at.is_(None))
    ).one_or_none()
    if found is None:
        raise InvalidError(msg("그 번호의 제안이 없습니다. 번호를 확인해 주십시오."), field="number")
    if found.id == source.id:
        raise InvalidError(msg("같은 제안입니다. 합칠 다른 제안의 번호를 적어 주십시오."), field="number")
    if found.state not in TARGETS:
        raise InvalidError(
            msg("이미 끝났거나 다른 제안에 합친 제안입니다. 지금 진행 중인 제안의 번호를 적어 주십시오."),
            field="number",
        )
    return UUID(str(found.id))


def _shared(target: UUID) -> ColumnElement[bool]:
    """Whether an endorsement of the source is the target's already, by account or by person."""
    there = aliased(ProposalEndorsement)
    same = or_(there.user_id == ProposalEndorsement.user_id, there.person_id == ProposalEndorsement.person_id)
    return select(literal(1)).where(there.proposal_id == target, same).correlate(ProposalEndorsement).exists()


def _new(source: UUID, target: UUID) -> Any:
    return select(ProposalEndorsement).where(ProposalEndorsement.proposal_id == source, ~_shared(target))


def preview(session: Session, actor: Actor, proposal_id: UUID, number: int) -> Preview:
    """What merging into the proposal of this number comes to."""
    source = mergeable(session, actor, proposal_id)
    target = visible(session, actor, _target(session, source, number))
    added = session.scalar(select(func.count()).select_from(_new(source.id, target.id).subquery())) or 0
    return Preview(source, target, added, source.endorsement_count - added)


def merge(session: Session, actor: Actor, proposal_id: UUID, number: int, *, reason: str) -> Proposal:
    """Merge into the proposal of this number; that one comes back. Both rows are locked in the order of their keys.

    The way only leads to what is not merged itself, and what is merged takes nothing: there are no circles.
    """
    said = reason_of(reason)
    key = _target(session, mergeable(session, actor, proposal_id), number)
    for one in sorted((proposal_id, key)):
        hold(session, one)
    for one in (proposal_id, key):
        session.get(Proposal, one, populate_existing=True)
    source = mergeable(session, actor, proposal_id)
    target = visible(session, actor, _target(session, source, number))
    given = session.scalars(_new(source.id, target.id)).all()
    rows = [
        {
            "proposal_id": target.id,
            "user_id": one.user_id,
            "person_id": one.person_id,
            "at": one.at,
            "merged_from_id": source.id,
        }
        for one in given
    ]
    added = 0
    for start in range(0, len(rows), 1000):
        added += insert_new(session, ProposalEndorsement, rows[start : start + 1000])
    _count(session, target, added)
    source.merged_into_id = target.id
    advance(session, actor, source, "merge", reason=said, kind=NoticeKind.MERGED)
    audit.record(session, actor, "proposal:take-in", target, merged=source.id, endorsements=added)
    weigh(session, target)
    return target


def _count(session: Session, target: Proposal, added: int) -> None:
    session.execute(
        update(Proposal)
        .where(Proposal.id == target.id)
        .values(endorsement_count=Proposal.endorsement_count + added)
        .execution_options(synchronize_session=False)
    )
    session.refresh(target)
