"""Merging a duplicate into another proposal: both stay readable, and everybody who stood behind either counts once."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, literal, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, aliased

from civicvote.domain.errors import ConflictError, InvalidError
from civicvote.domain.lifecycles import PROPOSAL, ProposalState
from civicvote.domain.messages import Message, msg
from civicvote.domain.notices import NoticeKind
from civicvote.domain.permissions import Actor, Permission
from civicvote.domain.text import clean_text, refuse_resident_number
from civicvote.models.discussion import Watch
from civicvote.models.proposals import Proposal, ProposalEndorsement
from civicvote.services import audit, clock, notices, watching
from civicvote.services.discussion import threads
from civicvote.services.proposals import endorsing, moves, revisions

REASON_MIN, REASON_MAX = 5, 500
#: Merges follow one another at most this often; longer chains would be an error in the rows.
LONGEST_CHAIN = 50

#: States that can take over another proposal's endorsers.
TARGET_STATES = frozenset(
    {
        ProposalState.PUBLISHED,
        ProposalState.AWAITING_DEPARTMENT,
        ProposalState.IN_REVIEW,
        ProposalState.ANSWERED,
        ProposalState.CLOSED,
    }
)


@dataclass(frozen=True, slots=True)
class Preview:
    """What a merge would do. `shared`: who stands behind both, by account or by person; `total`: the target's new number."""

    source: Proposal
    target: Proposal
    shared: int

    @property
    def added(self) -> int:
        """공감 that the target gains."""
        return self.source.endorsement_count - self.shared

    @property
    def total(self) -> int:
        """공감 of the target once merged."""
        return self.target.endorsement_count + self.added


def mergeable(session: Session, actor: Actor, proposal_id: UUID) -> Proposal:
    """The proposal somebody wants to merge into another, as staff see it."""
    actor.require(Permission.PROPOSAL_MERGE)
    return moves.visible(session, actor, proposal_id)


def _open(proposal: Proposal) -> bool:
    """Whether it can be merged into another at all."""
    return proposal.hidden_at is None and proposal.state in PROPOSAL.move("merge").sources


def preview(session: Session, actor: Actor, proposal_id: UUID, number: int) -> Preview:
    """Both proposals and how many stand behind them, before anything is done."""
    source = mergeable(session, actor, proposal_id)
    target = _end_of_chain(session, number)
    moves.require_not_own(session, actor, source, target)
    _check(source, target)
    return Preview(source, target, _common(session, source, target))


def merge(session: Session, actor: Actor, proposal_id: UUID, number: int, *, reason: str) -> Proposal:
    """Merge a proposal into the one with this number (or what that one was merged into). The target comes back.

    Both rows are locked in the order of their keys: 공감 that arrives meanwhile comes before or after, never between.
    """
    source = mergeable(session, actor, proposal_id)
    words = clean_text(reason, minimum=REASON_MIN, maximum=REASON_MAX, field="reason")
    refuse_resident_number(words, field="reason")
    target = _end_of_chain(session, number)
    for key in sorted({source.id, target.id}):
        moves.hold(session, key)
    for proposal in (source, target):
        session.refresh(proposal)
    moves.require_not_own(session, actor, source, target)
    _check(source, target)
    source.merged_into_id = target.id
    told = _concerned(session, source)
    moves.advance(session, actor, source, "merge", reason=words, kind=NoticeKind.MERGED)
    added = _unite(session, source, target)
    _tell_target(session, actor, source, target, but=told)
    _follow(session, source, target)
    audit.record(session, actor, "proposal:take-over", target, merged=source.id, added=added)
    if not over(target):
        endorsing.weigh(session, target)
    threads.touch(session, target.id)
    return target


def over(proposal: Proposal) -> bool:
    """Whether its time for 공감 ended without reaching a department. The clock decides, not when the sweep ran."""
    if proposal.state is ProposalState.CLOSED:
        return True
    ended = proposal.closes_at is not None and clock.now() >= proposal.closes_at
    return ended and proposal.state is ProposalState.PUBLISHED


def _end_of_chain(session: Session, number: int) -> Proposal:
    found = session.scalar(select(Proposal).where(Proposal.number == number))
    for _step in range(LONGEST_CHAIN):
        if found is None or found.state is ProposalState.DRAFT:
            break
        if found.merged_into_id is None:
            return found
        found = session.get(Proposal, found.merged_into_id)
    raise InvalidError(msg("그 번호의 제안이 없습니다. 제안 번호를 다시 확인해 주십시오."), field="number")


def _check(source: Proposal, target: Proposal) -> None:
    if not _open(source):
        raise ConflictError(msg("이 제안은 지금 합칠 수 없습니다. 공감을 모으는 중이거나 공감마감된 제안만 합칩니다."))
    refused = _refusal(source, target)
    if refused is not None:
        raise InvalidError(refused, field="number")


def _refusal(source: Proposal, target: Proposal) -> Message | None:
    if source.id == target.id:
        return msg("같은 제안에는 합칠 수 없습니다. 남길 제안의 번호를 적어 주십시오.")
    if target.hidden_at is not None:
        return msg("숨겨진 제안에는 합칠 수 없습니다. 공개되어 있는 제안을 골라 주십시오.")
    if target.state not in TARGET_STATES:
        return msg("철회되었거나 이송된 제안에는 합칠 수 없습니다. 다른 제안을 골라 주십시오.")
    if over(target) and not over(source):
        return msg("공감마감된 제안에는 공감을 모으는 중인 제안을 합칠 수 없습니다. 반대 방향으로 합쳐 주십시오.")
    return None


def _common(session: Session, source: Proposal, target: Proposal) -> int:
    """Endorsers of the source who stand behind the target already, with this account or as the same person."""
    other = aliased(ProposalEndorsement)
    behind = (
        select(other.user_id)
        .where(
            other.proposal_id == target.id,
            or_(other.user_id == ProposalEndorsement.user_id, other.person_id == ProposalEndorsement.person_id),
        )
        .exists()
    )
    counted = select(func.count()).select_from(ProposalEndorsement)
    return session.scalar(counted.where(ProposalEndorsement.proposal_id == source.id, behind)) or 0


def _unite(session: Session, source: Proposal, target: Proposal) -> int:
    """Give the target the source's endorsers, leaving out accounts and persons it has. Returns how many were new."""
    if target.endorsement_count == 0 and source.endorsement_count:
        revisions.keep_first(session, target)
    e = ProposalEndorsement
    given = select(
        literal(target.id, e.proposal_id.type),
        e.user_id,
        e.person_id,
        e.at,
        func.coalesce(e.merged_from_id, literal(source.id, e.proposal_id.type)),
    ).where(e.proposal_id == source.id)
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    statement = (
        dialect.insert(e)
        .from_select(["proposal_id", "user_id", "person_id", "at", "merged_from_id"], given)
        .on_conflict_do_nothing()
        .returning(e.user_id)
    )
    added = len(session.execute(statement).all())
    if added:
        endorsing.count(session, target, added)
    return added


def _concerned(session: Session, proposal: Proposal) -> set[UUID | None]:
    followers: set[UUID | None] = set(session.scalars(watching.watchers(proposal.id)))
    return followers | {proposal.author_id} | moves.co_authors(session, proposal)


def _tell_target(session: Session, actor: Actor, source: Proposal, target: Proposal, *, but: set[UUID | None]) -> None:
    """Those of the target, unless they have heard of it as those of the merged one."""
    notices.tell(
        session,
        NoticeKind.MERGED,
        about=f"{source.id}|into",
        to=_concerned(session, target) - but,
        but=actor.id,
        path=moves.path(target),
        title=target.title,
        move="merge",
        state=target.state.value,
        reason=source.state_reason,
    )


def _follow(session: Session, source: Proposal, target: Proposal) -> None:
    """Who followed the merged one follows the target."""
    followers = select(literal(target.id, Watch.subject_id.type), Watch.user_id, literal(clock.now(), Watch.at.type))
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    session.execute(
        dialect.insert(Watch)
        .from_select(["subject_id", "user_id", "at"], followers.where(Watch.subject_id == source.id))
        .on_conflict_do_nothing()
    )
