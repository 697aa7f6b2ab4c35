"""Attacks on the secret: a canary in every file there is, and everything that might put a person beside a ballot or a choice.

The attacker has the database, its files, the write-ahead log, a backup, the application's log and what is published.
"""

import hashlib
import itertools
import random
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import select

from civicvote.domain.ballots import counting
from civicvote.domain.permissions import SYSTEM, Actor
from civicvote.models.votes import Ballot, BoardEntry, CastKey, Participation
from civicvote.services import board
from tests.support.channels import Hall, hall
from tests.support.voting import form_key
from tests.trust import size
from tests.trust.conftest import Station

#: Three projects that stand together nowhere but in a ballot: the lists of the notice go up one by one.
CANARY = ("A11", "A3", "A9")
SIGNS = [b'"A11","A3","A9"', b"A11, A3, A9", b"A11 A3 A9", b'"A11": 1', b"picks=A11"]
PEOPLE = size(132, 660)


def _files(polling: Station, request: pytest.FixtureRequest) -> Iterator[tuple[str, bytes]]:
    """Every file of the database as it lies, and a backup of it."""
    if polling.kind == "postgresql":
        folders = [request.getfixturevalue("cluster").folder, polling.folder]
    else:
        folders = [polling.folder]
        with (
            closing(sqlite3.connect(polling.folder / "civicvote.sqlite")) as source,
            closing(sqlite3.connect(polling.folder / "backup.sqlite")) as target,
        ):
            source.backup(target)
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not path.is_socket():
                yield str(path), path.read_bytes()


def test_no_file_holds_a_choice(polling: Station, request: pytest.FixtureRequest) -> None:
    """Tables, indexes, journals, temporary files and the backup, after casts, replacements, paper, and the seal."""
    for person in polling.voters(8):
        for _ in range(2):
            polling.cast(person, *CANARY)
    with polling.database.transaction() as session:
        board.sequence(session, polling.keys)
    found = [(name, sign) for name, data in _files(polling, request) for sign in SIGNS if sign in data]
    assert found == []
    vote = polling.vote()
    with (
        time_machine.travel(vote.closes_at + timedelta(minutes=2), tick=False),
        polling.database.transaction() as session,
    ):
        board.seal(session, SYSTEM, session.merge(vote), polling.keys)
    found = [(name, sign) for name, data in _files(polling, request) for sign in SIGNS if sign in data]
    assert found == []
    secret = polling.keys.read(f"vote-{vote.id}")
    with polling.database.reading() as session:
        rows = board.counted(session, vote)
    opened = counting.open_ballots([sealed for _, sealed in rows], secret, vote.notice)  # type: ignore[arg-type]
    assert {ballot.picks for ballot in opened.ballots} == {CANARY}, "with the key they are there"


def test_paper_leaves_no_choice_behind(polling: Station, request: pytest.FixtureRequest) -> None:
    """What two clerks keyed is compared and sealed; the lines they typed are nowhere."""
    with polling.database.transaction() as session:
        place: Hall = hall(session, polling.keys, city=12, slug="paper")
        place.papers(4)
        number = place.batch(4)
        for clerk in (place.first, place.second):
            place.key(clerk, number, [" ".join(CANARY), " ".join(CANARY), "", "x"])
        place.confirm(number)
        board.sequence(session, polling.keys)
    found = [(name, sign) for name, data in _files(polling, request) for sign in SIGNS if sign in data]
    assert found == []


Order = Sequence[Any]


def _hits(guess: Order, truth: Order) -> int:
    """How often the attacker is right who puts the first beside the first and so on."""
    return sum(one == other for one, other in zip(guess, truth, strict=True))


def _by(values: Sequence[Any], key: Callable[[Any], Any]) -> list[Any]:
    return sorted(values, key=key)


def _digest(value: object) -> bytes:
    return hashlib.sha256(str(value).encode()).digest()


def _likely(pairs: int, classes: int) -> int:
    """Hits of which chance gives more once in 10¹² runs, where each guess is right once in `classes` (binomial, exactly)."""
    hits, beyond = 0, 1 - (chance := (1 - 1 / classes) ** pairs)
    while beyond > 1e-12:
        chance *= (pairs - hits) / (hits + 1) / (classes - 1)
        hits, beyond = hits + 1, beyond - chance
    return hits


def test_no_order_puts_a_person_beside_a_choice(station: Station) -> None:
    """All orders of people against all orders of ballots and of published plaintexts: no better than guessing."""
    chance = random.Random(20261122)
    menu = list(itertools.combinations([f"A{n}" for n in range(1, 13)], 2))
    people: list[Actor] = station.voters(PEOPLE)
    chance.shuffle(people)
    choice = {person.person_id: menu[place % len(menu)] for place, person in enumerate(people)}
    trackers = {person.person_id: station.cast(person, *choice[person.person_id]).tracker for person in people}
    vote = station.vote()
    with (
        time_machine.travel(vote.closes_at + timedelta(minutes=2), tick=False),
        station.database.transaction() as session,
    ):
        rows = board.seal(session, SYSTEM, session.merge(vote), station.keys)
    opened = counting.open_ballots(
        [sealed for _, sealed in rows],
        station.keys.read(f"vote-{vote.id}"),
        vote.notice,  # type: ignore[arg-type]
    )
    with station.database.reading() as session:
        persons = list(session.scalars(select(Participation.__table__.c.person_id)))
        ballots = session.execute(select(Ballot.__table__.c.tracker, Ballot.__table__.c.slot)).all()
        posted = [e.item for e in board.entries(session, vote.id) if e.kind == "ballot"]
        keys = list(session.scalars(select(CastKey.__table__.c.key)))
    orders_of_people = [persons, sorted(persons), _by(persons, _digest), _by(persons, str)]
    orders_of_trackers = [
        [b.tracker for b in ballots],
        [b.tracker for b in _by(ballots, lambda b: b.slot)],
        sorted(b.tracker for b in ballots),
        posted,
    ]
    published = [ballot.picks for ballot in opened.ballots]
    most_rows, most_choices = _likely(PEOPLE, PEOPLE), _likely(PEOPLE, len(menu))
    for given in orders_of_people:
        for order in orders_of_trackers:
            assert _hits([trackers[person] for person in given], order) <= most_rows, "person and sealed ballot"
        assert _hits([choice[person] for person in given], published) <= most_choices, "person and choice"
    owner = {tracker: person for person, tracker in trackers.items()}
    for order in orders_of_trackers:
        assert _hits([choice[owner[tracker]] for tracker in order], published) <= most_choices, "sealed and opened"
    assert len(keys) == PEOPLE
    assert _hits(persons, persons) == PEOPLE, "a right guess is seen as one"


def test_a_form_key_opens_no_receipt_without_the_roll_key(station: Station) -> None:
    """Somebody who stole the form's key from a browser still needs K_roll to find its row."""
    (person,) = station.voters(1)
    key = form_key()
    station.cast(person, key=key)
    with station.database.reading() as session:
        (row,) = session.scalars(select(CastKey)).all()
        notes = session.scalars(select(BoardEntry.item)).all()
    guesses = {
        hashlib.sha256(text.encode()).digest() for text in (key, f"cast|{key}", f"cast|{person.person_id}|{key}")
    }
    assert row.key not in guesses
    assert key not in str(row.receipt)
    assert not [note for note in notes if key in note]
