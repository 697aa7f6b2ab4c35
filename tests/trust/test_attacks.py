"""Attacks that worked once, or that would be worth the most: each is tried here for good."""

import json
import os
from contextlib import nullcontext
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import time_machine
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from civicvote import db
from civicvote.domain import text as texts
from civicvote.domain.ballots import keys as vote_keys
from civicvote.domain.ballots import sealing
from civicvote.domain.ballots.counting import Opened, open_ballots, read_export
from civicvote.domain.ballots.encoding import canonical
from civicvote.domain.errors import ConflictError, InvalidError
from civicvote.domain.lifecycles import CycleState, ProjectState
from civicvote.domain.permissions import SYSTEM, Role
from civicvote.keystore import KeyMissingError, KeyStore
from civicvote.models.counts import PublishedFile
from civicvote.services import clock, counting, votes, voting
from tests import factories
from tests.support.elections import closed_vote
from tests.support.voting import voter


def test_a_key_is_never_seen_half_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two processes start on an empty folder: the second must not take the first one's empty file for the key."""
    store, other = KeyStore(tmp_path), KeyStore(tmp_path)
    seen: list[bytes] = []
    sync = os.fsync

    def interrupted(handle: int) -> None:
        monkeypatch.setattr(os, "fsync", sync)
        seen.append(other.application)
        sync(handle)

    monkeypatch.setattr(os, "fsync", interrupted)
    mine = store.application
    assert seen == [mine]
    assert len(mine) == 32
    assert [path.name for path in tmp_path.iterdir()] == ["application.key"], "no parts are left behind"


def test_all_who_start_at_once_have_one_key(tmp_path: Path) -> None:
    found: list[bytes] = []
    threads = [Thread(target=lambda: found.append(KeyStore(tmp_path).person)) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 16
    assert len(set(found)) == 1


def test_an_empty_key_is_no_key(tmp_path: Path) -> None:
    (tmp_path / "application.key").touch()
    with pytest.raises(KeyMissingError):
        _ = KeyStore(tmp_path).application


def test_the_database_file_is_its_owners_alone(tmp_path: Path) -> None:
    engine = db.make_engine(f"sqlite:///{tmp_path / 'civicvote.sqlite'}")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE a (b)"))
        modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    engine.dispose()
    assert len(modes) > 1, "with its journal"
    assert set(modes.values()) == {0o600}


def test_a_field_of_a_megabyte_is_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str] = []

    def look(value: str, **_: object) -> str:
        looked.append(value)
        return value

    monkeypatch.setattr(texts, "normalise", look)
    for value in ("a\u0301" * 500_000, "\n" * 1_000_000, "가 " * 500_000):
        with pytest.raises(InvalidError):
            texts.clean_text(value, maximum=80)
    assert looked == []
    assert texts.clean_text("짧은 글", maximum=80) == "짧은 글"
    assert looked == ["짧은 글"]


def _forged(true: Opened, choice: str) -> bytes:
    """What one dishonest clerk would upload: as many ballots as there are, all for one project, well formed."""
    made = [sealing.Ballot((choice,), bytes([n]) * 16) for n in range(true.total)]
    made.sort(key=lambda ballot: ballot.own_hash())
    return canonical(Opened(true.vote, tuple(made), (), ()).document())


def test_one_clerk_cannot_publish_invented_ballots(session: Session, settings: Any) -> None:
    """Without the key nobody tells true plaintexts from invented ones: the second person brings the file themselves."""
    keys = settings.keystore
    secret = vote_keys.new_vote_key()
    cycle = factories.cycle(session, CycleState.LISTED, opened="voting", min_picks=1, max_picks=3)
    pool = factories.pool(session, cycle, 100_000_000)
    for n in range(3):
        factories.project(session, pool, state=ProjectState.ON_BALLOT, number=f"A{n}", cost_won=40_000_000)
    vote = votes.open_vote(session, SYSTEM, cycle, keys=keys, public_key=secret.public)
    for n in range(4):
        _, person = voter(session)
        voting.cast(session, person, cycle.slug, ["A2"], key=f"{n:032x}", arrived=clock.now(), keys=keys)
    forger, second = (factories.actor(factories.user(session, Role.STAFF), Role.STAFF) for _ in range(2))
    with time_machine.travel(vote.closes_at + counting.DRAIN, tick=False):
        counting.seal(session, forger, cycle.slug, keys=keys)
        notice, sealed = read_export(json.loads(counting.export(session, forger, cycle.slug)))
        true = open_ballots([one for _, one in sealed], secret.secret, notice)
        forged = _forged(true, "A0")
        counting.count(session, forger, cycle.slug, keys=keys, opened=forged)
        counting.release.choose(session, forger, cycle.slug, only_totals=False)
        with pytest.raises(InvalidError) as refused:
            counting.publish(session, second, cycle.slug, keys=keys)
        assert refused.value.field == "opened"
        with pytest.raises(ConflictError, match="다릅니다"):
            counting.publish(session, second, cycle.slug, keys=keys, opened=canonical(true.document()))
        with pytest.raises(ConflictError, match="개표한 사람"):
            counting.publish(session, forger, cycle.slug, keys=keys, opened=forged)
    assert session.scalar(select(func.count()).select_from(PublishedFile)) == 0


def test_rules_changed_in_the_database_are_not_counted_by(session: Session, settings: Any) -> None:
    vote = closed_vote(session, settings.keystore, people=3)
    with vote.over:
        counting.seal(session, vote.first, vote.slug, keys=settings.keystore)
        true = vote.polls.vote.notice
        false = true | {"contests": [contest | {"budget": "1"} for contest in true["contests"]]}
        for notice, refused in ((false, True), (true, False)):
            vote.polls.vote.notice = notice
            session.flush()
            with (
                pytest.raises(ConflictError, match="공고한 것과") if refused else nullcontext(),
                session.begin_nested(),
            ):
                counting.count(session, vote.first, vote.slug, keys=settings.keystore)
        counting.release.choose(session, vote.first, vote.slug, only_totals=False)
        vote.polls.vote.notice = false
        session.flush()
        with pytest.raises(ConflictError, match="공고한 것과"):
            counting.publish(session, vote.second, vote.slug, keys=settings.keystore)
