"""Stations: one voter at a time, one code, one ballot, and nothing of them remains."""

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from civicvote.domain.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from civicvote.domain.permissions import Permission
from civicvote.keystore import KeyStore
from civicvote.models.audit import AuditEvent
from civicvote.models.channels import (
    Ask,
    Channel,
    StationCode,
    StationSeat,
)
from civicvote.models.votes import Ballot, Participation
from civicvote.services import board, channels, clock, voting
from tests.support.channels import Hall, hall
from tests.support.voting import polls, voter


def test_a_voter_at_a_station_casts_once_and_leaves(session: Session, place: Hall) -> None:
    station = place.station()
    assert not place.at(station).seated
    user, account = voter(session)
    made = place.come(user, Channel.STATION)
    channels.redeem(session, station, f"https://x/station#{channels.shown_code(place.code(made))}", keys=place.keys)
    seated = place.at(station)
    assert seated.seated
    actor = seated.actor
    assert actor.id is None
    assert not actor.can(Permission.ACCOUNT_OWN)
    assert {p for p in Permission if actor.can(p)} == {Permission.BALLOT_CAST}
    receipt = place.cast(actor, "A1", "B1")
    assert not place.at(station).seated
    assert session.scalars(select(StationSeat.station_id)).all() == []
    with pytest.raises(ForbiddenError):
        place.cast(account, "A1")
    with pytest.raises(ConflictError, match="기기에서 이미"):
        channels.ask(session, place.first, place.slug, made.id, Ask.TAKE_BACK, reason="취소함", keys=place.keys)
    assert [one for one, _ in board.counted(session, place.made.vote)] == [receipt.tracker]
    assert session.scalar(select(func.count()).select_from(Participation)) == 1
    named = session.scalars(select(AuditEvent.action).where(AuditEvent.subject_id == made.id)).all()
    assert set(named) == {"check-in:make", "check-in:code"}


def test_no_clerk_alone_replaces_a_ballot_at_a_station(session: Session, place: Hall) -> None:
    """A clerk sees every code: with one for somebody who has voted, and has left, they could vote in that name."""
    station = place.station()
    user, account = voter(session)
    place.cast(account, "A1")
    with pytest.raises(ConflictError, match="온라인에서 다시"):
        place.come(user, Channel.STATION)
    here, _account = voter(session)
    made = place.come(here, Channel.STATION)
    channels.redeem(session, station, place.code(made), keys=place.keys)
    kept = place.code(made)  # made while the voter stands at the station, used once they have left
    place.cast(place.at(station).actor, "A2")
    with pytest.raises(ConflictError, match="이미 투표"):
        place.code(made)
    channels.redeem(session, station, kept, keys=place.keys)
    with pytest.raises(ForbiddenError, match="이미 투표"):
        place.cast(place.at(station).actor, "A3")
    assert session.scalars(select(Ballot.version)).all() == [1, 1]


def test_a_code_works_once_for_ten_minutes_and_one_vote(session: Session, keys: KeyStore, place: Hall) -> None:
    station = place.station()
    made = place.come(voter(session)[0], Channel.STATION)
    old, code = place.code(made), place.code(made)
    elsewhere = hall(session, keys)
    for where, typed in ((station, old), (station, "ABCD2345"), (station, ""), (elsewhere.station(), code)):
        with pytest.raises(InvalidError, match="맞지 않거나"):
            channels.redeem(session, where, typed, keys=keys)
    with (
        time_machine.travel(clock.now() + timedelta(minutes=11), tick=False),
        pytest.raises(InvalidError, match="맞지 않거나"),
    ):
        channels.redeem(session, station, code, keys=keys)
    channels.redeem(session, station, code.lower(), keys=keys)
    channels.leave(session, station)
    with pytest.raises(InvalidError):
        channels.redeem(session, station, code, keys=keys)
    assert session.scalars(select(StationCode.code_hash)).all() == []


def test_one_voter_at_a_time_and_sixty_idle_seconds(session: Session, place: Hall) -> None:
    station = place.station()
    first, second = (place.code(place.come(voter(session)[0], Channel.STATION)) for _ in range(2))
    start = clock.now()
    with time_machine.travel(start, tick=False) as moving:
        channels.redeem(session, station, first, keys=place.keys)
        with pytest.raises(ConflictError, match="앞사람"):
            channels.redeem(session, station, second, keys=place.keys)
        moving.shift(59)
        actor = place.at(station).actor
        assert actor.person_id is not None
        channels.touch(session, station.id)
        moving.shift(59)
        assert place.at(station).seated
        moving.shift(1)
        assert not place.at(station).seated
        channels.touch(session, station.id)
        assert not place.at(station).seated, "a seat that has run out stays so"
        channels.redeem(session, station, second, keys=place.keys)
        assert place.at(station).actor.person_id != actor.person_id


def test_a_station_ends_by_hand_and_by_the_clock(session: Session, place: Hall) -> None:
    station = place.station()
    token = place.tokens[station.id]
    made = place.come(voter(session)[0], Channel.STATION)
    channels.redeem(session, station, place.code(made), keys=place.keys)
    seated = place.at(station).actor
    with time_machine.travel(place.made.vote.closes_at + timedelta(hours=2), tick=False):
        assert channels.find(session, token) is None
    channels.close_station(session, place.second, place.slug, station.id)
    assert channels.find(session, token) is None
    assert seated.person_id is not None
    with pytest.raises(NotFoundError):
        channels.close_station(session, place.second, place.slug, made.id)


def test_a_station_takes_ballots_of_its_own_vote_only(session: Session, keys: KeyStore, place: Hall) -> None:
    station = place.station()
    user, _account = voter(session)
    made = place.come(user, Channel.STATION)
    channels.redeem(session, station, place.code(made), keys=keys)
    actor = place.at(station).actor
    other = polls(session, keys)
    with pytest.raises(ForbiddenError, match="이 투표소에서는"):
        voting.cast(session, actor, other.slug, ["A1"], key="k" * 20, arrived=clock.now(), keys=keys)
    paper_user, _paper = voter(session)
    on_paper = place.come(paper_user)
    with pytest.raises(ConflictError, match="전자투표로 접수된 분이 아니"):
        place.code(on_paper)
