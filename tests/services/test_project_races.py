"""Proposals under pressure: the same form many times, many people at once, the last moment of a window."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from uuid import uuid4

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from civicvote import db
from civicvote.domain.errors import ConflictError
from civicvote.domain.lifecycles import ProjectState
from civicvote.domain.permissions import Actor
from civicvote.models.accounts import User
from civicvote.models.base import new_id
from civicvote.models.cycles import Pool
from civicvote.models.projects import Comment, Endorsement, Project
from civicvote.services import clock
from civicvote.services.projects import counters, talking, writing
from tests import factories
from tests.conftest import DATABASES


def _content(pool: Pool, **changes: object) -> writing.Content:
    values: dict[str, object] = {
        "title": "통학로 보행등 설치",
        "problem": "통학로가 어두워 아이들이 위험합니다.",
        "idea": "보행등 열두 개를 설치해 주십시오.",
    } | changes
    return writing.Content(pool_id=pool.id, **values)  # type: ignore[arg-type]  # test values


@pytest.fixture(params=DATABASES)
def engine_of_its_own(request: pytest.FixtureRequest, make_database: Callable[[str], Engine]) -> Iterator[Engine]:
    """A database whose transactions really commit."""
    engine = make_database(request.param)
    yield engine
    engine.dispose()


def _together(count: int, deed: Callable[[int], str]) -> list[str]:
    barrier = Barrier(count)

    def run(number: int) -> str:
        barrier.wait()
        try:
            return deed(number)
        except (ConflictError, StaleDataError):
            return "conflict"

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(run, range(count)))


def _arranged(base: db.Database) -> tuple[Pool, User, Actor]:
    with base.transaction() as session:
        pool = factories.pool(session, factories.cycle(session))
        author = factories.user(session)
    return pool, author, factories.actor(author)


def test_eight_submissions_at_once_get_eight_numbers(engine_of_its_own: Engine) -> None:
    base = db.Database(engine_of_its_own)
    pool, author, actor = _arranged(base)
    with base.transaction() as session:
        drafts = [factories.project(session, pool, author, ProjectState.DRAFT).id for _ in range(8)]

    def submit(number: int) -> str:
        with base.transaction() as session:
            return writing.submit(session, actor, drafts[number]).number or ""

    assert sorted(_together(8, submit)) == [f"26-{number:04d}" for number in range(1, 9)]


def test_one_form_sent_eight_times_at_once_is_one_proposal_and_one_comment(engine_of_its_own: Engine) -> None:
    base = db.Database(engine_of_its_own)
    pool, _author, actor = _arranged(base)
    key, form_key = new_id(), uuid4()

    def send(_number: int) -> str:
        with base.transaction() as session:
            return writing.save(session, actor, key, _content(pool), version=None, final=True).number or ""

    answers = _together(8, send)
    assert set(answers) <= {"26-0001", "conflict"}
    assert "26-0001" in answers

    def say(_number: int) -> str:
        with base.transaction() as session:
            talking.say(session, actor, key, body="한 번만", form_key=form_key)
            return str(talking.endorse(session, actor, key))

    assert _together(8, say) == ["1"] * 8
    with base.reading() as session:
        assert session.scalar(select(func.count()).select_from(Project)) == 1
        assert session.scalar(select(func.count()).select_from(Comment)) == 1
        assert session.scalar(select(func.count()).select_from(Endorsement)) == 1
        project = session.scalars(select(Project)).one()
        assert (project.comment_count, project.endorsement_count) == (1, 1)


def test_two_edits_at_once_one_wins(engine_of_its_own: Engine) -> None:
    base = db.Database(engine_of_its_own)
    pool, author, actor = _arranged(base)
    with base.transaction() as session:
        project_id = factories.project(session, pool, author).id

    def edit(number: int) -> str:
        with base.transaction() as session:
            return writing.change(
                session, actor, project_id, _content(pool, title=f"고친 제목 {number}"), version=1
            ).title

    answers = _together(4, edit)
    assert answers.count("conflict") == 3
    with base.reading() as session:
        assert session.get_one(Project, project_id).title in answers


def test_endorsements_of_many_at_once_are_all_counted(engine_of_its_own: Engine) -> None:
    base = db.Database(engine_of_its_own)
    pool, author, _actor = _arranged(base)
    with base.transaction() as session:
        project_id = factories.project(session, pool, author).id
        people = [factories.actor(factories.user(session)) for _ in range(12)]

    def endorse(number: int) -> str:
        with base.transaction() as session:
            talking.endorse(session, people[number], project_id)
            return "ok"

    assert _together(12, endorse) == ["ok"] * 12
    with base.transaction() as session:
        assert session.get_one(Project, project_id).endorsement_count == 12
        assert counters.recount(session) == 0


def test_late_by_a_moment_is_late(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    cycle = factories.cycle(session)
    author = factories.user(session)
    drafts = [
        factories.project(session, factories.pool(session, cycle), author, ProjectState.DRAFT).id for _ in range(2)
    ]
    actor = factories.actor(author)
    closes = cycle.proposals_close_at
    monkeypatch.setattr(clock, "now", lambda: closes - timedelta(microseconds=1))
    assert writing.submit(session, actor, drafts[0]).number == "26-0001"
    monkeypatch.setattr(clock, "now", lambda: closes)
    with pytest.raises(ConflictError):
        writing.submit(session, actor, drafts[1])
