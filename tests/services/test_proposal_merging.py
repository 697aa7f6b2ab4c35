"""Merging duplicates: everybody behind either counts once, both stay readable, no circles."""

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from civicvote import db
from civicvote.domain.errors import ConflictError, ForbiddenError, InvalidError
from civicvote.domain.lifecycles import ProposalState
from civicvote.domain.notices import NoticeKind
from civicvote.domain.permissions import VISITOR, Actor, Role
from civicvote.models.accounts import User
from civicvote.models.notices import Notice
from civicvote.models.proposals import Proposal, ProposalEndorsement, ProposalMove
from civicvote.services import clock, watching
from civicvote.services.proposals import counters, endorsing, merging, moves
from tests import factories
from tests.conftest import DATABASES
from tests.support import proposals as made
from tests.support.races import attempt, together

WHY = "내용이 같은 제안이 먼저 있습니다."


@pytest.fixture
def staff(session: Session) -> Actor:
    return factories.actor(factories.user(session, Role.STAFF), Role.STAFF)


def verified(session: Session) -> User:
    return factories.user(session, level=1)


def give(session: Session, proposal: Proposal, *people: User) -> None:
    for one in people:
        session.add(
            ProposalEndorsement(proposal_id=proposal.id, user_id=one.id, person_id=one.person_id, at=clock.now())
        )
    proposal.endorsement_count += len(people)
    session.flush()


def into(session: Session, actor: Actor, source: Proposal, target: Proposal) -> Proposal:
    return merging.merge(session, actor, source.id, target.number or 0, reason=WHY)


def test_accounts_and_persons_on_both_sides_count_once(session: Session, staff: Actor) -> None:
    source, target = made.proposal(session), made.proposal(session)
    both, moved_house = made.endorsed(session, target, 3)[0], verified(session)
    give(session, target, moved_house)
    give(session, source, both)
    made.endorsed(session, source, 4)
    again = factories.user(session)
    session.add(
        ProposalEndorsement(proposal_id=source.id, user_id=again.id, person_id=moved_house.person_id, at=clock.now())
    )
    source.endorsement_count += 1
    session.flush()
    seen = merging.preview(session, staff, source.id, target.number or 0)
    assert (seen.shared, seen.total) == (2, 8)
    result = into(session, staff, source, target)
    assert (result.id, result.endorsement_count) == (target.id, 8)
    assert (source.state, source.merged_into_id, source.endorsement_count) == (ProposalState.MERGED, target.id, 6)
    brought = select(func.count()).where(ProposalEndorsement.merged_from_id == source.id)
    assert session.scalar(brought) == 4
    assert counters.recount(session, repair=False) == 0
    for one in (source, target):
        assert moves.readable(session, VISITOR, one.id) is one


def test_a_merge_can_cross_the_threshold(session: Session, staff: Actor) -> None:
    source, target = made.proposal(session), made.proposal(session, department_threshold=5)
    made.endorsed(session, source, 3)
    made.endorsed(session, target, 2)
    assert into(session, staff, source, target).state is ProposalState.AWAITING_DEPARTMENT
    names = session.scalars(select(ProposalMove.name).where(ProposalMove.proposal_id == target.id)).all()
    assert names == ["reach"]


def test_everybody_concerned_hears_once_and_followers_come_along(session: Session, staff: Actor) -> None:
    source, target = made.proposal(session), made.proposal(session)
    helper, follower, other = (factories.user(session) for _ in range(3))
    made.co_author(session, source, helper)
    for one, user in ((source, follower), (target, other), (target, follower)):
        watching.watch(session, factories.actor(user), one.id)
    into(session, staff, source, target)
    told = session.scalars(select(Notice.recipient_id).where(Notice.kind == NoticeKind.MERGED)).all()
    assert sorted(told, key=str) == sorted(
        [source.author_id, target.author_id, helper.id, follower.id, other.id], key=str
    )
    assert set(session.scalars(watching.watchers(target.id))) == {follower.id, other.id}


def test_a_number_of_a_merged_one_leads_to_the_end_and_never_in_a_circle(session: Session, staff: Actor) -> None:
    first, second, third = (made.proposal(session) for _ in range(3))
    made.endorsed(session, first, 2)
    into(session, staff, first, second)
    into(session, staff, second, third)
    fourth = made.proposal(session)
    made.endorsed(session, fourth, 1)
    assert into(session, staff, fourth, first).id == third.id
    assert third.endorsement_count == 3
    origin = set(
        session.scalars(select(ProposalEndorsement.merged_from_id).where(ProposalEndorsement.proposal_id == third.id))
    )
    assert origin == {first.id, fourth.id}
    with pytest.raises(InvalidError):
        into(session, staff, third, first)
    with pytest.raises(ConflictError):
        into(session, staff, first, third)


def test_what_cannot_take_over(session: Session, staff: Actor) -> None:
    source = made.proposal(session)
    hidden = made.proposal(session, hidden_at=clock.now(), hidden_code="other", hidden_reason="시험")
    gone = made.proposal(session, state=ProposalState.WITHDRAWN)
    closed = made.proposal(session, state=ProposalState.CLOSED)
    late = made.proposal(session, closes_at=clock.now())
    for target in (source, hidden, gone, closed, late):
        with pytest.raises(InvalidError) as refused:
            into(session, staff, source, target)
        assert refused.value.field == "number"
    with pytest.raises(InvalidError):
        merging.merge(session, staff, source.id, 999_999, reason=WHY)
    with pytest.raises(InvalidError) as refused:
        merging.merge(session, staff, source.id, made.proposal(session).number or 0, reason=" ")
    assert refused.value.field == "reason"
    with pytest.raises(ForbiddenError):
        into(session, factories.actor(factories.user(session)), source, made.proposal(session))
    draft = made.proposal(
        session, state=ProposalState.IN_REVIEW, department_id=factories.department(session).id, due_at=clock.now()
    )
    with pytest.raises(ConflictError):
        into(session, staff, draft, made.proposal(session))
    assert into(session, staff, closed, made.proposal(session)).state is ProposalState.PUBLISHED


def test_a_merged_proposal_takes_no_more(session: Session, staff: Actor) -> None:
    source, target = made.proposal(session), made.proposal(session)
    into(session, staff, source, target)
    with pytest.raises(ConflictError):
        endorsing.endorse(session, factories.actor(factories.user(session)), source.id)


@pytest.fixture(params=DATABASES)
def base(request: pytest.FixtureRequest, make_database: Callable[[str], Engine]) -> Iterator[db.Database]:
    """A database whose transactions really commit."""
    engine = make_database(request.param)
    yield db.Database(engine)
    engine.dispose()


def test_twenty_endorse_both_while_they_are_merged(base: db.Database) -> None:
    with base.transaction() as session:
        source, target = made.proposal(session), made.proposal(session, department_threshold=10)
        people = [factories.actor(verified(session)) for _ in range(20)]
        staff = factories.actor(factories.user(session, Role.STAFF), Role.STAFF)
    keys, number = (source.id, target.id), target.number or 0

    def deed(place: int) -> str:
        if place == 20:
            return attempt(base, lambda s: merging.merge(s, staff, keys[0], number, reason=WHY))
        said = [attempt(base, lambda s, key=key: endorsing.endorse(s, people[place], key)) for key in keys]  # type: ignore[misc]
        return " ".join(said)

    together(21, deed)
    with base.transaction() as session:
        assert counters.recount(session, repair=False) == 0
        left, right = (session.get_one(Proposal, key) for key in keys)
        assert left.state is ProposalState.MERGED
        assert (right.endorsement_count, right.state) == (20, ProposalState.AWAITING_DEPARTMENT)
        persons = select(func.count(ProposalEndorsement.person_id.distinct()))
        assert session.scalar(persons.where(ProposalEndorsement.proposal_id == keys[1])) == 20
