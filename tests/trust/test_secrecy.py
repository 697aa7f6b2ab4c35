"""Nobody with the database and the logs learns who chose what.

Without K_roll a dump links no person to a slot: not by a value, not by a time, and on SQLite not by the order of rows.
PostgreSQL keeps rows as they come until the box is sealed; from then on they lie by key.
"""

import hashlib
import hmac
import itertools
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import DateTime, select, text
from sqlalchemy.exc import OperationalError

from civicvote.app import create_app
from civicvote.domain.ballots import slots
from civicvote.domain.permissions import SYSTEM, Actor
from civicvote.models import Base
from civicvote.models.votes import Ballot, CastKey, Participation
from civicvote.services import board, clock, sessions
from civicvote.settings import Settings
from tests.conftest import LIMITS
from tests.support.voting import form_key, polls, voter
from tests.trust import size
from tests.trust.conftest import Station

PEOPLE = size(200, 1000)
#: Numbers of the projects chosen here begin so: nothing random reads like that.
PICKED = "PICKED"
#: What casting fills: nothing in these tables may name a project, a form or a minute.
BALLOT_TABLES = ("participation", "ballot", "ballot_waiting", "cast_key", "board_entry", "board_head", "turnout_count")


def _dump(station: Station) -> Iterator[tuple[str, str]]:
    """(table, row as text) of every table; bytes also in hexadecimal."""
    with station.database.reading() as session:
        for table in Base.metadata.sorted_tables:
            for row in session.execute(select(table)):
                yield table.name, " ".join(_text(value) for value in row)


def _text(value: Any) -> str:
    return f"{value.hex()} {value!r}" if isinstance(value, bytes) else str(value)


def _order(station: Station, column: Any) -> list[Any]:
    """Values as a dump of the table gives them: without ORDER BY."""
    name = column.class_.__tablename__
    with station.database.reading() as session:
        return list(session.scalars(select(column).select_from(Base.metadata.tables[name])))


def test_a_dump_and_the_logs_hold_no_choice(station: Station, capfd: pytest.CaptureFixture[str]) -> None:
    settings = Settings(instance=station.folder, keys=station.keys.folder, base_url="http://localhost")
    app: Flask = create_app(settings, database=station.database)
    app.config.update(WTF_CSRF_ENABLED=False, RATELIMIT_ENABLED=False)
    with station.database.transaction() as session:
        slug = polls(session, station.keys, letters=(PICKED, "B")).slug
        user, actor = voter(session)
        token = sessions.start(session, user, device="test", limits=LIMITS, second_factor_at=clock.now())
    browser = app.test_client()
    browser.set_cookie("cv", token, domain="localhost")
    key, picks = form_key(), [f"{PICKED}1", f"{PICKED}2"]
    for step in ("", "/confirm", "/receipt", "/receipt"):
        answer = browser.post(f"/budget/{slug}/vote{step}", data={"picks": picks, "key": key, "q": "KANARIE-4711"})
        assert answer.status_code == 200
    tracker = _dump_tracker(station)
    with station.database.transaction() as session:
        board.sequence(session, station.keys)
    rows = list(_dump(station))
    assert not [table for table, row in rows if key in row or "KANARIE-4711" in row or token in row]
    assert not [table for table, row in rows if table in BALLOT_TABLES and PICKED in row]
    assert not [table for table, row in rows if table in {"audit_event", "outbox_message"} and tracker in row]
    captured = capfd.readouterr()
    logs = captured.out + captured.err
    assert "/budget/<slug>/vote/receipt" in logs, "there is a log to search"
    hidden = [key, "KANARIE-4711", token, tracker, PICKED, str(actor.id), str(actor.person_id)]
    assert not [word for word in hidden if word in logs]


def _dump_tracker(station: Station) -> str:
    with station.database.reading() as session:
        return session.scalars(select(Ballot.tracker)).one()


def test_no_value_links_a_person_to_a_slot(station: Station) -> None:
    people = station.voters(12)
    for person in people:
        station.cast(person)
    with station.database.reading() as session:
        ballots = session.execute(select(Ballot.id, Ballot.slot, Ballot.sealed, Ballot.tracker)).all()
        keys = session.execute(select(CastKey.key, CastKey.receipt)).all()
    vote = station.vote()
    seen = b"".join(itertools.chain((b"%b%b%b" % (b.id, b.slot, b.sealed) for b in ballots), (k.key for k in keys)))
    ids = [one for person in people for one in (person.id, person.person_id) if one is not None]
    assert not [one for one in ids if one.bytes in seen or str(one) in str(keys)]
    guesses = set(itertools.chain.from_iterable(_guesses(station, vote.id, person) for person in people))
    found = {ballot.slot for ballot in ballots}
    assert not found & guesses, "what is in the database doesn't make a slot"
    roll = station.keys.roll(vote.id)
    assert found == {slots.slot(roll, str(vote.id), str(person.person_id)) for person in people}, "the roll key does"


def _guesses(station: Station, vote: Any, person: Actor) -> Iterator[bytes]:
    """Slots by everything somebody with the database could put in the roll key's place."""
    stored = station.vote()
    candidates = [b"", bytes(32), vote.bytes, str(vote).encode(), stored.public_key, stored.board_key]
    for who in (str(person.person_id), str(person.id)):
        message = b"slot|" + str(vote).encode() + b"|" + who.encode()
        for candidate in candidates:
            yield hmac.digest(candidate, message, hashlib.sha256)[: slots.SLOT_BYTES]
        yield hashlib.sha256(message).digest()[: slots.SLOT_BYTES]


def test_no_time_and_no_number_stands_beside_a_ballot(station: Station) -> None:
    for name in ("participation", "ballot", "cast_key"):
        table = Base.metadata.tables[name]
        assert not [c.name for c in table.columns if isinstance(c.type, DateTime) or issubclass(_python(c), datetime)]
    if station.kind == "sqlite":
        with station.database.engine.connect() as connection:
            for name in ("participation", "ballot", "cast_key"):
                with pytest.raises(OperationalError, match="no such column"):
                    connection.execute(select(text("rowid")).select_from(Base.metadata.tables[name]))


def _python(column: Any) -> type:
    kind: type = column.type.python_type
    return kind


def test_the_order_of_rows_says_nothing(station: Station) -> None:
    people = station.voters(PEOPLE)
    people.sort(key=lambda person: hashlib.sha256(str(person.person_id).encode()).digest())  # no order of registration
    trackers = [station.cast(person).tracker for person in people]
    vote = station.vote()
    if station.kind == "postgresql":
        with (
            time_machine.travel(vote.closes_at + timedelta(minutes=2), tick=False),
            station.database.transaction() as session,
        ):
            board.seal(session, SYSTEM, session.merge(vote), station.keys)
    arrival = {tracker: place for place, tracker in enumerate(trackers)}
    turn = {person.person_id: place for place, person in enumerate(people)}
    ballots = [arrival[tracker] for tracker in _order(station, Ballot.tracker)]
    participants = [turn[person] for person in _order(station, Participation.person_id)]
    assert sorted(ballots) == sorted(participants) == list(range(PEOPLE))
    for one, other in ((ballots, range(PEOPLE)), (participants, range(PEOPLE)), (ballots, participants)):
        assert abs(_correlation(list(one), list(other))) < 7 / PEOPLE**0.5, "chance gives more once in 10¹¹ runs"


def _correlation(one: list[int], other: list[int]) -> float:
    mean = (len(one) - 1) / 2
    spread = sum((value - mean) ** 2 for value in one)
    return sum((a - mean) * (b - mean) for a, b in zip(one, other, strict=True)) / spread


def test_the_board_of_a_batch_tells_no_order(station: Station) -> None:
    trackers = [station.cast(person).tracker for person in station.voters(10)]
    with station.database.transaction() as session:
        board.sequence(session, station.keys)
    with station.database.reading() as session:
        posted = [entry.item for entry in board.entries(session, station.vote().id) if entry.kind == "ballot"]
    assert posted == sorted(trackers)
