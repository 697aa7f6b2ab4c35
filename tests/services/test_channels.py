"""Desk, paper, stations: one person has one ballot, nobody does alone what takes two, and the numbers balance."""

import dataclasses
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from civicvote.domain.ballots import board as chains
from civicvote.domain.cycles import BallotType
from civicvote.domain.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from civicvote.domain.permissions import SYSTEM, Permission, Role
from civicvote.keystore import KeyStore
from civicvote.models.audit import AuditEvent
from civicvote.models.channels import (
    Ask,
    Channel,
    CheckIn,
    DeskRequest,
    PaperBatch,
    PaperEntry,
    PaperKind,
    StationCode,
    StationSeat,
    VoidWaiting,
)
from civicvote.models.verification import Person, PersonalDataAccess
from civicvote.models.votes import Ballot, BoardEntry, Participation
from civicvote.services import board, channels, clock, voting
from civicvote.services.channels import batches, reading
from tests import factories
from tests.support.channels import LATER, Hall, document, hall, living
from tests.support.voting import opened, polls, voter


@pytest.fixture
def keys(tmp_path: Path) -> KeyStore:
    return KeyStore(tmp_path / "keys")


@pytest.fixture
def place(session: Session, keys: KeyStore) -> Hall:
    return hall(session, keys)


def _voids(place: Hall) -> list[str]:
    """Trackers the board calls void, once everything is on it."""
    return [e.item["tracker"] for e in board.entries(place.session, place.made.vote.id) if e.kind == "void"]


def _ask_void(place: Hall) -> tuple[CheckIn, str]:
    """Somebody who had voted online stands at the desk and wants paper."""
    user, actor = voter(place.session)
    receipt = place.cast(actor, "A1")
    return place.come(user), receipt.tracker


# The desk.


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


def test_a_person_without_an_account_comes_with_documents(session: Session, place: Hall) -> None:
    claim = document(basis="", district="")
    found = channels.look_up(session, place.first, place.slug, claim, keys=place.keys, address="")
    assert (found.documents, found.facts.person, found.refusal) == (True, None, None)
    with pytest.raises(InvalidError, match="서류") as refused:
        place.check_in(claim)
    assert refused.value.field == "basis"
    made = place.check_in(document(phone=claim.phone))
    person = session.get_one(Person, made.person_id)
    assert (person.district, person.birth_year) == ("11110", 1981)
    again = channels.look_up(session, place.first, place.slug, document(phone=claim.phone), keys=place.keys, address="")
    assert again.living == made.id
    looks = session.scalars(select(PersonalDataAccess.what)).all()
    assert set(looks) == {"desk:check-in"}
    assert len(looks) >= 3
    assert "강나루" not in str(session.scalars(select(AuditEvent.detail)).all())


def test_a_person_verified_too_little_comes_with_documents(session: Session, place: Hall) -> None:
    user = factories.user(session, level=1)
    assert user.email
    bare = channels.Claim(email=user.email)
    found = channels.look_up(session, place.first, place.slug, bare, keys=place.keys, address="")
    assert (found.documents, found.refusal) == (True, None)
    with pytest.raises(InvalidError, match="서류") as refused:
        place.check_in(bare)
    assert refused.value.field == "basis"
    made = place.check_in(channels.Claim(email=user.email, basis="work", district="11140"))
    assert (made.level, session.get_one(Person, made.person_id).district, user.level) == (2, "11140", 1)


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


# Two clerks.


def test_an_online_ballot_is_voided_by_two_clerks(session: Session, place: Hall) -> None:
    made, tracker = _ask_void(place)
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
    made, _tracker = _ask_void(place)
    with pytest.raises(IntegrityError), session.begin_nested():
        session.execute(update(DeskRequest).values(approved=True, decided_by=place.first.id, decided_at=clock.now()))
    with pytest.raises(IntegrityError), session.begin_nested():
        session.execute(update(CheckIn).values(paper_given_by=place.first.id, paper_district=""))
    assert not made.online_voided


def test_voids_are_posted_in_company_or_at_the_seal(session: Session, place: Hall) -> None:
    trackers = []
    for turn in range(11):
        made, tracker = _ask_void(place)
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
    made, tracker = _ask_void(place)
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
    made, _tracker = _ask_void(place)
    channels.decide(session, place.second, place.slug, made.id, approve=True, keys=place.keys)
    with pytest.raises(ConflictError, match="이미 무효로"):
        channels.ask(session, place.first, place.slug, made.id, Ask.TAKE_BACK, reason="취소함", keys=place.keys)
    with pytest.raises(ConflictError, match="무효로 할"):
        channels.ask(session, place.first, place.slug, made.id, Ask.VOID, reason="다시 무효", keys=place.keys)


# Paper.


def test_paper_and_online_balance(session: Session, place: Hall) -> None:
    for picks in (["A1", "B1"], ["A2"]):
        place.cast(voter(session)[1], *picks)
    place.papers(4)
    number = place.batch(4)
    lines = ["A1 B1", "", "x", "2, 3"]
    place.key(place.first, number, ["A1 B1", "", "x", "A2 A3"])
    with pytest.raises(InvalidError, match="투표용지에 없는"):
        place.key(place.second, number, lines)
    place.key(place.second, number, ["b1,a1", "", "x", "a3 A2"])
    place.confirm(number)
    batch = session.scalars(select(PaperBatch)).one()
    assert (batch.papers, batch.valid, batch.blank, batch.void) == (4, 2, 1, 1)
    assert session.scalar(select(func.count()).select_from(PaperEntry)) == 0, "no sheet leads to a ballot"
    with time_machine.travel(place.made.vote.closes_at + LATER, tick=False):
        counted = board.seal(session, place.first, place.made.vote, place.keys)
    chosen = sorted(ballot.picks for ballot in opened(place.made, place.keys, counted).ballots)
    assert chosen == [("A1", "B1"), ("A1", "B1"), ("A2",), ("A2", "A3")]
    entries = board.entries(session, place.made.vote.id)
    (desk,) = [entry.item for entry in entries if entry.kind == "desk"]
    assert {key: desk[key] for key in ("batch", "papers", "valid", "blank", "void")} == {
        "batch": 1,
        "papers": 4,
        "valid": 2,
        "blank": 1,
        "void": 1,
    }
    assert len([entry for entry in entries if entry.kind == "ballot"]) == 2
    assert chains.first_fault(str(place.made.vote.id), entries) is None
    assert session.scalar(select(func.count(Ballot.slot.distinct()))) == 4
    found = board.look_up(session, place.slug, desk["trackers"][0])
    assert found.place is board.Place.POSTED
    assert [(b.number, b.papers, b.valid) for b in channels.public_batches(session, place.made.vote.id)] == [(1, 4, 2)]


def test_differences_are_shown_by_sheet_and_keyed_anew(session: Session, place: Hall) -> None:
    place.papers(3)
    number = place.batch(3)
    place.key(place.first, number, ["A1", "A2", ""])
    place.key(place.second, number, ["A1", "A3", "x"], finish=False)
    view = batches.batch(session, place.first, place.slug, number)
    assert view.differing == [], "nobody learns of the other's sheets before both have finished"
    channels.finish(session, place.second, place.slug, number)
    view = batches.batch(session, place.first, place.slug, number)
    assert list(view.differing) == [2, 3]
    with pytest.raises(ConflictError, match="다른 투표지가 2장"):
        place.confirm(number)
    with pytest.raises(ConflictError, match="입력을 마친"):
        place.sheet(place.first, number, 1, "A2")
    place.sheet(place.second, number, 2, "A2")
    place.sheet(place.first, number, 3, "x")
    assert batches.batch(session, place.second, place.slug, number).obstacle is None
    place.confirm(number)
    with pytest.raises(ConflictError, match="이미 확정"):
        place.confirm(number)


def test_a_batch_is_keyed_by_two_people(session: Session, place: Hall) -> None:
    place.papers(1)
    number = place.batch(1)
    place.key(place.first, number, ["A1"])
    with pytest.raises(ConflictError, match="두 사람이 입력"):
        place.confirm(number, place.first)
    third = factories.actor(factories.user(session, Role.STAFF), Role.STAFF)
    with pytest.raises(ConflictError, match="시작하지 않았습니다"):
        channels.finish(session, third, place.slug, number)
    place.key(place.second, number, ["A1"])
    with pytest.raises(ConflictError, match="두 사람이 이미"):
        place.sheet(third, number, 1, "A1")
    assert batches.batch(session, third, place.slug, number).next_paper is None
    place.confirm(number, third)


def test_the_count_by_hand_must_agree(session: Session, place: Hall) -> None:
    place.papers(3)
    number = place.batch(3)
    for clerk in (place.first, place.second):
        place.key(clerk, number, ["A1", "A2"])
    with pytest.raises(ConflictError, match="손으로 센 장수는 3장인데 입력한 투표지는 2장"):
        place.confirm(number)
    channels.resume(session, place.first, place.slug, number)
    place.sheet(place.first, number, 3, "A3")
    channels.remove_last(session, place.first, place.slug, number)
    channels.finish(session, place.first, place.slug, number)
    with pytest.raises(InvalidError):
        channels.correct(session, place.first, place.slug, number, papers=0, reason="다시 셈")
    channels.correct(session, place.first, place.slug, number, papers=2, reason="다시 세니 두 장")
    place.confirm(number)
    event = session.scalars(select(AuditEvent).where(AuditEvent.action == "paper:correct")).one()
    assert (event.detail["before"], event.detail["after"]) == (3, 2)


def test_there_are_never_more_papers_than_were_handed_out(session: Session, place: Hall) -> None:
    place.papers(1)
    place.papers(1, district="11680")
    number = place.batch(2)
    for clerk in (place.first, place.second):
        place.key(clerk, number, ["A1", "A2"])
    with pytest.raises(ConflictError, match=r"교부한 투표용지\(1장\)보다 투표지\(2장\)가"):
        place.confirm(number)
    place.papers(1)
    place.confirm(number)
    city = place.batch(1, district="")
    for clerk in (place.first, place.second):
        with pytest.raises(InvalidError, match="투표용지에 없는"):
            place.sheet(clerk, city, 1, "B1")
        place.key(clerk, city, ["A1"])
    place.confirm(city)


def test_the_seal_waits_for_open_batches(session: Session, place: Hall) -> None:
    place.papers(1)
    number = place.batch(1)
    extra = place.batch(1)
    vote = place.made.vote
    with time_machine.travel(vote.closes_at + LATER, tick=False):
        with pytest.raises(ConflictError, match="1번이 아직 확정되지"):
            board.seal(session, place.first, vote, place.keys)
        for clerk in (place.first, place.second):
            place.key(clerk, number, ["A1"])
        place.confirm(number)
        with pytest.raises(ConflictError, match="2번이 아직 확정되지"):
            board.seal(session, place.first, vote, place.keys)
        channels.drop(session, place.first, place.slug, extra, reason="잘못 연 묶음")
        with pytest.raises(ForbiddenError):
            channels.decide_drop(session, place.first, place.slug, extra, approve=True)
        channels.decide_drop(session, place.second, place.slug, extra, approve=True)
        assert len(board.seal(session, place.first, vote, place.keys)) == 1
        with pytest.raises(ConflictError, match="봉인되어"):
            place.batch(1)


def test_a_box_that_does_not_balance_is_not_sealed(session: Session, place: Hall) -> None:
    place.cast(voter(session)[1], "A1")
    _user, ghost = voter(session)
    session.add(Participation(vote_id=place.made.vote.id, person_id=ghost.person_id))
    session.flush()
    with (
        time_machine.travel(place.made.vote.closes_at + LATER, tick=False),
        pytest.raises(ConflictError, match="맞지 않아"),
    ):
        board.seal(session, place.first, place.made.vote, place.keys)


def test_what_was_keyed_cannot_be_read_or_compared_without_the_keys(session: Session, place: Hall) -> None:
    number = place.batch(2)
    for clerk in (place.first, place.second):
        place.key(clerk, number, ["A1", "A1"], finish=False)
    rows = session.scalars(select(PaperEntry)).all()
    assert all(b"A1" not in (row.sealed or b"") for row in rows)
    assert len({row.sealed for row in rows}) == 4
    assert len({row.mark for row in rows}) == 2, "alike by sheet, never by picks"
    assert {len(row.sealed or b"") for row in rows} == {len(rows[0].sealed or b"")}
    words = str(session.scalars(select(AuditEvent.detail)).all())
    assert "A1" not in words


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("A1 A2 A3 A4", "3개까지"),
        ("A1 A1", "두 번"),
        ("Z9", "없는 번호"),
        ("  ", "백지"),
        ("1" * 3000, "너무 깁니다"),
    ],
)
def test_a_line_is_checked(place: Hall, line: str, words: str) -> None:
    number = place.batch(1)
    with pytest.raises(InvalidError, match=words) as refused:
        place.sheet(place.first, number, 1, line)
    assert refused.value.field == "picks"


def test_a_void_sheet_has_a_reason(session: Session, place: Hall) -> None:
    number = place.batch(1)
    with pytest.raises(InvalidError) as refused:
        channels.key(
            session,
            place.first,
            place.slug,
            number,
            channels.Sheet(1, PaperKind.VOID, reason="A1과 A2"),
            keys=place.keys,
        )
    assert refused.value.field == "reason"
    with pytest.raises(ConflictError, match="화면이 오래"):
        place.sheet(place.first, number, 2, "A1")


def test_turnout_counts_everybody_once(session: Session, place: Hall) -> None:
    place.cast(voter(session)[1], "A1")
    place.papers(2)
    made, _tracker = _ask_void(place)
    channels.decide(session, place.second, place.slug, made.id, approve=True, keys=place.keys)
    channels.hand_out(session, place.first, place.slug, made.id, keys=place.keys)
    board.sequence(session, place.keys)
    assert board.turnout(session, place.made.vote.id).total == 4
    assert board.recount(session) == 0
    place.papers(1)
    assert board.turnout(session, place.made.vote.id).total == 5
    assert board.recount(session) == 0


# Stations.


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


@pytest.mark.parametrize(
    ("values", "line", "picks", "points"),
    [
        ({"ballot_type": BallotType.KNAPSACK, "min_picks": 0}, "A1 B1", ("A1", "B1"), None),
        ({"ballot_type": BallotType.POINTS, "point_max": 5, "point_sum": 10}, "B1=4 A1:5", ("A1", "B1"), (5, 4)),
        ({"ballot_type": BallotType.SCORE, "point_max": 5}, "A1=5 A2=5 B1=1", ("A1", "A2", "B1"), (5, 5, 1)),
        ({"ballot_type": BallotType.RANKING}, "B1 A1", ("A1", "B1"), (2, 3)),
    ],
    ids=["knapsack", "points", "score", "ranking"],
)
def test_other_ballots_are_keyed_too(
    session: Session,
    keys: KeyStore,
    values: dict[str, object],
    line: str,
    picks: tuple[str, ...],
    points: tuple[int, ...] | None,
) -> None:
    place = hall(session, keys, **values)
    place.papers(1)
    number = place.batch(1)
    for clerk in (place.first, place.second):
        place.key(clerk, number, [line])
    place.confirm(number)
    with time_machine.travel(place.made.vote.closes_at + LATER, tick=False):
        counted = board.seal(session, place.first, place.made.vote, place.keys)
    (ballot,) = opened(place.made, place.keys, counted).ballots
    assert (ballot.picks, ballot.points) == (picks, points)


@pytest.mark.parametrize(
    ("values", "line", "words"),
    [
        ({"ballot_type": BallotType.POINTS, "point_max": 5, "point_sum": 10}, "A1=5 A2=5 A3=1", "점수가 한도를"),
        ({"ballot_type": BallotType.KNAPSACK, "min_picks": 0}, "B1 B2 B3", "한도를 넘습니다"),
        ({"ballot_type": BallotType.RANKING}, "A1 A2 A3 A4", "3개까지"),
    ],
    ids=["points", "knapsack", "ranking"],
)
def test_a_sheet_that_breaks_the_rules_is_for_the_void(
    session: Session, keys: KeyStore, values: dict[str, object], line: str, words: str
) -> None:
    place = hall(session, keys, **values)
    number = place.batch(1)
    with pytest.raises(InvalidError, match=words):
        place.sheet(place.first, number, 1, line)
