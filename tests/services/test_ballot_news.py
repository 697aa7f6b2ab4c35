"""A ballot that changes while people vote: on the board, in words, and to everybody who took part, once."""

from pathlib import Path

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from civicvote.domain.errors import ConflictError, ForbiddenError, InvalidError
from civicvote.domain.lifecycles import CycleState
from civicvote.domain.permissions import Actor, Role
from civicvote.keystore import KeyStore
from civicvote.models.accounts import User
from civicvote.models.custody import BallotNews
from civicvote.models.outbox import OutboxMessage
from civicvote.models.votes import BoardEntry
from civicvote.services import board, clock, outbox, voting
from civicvote.services.counting import news
from civicvote.services.cycles.ballot_list import exclude
from tests import factories
from tests.support.voting import Polls, form_key, polls, voter

TEXT = "위치를 잘못 적었습니다. 혜화동이 아니라 명륜동입니다."


@pytest.fixture
def keys(tmp_path: Path) -> KeyStore:
    return KeyStore(tmp_path / "keys")


@pytest.fixture
def staff(session: Session) -> Actor:
    return factories.actor(factories.user(session, Role.STAFF), Role.STAFF)


def _people(session: Session, made: Polls, keys: KeyStore, count: int) -> list[User]:
    users = []
    for _ in range(count):
        user, actor = voter(session)
        voting.cast(session, actor, made.slug, ["A1"], key=form_key(), arrived=clock.now(), keys=keys)
        users.append(user)
    return users


def _letters(session: Session) -> list[OutboxMessage]:
    return list(session.scalars(select(OutboxMessage).where(OutboxMessage.kind == news.KIND)))


def test_everybody_who_took_part_is_told_of_a_withdrawal_once(
    session: Session, keys: KeyStore, staff: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(news, "BATCH", 3)
    made = polls(session, keys)
    users = _people(session, made, keys, 7)
    voter(session)  # did not take part
    session.execute(update(User).where(User.id == users[0].id).values(email=None, erased_at=clock.now()))
    exclude(session, staff, made.slug, made.projects["A2"].id, reason="다른 사업과 겹칩니다")
    board.sequence(session, keys)
    assert news.gather(session) == 1
    assert news.gather(session) == 0
    promised = []
    for _ in range(8):
        promised.append(news.tell(session))
        session.execute(update(OutboxMessage).where(OutboxMessage.kind == news.KIND).values(done_at=clock.now()))
    letters = _letters(session)
    assert sum(promised) == len(letters) == 6
    assert {letter.recipient_id for letter in letters} == {user.id for user in users[1:]}
    assert letters[0].payload["again"] is True
    assert letters[0].payload["reason"] == "다른 사업과 겹칩니다"
    (shown,) = news.news(session, made.vote)
    assert (shown.withdrawn, shown.project, shown.told) == (True, "A2", 6)
    assert shown.finished is not None


def test_letters_never_stand_in_each_others_way(
    session: Session, keys: KeyStore, staff: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No more than a batch waits at a time; whoever asks for a new password isn't behind a million."""
    monkeypatch.setattr(news, "BATCH", 3)
    made = polls(session, keys)
    _people(session, made, keys, 7)
    news.correct(session, staff, made.slug, project="A1", text=TEXT, keys=keys)
    assert [news.tell(session) for _ in range(3)] == [3, 0, 0]
    outbox.done(session, _letters(session)[0].id)
    assert news.tell(session) == 3


def test_a_killed_worker_tells_nobody_twice(session: Session, keys: KeyStore, staff: Actor) -> None:
    made = polls(session, keys)
    _people(session, made, keys, 4)
    news.correct(session, staff, made.slug, project="A1", text=TEXT, keys=keys)
    assert news.tell(session) == 4
    session.execute(update(BallotNews).values(told_to=None, told_at=None))
    session.expire_all()
    session.execute(update(OutboxMessage).values(done_at=clock.now()))
    assert news.tell(session) == 0
    assert len(_letters(session)) == 4


def test_a_correction_stands_on_the_board_once(session: Session, keys: KeyStore, staff: Actor) -> None:
    made = polls(session, keys)
    for _ in range(2):
        news.correct(session, staff, made.slug, project="B1", text=f"  {TEXT}\n", keys=keys)
    items = session.scalars(
        select(BoardEntry.item).where(BoardEntry.vote_id == made.vote.id, BoardEntry.kind == "note")
    ).all()
    assert len(items) == 1
    assert TEXT in items[0]
    assert session.scalar(select(func.count()).select_from(BallotNews)) == 1
    news.correct(session, staff, made.slug, project="B1", text=TEXT + " 다시 알립니다.", keys=keys)
    assert [one.project for one in news.news(session, made.vote)] == ["B1", "B1"]


def test_what_can_be_put_right_and_by_whom(session: Session, keys: KeyStore, staff: Actor) -> None:
    made = polls(session, keys)
    _user, citizen = voter(session)
    with pytest.raises(ForbiddenError):
        news.correct(session, citizen, made.slug, project="A1", text=TEXT, keys=keys)
    with pytest.raises(ForbiddenError):
        news.desk(session, citizen, made.slug)
    for project, text in (("Z9", TEXT), ("A1", "짧음")):
        with pytest.raises(InvalidError):
            news.correct(session, staff, made.slug, project=project, text=text, keys=keys)
    exclude(session, staff, made.slug, made.projects["A3"].id, reason="다른 사업과 겹칩니다")
    board.sequence(session, keys)
    news.gather(session)
    assert "A3" not in dict(news.desk(session, staff, made.slug).choices)
    made.cycle.state = CycleState.SEALED
    session.flush()
    with pytest.raises(ConflictError):
        news.correct(session, staff, made.slug, project="A1", text=TEXT, keys=keys)
