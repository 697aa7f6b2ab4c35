"""The end of a vote's keys: not before its day, never by one person, and then for good."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from sqlalchemy import select
from sqlalchemy.orm import Session

from civicvote.domain.errors import ConflictError, ForbiddenError, InvalidError
from civicvote.domain.permissions import SYSTEM, VISITOR, Role
from civicvote.keystore import KeyStore
from civicvote.models.audit import AuditEvent
from civicvote.models.votes import BoardEntry
from civicvote.services import board, counting, voting
from civicvote.services.counting import custody
from civicvote.services.counting.custody import Key
from tests import factories
from tests.support.elections import Count, closed_vote
from tests.support.voting import form_key, voter

HOW = "명부 열쇠 파일과 백업을 입회인 앞에서 지움"


@pytest.fixture
def keys(tmp_path: Path) -> KeyStore:
    return KeyStore(tmp_path / "keys")


@pytest.fixture
def over(session: Session, keys: KeyStore) -> Iterator[Count]:
    """A vote whose result has been out for 30 days and a minute."""
    made = closed_vote(session, keys, people=6)
    with made.over:
        counting.seal(session, made.first, made.slug, keys=keys)
        counting.count(session, made.first, made.slug, keys=keys)
        counting.release.choose(session, made.first, made.slug, only_totals=False)
        counting.publish(session, made.second, made.slug, keys=keys)
    with time_machine.travel(made.polls.vote.closes_at + timedelta(days=30, minutes=3), tick=False):
        yield made


def _actions(session: Session, made: Count) -> list[str]:
    rows = session.scalars(
        select(AuditEvent.action).where(AuditEvent.subject_id == made.polls.vote.id).order_by(AuditEvent.id)
    )
    return [action for action in rows if action.startswith("key:")]


def _notes(session: Session, made: Count) -> list[str]:
    return list(
        session.scalars(
            select(BoardEntry.item).where(BoardEntry.vote_id == made.polls.vote.id, BoardEntry.kind == "note")
        )
    )


def test_one_person_changes_nothing_and_two_end_the_key(session: Session, keys: KeyStore, over: Count) -> None:
    name = f"roll-{over.polls.vote.id}"
    assert not custody.destroy(session, over.first, over.slug, Key.ROLL, how=HOW, keys=keys)
    assert keys.exists(name)
    assert not _notes(session, over)
    with pytest.raises(ConflictError, match="두 번"):
        custody.destroy(session, over.first, over.slug, Key.ROLL, how=HOW, keys=keys)
    assert keys.exists(name)
    assert not custody.destroy(session, over.second, over.slug, Key.VOTE, how=HOW, keys=keys), "another key"
    assert keys.exists(name)
    assert custody.destroy(session, over.second, over.slug, Key.ROLL, how=HOW, keys=keys)
    assert not keys.exists(name)
    assert keys.exists(f"vote-{over.polls.vote.id}"), "only the one they spoke of"
    assert len(_notes(session, over)) == 1
    assert _actions(session, over) == ["key:destruction-stated"] * 3 + ["key:destroyed"]
    with pytest.raises(ConflictError, match="이미 두 사람"):
        custody.destroy(session, over.second, over.slug, Key.ROLL, how=HOW, keys=keys)
    assert set(custody.ended(session, over.polls.vote.id)) == {Key.ROLL}
    seen = custody.custody(session, over.first, over.slug, keys=keys)
    assert [(one.key, one.ended, one.present, one.spoken) for one in seen.keys] == [
        (Key.VOTE, False, True, False),
        (Key.ROLL, True, False, True),
    ]


def test_a_vote_lives_on_without_its_keys(session: Session, keys: KeyStore, over: Count) -> None:
    """Casting is refused in words, look-ups and receipts still answer, the board stays whole and can grow."""
    tracker = next(tracker for tracker, _ in board.counted(session, over.polls.vote))
    for key in Key:
        for actor in (over.first, over.second):
            custody.destroy(session, actor, over.slug, key, how=HOW, keys=keys)
    _user, actor = voter(session)
    with pytest.raises(ConflictError, match="마감"):
        voting.cast(session, actor, over.slug, ["A1"], key=form_key(), arrived=over.polls.vote.closes_at, keys=keys)
    assert board.look_up(session, over.slug, tracker).counts is True
    assert board.sequence(session, keys) == 0
    entries = board.entries(session, over.polls.vote.id)
    assert [entry.kind for entry in entries[-4:]] == ["plaintexts", "result", "note", "note"]
    assert entries[-1].item["about"] == "key-destroyed"


def test_not_before_the_days_of_objection_are_over(session: Session, keys: KeyStore, over: Count) -> None:
    early = over.polls.vote.closes_at + timedelta(days=30, minutes=1)
    with time_machine.travel(early, tick=False), pytest.raises(ConflictError, match="이의 제기"):
        custody.destroy(session, over.first, over.slug, Key.ROLL, how=HOW, keys=keys)
    assert over.polls.vote.notice["more"]["objection_days"] == custody.objection_days(over.polls.vote) == 30


def test_an_unpublished_vote_keeps_its_keys(session: Session, keys: KeyStore) -> None:
    made = closed_vote(session, keys, people=2)
    with (
        time_machine.travel(made.polls.vote.closes_at + timedelta(days=400), tick=False),
        pytest.raises(ConflictError, match="이의 제기"),
    ):
        custody.destroy(session, made.first, made.slug, Key.VOTE, how=HOW, keys=keys)
    assert custody.custody(session, made.first, made.slug, keys=keys).due is None


def test_who_may_and_what_must_be_said(session: Session, keys: KeyStore, over: Count) -> None:
    auditor = factories.actor(factories.user(session, Role.AUDITOR), Role.AUDITOR)
    assert custody.custody(session, auditor, over.slug, keys=keys).open
    for actor in (auditor, VISITOR):
        with pytest.raises(ForbiddenError):
            custody.destroy(session, actor, over.slug, Key.ROLL, how=HOW, keys=keys)
    with pytest.raises(ForbiddenError):
        custody.custody(session, VISITOR, over.slug, keys=keys)
    with pytest.raises(InvalidError):
        custody.destroy(session, over.first, over.slug, Key.ROLL, how=" ", keys=keys)
    with pytest.raises(InvalidError, match="주민등록번호"):
        custody.destroy(session, over.first, over.slug, Key.ROLL, how=f"{HOW}, 900101-1234567 입회", keys=keys)
    assert _actions(session, over) == []


def test_a_key_that_comes_back_is_found_and_removed(session: Session, keys: KeyStore, over: Count) -> None:
    vote = over.polls.vote.id
    copy = keys.read(f"roll-{vote}")
    assert custody.sweep(session, SYSTEM, keys=keys) == [], "one that nobody has ended stays"
    for actor in (over.first, over.second):
        custody.destroy(session, actor, over.slug, Key.ROLL, how=HOW, keys=keys)
    keys.write(f"roll-{vote}", copy)
    assert list(custody.remains(session, keys)) == [(vote, Key.ROLL)]
    assert custody.sweep(session, SYSTEM, keys=keys) == [(vote, Key.ROLL)]
    assert not keys.exists(f"roll-{vote}")


def test_a_destroyed_file_is_overwritten_first(tmp_path: Path) -> None:
    keys = KeyStore(tmp_path)
    keys.write("roll-x", b"secret" * 6)
    kept = tmp_path / "another-name"
    kept.hardlink_to(tmp_path / "roll-x.key")
    keys.destroy("roll-x")
    keys.destroy("roll-x")
    assert not keys.exists("roll-x")
    assert kept.read_bytes() == bytes(36)
