"""A department's answer: drafted and extended in private, published by staff together with the move to 답변 완료."""

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from civicvote.domain.errors import ConflictError, ForbiddenError, InvalidError
from civicvote.domain.korean import from_seoul, seoul_date
from civicvote.domain.lifecycles import ProposalState
from civicvote.domain.messages import msg
from civicvote.domain.notices import NoticeKind
from civicvote.domain.permissions import Actor, Permission, Role
from civicvote.domain.proposals import Verdict
from civicvote.domain.text import clean_line, clean_text, refuse_resident_number
from civicvote.models.accounts import UserRole
from civicvote.models.base import new_id
from civicvote.models.proposals import DueExtension, Proposal, ProposalAnswer
from civicvote.services import audit, clock, notices, watching
from civicvote.services.proposals.assigning import reason_of
from civicvote.services.proposals.moves import advance, co_authors, path, towards, visible

TEXT_MIN, TEXT_MAX, ELSEWHERE_MAX = 10, 20_000, 120
#: Farthest day an answer may be put off to.
LATEST = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Draft:
    """What a department writes."""

    verdict: Verdict
    text: str
    elsewhere: str = ""

    def checked(self) -> "Draft":
        """The same, cleaned, or InvalidError beside its field. Only 타기관이송 names another body."""
        text = clean_text(self.text, minimum=TEXT_MIN, maximum=TEXT_MAX, field="text")
        away = self.verdict is Verdict.ELSEWHERE
        elsewhere = clean_line(self.elsewhere, maximum=ELSEWHERE_MAX, field="elsewhere") if away else ""
        if away and not elsewhere:
            raise InvalidError(msg("어느 기관으로 넘기는지 적어 주십시오."), field="elsewhere")
        refuse_resident_number(text, field="text")
        refuse_resident_number(elsewhere, field="elsewhere")
        return Draft(self.verdict, text, elsewhere)


def of(session: Session, proposal_id: UUID) -> ProposalAnswer | None:
    """The proposal's answer in whatever state; the caller has seen that the reader may."""
    return session.scalars(
        select(ProposalAnswer)
        .where(ProposalAnswer.proposal_id == proposal_id)
        .execution_options(populate_existing=True)
    ).one_or_none()


def case(session: Session, actor: Actor, proposal_id: UUID, *, lock: bool = False) -> Proposal:
    """A proposal whose answer this actor writes now; nobody answers their own."""
    proposal = visible(session, actor, proposal_id, lock=lock)
    towards(session, actor, proposal).require(Permission.ANSWER_WRITE)
    if proposal.state is not ProposalState.IN_REVIEW:
        raise ConflictError(msg("지금은 부서가 검토하는 중이 아니어서 답변을 쓸 수 없습니다."))
    return proposal


def write(
    session: Session, actor: Actor, proposal_id: UUID, draft: Draft, *, seen: int = 0, ready: bool = False
) -> ProposalAnswer:
    """Keep the draft; `ready`: staff may publish it. `seen`: the version the form was made from, 0 for none yet.

    What was ready and is written again is a draft once more, unless it is said to be ready again.
    """
    proposal = case(session, actor, proposal_id, lock=True)
    content, moment = draft.checked(), clock.now()
    answer = of(session, proposal_id)
    if (answer.version if answer else 0) != seen:
        raise ConflictError(
            msg("그사이 같은 부서의 다른 사람이 답변을 고쳤습니다. 쓰신 글을 따로 두고 새로 고쳐 합쳐 주십시오.")
        )
    if answer is None:
        answer = ProposalAnswer(id=new_id(), proposal_id=proposal_id)
        session.add(answer)
    assert proposal.department_id is not None  # the state holds it
    answer.department_id = proposal.department_id
    answer.verdict, answer.text, answer.elsewhere = content.verdict, content.text, content.elsewhere
    answer.drafted_by, answer.drafted_at = actor.id, moment
    answer.ready_at, answer.batch_id = moment if ready else None, None
    session.flush()
    audit.record(session, actor, "proposal:answer-ready" if ready else "proposal:answer-draft", proposal)
    if ready:
        _tell_staff(session, actor, proposal, answer)
    return answer


def _tell_staff(session: Session, actor: Actor, proposal: Proposal, answer: ProposalAnswer) -> None:
    notices.tell(
        session,
        NoticeKind.WORK_WAITS,
        about=f"{answer.id}|publish",
        to=select(UserRole.user_id).where(UserRole.role == Role.STAFF),
        but=actor.id,
        path=path(proposal),
        title=proposal.title,
        work="publish-answer",
    )


def extend(session: Session, actor: Actor, proposal_id: UUID, until: date | None, *, reason: str) -> DueExtension:
    """More time until the end of a day, with a public reason; the old date stays readable."""
    proposal = case(session, actor, proposal_id, lock=True)
    old, moment = proposal.due_at, clock.now()
    assert old is not None  # the state holds it
    if until is None or from_seoul(until, 23, 59) <= max(old, moment):
        raise InvalidError(msg("지금 기한과 오늘보다 뒤의 날을 골라 주십시오."), field="until")
    if until > seoul_date(moment + LATEST):
        raise InvalidError(msg("기한은 1년 안으로 정해 주십시오."), field="until")
    new = from_seoul(until, 23, 59)
    line = DueExtension(
        id=new_id(),
        proposal_id=proposal_id,
        old_due_at=old,
        new_due_at=new,
        reason=reason_of(reason),
        by=actor.id,
        at=moment,
    )
    session.add(line)
    proposal.due_at = new
    session.flush()
    audit.record(session, actor, "proposal:extend", proposal, old_due_at=old, new_due_at=new)
    writers: set[UUID | None] = {proposal.author_id, *co_authors(session, proposal)}
    notices.tell(
        session,
        NoticeKind.DUE_EXTENDED,
        about=line.id,
        to=writers | set(session.scalars(watching.watchers(proposal_id))),
        but=actor.id,
        path=path(proposal),
        title=proposal.title,
        due=new,
        reason=line.reason,
    )
    return line


@dataclass(frozen=True, slots=True)
class Ready:
    """A proposal with the answer that can be published."""

    proposal: Proposal
    answer: ProposalAnswer


def publishable(session: Session, actor: Actor, proposal_id: UUID, *, lock: bool = False) -> Ready:
    """What staff are about to publish; not of their own proposal, and not before the department says it is ready."""
    actor.require(Permission.ANSWER_PUBLISH)
    proposal = visible(session, actor, proposal_id, lock=lock)
    if towards(session, actor, proposal).roles & {Role.AUTHOR, Role.CO_AUTHOR}:
        raise ForbiddenError(msg("내가 쓴 제안의 답변은 공개할 수 없습니다. 다른 담당자에게 맡겨 주십시오."))
    answer = of(session, proposal_id)
    waits = proposal.state is ProposalState.IN_REVIEW  # one that was withdrawn or merged meanwhile gets no answer
    if answer is None or not waits or answer.ready_at is None or answer.published_at is not None:
        raise ConflictError(msg("공개할 답변이 없습니다. 이미 공개되었거나 부서가 다시 고치고 있습니다."))
    return Ready(proposal, answer)


def publish(session: Session, actor: Actor, proposal_id: UUID, *, seen: int) -> Proposal:
    """Make the answer public as it was read (`seen`: its version), with its verdict; only now people are told."""
    found = publishable(session, actor, proposal_id, lock=True)
    proposal, answer = found.proposal, found.answer
    if answer.version != seen:
        raise ConflictError(msg("그사이 부서가 답변을 고쳤습니다. 새 답변을 읽은 뒤 공개해 주십시오."))
    moment = clock.now()
    answer.published_by, answer.published_at = actor.id, moment
    proposal.verdict, proposal.answered_at = answer.verdict, moment
    advance(session, actor, proposal, "answer", kind=NoticeKind.ANSWERED, verdict=answer.verdict.value)
    return proposal
