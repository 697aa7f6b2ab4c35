"""Casting: one slot per person, the last ballot counts, and one sentence for each refusal."""

from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from civicvote.domain.ballots import receipts
from civicvote.domain.cycles import BallotType
from civicvote.domain.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from civicvote.domain.korean import ZONE as SEOUL
from civicvote.domain.lifecycles import CycleState, ProjectState
from civicvote.domain.permissions import Actor, Role
from civicvote.keystore import KeyStore
from civicvote.models.audit import AuditEvent
from civicvote.models.cycles import Hold
from civicvote.models.votes import Ballot, CastKey, Participation
from civicvote.services import board, clock, voting
from tests import factories
from tests.conftest import Queries
from tests.support.voting import Polls, form_key, opened, polls, voter


@pytest.fixture
def keys(tmp_path: Path) -> KeyStore:
    return KeyStore(tmp_path / "keys")


def _cast(
    session: Session,
    made: Polls,
    actor: Actor,
    *picks: str,
    keys: KeyStore,
    key: str = "",
    arrived: datetime | None = None,
) -> receipts.Receipt:
    return voting.cast(
        session, actor, made.slug, picks, key=key or form_key(), arrived=arrived or clock.now(), keys=keys
    )


def test_a_ballot_is_sealed_and_its_receipt_verifies(session: Session, keys: KeyStore) -> None:
    made = polls(session, keys, letters=("PICKED", "CHOSEN"))
    _user, actor = voter(session)
    receipt = _cast(session, made, actor, "PICKED2", "CHOSEN1", keys=keys)
    assert receipts.verify(made.vote.board_key, receipt)
    row = session.scalars(select(Ballot)).one()
    assert (row.tracker, row.version) == (receipt.tracker, 1)
    assert not [word for word in (b"PICKED", b"CHOSEN") if word in row.sealed]
    assert session.scalars(select(Participation.person_id)).all() == [actor.person_id]
    assert opened(made, keys, board.counted(session, made.vote)).ballots[0].picks == ("CHOSEN1", "PICKED2")
    assert session.scalars(select(AuditEvent.action).where(AuditEvent.actor_id == actor.id)).all() == []


def test_the_last_ballot_of_a_person_counts(session: Session, keys: KeyStore) -> None:
    made = polls(session, keys)
    _user, actor = voter(session)
    _cast(session, made, actor, "A1", keys=keys)
    last = _cast(session, made, actor, "A3", keys=keys)
    assert session.scalars(select(Ballot.version).order_by(Ballot.version)).all() == [1, 2]
    assert [tracker for tracker, _ in board.counted(session, made.vote)] == [last.tracker]
    assert session.scalar(select(func.count()).select_from(Participation)) == 1
    assert opened(made, keys, board.counted(session, made.vote)).ballots[0].picks == ("A3",)


def test_the_same_form_gets_the_same_receipt(session: Session, keys: KeyStore) -> None:
    made = polls(session, keys)
    _user, actor = voter(session)
    _other_user, other = voter(session)
    key = form_key()
    first = _cast(session, made, actor, "A1", keys=keys, key=key)
    assert _cast(session, made, actor, "A1", keys=keys, key=key) == first
    late = made.vote.closes_at + timedelta(hours=1)
    assert _cast(session, made, actor, "A1", keys=keys, key=key, arrived=late) == first
    assert session.scalar(select(func.count()).select_from(Ballot)) == 1
    assert _cast(session, made, other, "A1", keys=keys, key=key).tracker != first.tracker, "a key is one person's"
    stored = session.scalars(select(CastKey.receipt)).all()
    assert all(first.tracker not in str(row) and first.minute not in str(row) for row in stored)


@pytest.mark.parametrize(
    ("picks", "words"),
    [
        ((), "1개 이상"),
        (("A1", "A2", "A3", "A4"), "3개까지"),
        (("A1", "A1"), "두 번"),
        (("Z9",), "없는 사업"),
        (("A1", "A\x00"), "없는 사업"),
        (tuple(f"X{n}" for n in range(5000)), "없는 사업"),
    ],
)
def test_picks_are_checked(session: Session, keys: KeyStore, picks: tuple[str, ...], words: str) -> None:
    made = polls(session, keys)
    _user, actor = voter(session)
    with pytest.raises(InvalidError, match=words) as refused:
        _cast(session, made, actor, *picks, keys=keys)
    assert refused.value.field == "picks"
    assert session.scalar(select(func.count()).select_from(Ballot)) == 0


def test_limits_of_a_pool(session: Session, keys: KeyStore) -> None:
    made = polls(session, keys, jongno_values={"max_picks": 1})
    _user, actor = voter(session)
    with pytest.raises(InvalidError, match="종로구에서는 1개까지"):
        _cast(session, made, actor, "B1", "B2", keys=keys)
    _cast(session, made, actor, "A1", "A2", "B2", keys=keys)


def test_a_knapsack_holds_what_its_money_buys(session: Session, keys: KeyStore) -> None:
    made = polls(session, keys, ballot_type=BallotType.KNAPSACK, min_picks=0)
    _user, actor = voter(session)
    with pytest.raises(InvalidError, match="한도를 넘습니다"):
        _cast(session, made, actor, "B1", "B2", "B3", keys=keys)
    _cast(session, made, actor, "A1", "A2", "A3", "A4", "A5", "B1", "B2", keys=keys)


def test_another_districts_pool_is_closed(session: Session, keys: KeyStore) -> None:
    made = polls(session, keys)
    for district in ("11680", None):
        _user, actor = voter(session, district=district)
        with pytest.raises(InvalidError, match="다른 자치구"):
            _cast(session, made, actor, "B1", keys=keys)
        box = voting.booth(session, actor, made.slug, arrived=clock.now(), keys=keys)
        assert {choice.number[0] for choice in box.choices} == {"A"}
        _cast(session, made, actor, "A1", keys=keys)


def test_an_excluded_project_cannot_be_picked_and_older_ballots_stay(session: Session, keys: KeyStore) -> None:
    made = polls(session, keys)
    _user, actor = voter(session)
    _other_user, other = voter(session)
    _cast(session, made, other, "A1", "A2", keys=keys)
    made.projects["A1"].state = ProjectState.WITHDRAWN
    made.projects["A1"].state_reason = "중복 사업"
    session.flush()
    with pytest.raises(InvalidError, match="A1 사업"):
        _cast(session, made, actor, "A1", keys=keys)
    box = voting.booth(session, actor, made.slug, arrived=clock.now(), keys=keys)
    assert [(choice.number, choice.reason) for choice in box.gone] == [("A1", "중복 사업")]
    assert opened(made, keys, board.counted(session, made.vote)).ballots[0].picks == ("A1", "A2")


def test_who_may_not_vote_is_told_why(session: Session, keys: KeyStore) -> None:
    made = polls(session, keys, min_age=19)
    citizen = factories.actor(factories.user(session))
    with pytest.raises(ForbiddenError, match="거주"):
        _cast(session, made, citizen, "A1", keys=keys)
    staff = factories.actor(factories.user(session, Role.STAFF), Role.STAFF)
    with pytest.raises(ForbiddenError):
        _cast(session, made, staff, "A1", keys=keys)
    year = made.vote.closes_at.astimezone(SEOUL).year
    _user, young = voter(session, birth_year=year - 18)
    with pytest.raises(ForbiddenError, match="19세"):
        _cast(session, made, young, "A1", keys=keys)
    _user, nobody_knows = voter(session, birth_year=None)
    with pytest.raises(ForbiddenError, match="출생연도"):
        _cast(session, made, nobody_knows, "A1", keys=keys)
    _user, grown = voter(session, birth_year=year - 19)
    _cast(session, made, grown, "A1", keys=keys)
    level_one = factories.actor(factories.user(session, level=1))
    with pytest.raises(ForbiddenError, match="생활권"):
        _cast(session, made, level_one, "A1", keys=keys)


def test_a_vote_of_one_district(session: Session, keys: KeyStore) -> None:
    made = polls(session, keys, district="11680")
    _user, neighbour = voter(session, district="11110")
    with pytest.raises(ForbiddenError, match="강남구"):
        _cast(session, made, neighbour, "A1", keys=keys)
    box = voting.booth(session, neighbour, made.slug, arrived=clock.now(), keys=keys)
    assert box.refusal is not None
    assert box.refusal.stop is voting.Stop.PERSON, "no verification would help"
    _user, resident = voter(session, district="11680")
    _cast(session, made, resident, "A1", keys=keys)


def test_hold_window_and_state(session: Session, keys: KeyStore) -> None:
    made = polls(session, keys)
    _user, actor = voter(session)
    with pytest.raises(ConflictError, match="기간이 아닙니다"):
        _cast(session, made, actor, "A1", keys=keys, arrived=made.vote.opens_at - timedelta(seconds=1))
    with pytest.raises(ConflictError, match="마감"):
        _cast(session, made, actor, "A1", keys=keys, arrived=made.vote.closes_at)
    hold = Hold(cycle_id=made.cycle.id, reason="점검", placed_at=clock.now())
    session.add(hold)
    session.flush()
    with pytest.raises(ConflictError, match="중단"):
        _cast(session, made, actor, "A1", keys=keys)
    assert voting.booth(session, actor, made.slug, arrived=clock.now(), keys=keys).hold_reason == "점검"
    hold.lifted_at = clock.now()
    made.cycle.state = CycleState.SEALED
    session.flush()
    with pytest.raises(ConflictError, match="마감"):
        _cast(session, made, actor, "A1", keys=keys)
    made.cycle.state = CycleState.LISTED
    session.flush()
    _cast(session, made, actor, "A1", keys=keys)
    with pytest.raises(NotFoundError):
        voting.cast(session, actor, "no-such", ["A1"], key=form_key(), arrived=clock.now(), keys=keys)


def test_a_destroyed_roll_key_ends_the_vote(session: Session, keys: KeyStore) -> None:
    made = polls(session, keys)
    _user, actor = voter(session)
    keys.destroy(f"roll-{made.vote.id}")
    with pytest.raises(ConflictError):
        _cast(session, made, actor, "A1", keys=keys)


@pytest.mark.parametrize("key", ["", "short", "한" * 20, "a" * 65, "a b" * 8])
def test_a_form_key_has_its_shape(session: Session, keys: KeyStore, key: str) -> None:
    made = polls(session, keys)
    _user, actor = voter(session)
    with pytest.raises(InvalidError):
        voting.cast(session, actor, made.slug, ["A1"], key=key, arrived=clock.now(), keys=keys)


def test_the_order_is_each_voters_own_and_stays(session: Session, keys: KeyStore) -> None:
    made = polls(session, keys, city=30)

    def order(actor: Actor) -> list[str]:
        box = voting.booth(session, actor, made.slug, arrived=clock.now(), keys=keys)
        return [choice.number for choice in box.parts[0].choices]

    _user, one = voter(session)
    _user, two = voter(session)
    assert order(one) == order(one)
    assert order(one) != order(two)
    assert sorted(order(one)) == sorted(order(two))


def test_the_booth_takes_the_same_statements_however_many_projects(
    session: Session, keys: KeyStore, queries: Queries
) -> None:
    counts = []
    for city in (1, 60):
        made = polls(session, keys, city=city)
        _user, actor = voter(session)
        session.expire_all()
        queries.clear()
        voting.overview(session, actor, made.slug, ["A1"], arrived=clock.now(), keys=keys)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 7


def test_a_receipt_can_be_kept_as_a_file(session: Session, keys: KeyStore) -> None:
    made = polls(session, keys)
    _user, actor = voter(session)
    receipt = _cast(session, made, actor, "A1", keys=keys)
    assert receipt.tracker.encode() in voting.receipt_file(session, made.slug, receipt.document())
    forged = receipt.document() | {"minute": "2020-01-01T00:00Z"}
    with pytest.raises(InvalidError):
        voting.receipt_file(session, made.slug, forged)


def test_filters_find_by_words_without_blanks() -> None:
    choice = voting.Choice(
        uuid4(),
        "A1",
        "통학로 보행등",
        "p",
        "안전",
        "11110",
        "학교 앞",
        "어둡습니다",
        1,
        gone=False,
        reason="",
    )
    assert voting.Filters(q="통학로보행").match(choice)
    assert voting.Filters(pool="p", district="11110").match(choice)
    assert not voting.Filters(district="11680").match(choice)
    assert not voting.Filters(q="공원").match(choice)
    assert voting.Filters(q="공원")
    assert not voting.Filters()
