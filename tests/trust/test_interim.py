"""No interim count anywhere: two votes with the same people and other choices can't be told apart before the publication.

Whatever shows or stores a count, a share, an order of projects or one choice makes the two differ: a page, a feed, a file, a
metric, a line of the log, a number of rows, the length of a value. What is drawn by lot (keys, numbers, trackers) is masked.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from flask import Flask, url_for
from flask.testing import FlaskClient
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from civicvote import db
from civicvote.app import create_app
from civicvote.domain.cycles import BallotType
from civicvote.domain.permissions import Actor
from civicvote.keystore import KeyStore
from civicvote.models import Base
from civicvote.models.accounts import User
from civicvote.services import audit, board, clock, counting, sessions, voting
from civicvote.settings import Settings
from civicvote.web import observe
from tests.conftest import DATABASES, LIMITS
from tests.support.channels import LATER, Hall, hall
from tests.support.voting import form_key, voter
from tests.trust import FULL, size

NOON = datetime(2026, 10, 5, 3, tzinfo=UTC)
PEOPLE = size(3, 30)
Marks = Sequence[str] | Mapping[str, int]


@dataclass(frozen=True)
class Kind:
    """A ballot type: what its cycle says, two quite different ways to fill it in, and the same on paper."""

    values: dict[str, Any]
    one: Marks
    other: Marks
    papers: tuple[str, str]


APPROVAL = Kind({}, ["A1"], ["A3", "A5", "B2"], ("A1", "A2 A4"))
KINDS: dict[BallotType, Kind] = {
    BallotType.APPROVAL: APPROVAL,
    BallotType.KNAPSACK: Kind({"min_picks": 0}, ["A1"], ["A3", "A5", "B2"], ("A1", "A2 A4")),
    BallotType.POINTS: Kind({"point_sum": 5}, {"A1": 5}, {"A2": 1, "A4": 2, "B1": 2}, ("A1=5", "A2=3 A4=2")),
    BallotType.SCORE: Kind({"point_max": 5}, {"A1": 5}, {"A2": 1, "A4": 2, "B1": 3}, ("A1=5", "A2=3 A4=2")),
    BallotType.RANKING: Kind({}, ["A1"], ["B3", "A5", "A1"], ("A1", "A4 A2 A1")),
}

#: Drawn by lot, or told by a clock that isn't frozen.
_LOTS = [
    (re.compile(r"^(\w+_(?:created|seconds(?:_sum|_bucket)?)\b\S*|process_\S+|python_\S+) .*$", re.MULTILINE), r"\1"),
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"), "<uuid>"),
    (re.compile(r"\b(?=[A-Z2-7]*[A-Z])[A-Z2-7]{24}\b"), "<tracker>"),
    (re.compile(r"\b(?:[0-9a-f]{4} ){7}[0-9a-f]{4}\b"), "<print>"),
    (re.compile(r"(?:<li><code>[a-z]+</code></li>){12}"), "<print>"),
    (re.compile(r"\b[0-9a-f]{16}\b"), "<request>"),
    (re.compile(r"[A-Za-z0-9+/_-]{22,}={0,2}"), "<lot>"),
    (re.compile(r'"(?:ms|request_id)": "?[^,"}]+'), "<log>"),
    (re.compile(r"user-\w+@|시민 ?\w*@|[\w.]+@example\.\w+"), "<address>"),
]


def _masked(text: str) -> Counter[str]:
    """Lines with what is drawn by lot taken out; in no order, because lots order some of them."""
    for pattern, word in _LOTS:
        text = pattern.sub(word, text)
    return Counter(line.strip() for line in text.splitlines() if line.strip())


def _shape(value: Any) -> str:
    if isinstance(value, bytes):
        return f"<{len(value)} bytes>"
    if isinstance(value, dict | list):
        value = json.dumps(value, ensure_ascii=False, sort_keys=True)
    text = str(value)
    masked = next(iter(_masked(text)), "")
    return masked if masked != text else text


@dataclass
class Scene:
    """A vote in a database of its own, and everything that can be seen of it."""

    engine: Engine
    place: Hall
    app: Flask
    people: list[Actor]

    def rows(self) -> dict[str, Counter[str]]:
        """The database: every row of every table."""
        found = {}
        with Session(self.engine) as session:
            for table in Base.metadata.sorted_tables:
                rows = session.execute(select(table)).all()
                found[table.name] = Counter(" | ".join(map(_shape, row)) for row in rows)
        return found

    def pages(self, client: FlaskClient, addresses: Sequence[str]) -> dict[str, Counter[str]]:
        """What an address says to somebody, its headers' names and lengths apart."""
        found = {}
        for address in addresses:
            answer = client.get(address)
            found[address] = _masked(f"{answer.status_code}\n{answer.text}")
        return found


def _addresses(app: Flask, slug: str) -> list[str]:
    """Every address there is that needs no more than the vote's name."""
    vote: dict[str, Any] = {"slug": slug}
    with app.test_request_context():
        return [
            url_for(rule.endpoint, **{name: vote[name] for name in rule.arguments})
            for rule in app.url_map.iter_rules()
            if "GET" in (rule.methods or ()) and rule.arguments <= vote.keys()
        ]


def _fill(place: Hall, people: Sequence[Actor], kind: Kind, turn: int) -> None:
    """Everybody votes online, one of them twice; four sheets of paper are keyed by two and confirmed."""
    mine, papers = (kind.one, kind.other)[turn], kind.papers[turn]
    for person in [*people, people[0]]:
        voting.cast(place.session, person, place.slug, mine, key=form_key(), arrived=clock.now(), keys=place.keys)
    place.papers(4)
    number = place.batch(4)
    for clerk in (place.first, place.second):
        place.key(clerk, number, [papers, papers, "", "x"])
    place.confirm(number)


@dataclass
class Stage:
    """Makes two scenes that differ in the choices and in nothing else."""

    make_database: Callable[[str], Engine]
    database: str
    folder: Path

    def scene(self, name: str, type_: BallotType, turn: int) -> Scene:
        engine = self.make_database(self.database)
        folder = self.folder / name
        keys = KeyStore(folder / "keys")
        kind = KINDS[type_]
        with Session(engine, expire_on_commit=False) as session, session.begin():
            place = hall(session, keys, slug="vote", ballot_type=type_, **kind.values)
            people = [voter(session)[1] for _ in range(PEOPLE)]
            _fill(place, people, kind, turn)
            board.sequence(session, keys)
            audit.chain(session, KeyStore(folder / "keys").audit)
        settings = Settings(instance=self.folder, keys=folder / "keys", base_url="http://localhost")
        app = create_app(settings, database=db.Database(engine))  # with the log as it is in production
        app.config.update(WTF_CSRF_ENABLED=False, RATELIMIT_ENABLED=False)
        return Scene(engine, place, app, people)

    def seal(self, scene: Scene) -> None:
        with Session(scene.engine) as session, session.begin():
            counting.seal(session, scene.place.first, scene.place.slug, keys=scene.place.keys)


def _clients(scene: Scene) -> Iterator[tuple[str, FlaskClient]]:
    """A visitor, a member of staff and, in the long run, somebody who voted."""
    yield "visitor", scene.app.test_client()
    with Session(scene.engine) as session, session.begin():
        tokens = {
            who: sessions.start(session, user, device="test", limits=LIMITS, second_factor_at=clock.now())
            for who, user in (
                ("staff", session.get_one(User, scene.place.first.id)),
                ("voter", session.get_one(User, scene.people[0].id)),
            )[: 2 if FULL else 1]
        }
    for who, token in tokens.items():
        client = scene.app.test_client()
        client.set_cookie("cv", token, domain="localhost")
        yield who, client


def _seen(scene: Scene, capfd: pytest.CaptureFixture[str]) -> dict[str, Counter[str]]:
    """All that can be seen of a scene, by where it is seen."""
    found = {f"table {name}": rows for name, rows in scene.rows().items()}
    capfd.readouterr()
    for counted in (observe.REQUESTS, observe.SECONDS):  # the process's own; each scene begins at nought
        counted.clear()
    for who, client in _clients(scene):
        pages = scene.pages(client, _addresses(scene.app, scene.place.slug))
        found |= {f"{who} {address}": lines for address, lines in pages.items()}
    captured = capfd.readouterr()
    found["log"] = _masked(captured.out + captured.err)
    return found


def _check_same(one: dict[str, Counter[str]], other: dict[str, Counter[str]]) -> None:
    assert one.keys() == other.keys()
    told = {
        where: (one[where] - other[where], other[where] - one[where]) for where in one if one[where] != other[where]
    }
    assert told == {}, "this tells the two votes apart"
    assert one["log"], "there is a log to look at"
    assert one["table ballot"].total() == PEOPLE + 1 + 2
    assert {"200"} < {line for where, lines in one.items() if where.startswith("visitor") for line in lines}


CASES = (
    [(database, type_) for database in DATABASES for type_ in BallotType]
    if FULL
    else [("sqlite", BallotType.POINTS), ("postgresql", BallotType.RANKING)]
)


@pytest.mark.parametrize(("database", "type_"), CASES)
def test_nobody_sees_how_a_vote_stands(
    make_database: Callable[[str], Engine],
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    database: str,
    type_: BallotType,
) -> None:
    stage = Stage(make_database, database, tmp_path)
    with time_machine.travel(NOON, tick=False) as traveller:
        scenes = [stage.scene(name, type_, turn) for turn, name in enumerate(("one", "two"))]
        _check_same(*(_seen(scene, capfd) for scene in scenes))
        traveller.move_to(scenes[0].place.made.vote.closes_at + LATER)
        for scene in scenes:
            stage.seal(scene)
        _check_same(*(_seen(scene, capfd) for scene in scenes))
    for scene in scenes:
        scene.engine.dispose()


def test_the_comparison_sees_a_count(
    make_database: Callable[[str], Engine], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """After the count the two differ: where a count is, this test finds it."""
    stage = Stage(make_database, "sqlite", tmp_path)
    with time_machine.travel(NOON, tick=False) as traveller:
        scenes = [stage.scene(name, BallotType.APPROVAL, turn) for turn, name in enumerate(("one", "two"))]
        traveller.move_to(scenes[0].place.made.vote.closes_at + timedelta(minutes=2))
        for scene in scenes:
            stage.seal(scene)
            with Session(scene.engine) as session, session.begin():
                counting.count(session, scene.place.first, scene.place.slug, keys=scene.place.keys)
        one, other = (_seen(scene, capfd) for scene in scenes)
    differ = {where for where in one if one[where] != other[where]}
    assert "table tally_run" in differ
    assert not {where for where in differ if where.startswith("visitor")}, "and still nobody outside is told"
    for scene in scenes:
        scene.engine.dispose()
