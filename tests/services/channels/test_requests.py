"""What takes two clerks: an online ballot voided, a check-in taken back."""

import dataclasses

import pytest
import time_machine
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from civicvote.domain.errors import ConflictError, ForbiddenError, InvalidError
from civicvote.models.audit import AuditEvent
from civicvote.models.channels import (
    Ask,
    Channel,
    CheckIn,
    DeskRequest,
    StationCode,
    VoidWaiting,
)
from civicvote.models.votes import BoardEntry
from civicvote.services import board, channels, clock
from civicvote.services.channels import reading
from tests.support.channels import LATER, Hall
from tests.support.voting import voter


def _voids(place: Hall) -> list[str]:
    """Trackers the board calls void, once everything is on it."""
    return [e.item["tracker"] for e in board.entries(place.session, place.made.vote.id) if e.kind == "void"]


def test_an_online_ballot_is_voided_by_two_clerks(session: Session, place: Hall) -> None:
    made, tracker = place.come_after_casting()
    with pytest.raises(ConflictError, match="다른 담당자가 승인"):
        channels.hand_out(session, place.second, place.slug, made.id, keys=place.keys)
    with pytest.raises(ForbiddenError, match="요청한 사람"):
        channels.decide(session, place.first, place.slug, made.id, approve=True, keys=place.keys)
    seen = reading.desk(session, place.second, place.slug, arrived=clock.now()).requests
    assert [(row.ask, row.number, row.by, row.own) for row in seen] == [(Ask.VOID, 1, "김접수", False)]
    channels.decide(session, place.second, place.slug, made.id, approve=True, keys=place.keys)
    assert made.online_voided
    assert channels.hand_out(session, place.first, place.slug, made.id, keys=place.keys).paper_district == "11110"
    assert session.scalars(select(VoidWaiting.tracker)).all() == [tracker]
    assert tracker not in str(session.scalars(select(AuditEvent.detail)).all())
    with pytest.raises(ConflictError, match="드렸으므로"):
        channels.ask(session, place.first, place.slug, made.id, Ask.TAKE_BACK, reason="잘못 접수함", keys=place.keys)


def test_the_database_itself_wants_two_people(session: Session, place: Hall) -> None:
    made, _tracker = place.come_after_casting()
    with pytest.raises(IntegrityError), session.begin_nested():
        session.execute(update(DeskRequest).values(approved=True, decided_by=place.first.id, decided_at=clock.now()))
    with pytest.raises(IntegrityError), session.begin_nested():
        session.execute(update(CheckIn).values(paper_given_by=place.first.id, paper_district=""))
    assert not made.online_voided


def test_voids_are_posted_in_company_or_at_the_seal(session: Session, place: Hall) -> None:
    trackers = []
    for turn in range(11):
        made, tracker = place.come_after_casting()
        channels.decide(session, place.second, place.slug, made.id, approve=True, keys=place.keys)
        board.sequence(session, place.keys)
        trackers.append(tracker)
        assert len(_voids(place)) == (10 if turn >= 9 else 0)
    with time_machine.travel(place.made.vote.closes_at + LATER, tick=False):
        assert board.seal(session, place.first, place.made.vote, place.keys) == []
    assert sorted(_voids(place)) == sorted(trackers)
    item = session.scalars(select(BoardEntry.item).where(BoardEntry.kind == "counted")).one()
    assert '"count":0' in item
    assert '"participants":11' in item


def test_a_refused_void_leaves_the_online_ballot(session: Session, place: Hall) -> None:
    made, tracker = place.come_after_casting()
    channels.decide(session, place.first, place.slug, made.id, approve=False, keys=place.keys)
    with pytest.raises(ConflictError, match="기다리는 요청이 없습니다"):
        channels.decide(session, place.second, place.slug, made.id, approve=True, keys=place.keys)
    with pytest.raises(ConflictError, match="무효 처리"):
        channels.hand_out(session, place.first, place.slug, made.id, keys=place.keys)
    with time_machine.travel(place.made.vote.closes_at + LATER, tick=False):
        counted = board.seal(session, place.first, place.made.vote, place.keys)
    assert [one for one, _ in counted] == [tracker]


def test_a_mistaken_check_in_is_taken_back_by_two(session: Session, place: Hall) -> None:
    user, actor = voter(session)
    made = place.come(user, Channel.STATION)
    place.code(made)
    with pytest.raises(InvalidError):
        channels.ask(session, place.first, place.slug, made.id, Ask.TAKE_BACK, reason="", keys=place.keys)
    channels.ask(session, place.first, place.slug, made.id, Ask.TAKE_BACK, reason="다른 분임", keys=place.keys)
    with session.begin_nested(), pytest.raises(ConflictError, match="기다리는 요청"):
        channels.ask(session, place.second, place.slug, made.id, Ask.TAKE_BACK, reason="다시", keys=place.keys)
    with pytest.raises(ForbiddenError):
        channels.decide(session, place.first, place.slug, made.id, approve=True, keys=place.keys)
    channels.decide(session, place.second, place.slug, made.id, approve=True, keys=place.keys)
    assert session.scalars(select(StationCode.check_in_id)).all() == []
    place.cast(actor, "A1")
    with pytest.raises(ConflictError, match="취소된 접수"):
        channels.ask(session, place.first, place.slug, made.id, Ask.TAKE_BACK, reason="또 취소", keys=place.keys)
    again = place.come(user)
    assert (again.number, again.voted_online) == (2, True)
    with pytest.raises(ConflictError, match="아니거나 접수가 취소"):
        channels.hand_out(session, place.first, place.slug, made.id, keys=place.keys)


def test_a_voided_ballot_keeps_the_check_in(session: Session, place: Hall) -> None:
    made, _tracker = place.come_after_casting()
    channels.decide(session, place.second, place.slug, made.id, approve=True, keys=place.keys)
    with pytest.raises(ConflictError, match="이미 무효로"):
        channels.ask(session, place.first, place.slug, made.id, Ask.TAKE_BACK, reason="취소함", keys=place.keys)
    with pytest.raises(ConflictError, match="무효로 할"):
        channels.ask(session, place.first, place.slug, made.id, Ask.VOID, reason="다시 무효", keys=place.keys)


def test_clerks_have_no_part_in_their_own_check_in(session: Session, place: Hall) -> None:
    user, account = voter(session)
    place.cast(account, "A1")
    made = place.come(user)
    own = dataclasses.replace(place.second, person_id=user.person_id)
    for deed in (
        lambda: channels.decide(session, own, place.slug, made.id, approve=True, keys=place.keys),
        lambda: channels.hand_out(session, own, place.slug, made.id, keys=place.keys),
        lambda: channels.issue_code(session, own, place.slug, made.id, arrived=clock.now(), keys=place.keys),
    ):
        with pytest.raises(ForbiddenError, match="본인의 접수"):
            deed()
