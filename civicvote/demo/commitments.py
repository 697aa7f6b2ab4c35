"""What the city does about the accepted proposals of the demo, and thresholds that have changed and will."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from civicvote.demo.people import Cast
from civicvote.domain.korean import seoul_date
from civicvote.domain.lifecycles import COMMITMENT, CommitmentState, ProposalState
from civicvote.domain.proposals import COMMITTING
from civicvote.models.base import new_id
from civicvote.models.dated_settings import DatedSetting
from civicvote.models.proposals import Commitment, CommitmentUpdate, Milestone, Proposal
from civicvote.services import clock
from civicvote.settings import Settings

C = CommitmentState


@dataclass(frozen=True, slots=True)
class _Planned:
    """A commitment: its steps as (title, due in days, first due in days, done), its reports as (days ago, move, text)."""

    title: str
    state: CommitmentState
    steps: tuple[tuple[str, int, int, bool], ...]
    reports: tuple[tuple[int, str, str], ...] = ()
    reason: str = ""
    became: str = ""


_PLANNED = (
    _Planned(
        "대상지 조사와 설계",
        C.DONE,
        (("현장 조사", -40, -40, True), ("설계 마무리", -12, -20, True)),
        (
            (45, "begin", "현장 조사를 시작했습니다."),
            (10, "complete", "설계를 마치고 결과를 자치구와 공유했습니다."),
        ),
        became="/budget/",
    ),
    _Planned(
        "시범 설치와 운영",
        C.UNDER_WAY,
        (("설치 업체 선정", -6, -6, False), ("시범 운영 시작", 40, 25, False)),
        ((9, "begin", "설치 업체를 고르는 절차를 시작했습니다."), (3, "", "신청한 업체의 서류를 검토하고 있습니다.")),
    ),
    _Planned("운영 결과 공개와 확대 검토", C.PLANNED, (("시범 운영 결과 공개", 120, 120, False),)),
    _Planned(
        "이동식 시설 시험",
        C.DROPPED,
        (("시험 장소 선정", -30, -30, False),),
        ((35, "begin", "시험할 장소를 찾기 시작했습니다."), (15, "drop", "안전 기준을 채울 장소를 찾지 못했습니다.")),
        reason="안전 기준을 채울 장소를 찾지 못해 고정식 시설에 집중합니다.",
    ),
)
_NOTE = "자재가 늦게 들어와 날짜를 다시 정했습니다."


def plant(session: Session, settings: Settings, cast: Cast) -> None:
    """Commitments in every state, and two changes of settings."""
    del settings
    own = cast.users["department"].department_id
    accepted = session.scalars(
        select(Proposal)
        .where(Proposal.state == ProposalState.ANSWERED, Proposal.verdict.in_(COMMITTING), Proposal.hidden_at.is_(None))
        .order_by(Proposal.department_id != own, Proposal.id)
    ).all()
    for place, planned in enumerate(_PLANNED if accepted else ()):
        _plant(session, accepted[place // 2 % len(accepted)], planned, cast)
    _settings(session, cast)
    session.flush()


def _plant(session: Session, proposal: Proposal, planned: _Planned, cast: Cast) -> None:
    now = clock.now()
    created = now - timedelta(days=50)
    made = Commitment(
        id=new_id(),
        proposal_id=proposal.id,
        department_id=proposal.department_id,
        state=planned.state,
        title=planned.title,
        created_at=created,
        updated_at=now - timedelta(days=planned.reports[-1][0]) if planned.reports else created,
        state_reason=planned.reason,
        became=planned.became,
    )
    session.add(made)
    session.flush()
    _follow(session, made, planned, cast)


def _follow(session: Session, made: Commitment, planned: _Planned, cast: Cast) -> None:
    """The steps of a commitment and what its department reported."""
    now = clock.now()
    today = seoul_date(now)
    for title, due, first, done in planned.steps:
        values: dict[str, Any] = {"done_at": now + timedelta(days=due)} if done else {}
        session.add(
            Milestone(
                id=new_id(),
                commitment_id=made.id,
                title=title,
                due_on=today + timedelta(days=due),
                first_due_on=today + timedelta(days=first),
                note=_NOTE if due != first else "",
                **values,
            )
        )
    for days, move, text in planned.reports:
        assert not move or COMMITMENT.move(move)
        session.add(
            CommitmentUpdate(
                id=new_id(),
                commitment_id=made.id,
                text=text,
                move=move,
                by=cast.users["department"].id,
                at=now - timedelta(days=days),
                form_key=new_id(),
            )
        )
        session.flush()  # their keys are in the order in which they were written


def _settings(session: Session, cast: Cast) -> None:
    now = clock.now()
    staff = cast.users["staff"].id
    for name, value, days, reason in (
        ("moderation.appeal_days", 30, -45, "이의를 제기할 시간이 짧다는 의견을 받아들였습니다."),
        ("proposal.answer_days", 25, 30, "답변을 더 빨리 드리기 위해 기한을 줄입니다."),
    ):
        effective = now + timedelta(days=days)
        written = min(effective, now) - timedelta(days=7)
        session.add(DatedSetting(name=name, value=value, effective_at=effective, reason=reason, by=staff, at=written))
