"""A sheet too many: two people say so, the board does, and every sheet is counted."""

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from civicvote.domain.ballots import board as chains
from civicvote.domain.errors import ConflictError, ForbiddenError, InvalidError
from civicvote.models.audit import AuditEvent
from civicvote.models.channels import PaperDifference
from civicvote.services import board, channels
from civicvote.services.channels import batches, differences
from tests.support.channels import Hall

WHY = "두 장이 겹쳐 교부된 것으로 보임"


def _keyed(place: Hall, sheets: int, *, district: str = "11110") -> int:
    """A batch that is keyed and counted, and waits for its confirmation."""
    number = place.batch(sheets, district=district)
    for clerk in (place.first, place.second):
        place.key(clerk, number, ["A1"] * sheets)
    return number


def _state(place: Hall, number: int) -> PaperDifference:
    return differences.state(place.session, place.first, place.slug, number, reason=WHY)


def _notes(place: Hall) -> list[object]:
    return [e.item for e in board.entries(place.session, place.made.vote.id) if e.kind == "note"]


def test_two_people_let_a_surplus_into_the_box_in_public(session: Session, place: Hall) -> None:
    place.papers(2)
    number = _keyed(place, 3)
    with pytest.raises(ConflictError, match=r"교부한 투표용지\(2장\)보다 투표지\(3장\)가 1장 많습니다"):
        place.confirm(number)
    assert batches.batch(session, place.second, place.slug, number).may_state
    assert _state(place, number).difference == 1
    with pytest.raises(ConflictError, match="다른 담당자가 확인한 뒤"):
        place.confirm(number)
    with pytest.raises(ForbiddenError, match="적은 사람"):
        differences.decide(session, place.first, place.slug, number, approve=True)
    differences.decide(session, place.second, place.slug, number, approve=True)
    view = batches.batch(session, place.second, place.slug, number)
    assert view.said is not None
    assert (view.obstacle, view.said.by, view.said.agreed_by) == (None, "김접수", "이확인")
    place.confirm(number)
    assert _notes(place) == [
        {
            "about": "paper-difference",
            "batch": number,
            "district": "11110",
            "given": 2,
            "papers": 3,
            "difference": 1,
            "reason": WHY,
        }
    ]
    entries = board.entries(session, place.made.vote.id)
    (desk,) = [entry.item for entry in entries if entry.kind == "desk"]
    assert desk["papers"] == desk["valid"] + desk["blank"] + desk["void"] == 3
    assert chains.first_fault(str(place.made.vote.id), entries) is None
    events = session.execute(
        select(AuditEvent.action, AuditEvent.actor_id).where(AuditEvent.action.like("%difference"))
    )
    assert [tuple(row) for row in events] == [
        ("paper:state-difference", place.first.id),
        ("paper:agree-difference", place.second.id),
    ]


def test_what_the_board_knows_isnt_said_again(session: Session, place: Hall) -> None:
    place.papers(1)
    number = _keyed(place, 2)
    _state(place, number)
    differences.decide(session, place.second, place.slug, number, approve=True)
    place.confirm(number)
    place.papers(1)
    second = _keyed(place, 1)
    place.confirm(second)
    third = _keyed(place, 1)
    with pytest.raises(ConflictError, match="2장 많습니다"):
        place.confirm(third)
    assert _state(place, third).difference == 2
    assert len(_notes(place)) == 1


def test_only_what_is_keyed_counted_and_too_many_is_stated(session: Session, place: Hall) -> None:
    place.papers(1)
    number = place.batch(2)
    with pytest.raises(ConflictError, match="입력을 모두 마쳐야"):
        _state(place, number)
    for clerk in (place.first, place.second):
        place.key(clerk, number, ["A1"])
    with pytest.raises(ConflictError, match="다시 세어"):
        _state(place, number)
    channels.correct(session, place.first, place.slug, number, papers=1, reason="다시 세니 한 장")
    with pytest.raises(ConflictError, match="적을 차이가 없습니다"):
        _state(place, number)
    with pytest.raises(InvalidError):
        differences.state(session, place.first, place.slug, number, reason="")
    with pytest.raises(ConflictError, match="기다리는 차이가 없습니다"):
        differences.decide(session, place.second, place.slug, number, approve=True)


def test_a_forgotten_hand_out_makes_the_statement_void(session: Session, place: Hall) -> None:
    place.papers(1)
    number = _keyed(place, 3)
    _state(place, number)
    place.papers(1)
    with pytest.raises(ConflictError, match=r"적어 둔 차이\(2장\)가 지금의 차이\(1장\)"), session.begin_nested():
        differences.decide(session, place.second, place.slug, number, approve=True)
    place.papers(1)
    with pytest.raises(ConflictError, match="차이가 없어졌습니다"):
        place.confirm(number)
    differences.decide(session, place.first, place.slug, number, approve=False)
    place.confirm(number)
    assert _notes(place) == []


def test_an_agreed_difference_is_agreed_once_and_struck_by_anybody(session: Session, place: Hall) -> None:
    number = _keyed(place, 1)
    _state(place, number)
    with pytest.raises(ConflictError, match="이미 차이를 적었습니다"), session.begin_nested():
        _state(place, number)
    differences.decide(session, place.second, place.slug, number, approve=True)
    with pytest.raises(ConflictError, match="기다리는 차이가 없습니다"), session.begin_nested():
        differences.decide(session, place.second, place.slug, number, approve=True)
    differences.decide(session, place.first, place.slug, number, approve=False)
    with pytest.raises(ConflictError, match="1장 많습니다"):
        place.confirm(number)


def test_the_database_wants_two_people(session: Session, place: Hall) -> None:
    made = _state(place, _keyed(place, 1))
    with pytest.raises(IntegrityError), session.begin_nested():
        session.execute(update(PaperDifference).values(agreed_by=made.stated_by, agreed_at=made.stated_at))
    with pytest.raises(IntegrityError), session.begin_nested():
        session.execute(update(PaperDifference).values(difference=0))
