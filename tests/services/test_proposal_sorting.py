"""Triage and merging: complaints go elsewhere, duplicates become one, and each person counts once."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from civicvote.domain.errors import ConflictError, ForbiddenError, InvalidError
from civicvote.domain.lifecycles import ProposalState
from civicvote.domain.notices import NoticeKind
from civicvote.domain.permissions import Actor, Role
from civicvote.domain.proposals import Triage
from civicvote.models.notices import Notice
from civicvote.models.proposals import ProposalEndorsement
from civicvote.services import clock
from civicvote.services.proposals import counters, merging, triage
from tests import factories
from tests.support import proposals as made


@pytest.fixture
def staff(session: Session) -> Actor:
    return factories.actor(factories.user(session, Role.STAFF), Role.STAFF)


def test_many_are_confirmed_and_leave_the_queue(session: Session, staff: Actor) -> None:
    two = [made.proposal(session).id for _ in range(2)]
    assert [one.id for one in triage.waiting(session, staff).rows] == two
    assert (triage.confirm(session, staff, two), triage.confirm(session, staff, two)) == (2, 0)
    assert not triage.waiting(session, staff).rows
    with pytest.raises(ForbiddenError):
        triage.confirm(session, factories.actor(factories.user(session)), two)


def test_a_complaint_is_forwarded_and_its_author_told(session: Session, staff: Actor) -> None:
    author = factories.user(session)
    proposal = made.proposal(session, author)
    triage.forward(session, staff, proposal.id, to="120다산콜", note="가로등 고장은 120에서 처리합니다.")
    assert (proposal.state, proposal.triage) == (ProposalState.FORWARDED, Triage.COMPLAINT)
    assert proposal.forwarded_to == "120다산콜"
    kinds = session.scalars(select(Notice.kind).where(Notice.recipient_id == author.id)).all()
    assert kinds == [NoticeKind.FORWARDED]
    with pytest.raises(ConflictError):
        triage.forward(session, staff, proposal.id, to="120다산콜", note="한 번 더 넘깁니다.")


def test_a_merge_counts_each_account_and_each_person_once(session: Session, staff: Actor) -> None:
    source, target = made.proposal(session), made.proposal(session, department_threshold=4)
    both, *_rest = made.endorsed(session, source, 3)
    made.endorsed(session, target, 1)
    session.add(ProposalEndorsement(proposal_id=target.id, user_id=both.id, at=clock.now()))
    target.endorsement_count += 1
    assert target.number is not None
    look = merging.preview(session, staff, source.id, target.number)
    assert (look.added, look.shared, look.total) == (2, 1, 4)
    merging.merge(session, staff, source.id, target.number, reason="같은 그늘막 제안입니다.")
    assert (target.endorsement_count, target.state) == (4, ProposalState.AWAITING_DEPARTMENT)
    assert (source.state, source.merged_into_id) == (ProposalState.MERGED, target.id)
    assert counters.recount(session, repair=False) == 0
    moved = select(ProposalEndorsement.user_id).where(ProposalEndorsement.merged_from_id == source.id)
    assert len(session.scalars(moved).all()) == 2


def test_merging_makes_no_circle(session: Session, staff: Actor) -> None:
    source, target = made.proposal(session), made.proposal(session)
    assert source.number is not None
    assert target.number is not None
    with pytest.raises(InvalidError):
        merging.merge(session, staff, source.id, source.number, reason="같은 제안")
    merging.merge(session, staff, source.id, target.number, reason="같은 제안")
    with pytest.raises(InvalidError):
        merging.merge(session, staff, target.id, source.number, reason="같은 제안")
    with pytest.raises(ConflictError):
        merging.merge(session, staff, source.id, target.number, reason="같은 제안")


def test_two_accounts_of_one_person_count_once(session: Session, staff: Actor) -> None:
    source, target = made.proposal(session), made.proposal(session)
    person = factories.user(session, level=2).person_id
    for one in (source, target):
        (user,) = made.endorsed(session, one, 1)
        given = session.get_one(ProposalEndorsement, (one.id, user.id))
        given.person_id = person
    session.flush()
    assert target.number is not None
    merging.merge(session, staff, source.id, target.number, reason="같은 제안")
    assert target.endorsement_count == 1
