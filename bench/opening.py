"""`python -m bench.opening --ballots 100000`: from a PostgreSQL table of sealed ballots to the published bundle.

A server of its own is started, or the one named by CIVICVOTE_TEST_DATABASE_URL is used. Making the ballots isn't
measured: people and sealed ballots are copied into their tables and put on the board as the sequencer does. Then two
members of staff seal the box, ask for the count and for the publication, and what the worker does is done here: open,
count by Equal Shares with add1, open and count again, make the files; each phase with its seconds by the clock, the
processor's seconds (this process and those it started) and the most memory so far. Only what is kept holds a transaction.
"""

import argparse
import logging
import random
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from itertools import chain, repeat
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from uuid import uuid4

import time_machine
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from civicvote import db
from civicvote.domain.ballots import counting as opening
from civicvote.domain.ballots import sealing
from civicvote.domain.cycles import TallyRule
from civicvote.domain.lifecycles import CycleState, ProjectState
from civicvote.domain.permissions import SYSTEM, Role
from civicvote.keystore import KeyStore
from civicvote.models import Base
from civicvote.models.counts import PublishedFile
from civicvote.models.cycles import Cycle
from civicvote.models.votes import Vote
from civicvote.services import board, clock, counting, votes
from civicvote.services.counting import outcomes, queue, tasks
from tests import factories
from tests.support.postgresql import new_database, server

PICKS = 5


def _used() -> float:
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


@contextmanager
def phase(name: str) -> Iterator[None]:
    """Print what a phase took."""
    began, used = time.perf_counter(), _used()
    yield
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"{name:32} {time.perf_counter() - began:8.1f} s {_used() - used:8.1f} CPU s {most:7,} MB", flush=True)


def _seal(work: tuple[int, int, bytes, str, int, list[str]]) -> list[tuple[bytes, str]]:
    """One batch of ballots, sealed: seed, number, public key, vote, length, ids."""
    seed, number, key, vote, length, ids = work
    chance, sealer = random.Random(seed), sealing.Sealer(key, vote, length)  # noqa: S311 - the same votes every time
    weights = [1 / (place + 3) for place in range(len(ids))]
    made = []
    for _ in range(number):
        picks = set(chance.choices(ids, weights, k=chance.randint(1, PICKS)))
        one = sealer.seal(sealing.make_ballot(sorted(picks)))
        made.append((one.sealed, one.tracker))
    return made


def make_vote(session: Session, keys: KeyStore, projects: int) -> Vote:
    """An open vote of Equal Shares with add1 by 1,000 won."""
    cycle = factories.cycle(
        session, CycleState.LISTED, opened="voting", min_picks=1, max_picks=PICKS, tally_rule=TallyRule.EQUAL_SHARES
    )
    chance = random.Random(7)  # noqa: S311
    pool = factories.pool(session, cycle, projects * 60_000_000)
    for number in range(projects):
        factories.project(
            session,
            pool,
            state=ProjectState.ON_BALLOT,
            number=f"2026-{number:03d}",
            cost_won=chance.randrange(20, 400) * 1_000_000,
        )
    return votes.open_vote(session, SYSTEM, cycle, keys=keys)


def fill(session: Session, vote: Vote, number: int) -> None:
    """`number` people, each with one sealed ballot that waits for the board."""
    notice: Any = vote.notice
    ids = [project["id"] for project in notice["projects"]]
    batches = [
        (seed, min(10_000, number - start), vote.public_key, str(vote.id), notice["ballot"]["length"], ids)
        for seed, start in enumerate(range(0, number, 10_000))
    ]
    people = [uuid4() for _ in range(number)]
    now = clock.now()
    _copy(session, "person", "id,person_key,created_at", ((one, one.hex * 2, now) for one in people))
    _copy(session, "participation", "vote_id,person_id", ((vote.id, one) for one in people))
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        sealed = list(chain.from_iterable(pool.map(_seal, batches)))
    rows = ((uuid4().bytes, vote.id, uuid4().bytes, 1, body, tracker) for body, tracker in sealed)
    _copy(session, "ballot", "id,vote_id,slot,version,sealed,tracker", rows)
    _copy(session, "ballot_waiting", "vote_id,tracker", zip(repeat(vote.id), (one for _, one in sealed), strict=False))


def _copy(session: Session, table: str, columns: str, rows: Any) -> None:
    cursor = session.connection().connection.cursor()
    with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(list(row))


def measure(database: db.Database, keys: KeyStore, number: int, projects: int) -> int:
    """Every phase once; the size of the published bundle in bytes."""
    with database.transaction() as session:
        vote = make_vote(session, keys, projects)
        slug = session.get_one(Cycle, vote.cycle_id).slug
        first, second = (factories.actor(factories.user(session, Role.STAFF), Role.STAFF) for _ in range(2))
    with phase("(make people and ballots)"), database.transaction() as session:
        fill(session, vote, number)
    with phase("(put them on the board)"), database.transaction() as session:
        board.sequence(session, keys)
    with database.transaction() as session:
        session.execute(text("ANALYZE"))  # as PostgreSQL does by itself in the weeks of a vote
    with time_machine.travel(vote.closes_at + counting.DRAIN, tick=True):
        with phase("seal the box"), database.transaction() as session:
            counting.seal(session, first, slug, keys=keys)
        with database.reading() as session:
            _parts(session, vote, keys)
        with phase("ask for the count"), database.transaction() as session:
            counting.request_count(session, first, slug)
        _work(database, keys, "first count")
        with database.transaction() as session:
            counting.release.choose(session, first, slug, only_totals=False)
            counting.request_publication(session, second, slug)
        _work(database, keys, "second count, bundle, files")
    with database.reading() as session:
        return len(session.scalar(select(PublishedFile.content).where(PublishedFile.name == "bundle.zip")) or b"")


def _work(database: db.Database, keys: KeyStore, name: str) -> None:
    """The two halves of a task, as `jobs.count` does them."""
    with database.transaction() as session:
        held = queue.lease(session)
    assert held is not None
    with phase(name), database.reading() as session:
        made = tasks.prepare(session, held, keys=keys)
    assert made is not None
    with phase("  kept in one transaction"), database.transaction() as session:
        tasks.keep(session, held, made)


def _parts(session: Session, vote: Vote, keys: KeyStore) -> None:
    """What the first count consists of."""
    notice: Any = vote.notice
    with phase("  read the counted ballots"):
        counted = board.counted(session, vote)
    with phase("  open and check them"):
        opened = opening.open_ballots([sealed for _, sealed in counted], keys.read(f"vote-{vote.id}"), notice)
    with phase("  digest of the counted list"):
        opening.counted_digest(counted)
    with phase("  plaintexts as one document"):
        opened.data()
    with phase("  tally"):
        outcomes.result(notice, opened, ())
    print(f"  ({len(opened.ballots):,} valid)")


def main() -> None:
    """The measurement."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--ballots", type=int, default=100_000)
    asked.add_argument("--projects", type=int, default=80)
    given = asked.parse_args()
    logging.disable(logging.INFO)
    with tempfile.TemporaryDirectory() as folder, server(Path(folder) / "postgresql") as url:
        engine = db.make_engine(new_database(url))
        Base.metadata.create_all(engine)
        size = measure(db.Database(engine), KeyStore(Path(folder) / "keys"), given.ballots, given.projects)
        engine.dispose()
    print(f"bundle: {size / 1e6:,.1f} MB; Python {sys.version.split()[0]}")


if __name__ == "__main__":
    main()
