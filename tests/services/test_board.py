"""The board: sorted batches, signed heads, a box that is sealed once, and figures that hide nobody."""

from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from sqlalchemy import delete, select, text
from sqlalchemy.orm import Session

from civicvote.domain.ballots import board as chains
from civicvote.domain.ballots import counting
from civicvote.domain.errors import ConflictError, ForbiddenError, NotFoundError
from civicvote.domain.lifecycles import ProjectState
from civicvote.domain.permissions import SYSTEM, VISITOR
from civicvote.keystore import KeyStore
from civicvote.models.audit import AuditEvent
from civicvote.models.verification import Person
from civicvote.models.votes import BallotWaiting, Participation, TurnoutCount
from civicvote.services import board, clock, voting
from civicvote.services.board.turnout import guarded
from tests.support.voting import Polls, form_key, opened, polls, voter


@pytest.fixture
def keys(tmp_path: Path) -> KeyStore:
    return KeyStore(tmp_path / "keys")


def _cast(session: Session, made: Polls, keys: KeyStore, *picks: str, district: str | None = "11110") -> str:
    _user, actor = voter(session, district=district)
    given = voting.cast(session, actor, made.slug, picks or ("A1",), key=form_key(), arrived=clock.now(), keys=keys)
    return given.tracker


def _whole(session: Session, made: Polls) -> list[chains.Entry]:
    entries = board.entries(session, made.vote.id)
    assert chains.first_fault(str(made.vote.id), entries) is None
    heads = board.heads(session, made.vote.id)
    assert all(chains.verify_head(made.vote.board_key, head) for head in heads)
    assert heads[-1].hash == entries[-1].hash.hex()
    return entries


def test_a_batch_is_sorted_and_its_head_signed(session: Session, keys: KeyStore) -> None:
    made = polls(session, keys)
    trackers = [_cast(session, made, keys) for _ in range(9)]
    assert board.unsequenced(session, made.vote.id) == sorted(trackers)
    assert board.sequence(session, keys) == 9
    assert [entry.item for entry in _whole(session, made)[1:]] == sorted(trackers)
    assert board.sequence(session, keys) == 0
    more = [_cast(session, made, keys) for _ in range(3)]
    assert board.sequence(session, keys) == 3
    assert [entry.item for entry in _whole(session, made)[10:]] == sorted(more)


def test_the_seal_finds_what_the_waiting_list_lost(session: Session, keys: KeyStore) -> None:
    made = polls(session, keys)
    tracker = _cast(session, made, keys)
    session.execute(delete(BallotWaiting))
    assert board.sequence(session, keys) == 0
    assert board.unsequenced(session, made.vote.id) == [tracker]
    with time_machine.travel(made.vote.closes_at + timedelta(minutes=2), tick=False):
        assert [one for one, _ in board.seal(session, SYSTEM, made.vote, keys)] == [tracker]
    assert [entry.kind for entry in _whole(session, made)] == ["notice", "ballot", "counted"]


def test_an_excluded_project_is_announced_once(session: Session, keys: KeyStore) -> None:
    made = polls(session, keys)
    made.projects["A2"].state = ProjectState.WITHDRAWN
    made.projects["A2"].state_reason = "중복 사업"
    session.flush()
    for _ in range(2):
        board.sequence(session, keys)
    rows = [entry.item for entry in _whole(session, made) if entry.kind == "withdraw"]
    assert rows == [{"project": "A2", "reason": "중복 사업"}]


def test_sealing_fixes_the_list(session: Session, keys: KeyStore) -> None:
    made = polls(session, keys)
    _user, actor = voter(session)
    for pick in ("A1", "A2"):
        voting.cast(session, actor, made.slug, [pick], key=form_key(), arrived=clock.now(), keys=keys)
    others = [_cast(session, made, keys, "A3") for _ in range(4)]
    for early in (made.vote.closes_at, made.vote.closes_at + timedelta(seconds=59)):
        with time_machine.travel(early, tick=False), pytest.raises(ConflictError, match="1분"):
            board.seal(session, SYSTEM, made.vote, keys)
    with pytest.raises(ForbiddenError):
        board.seal(session, VISITOR, made.vote, keys)
    with time_machine.travel(made.vote.closes_at + timedelta(seconds=60), tick=False):
        rows = board.seal(session, SYSTEM, made.vote, keys)
        assert board.seal(session, SYSTEM, made.vote, keys) == rows, "sealing again changes nothing"
    assert made.vote.sealed_at is not None
    assert len(rows) == 5
    assert [tracker for tracker, _ in rows] == sorted(tracker for tracker, _ in rows)
    assert set(others) < {tracker for tracker, _ in rows}
    counting.check_counted(made.vote.notice, rows)  # type: ignore[arg-type]
    entries = _whole(session, made)
    assert [entry.kind for entry in entries] == ["notice", *["ballot"] * 6, "counted"]
    assert entries[-1].item == {"digest": counting.counted_digest(rows), "count": 5, "participants": 5}
    assert sorted(ballot.picks for ballot in opened(made, keys, rows).ballots) == [("A2",), *[("A3",)] * 4]
    with pytest.raises(ConflictError, match="마감"):
        voting.cast(session, actor, made.slug, ["A1"], key=form_key(), arrived=clock.now(), keys=keys)
    assert board.sequence(session, keys) == 0
    actions = session.scalars(select(AuditEvent.action).where(AuditEvent.subject_id == made.vote.id)).all()
    assert sorted(actions) == ["vote:open", "vote:seal"]


def test_a_ballot_too_few_or_too_many_stops_the_seal(session: Session, keys: KeyStore) -> None:
    made = polls(session, keys)
    _cast(session, made, keys)
    person = session.scalars(select(Person.id).where(Person.id.not_in(select(Participation.person_id)))).first()
    if person is None:
        _user, actor = voter(session)
        person = actor.person_id
    session.add(Participation(vote_id=made.vote.id, person_id=person))
    session.flush()
    with (
        time_machine.travel(made.vote.closes_at + timedelta(minutes=2), tick=False),
        pytest.raises(ConflictError, match="맞지 않아"),
    ):
        board.seal(session, SYSTEM, made.vote, keys)


def test_a_void_entry_takes_a_ballot_out(session: Session, keys: KeyStore) -> None:
    made = polls(session, keys)
    out, left = _cast(session, made, keys), _cast(session, made, keys)
    board.append(session, made.vote, [("void", {"tracker": out, "reason": "현장 투표"})], keys)
    assert [tracker for tracker, _ in board.counted(session, made.vote)] == [left]
    with time_machine.travel(made.vote.closes_at + timedelta(minutes=2), tick=False):
        board.seal(session, SYSTEM, made.vote, keys)
    assert _whole(session, made)[-1].item["participants"] == 2


def test_turnout_follows_the_facts(session: Session, keys: KeyStore) -> None:
    made = polls(session, keys)
    for district, people in (("11110", 12), ("11680", 10), ("11440", 3), (None, 2)):
        for _ in range(people):
            _cast(session, made, keys, district=district)
    assert board.turnout(session, made.vote.id).total == 0, "the sequencer has not seen them"
    assert board.recount(session) == 0, "and that is no drift"
    board.sequence(session, keys)
    session.execute(text("UPDATE turnout_count SET people = people + 5 WHERE district = '11110'"))
    session.expire_all()
    assert board.turnout(session, made.vote.id).total == 32
    assert board.recount(session) == 1
    assert board.recount(session) == 0
    shown = board.turnout(session, made.vote.id)
    assert (shown.total, shown.others) == (27, 15)
    assert shown.districts == {"11110": 12}, "5 people of two places would follow from the total: 11680 joins them"
    assert session.scalars(select(TurnoutCount.people).where(TurnoutCount.district == "11440")).all() == [3]


def test_shown_cells_grow_in_steps_and_are_exact_in_the_end(session: Session, keys: KeyStore) -> None:
    made = polls(session, keys)

    def look(people: int) -> tuple[int, dict[str, int]]:
        for _ in range(people):
            _cast(session, made, keys)
        board.sequence(session, keys)
        found = board.turnout(session, made.vote.id)
        return found.total, dict(found.districts)

    assert look(12) == (12, {"11110": 12})
    assert look(9) == (21, {}), "a step too small to show: nobody learns of nine people of one place"
    assert look(1) == (22, {"11110": 22})
    with time_machine.travel(made.vote.closes_at + timedelta(minutes=2), tick=False):
        board.seal(session, SYSTEM, made.vote, keys)
    assert dict(board.turnout(session, made.vote.id).districts) == {"11110": 22}


def test_hours_are_counted_by_the_sequencer(session: Session, keys: KeyStore) -> None:
    made = polls(session, keys)
    start = clock.now().replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    for hour, people in enumerate((11, 4, 6, 3)):
        with time_machine.travel(start + timedelta(hours=hour, minutes=59), tick=False):
            for _ in range(people):
                _cast(session, made, keys)
            board.sequence(session, keys)
            running = board.turnout_of(session, made.slug).hours
            assert all(span.until <= clock.now() for span in running), "the hour that runs isn't shown"
    with time_machine.travel(start + timedelta(hours=5), tick=False):
        shown = [(span.since - start, span.hours, span.ballots) for span in board.turnout_of(session, made.slug).hours]
        assert shown == [(timedelta(0), 1, 11), (timedelta(hours=1), 2, 10)], "three wait for company"
    with time_machine.travel(made.vote.closes_at + timedelta(minutes=2), tick=False):
        board.seal(session, SYSTEM, made.vote, keys)
        found = board.turnout_of(session, made.slug)
    assert [(span.hours, span.ballots) for span in found.hours] == [(1, 11), (3, 13)]
    assert sum(n for _, n in found.days) == 24


@pytest.mark.parametrize(
    ("cells", "shown", "others"),
    [
        ({}, {}, 0),
        ({"11110": 9}, {}, 9),
        ({"11110": 10}, {"11110": 10}, 0),
        ({"11110": 30, "11140": 10, "": 10}, {"11110": 30, "11140": 10}, 10),
        ({"11110": 30, "11140": 12, "11170": 1}, {"11110": 30}, 13),
        ({"11110": 11, "11140": 0, "11170": 9}, {}, 20),
        ({"99999": 40}, {}, 40),
    ],
)
def test_small_cells_stay_together(cells: dict[str, int], shown: dict[str, int], others: int) -> None:
    found = guarded(cells)
    assert (dict(found.districts), found.others) == (shown, others)
    assert found.total == sum(shown.values()) + others


def test_lists_and_lookups(session: Session, keys: KeyStore) -> None:
    made = polls(session, keys)
    tracker = _cast(session, made, keys)
    assert board.look_up(session, made.slug, tracker).place is board.Place.WAITING
    board.sequence(session, keys)
    found = board.look_up(session, made.slug, f" {tracker[:12].lower()} - {tracker[12:]}\n")
    assert (found.place, found.seq, found.counts, found.paper) == (board.Place.POSTED, 1, None, False)
    assert found.head_at is not None
    other = polls(session, keys)
    assert board.look_up(session, other.slug, tracker).place is board.Place.UNKNOWN
    with pytest.raises(NotFoundError):
        board.look_up(session, "no-such", tracker)
    first = board.listing(session, size=1)
    assert first.next is not None
    rest = board.listing(session, cursor=first.next)
    assert {row.slug for row in [*first.rows, *rest.rows]} >= {made.slug, other.slug}
    assert board.normalise_tracker("0·1-8 a") == "OIBA"


def test_an_expected_race_changes_nothing_twice(session: Session, keys: KeyStore) -> None:
    made = polls(session, keys)
    last = board.append(session, made.vote, [("note", {"text": "점검 안내"})], keys)
    assert last is not None
    assert last.seq == 1
    assert board.append(session, made.vote, [], keys) is None
    assert len(board.heads(session, made.vote.id)) == 2
