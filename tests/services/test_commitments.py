"""What the city promised: by its department alone, with days that are kept in sight, told to whoever follows."""

from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from civicvote.domain.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from civicvote.domain.korean import seoul_date
from civicvote.domain.lifecycles import CommitmentState, ProposalState
from civicvote.domain.notices import NoticeKind
from civicvote.domain.permissions import VISITOR, Actor, Role
from civicvote.domain.proposals import Verdict
from civicvote.models.audit import AuditEvent
from civicvote.models.notices import Notice
from civicvote.models.proposals import Commitment, CommitmentUpdate, Proposal
from civicvote.services import clock, watching
from civicvote.services.proposals import commitments
from tests import factories
from tests.support import agora

DAY = timedelta(days=1)


class Desk:
    """A department whose answer was 수용."""

    def __init__(self, session: Session, verdict: Verdict = Verdict.ACCEPTED) -> None:
        self.session = session
        self.unit = factories.department(session)
        self.official = self.somebody(self.unit.id)
        self.proposal: Proposal = agora.proposal(
            session, ProposalState.ANSWERED, verdict=verdict, department_id=self.unit.id
        )

    def somebody(self, unit: object) -> Actor:
        user = factories.user(self.session, Role.DEPARTMENT, department_id=unit)
        return factories.actor(user, Role.DEPARTMENT)

    def promise(self, *, by: Actor | None = None, days: int = 30) -> Commitment:
        return commitments.promise(
            self.session,
            by or self.official,
            self.proposal.id,
            title="보행등 열두 개 설치",
            first="설치할 곳 정하기",
            due_on=seoul_date(clock.now()) + days * DAY,
        )


@pytest.fixture
def desk(session: Session) -> Desk:
    return Desk(session)


def test_only_the_department_that_accepted_promises(session: Session, desk: Desk) -> None:
    others = (VISITOR, factories.actor(factories.user(session)), desk.somebody(factories.department(session).id))
    for actor in (*others, factories.actor(factories.user(session, Role.STAFF), Role.STAFF)):
        with pytest.raises(ForbiddenError):
            desk.promise(by=actor)
    for verdict in (Verdict.REFUSED, Verdict.ALREADY):
        with pytest.raises(ConflictError):
            Desk(session, verdict).promise()
    made = desk.promise()
    assert commitments.of(session, desk.proposal)[0].id == made.id
    assert made.state is CommitmentState.PLANNED


def test_followers_hear_of_promise_and_reports_once(session: Session, desk: Desk) -> None:
    reader = factories.actor(factories.user(session))
    watching.watch(session, reader, desk.proposal.id)
    made, key = desk.promise(), uuid4()
    for _ in range(2):
        commitments.report(session, desk.official, made.id, text="자리를 정했습니다.", form_key=key)
    assert session.scalar(select(func.count()).select_from(CommitmentUpdate)) == 1
    mine = Notice.recipient_id == reader.id, Notice.kind == NoticeKind.FOLLOWED_CHANGED
    assert session.scalar(select(func.count()).where(*mine)) == 2


def test_it_is_followed_from_plan_to_end(session: Session, desk: Desk) -> None:
    made = desk.promise()
    steps = (
        ("begin", CommitmentState.UNDER_WAY),
        ("drop", CommitmentState.DROPPED),
        ("resume", CommitmentState.UNDER_WAY),
    )

    def advance(name: str) -> CommitmentState:
        commitments.advance(session, desk.official, made.id, name, text=f"{name} 하는 이유입니다.", form_key=uuid4())
        return session.get_one(Commitment, made.id).state

    for name, state in steps:
        assert advance(name) is state
    with pytest.raises(InvalidError, match="마치지 않은 단계가 1개"):
        advance("complete")
    commitments.finish_step(session, desk.official, commitments.detail(session, VISITOR, made.id).milestones[0].id)
    assert advance("complete") is CommitmentState.DONE
    with pytest.raises(ConflictError):
        commitments.advance(session, desk.official, made.id, "begin", text="다시 시작합니다.", form_key=uuid4())
    with pytest.raises(NotFoundError):
        commitments.advance(session, desk.official, made.id, "vanish", text="없는 처리", form_key=uuid4())
    told = [update.move for update in commitments.detail(session, VISITOR, made.id).updates]
    assert told == ["complete", "resume", "drop", "begin"]
    recorded = session.scalars(select(AuditEvent.action).where(AuditEvent.action.startswith("commitment:"))).all()
    assert {"commitment:begin", "commitment:drop", "commitment:report"} <= set(recorded)


def test_a_moved_day_keeps_the_first_one_in_sight(session: Session, desk: Desk) -> None:
    with pytest.raises(InvalidError):
        desk.promise(days=-1)
    made = desk.promise(days=0)
    with time_machine.travel(clock.now() + DAY, tick=False):
        assert commitments.listing(session).rows[0].late
    step = commitments.detail(session, VISITOR, made.id).milestones[0]
    first, later = step.due_on, seoul_date(clock.now()) + 10 * DAY
    with pytest.raises(InvalidError):
        commitments.move_step(session, desk.official, step.id, due_on=later, note="")
    with pytest.raises(InvalidError):
        commitments.move_step(session, desk.official, step.id, due_on=first - DAY, note="어제로 옮깁니다.")
    commitments.move_step(session, desk.official, step.id, due_on=later, note="자재가 늦게 들어옵니다.")
    assert (step.first_due_on, step.due_on) == (first, later)
    assert not commitments.listing(session).rows[0].late
    commitments.finish_step(session, desk.official, step.id)
    assert commitments.listing(session).rows[0].done == 1
    commitments.finish_step(session, desk.official, step.id, done=False)
    assert commitments.listing(session).rows[0].done == 0


@pytest.mark.parametrize("path", ["//evil.example", "https://evil.example", "/a\\b", "/a b", "javascript:1"])
def test_it_leads_nowhere_but_here(session: Session, desk: Desk, path: str) -> None:
    made = desk.promise()
    with pytest.raises(InvalidError):
        commitments.became(session, desk.official, made.id, path=path)
    commitments.became(session, desk.official, made.id, path="/projects/1")
    assert commitments.detail(session, VISITOR, made.id).became == "/projects/1"


def test_lists_narrow_and_page(session: Session, desk: Desk) -> None:
    for _ in range(23):
        desk.promise()
    other = Desk(session)
    other.promise()
    first = commitments.listing(session, department=desk.unit.id)
    assert len(first.rows) == commitments.SIZE
    second = commitments.listing(session, department=desk.unit.id, cursor=first.next)
    assert len(second.rows) == 3
    assert not {row.id for row in first.rows} & {row.id for row in second.rows}
    assert commitments.listing(session, state=CommitmentState.DONE).rows == []
    assert {name for _key, name in commitments.departments(session)} == {desk.unit.name, other.unit.name}
