"""One ballot per citizen, whoever sends what at the same time."""

import threading
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import func, select

from civicvote.domain.ballots import counting, receipts
from civicvote.domain.errors import InvalidError
from civicvote.domain.permissions import SYSTEM, Actor, Role
from civicvote.models.projects import Project
from civicvote.models.votes import Ballot, CastKey, Participation
from civicvote.services import board
from civicvote.services.projects.moves import advance
from tests import factories
from tests.support.voting import form_key
from tests.trust import size
from tests.trust.casters import Caster
from tests.trust.conftest import Station

THREADS = 32


def _together(count: int, work: Callable[[int], Any]) -> list[Any]:
    """Run `work(0)` … `work(count - 1)` in as many threads, let go at one moment."""
    gate = threading.Barrier(count)

    def run(number: int) -> Any:
        gate.wait(30)
        return work(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def _check_one_ballot(station: Station, given: list[tuple[str, str]]) -> None:
    """`given`: (form key, tracker) of every answer."""
    by_key: dict[str, set[str]] = defaultdict(set)
    for key, tracker in given:
        by_key[key].add(tracker)
    assert all(len(trackers) == 1 for trackers in by_key.values()), "one receipt per key"
    with station.database.reading() as session:
        versions = session.scalars(select(Ballot.version).order_by(Ballot.version)).all()
        assert list(versions) == list(range(1, len(by_key) + 1)), "one ballot per key"
        assert session.scalar(select(func.count(Ballot.slot.distinct()))) == 1
        assert session.scalar(select(func.count()).select_from(Participation)) == 1
        assert session.scalar(select(func.count()).select_from(CastKey)) == len(by_key)
        assert len(board.counted(session, station.vote())) == 1, "one effective ballot"


def test_thirty_two_threads_cast_for_one_person(station: Station) -> None:
    (person,) = station.voters(1)
    rounds = size(2, 200)
    shared = [form_key() for _ in range(rounds)]
    vote = station.vote()

    def work(number: int) -> list[tuple[str, str]]:
        given = []
        for turn in range(rounds):
            key = shared[turn] if number % 2 else form_key()
            receipt = station.cast(person, f"A{number % 12 + 1}", key=key)
            assert receipts.verify(vote.board_key, receipt)
            given.append((key, receipt.tracker))
        return given

    answers = [pair for part in _together(THREADS, work) for pair in part]
    assert len(answers) == THREADS * rounds
    _check_one_ballot(station, answers)


def test_two_processes_cast_for_one_person(station: Station) -> None:
    people = station.voters(1)
    count = size(5, 200)
    shared = [form_key() for _ in range(count)]
    works = [[*shared, *(form_key() for _ in range(count))] for _ in range(2)]
    started = [Caster(station, people, [(0, ("A1",), key) for key in keys]).start() for keys in works]
    assert [caster.end() for caster in started] == [0, 0]
    _check_one_ballot(station, [pair for caster in started for pair in caster.told.items()])


def test_many_people_at_once_each_have_one_ballot(station: Station) -> None:
    people = station.voters(THREADS)
    rounds = size(1, 50)
    trackers = _together(
        THREADS, lambda number: [station.cast(people[number], f"A{number % 12 + 1}").tracker for _ in range(rounds)]
    )
    with station.database.transaction() as session:
        assert board.sequence(session, station.keys) == THREADS * rounds
    with station.database.reading() as session:
        counted = {tracker for tracker, _ in board.counted(session, station.vote())}
    assert counted == {given[-1] for given in trackers}


def test_two_sequencers_add_nothing_twice(station: Station) -> None:
    for person in station.voters(6):
        station.cast(person)

    def work(_number: int) -> int:
        with station.database.transaction() as session:
            return board.sequence(session, station.keys)

    assert sorted(_together(4, work)) == [0, 0, 0, 6]
    with station.database.reading() as session:
        assert [entry.kind for entry in board.entries(session, station.vote().id)] == ["notice", *["ballot"] * 6]


def test_a_project_is_excluded_while_people_vote_for_it(station: Station) -> None:
    people = station.voters(12)
    with station.database.transaction() as session:
        staff = factories.actor(factories.user(session, Role.STAFF), Role.STAFF)

    def exclude() -> None:
        with station.database.transaction() as session:
            project = session.scalars(select(Project).where(Project.number == "A1")).one()
            advance(session, staff, project, "exclude", reason="다른 사업과 겹칩니다")

    def work(number: int) -> str:
        if number == len(people):
            exclude()
            return "excluded"
        try:
            return station.cast(people[number], "A1", "A2").tracker
        except InvalidError as error:
            assert "제외된 사업" in str(error.message)  # noqa: PT017 — the loser's words
            return ""

    answers = _together(len(people) + 1, work)
    with pytest.raises(InvalidError, match="제외된 사업"):
        station.cast(people[0], "A1")
    for person, answer in zip(people, answers, strict=False):
        if not answer:
            station.cast(person, "A2")
    vote = station.vote()
    with (
        time_machine.travel(vote.closes_at + timedelta(minutes=2), tick=False),
        station.database.transaction() as session,
    ):
        counted = board.seal(session, SYSTEM, session.merge(vote), station.keys)
    secret = station.keys.read(f"vote-{vote.id}")
    opened = counting.open_ballots([sealed for _, sealed in counted], secret, vote.notice)  # type: ignore[arg-type]
    assert opened.total == len(opened.ballots) == len(people), "those who were first stay valid"
    assert sum("A1" in ballot.picks for ballot in opened.ballots) == sum(bool(answer) for answer in answers[:-1])
    with station.database.reading() as session:
        kinds = [entry.kind for entry in board.entries(session, vote.id)]
    assert kinds.count("withdraw") == 1
    assert kinds.index("withdraw") < kinds.index("counted")


def test_the_seal_waits_for_a_cast_under_way(station: Station) -> None:
    early, slow = station.voters(2)
    vote = station.vote()
    cast, sealed = threading.Event(), threading.Event()
    release = threading.Event()
    found: dict[str, Any] = {}

    def caster(actor: Actor) -> None:
        from civicvote.services import voting

        with station.database.transaction() as session:
            found["receipt"] = voting.cast(
                session,
                actor,
                station.slug,
                ["A2"],
                key=form_key(),
                arrived=vote.closes_at - timedelta(seconds=1),
                keys=station.keys,
            )
            cast.set()
            release.wait(30)

    def sealer() -> None:
        with station.database.transaction() as session:
            found["counted"] = board.seal(session, SYSTEM, session.merge(vote), station.keys)
        sealed.set()

    station.cast(early, "A1")
    with time_machine.travel(vote.closes_at + timedelta(seconds=59), tick=False) as traveller:
        first = threading.Thread(target=caster, args=(slow,))
        first.start()
        assert cast.wait(30)
        traveller.shift(2)
        second = threading.Thread(target=sealer)
        second.start()
        assert not sealed.wait(0.3), "the box is still open for the one inside"
        release.set()
        first.join(30)
        second.join(30)
    assert sealed.is_set()
    assert found["receipt"].tracker in {tracker for tracker, _ in found["counted"]}
    assert len(found["counted"]) == 2
