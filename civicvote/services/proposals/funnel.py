"""The funnel: of the proposals published in a period, how many came how far. Every figure has its definition."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from civicvote.domain.lifecycles import CommitmentState, ProposalState
from civicvote.domain.messages import Message, msg
from civicvote.domain.proposals import COMMITTING
from civicvote.models.proposals import Commitment, Proposal, ProposalMove
from civicvote.services import clock

#: Steps in their order: name and definition.
STEPS: Final[Mapping[str, tuple[Message, Message]]] = {
    "published": (msg("제안"), msg("기간 안에 공개된 제안입니다. 나중에 철회되거나 합쳐진 것도 셉니다.")),
    "reached": (msg("공감 기준 달성"), msg("그 가운데 부서 검토에 필요한 공감을 한 번이라도 모은 제안입니다.")),
    "assigned": (msg("부서 검토"), msg("그 가운데 담당 부서가 정해진 제안입니다.")),
    "answered": (msg("답변"), msg("그 가운데 서울시의 답변이 공개된 제안입니다.")),
    "accepted": (msg("수용"), msg("그 가운데 수용하거나 부분수용한 제안입니다.")),
    "fulfilled": (
        msg("이행 완료"),
        msg("그 가운데 이행과제가 하나 이상 있고 모두 끝난 제안입니다. 중단한 과제가 있으면 세지 않습니다."),
    ),
}


@dataclass(frozen=True, slots=True)
class Step:
    """A step with its number, and its share of all published ones and of the step before, 0–1 (None of nothing)."""

    key: str
    label: Message
    definition: Message
    count: int
    of_all: float | None
    of_before: float | None


@dataclass(frozen=True, slots=True)
class Funnel:
    """The steps for proposals published in [since, until), as of a moment."""

    since: datetime
    until: datetime
    as_of: datetime
    steps: Sequence[Step]


def _moved(*names: str) -> ColumnElement[bool]:
    return (
        select(ProposalMove.id)
        .where(ProposalMove.proposal_id == Proposal.id, ProposalMove.name.in_(names))
        .correlate(Proposal)
        .exists()
    )


def _fulfilled() -> ColumnElement[bool]:
    own = select(Commitment.id).where(Commitment.proposal_id == Proposal.id).correlate(Proposal)
    open_ = own.where(Commitment.state != CommitmentState.DONE)
    return and_(own.exists(), ~open_.exists())


def _counts() -> Sequence[ColumnElement[int]]:
    answered = Proposal.state == ProposalState.ANSWERED
    accepted = and_(answered, Proposal.verdict.in_(COMMITTING))
    # Assigned implies reached, and so on: whoever skipped a step (by a merge, say) is counted with the later one.
    assigned = _moved("assign")
    return [
        func.count(),
        func.count().filter(_moved("reach", "assign")),
        func.count().filter(assigned),
        func.count().filter(answered),
        func.count().filter(accepted),
        func.count().filter(and_(accepted, _fulfilled())),
    ]


def funnel(session: Session, *, since: datetime, until: datetime) -> Funnel:
    """How far the proposals published in a period came; one statement."""
    found = session.execute(
        select(*_counts())
        .select_from(Proposal)
        .where(Proposal.published_at >= since, Proposal.published_at < until, Proposal.hidden_at.is_(None))
    ).one()
    steps: list[Step] = []
    for (key, (label, definition)), count in zip(STEPS.items(), found, strict=True):
        before = steps[-1].count if steps else 0
        steps.append(
            Step(
                key,
                label,
                definition,
                count,
                count / found[0] if found[0] and steps else None,
                count / before if before else None,
            )
        )
    return Funnel(since, until, clock.now(), steps)
