"""The desk: one person has one ballot, wherever they cast it."""

import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from civicvote.domain.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from civicvote.domain.permissions import SYSTEM, Permission, Role
from civicvote.keystore import KeyStore
from civicvote.models.channels import (
    Channel,
    CheckIn,
)
from civicvote.services import board, channels, clock, voting
from civicvote.services.channels import batches, reading
from tests import factories
from tests.support.channels import Hall, document, hall, living
from tests.support.voting import polls, voter


@pytest.mark.parametrize("channel", list(Channel))
def test_who_was_checked_in_cannot_vote_online(place: Hall, channel: Channel) -> None:
    user, actor = voter(place.session)
    made = place.come(user, channel)
    assert (made.number, made.voted_online, made.level) == (1, False, 2)
    with pytest.raises(ForbiddenError, match="접수하셨습니다"):
        place.cast(actor, "A1")
    booth = voting.booth(place.session, actor, place.slug, arrived=clock.now(), keys=place.keys)
    assert booth.refusal is not None
    assert booth.parts == []
    other_user, other = voter(place.session)
    place.cast(other, "A1")
    assert place.come(other_user).number == 2


def test_one_check_in_per_person_and_vote(session: Session, place: Hall) -> None:
    user, _actor = voter(session)
    made = place.come(user)
    again = CheckIn(
        vote_id=made.vote_id,
        person_id=made.person_id,
        number=99,
        channel=Channel.PAPER,
        level=2,
        checked_in_by=place.first.id,
        checked_in_at=clock.now(),
    )
    savepoint = session.begin_nested()
    session.add(again)
    with pytest.raises(IntegrityError):
        session.flush()
    savepoint.rollback()
    savepoint = session.begin_nested()
    with pytest.raises(ConflictError, match="이미 접수"):
        place.come(user, Channel.STATION, clerk=place.second)
    savepoint.rollback()
    assert [row.id for row in living(session)] == [made.id]


def test_a_namesake_is_asked_about(session: Session, place: Hall) -> None:
    place.check_in(document(phone="01011112222"))
    with pytest.raises(InvalidError, match="같은 분인지") as refused:
        place.check_in(document(phone="01033334444"))
    assert refused.value.field == "namesake"


def test_who_may_not_vote_online_may_not_vote_here(session: Session, keys: KeyStore) -> None:
    place = hall(session, keys, district="11680", min_age=19)
    with pytest.raises(ForbiddenError, match="강남구"):
        place.check_in(document())
    with pytest.raises(ForbiddenError, match="19세"):
        place.check_in(
            channels.Claim(
                name="어린이", birth_date="2010-01-01", phone="01012345678", basis="residence", district="11680"
            )
        )
    with pytest.raises(InvalidError, match="이메일로 가입한 계정이 없습니다"):
        place.check_in(channels.Claim(email="nobody@example.org"))
    with pytest.raises(InvalidError, match="본인확인을 마치지 않은"):
        place.come(factories.user(session))
    assert living(session) == []


def test_the_desk_is_closed_before_and_after(session: Session, keys: KeyStore) -> None:
    for state in ("review", "closed"):
        place = hall(session, keys, opened=state)
        with pytest.raises(ConflictError):
            place.come(voter(session)[0])


def test_permission_comes_first(session: Session, place: Hall) -> None:
    user, citizen = voter(session)
    made = place.come(user)
    auditor = factories.actor(factories.user(session, Role.AUDITOR), Role.AUDITOR)
    for actor in (citizen, auditor, SYSTEM):
        assert not actor.can(Permission.VOTE_DESK)
        for deed in (
            lambda a=actor: place.check_in(document(), clerk=a),
            lambda a=actor: channels.hand_out(session, a, place.slug, made.id, keys=place.keys),
            lambda a=actor: channels.decide(session, a, place.slug, made.id, approve=True, keys=place.keys),
            lambda a=actor: channels.open_batch(session, a, place.slug, place="종로", district="", papers=1),
            lambda a=actor: channels.open_station(session, a, place.slug, name="기기"),
            lambda a=actor: reading.desk(session, a, place.slug, arrived=clock.now()),
            lambda a=actor: batches.batches(session, a, place.slug),
        ):
            with pytest.raises(ForbiddenError):
                deed()


def test_nobody_checks_themselves_in(session: Session, keys: KeyStore) -> None:
    place = hall(session, keys)
    user = factories.user(session, Role.STAFF, level=2)
    clerk = factories.actor(user, Role.STAFF)
    with pytest.raises(InvalidError, match="다른 담당자"):
        place.come(user, clerk=clerk)


def test_another_votes_check_in_is_not_found(session: Session, keys: KeyStore, place: Hall) -> None:
    made = place.come(voter(session)[0])
    other = polls(session, keys)
    with pytest.raises(NotFoundError):
        channels.hand_out(session, place.first, other.slug, made.id, keys=keys)


def test_turnout_counts_everybody_once(session: Session, place: Hall) -> None:
    place.cast(voter(session)[1], "A1")
    place.papers(2)
    made, _tracker = place.come_after_casting()
    channels.decide(session, place.second, place.slug, made.id, approve=True, keys=place.keys)
    channels.hand_out(session, place.first, place.slug, made.id, keys=place.keys)
    board.sequence(session, place.keys)
    assert board.turnout(session, place.made.vote.id).total == 4
    assert board.recount(session) == 0
    place.papers(1)
    assert board.turnout(session, place.made.vote.id).total == 5
    assert board.recount(session) == 0
