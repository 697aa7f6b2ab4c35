"""The funnel on a town that was counted by hand."""

from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session

from civicvote.domain.lifecycles import CommitmentState, ProposalState
from civicvote.domain.proposals import Verdict
from civicvote.models.base import new_id
from civicvote.models.proposals import Commitment, Proposal, ProposalMove
from civicvote.services import clock
from civicvote.services.proposals.funnel import funnel
from tests import factories
from tests.conftest import Queries
from tests.support import agora

SINCE, UNTIL = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC)


def put(
    session: Session,
    *moves: str,
    at: datetime = SINCE,
    state: ProposalState = ProposalState.PUBLISHED,
    **values: object,
) -> Proposal:
    unit = factories.department(session).id if state is ProposalState.ANSWERED else None
    made = agora.proposal(session, state, department_id=unit, **values)
    made.published_at = at
    for name in moves:
        session.add(ProposalMove(id=new_id(), proposal_id=made.id, name=name, source="x", target="y", at=at))
    session.flush()
    return made


def commit(session: Session, proposal: Proposal, *states: CommitmentState) -> None:
    assert proposal.department_id is not None
    for state in states:
        session.add(
            Commitment(
                proposal_id=proposal.id, department_id=proposal.department_id, title="이행과제 하나", state=state,
                created_at=clock.now(), updated_at=clock.now(),
            )
        )  # fmt: skip
    session.flush()


def test_every_step_counts_what_its_definition_says(session: Session, queries: Queries) -> None:
    answered, done = ProposalState.ANSWERED, CommitmentState.DONE
    put(session)
    put(session, "reach", "step-back")
    put(session, "reach", "assign", state=answered, verdict=Verdict.REFUSED)
    commit(session, put(session, "reach", "assign", state=answered), done, done)
    commit(session, put(session, "assign", state=answered, verdict=Verdict.PARTLY), done, CommitmentState.DROPPED)
    put(session, "reach", "assign", state=answered)  # accepted, nothing promised yet
    put(session, at=UNTIL)  # the period ends before it
    put(session, at=SINCE - timedelta(seconds=1))
    put(session, hidden_at=clock.now(), hidden_code="insult", hidden_reason="욕설")
    queries.clear()
    found = funnel(session, since=SINCE, until=UNTIL)
    assert len(queries) == 1
    assert [(step.key, step.count) for step in found.steps] == [
        ("published", 6), ("reached", 5), ("assigned", 4), ("answered", 4), ("accepted", 3), ("fulfilled", 1),
    ]  # fmt: skip
    assert found.steps[0].of_all is None
    assert (found.steps[4].of_all, found.steps[4].of_before) == (3 / 6, 3 / 4)


def test_of_nothing_there_are_no_shares(session: Session) -> None:
    found = funnel(session, since=SINCE, until=UNTIL)
    assert {(step.count, step.of_all, step.of_before) for step in found.steps} == {(0, None, None)}
