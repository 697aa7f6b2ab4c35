"""Each ballot type from the paper to the sealed ballot and back: exactly those points; and what is refused."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from civicvote.domain.ballot_paper import Paper, PaperError
from civicvote.domain.cycles import BallotType
from civicvote.domain.errors import InvalidError
from civicvote.domain.korean import ZONE as SEOUL
from civicvote.domain.permissions import Actor
from civicvote.keystore import KeyStore
from civicvote.models.cycles import Hold
from civicvote.models.outbox import OutboxMessage
from civicvote.models.votes import Ballot, UnfinishedBallot
from civicvote.services import board, clock, voting
from tests.support.voting import Polls, form_key, opened, polls, voter

POINTS: dict[str, Any] = {"ballot_type": BallotType.POINTS, "max_picks": 4, "point_sum": 10, "point_max": 6}
SCORE: dict[str, Any] = {"ballot_type": BallotType.SCORE, "max_picks": 4, "point_max": 5}
RANKING: dict[str, Any] = {"ballot_type": BallotType.RANKING, "min_picks": 2, "max_picks": 4}


@pytest.fixture
def keys(tmp_path: Path) -> KeyStore:
    return KeyStore(tmp_path / "keys")


def cast(
    session: Session, made: Polls, keys: KeyStore, given: Paper | Sequence[str] | Mapping[str, int]
) -> tuple[tuple[str, ...], tuple[int, ...] | None]:
    """Cast as a new person, and what the box then holds of it."""
    _user, actor = voter(session)
    receipt = voting.cast(session, actor, made.slug, given, key=form_key(), arrived=clock.now(), keys=keys)
    mine = [row for row in board.counted(session, made.vote) if row[0] == receipt.tracker]
    (ballot,) = opened(made, keys, mine).ballots
    return ballot.picks, ballot.points


@pytest.mark.parametrize(
    ("kind", "given", "picks", "points"),
    [
        (POINTS, Paper(texts={"B1": "1", "A1": "6", "A3": "3", "A2": ""}), ("A1", "A3", "B1"), (6, 3, 1)),
        (POINTS, {"A2": 4}, ("A2",), (4,)),
        (SCORE, Paper(texts={"A1": "5", "A2": "5", "A4": "1", "A5": "0"}), ("A1", "A2", "A4"), (5, 5, 1)),
        (RANKING, Paper(("A3", "A1", "B2")), ("A1", "A3", "B2"), (3, 4, 2)),
        (RANKING, Paper(("A1", "A2"), {"A1": "2", "A2": "1"}), ("A1", "A2"), (3, 4)),
        (RANKING, ["B1", "A1", "A2", "A3"], ("A1", "A2", "A3", "B1"), (3, 2, 1, 4)),
    ],
)
def test_what_was_filled_in_is_what_is_opened(
    session: Session,
    keys: KeyStore,
    kind: dict[str, Any],
    given: Paper | Sequence[str] | Mapping[str, int],
    picks: tuple[str, ...],
    points: tuple[int, ...],
) -> None:
    made = polls(session, keys, **kind)
    assert cast(session, made, keys, given) == (picks, points)


@pytest.mark.parametrize("kind", [POINTS, SCORE, RANKING])
def test_nothing_is_a_ballot_where_nothing_is_allowed(session: Session, keys: KeyStore, kind: dict[str, Any]) -> None:
    made = polls(session, keys, **(kind | {"min_picks": 0}))
    assert cast(session, made, keys, Paper()) == ((), ())


@pytest.mark.parametrize(
    ("kind", "given", "words"),
    [
        (POINTS, Paper(texts={"A1": "6", "A2": "5"}), "1점을 줄여"),
        (POINTS, Paper(texts={"A1": "7"}), "다시 적어"),
        (POINTS, {"A1": 7}, "점수가 한도를"),
        (POINTS, {f"A{n}": 1 for n in range(1, 6)}, "4개까지"),
        (POINTS, Paper(), "1개 이상"),
        (POINTS, ["A1"], "점수 방식"),
        (POINTS, {"Z1": 1}, "없는 사업"),
        (SCORE, Paper(texts={"A1": "6"}), "다시 적어"),
        (SCORE, Paper(texts={"A1": "많이"}), "다시 적어"),
        (RANKING, Paper(("A1",)), "2개 이상"),
        (RANKING, ["A1", "A2", "A3", "A4", "A5"], "4개까지"),
        (RANKING, ["A1", "A1"], "두 번"),
        (RANKING, Paper(("A1", "A2"), {"A1": "1", "A2": "1"}), "겹치거나 빠졌"),
        (RANKING, {"A1": 4, "A2": 2}, "1순위부터"),
    ],
)
def test_what_breaks_the_rules_is_refused(
    session: Session,
    keys: KeyStore,
    kind: dict[str, Any],
    given: Paper | Sequence[str] | Mapping[str, int],
    words: str,
) -> None:
    made = polls(session, keys, **kind)
    with pytest.raises(InvalidError, match=words):
        cast(session, made, keys, given)
    assert session.scalar(select(func.count()).select_from(Ballot)) == 0


@pytest.mark.parametrize(("kind", "given"), [(POINTS, {"B1": 1, "B2": 1}), (RANKING, ["B1", "A1", "B2"])])
def test_a_pools_limit_holds_for_every_type(
    session: Session, keys: KeyStore, kind: dict[str, Any], given: Sequence[str] | Mapping[str, int]
) -> None:
    made = polls(session, keys, jongno_values={"max_picks": 1}, **kind)
    with pytest.raises(InvalidError, match="종로구에서는 1개까지"):
        cast(session, made, keys, given)


def test_the_last_look_shows_points_and_places(session: Session, keys: KeyStore) -> None:
    _user, actor = voter(session)
    ranked = polls(session, keys, **RANKING)
    seen = voting.overview(session, actor, ranked.slug, Paper(("A3", "A1")), arrived=clock.now(), keys=keys)
    assert [choice.number for choice in seen.picks] == ["A3", "A1"]
    unclear = Paper(("A3", "A1"), {"A3": "1", "A1": "1"})
    draft = voting.ordering(session, actor, ranked.slug, unclear, arrived=clock.now(), keys=keys)
    assert [choice.number for choice in draft.picks] == ["A3", "A1"]
    with pytest.raises(PaperError):
        voting.overview(session, actor, ranked.slug, unclear, arrived=clock.now(), keys=keys)
    spread = polls(session, keys, **POINTS)
    paper = Paper(texts={"A1": "2", "A2": "3"})
    shown = voting.overview(session, actor, spread.slug, paper, arrived=clock.now(), keys=keys)
    assert (shown.points, shown.total_points, shown.total_won) == ({"A1": 2, "A2": 3}, 5, 80_000_000)


def test_two_or_three_are_compared(session: Session, keys: KeyStore) -> None:
    made = polls(session, keys)
    _user, actor = voter(session, district="11680")

    def rows(*numbers: str) -> list[str]:
        found = voting.beside(session, actor, made.slug, numbers, arrived=clock.now(), keys=keys)
        return sorted(choice.number for choice, _full in found.rows)

    assert rows("A1", "A3") == ["A1", "A3"]
    for numbers in (("A1",), ("A1", "A2", "A3", "A4"), ("A1", "B1")):
        with pytest.raises(InvalidError, match="두 건이나 세 건"):
            rows(*numbers)


def test_settled_projects_and_rivals_on_the_ballot(session: Session, keys: KeyStore) -> None:
    made = polls(session, keys)
    made.vote.notice = made.vote.notice | {
        "contests": [
            contest | ({"locked": ["A3"], "exclusive": [["A1", "A2"]]} if contest["title"] == "서울 전체" else {})
            for contest in made.vote.notice["contests"]
        ]
    }
    session.flush()
    _user, actor = voter(session)
    box = voting.booth(session, actor, made.slug, arrived=clock.now(), keys=keys)
    assert [choice.number for choice in box.settled] == ["A3"]
    assert "A3" not in {choice.number for choice in box.choices}
    assert {choice.number: choice.rivals for choice in box.choices if choice.rivals} == {
        "A1": ("A2 사업",),
        "A2": ("A1 사업",),
    }
    with pytest.raises(InvalidError, match="투표 없이 확정된"):
        voting.cast(session, actor, made.slug, ["A3"], key=form_key(), arrived=clock.now(), keys=keys)


def letters(session: Session) -> list[OutboxMessage]:
    return list(session.scalars(select(OutboxMessage).where(OutboxMessage.kind == "ballot-unfinished")))


def waiting(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(UnfinishedBallot)) or 0


def evening_before(made: Polls, hour: int = 19) -> Any:
    """A clock within the last day, at an hour of Seoul."""
    moment = made.vote.closes_at.astimezone(SEOUL).replace(hour=hour, minute=0)
    while moment >= made.vote.closes_at:
        moment -= timedelta(days=1)
    return time_machine.travel(moment, tick=False)


def begin(session: Session, made: Polls, actor: Actor) -> None:
    voting.begun(session, actor, made.slug, arrived=clock.now())
    session.flush()


def test_who_began_and_has_not_cast_is_told_once(session: Session, keys: KeyStore) -> None:
    made = polls(session, keys)
    user, actor = voter(session)
    _user, done = voter(session)
    for person in (actor, actor, done):
        begin(session, made, person)
    assert waiting(session) == 2
    voting.cast(session, done, made.slug, ["A1"], key=form_key(), arrived=clock.now(), keys=keys)
    voting.remind(session)
    assert waiting(session) == 1, "who has cast is forgotten at the worker's next round"
    assert letters(session) == [], "days before the close nobody is told"
    with evening_before(made, 3):
        voting.remind(session)
        assert letters(session) == [], "nor at night"
    with evening_before(made):
        assert voting.remind(session) == 1
        begin(session, made, actor)
        voting.remind(session)
        begin(session, made, done)
    (letter,) = letters(session)
    assert letter.recipient_id == user.id
    assert set(letter.payload) == {"slug", "title", "closes_at"}
    assert waiting(session) == 0
    assert set(UnfinishedBallot.__table__.columns.keys()) == {"vote_id", "person_id"}


def test_a_close_forgets_and_a_hold_waits(session: Session, keys: KeyStore) -> None:
    made = polls(session, keys)
    _user, actor = voter(session)
    begin(session, made, actor)
    session.add(Hold(cycle_id=made.cycle.id, reason="점검 중입니다.", placed_at=clock.now()))
    session.flush()
    with evening_before(made):
        assert voting.remind(session) == 0
    begin(session, made, voter(session)[1])
    assert waiting(session) == 1, "nobody begins while it is on hold"
    with time_machine.travel(made.vote.closes_at, tick=False):
        voting.remind(session)
    assert (waiting(session), letters(session)) == (0, [])


def test_only_voters_begin(session: Session, keys: KeyStore) -> None:
    made = polls(session, keys, min_age=19)
    _user, child = voter(session, birth_year=made.vote.closes_at.year - 10)
    begin(session, made, child)
    voting.begun(session, voter(session)[1], "no-such-vote", arrived=clock.now())
    assert waiting(session) == 0
