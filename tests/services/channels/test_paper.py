"""Paper: keyed by two, and the numbers balance."""

import pytest
import time_machine
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from civicvote.domain.ballots import board as chains
from civicvote.domain.cycles import BallotType
from civicvote.domain.errors import ConflictError, ForbiddenError, InvalidError
from civicvote.domain.permissions import Role
from civicvote.keystore import KeyStore
from civicvote.models.audit import AuditEvent
from civicvote.models.channels import (
    PaperBatch,
    PaperEntry,
    PaperKind,
)
from civicvote.models.votes import Ballot, Participation
from civicvote.services import board, channels
from civicvote.services.channels import batches
from tests import factories
from tests.support.channels import LATER, Hall, hall
from tests.support.voting import opened, voter


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


def test_what_was_keyed_cannot_be_read_or_compared_without_the_keys(session: Session, keys: KeyStore) -> None:
    place = hall(session, keys, letters=("PICKED", "B"))  # nothing random reads like that
    number = place.batch(2)
    for clerk in (place.first, place.second):
        place.key(clerk, number, ["PICKED1", "PICKED1"], finish=False)
    rows = session.scalars(select(PaperEntry)).all()
    assert all(b"PICKED" not in (row.sealed or b"") for row in rows)
    assert len({row.sealed for row in rows}) == 4
    assert len({row.mark for row in rows}) == 2, "alike by sheet, never by picks"
    assert {len(row.sealed or b"") for row in rows} == {len(rows[0].sealed or b"")}
    words = str(session.scalars(select(AuditEvent.detail)).all())
    assert "PICKED" not in words


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
