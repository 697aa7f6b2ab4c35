"""Single ballots or totals only: who chooses, who confirms, what is published and what auditors still see."""

import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from civicvote import db, jobs
from civicvote.domain.ballots import bundle
from civicvote.domain.ballots.uniqueness import Uniqueness
from civicvote.domain.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from civicvote.domain.permissions import Role
from civicvote.keystore import KeyStore
from civicvote.models.audit import AuditEvent
from civicvote.models.counts import PublishedFile, TallyDecision, TallyRelease, WithheldFile
from civicvote.services import counting
from tests import factories
from tests.support.elections import Count, closed_vote


@pytest.fixture
def keys(tmp_path: Path) -> KeyStore:
    return KeyStore(tmp_path / "keys")


@pytest.fixture
def vote(session: Session, keys: KeyStore) -> Count:
    made = closed_vote(session, keys)
    with made.over:
        counting.seal(session, made.first, made.slug, keys=keys)
        counting.count(session, made.first, made.slug, keys=keys)
    return made


def test_the_figures_are_those_of_the_ballots(session: Session, vote: Count) -> None:
    shown = counting.release.shown(session, vote.second, vote.slug)
    assert shown is not None
    kinds = [tuple(sorted(picks)) for picks in vote.picks]
    assert (shown.whole.ballots, shown.whole.unique) == (24, sum(kinds.count(one) == 1 for one in kinds))
    district = [[pick for pick in picks if pick[0] == "B"] for picks in vote.picks]
    assert shown.pools["종로구"].unique == sum(district.count(one) == 1 for one in district)
    assert shown.telling is any(2 * one.unique > one.ballots for one in (shown.whole, *shown.pools.values()))
    assert shown.few is any(one.ballots < 10 for one in shown.pools.values())
    assert not shown.pooled
    citizen = factories.actor(factories.user(session))
    with pytest.raises(ForbiddenError):
        counting.release.shown(session, citizen, vote.slug)


def test_the_second_person_publishes_what_the_first_chose(session: Session, vote: Count, keys: KeyStore) -> None:
    with pytest.raises(ConflictError, match="개표한 담당자가"):
        counting.release.choose(session, vote.second, vote.slug, only_totals=True)
    with vote.over, pytest.raises(InvalidError, match="공개 범위와 다릅니다"):
        counting.publish(session, vote.second, vote.slug, keys=keys, pooled=True)
    counting.release.choose(session, vote.first, vote.slug, only_totals=True)
    with vote.over, pytest.raises(InvalidError, match="공개 범위와 다릅니다"):
        counting.publish(session, vote.second, vote.slug, keys=keys)
    counting.release.choose(session, vote.first, vote.slug, only_totals=False)
    with vote.over:
        counting.publish(session, vote.second, vote.slug, keys=keys)
    assert session.scalar(select(func.count()).select_from(TallyRelease)) == 2
    assert session.scalar(select(func.count()).select_from(WithheldFile)) == 0
    with vote.over, pytest.raises(ConflictError):
        counting.release.choose(session, vote.first, vote.slug, only_totals=True)


def test_totals_only_keep_every_ballot_out_of_what_is_published(
    session: Session, vote: Count, keys: KeyStore, tmp_path: Path
) -> None:
    counting.release.choose(session, vote.first, vote.slug, only_totals=True)
    with vote.over:
        counting.publish(session, vote.second, vote.slug, keys=keys, pooled=True)
    files = {file.name: file.content for file in session.scalars(select(PublishedFile))}
    programs = {"recount.py", "recount_ballots.py", "recount_files.py", "recount_rules.py"}
    assert set(files) == {"bundle.zip", "projects.csv", *programs}
    loaded = bundle.load(files["bundle.zip"])
    assert loaded.opened is None
    assert not any(b'"c":' in body for name, body in loaded.files.items() if name.endswith("json"))
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    command = [sys.executable, "-I", "recount.py", "bundle.zip"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "NOT CHECKED" in done.stdout
    assert "모두 맞습니다 · All else holds" in done.stdout
    assert session.scalar(select(TallyDecision.pooled)) is True
    events = {event.action: event.detail for event in session.scalars(select(AuditEvent))}
    assert events["tally:release"]["pooled"] is True
    assert events["tally:approve"]["pooled"] is True


def test_auditors_see_the_whole_bundle_and_leave_a_record(session: Session, vote: Count, keys: KeyStore) -> None:
    auditor = factories.actor(factories.user(session, Role.AUDITOR), Role.AUDITOR)
    with pytest.raises(NotFoundError):
        counting.release.withheld(session, auditor, vote.slug)
    counting.release.choose(session, vote.first, vote.slug, only_totals=True)
    with vote.over:
        counting.publish(session, vote.second, vote.slug, keys=keys, pooled=True)
    content = counting.release.withheld(session, auditor, vote.slug)
    loaded = bundle.load(content)
    assert loaded.opened is not None
    assert len(loaded.opened.ballots) == 24
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert len(json.loads(archive.read("plaintexts.json"))["ballots"]) == 24
        assert sum(name.endswith(".pb") for name in archive.namelist()) == 2
    assert "ballots:download" in session.scalars(select(AuditEvent.action)).all()
    with pytest.raises(ForbiddenError):
        counting.release.withheld(session, vote.first, vote.slug)


def test_ballots_tell_on_somebody_where_most_are_unique_or_where_there_are_few() -> None:
    for ballots, unique, telling, few in (
        (0, 0, False, False),
        (9, 0, False, True),
        (10, 5, False, False),
        (10, 6, True, False),
    ):
        one = Uniqueness(ballots, unique)
        assert (one.telling, one.few, one.alarming) == (telling, few, telling or few)


def test_where_most_ballots_are_unique_the_first_must_choose(
    session: Session, keys: KeyStore, database: db.Database
) -> None:
    vote = closed_vote(session, keys, people=3)
    with vote.over:
        counting.seal(session, vote.first, vote.slug, keys=keys)
        counting.count(session, vote.first, vote.slug, keys=keys)
        shown = counting.release.shown(session, vote.second, vote.slug)
        assert shown is not None
        assert shown.telling
        assert shown.few
        assert shown.pooled is None
        for pooled in (False, True):
            with pytest.raises(InvalidError, match="먼저 공개 범위를 골라야"):
                counting.request_publication(session, vote.second, vote.slug, pooled=pooled)
        counting.release.choose(session, vote.first, vote.slug, only_totals=True)
        counting.request_publication(session, vote.second, vote.slug, pooled=True)
        jobs.count(database, keys)
    assert session.scalars(select(TallyDecision.pooled)).one() is True
