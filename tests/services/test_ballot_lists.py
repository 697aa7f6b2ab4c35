"""The ballot list between two people: asked for, approved, returned, and what leaves it."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from civicvote import db
from civicvote.domain.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from civicvote.domain.lifecycles import CycleState, ProjectState
from civicvote.domain.permissions import VISITOR, Actor, Role
from civicvote.keystore import KeyStore
from civicvote.models.audit import AuditEvent
from civicvote.models.cycles import Cycle
from civicvote.models.outbox import OutboxMessage
from civicvote.models.projects import Project, ProjectMove
from civicvote.models.votes import BoardEntry, Vote
from civicvote.services import clock, cycles
from civicvote.services.cycles import ballot_list as lists
from tests import factories as make
from tests.conftest import DATABASES
from tests.support.races import attempt, together


def staff(session: Session, name: str = "박주무관") -> Actor:
    return make.actor(make.user(session, Role.STAFF, name=name), Role.STAFF)


@pytest.fixture
def keys(tmp_path: Path) -> KeyStore:
    return KeyStore(tmp_path / "keys", "a secret for tests")


def ready(session: Session, *, projects: int = 3) -> Cycle:
    """A cycle whose projects are reviewed and whose voting is still to come."""
    made = make.cycle(session, opened="review")
    pool = make.pool(session, made, name="안전")
    for number in range(projects):
        make.project(session, pool, state=ProjectState.ELIGIBLE, number=f"2026-{number:03}")
    make.project(session, pool, state=ProjectState.INELIGIBLE)
    make.project(session, pool, state=ProjectState.IN_REVIEW)
    return made


def test_two_people_publish_the_list(session: Session, keys: KeyStore) -> None:
    one, two = staff(session, "박요청"), staff(session, "이승인")
    made = ready(session)
    assert lists.show(session, one, made.slug).waiting == 1
    with pytest.raises(NotFoundError):
        lists.show(session, VISITOR, made.slug)
    lists.request_list(session, one, made.slug)
    view = lists.show(session, one, made.slug)
    assert (view.own_request, view.requester, view.count, list(view.changed)) == (True, "박요청", 3, [])
    letters = session.scalars(select(OutboxMessage.recipient_id).where(OutboxMessage.kind == "ballot-list-requested"))
    assert two.id in set(letters)
    with pytest.raises(ForbiddenError, match="요청한 사람"):
        lists.approve_list(session, one, made.slug, keys=keys)
    lists.approve_list(session, two, made.slug, keys=keys)
    assert made.state is CycleState.LISTED
    assert (made.list_requested_by, made.list_approved_by) == (one.id, two.id)
    states = session.scalars(select(Project.state).where(Project.cycle_id == made.id, Project.number.like("2026-%")))
    assert set(states) == {ProjectState.ON_BALLOT}
    vote = session.scalars(select(Vote).where(Vote.cycle_id == made.id)).one()
    assert [p["id"] for p in vote.notice["projects"]] == ["2026-000", "2026-001", "2026-002"]
    assert session.scalar(select(func.count()).where(BoardEntry.vote_id == vote.id)) == 1
    assert lists.show(session, VISITOR, made.slug).count == 3
    digests = session.scalars(select(AuditEvent.detail).where(AuditEvent.action == "cycle:list-digest")).all()
    assert len({d["digest"] for d in digests}) == 1 < len(digests)


def test_nothing_to_vote_on(session: Session) -> None:
    made = ready(session, projects=0)
    with pytest.raises(ConflictError, match="투표에 부칠 것"):
        lists.request_list(session, staff(session), made.slug)


def test_fewer_projects_than_must_be_picked(session: Session) -> None:
    made = ready(session, projects=2)
    made.min_picks = 3
    session.flush()
    with pytest.raises(ConflictError, match="최소 사업 수"):
        lists.request_list(session, staff(session), made.slug)


@pytest.mark.parametrize(("opened", "words"), [("proposals", "제안접수가 끝난"), ("voting", "시작 시각이 지났습니다")])
def test_too_early_and_too_late(session: Session, opened: str, words: str) -> None:
    made = make.cycle(session, opened=opened)
    make.project(session, make.pool(session, made), state=ProjectState.ELIGIBLE)
    with pytest.raises(ConflictError, match=words):
        lists.request_list(session, staff(session), made.slug)


def test_approval_after_voting_should_have_opened(session: Session, keys: KeyStore) -> None:
    made = ready(session)
    lists.request_list(session, staff(session), made.slug)
    made.voting_open_at = clock.now() - timedelta(minutes=1)
    session.flush()
    with pytest.raises(ConflictError, match="시작 시각이 지났습니다"):
        lists.approve_list(session, staff(session), made.slug, keys=keys)


@pytest.mark.parametrize("change", ["cost", "withdrawn", "added", "title"])
def test_a_list_that_changed_is_shown_and_refused(session: Session, keys: KeyStore, change: str) -> None:
    one, two = staff(session), staff(session)
    made = ready(session)
    lists.request_list(session, one, made.slug)
    project = session.scalars(select(Project).where(Project.cycle_id == made.id, Project.number == "2026-001")).one()
    if change == "cost":
        project.cost_won = 77_000_000
    elif change == "withdrawn":
        project.state = ProjectState.WITHDRAWN
    elif change == "title":
        project.title = "고친 제목의 사업"
    else:
        make.project(session, cycles.get(session, one, made.slug).pools[0], state=ProjectState.ELIGIBLE)
    session.flush()
    assert len(lists.show(session, two, made.slug).changed) == 1
    with pytest.raises(ConflictError, match="안건이 바뀌었습니다"):
        lists.approve_list(session, two, made.slug, keys=keys)
    with pytest.raises(InvalidError):
        lists.return_list(session, two, made.slug, reason=" ")
    with pytest.raises(InvalidError, match="주민등록번호"):
        lists.return_list(session, two, made.slug, reason="900101-1234567 님의 안건을 빼 주십시오.")
    lists.return_list(session, two, made.slug, reason="바뀐 안건을 확인해 주십시오.")
    assert made.state is CycleState.ANNOUNCED
    returned = session.scalars(select(OutboxMessage).where(OutboxMessage.kind == "ballot-list-returned")).one()
    assert returned.recipient_id == one.id
    lists.request_list(session, one, made.slug)
    lists.approve_list(session, two, made.slug, keys=keys)
    assert lists.show(session, VISITOR, made.slug).count


def test_excluding_is_public_and_needs_a_reason(session: Session, keys: KeyStore) -> None:
    one, two = staff(session), staff(session)
    made = ready(session)
    project = session.scalars(select(Project).where(Project.cycle_id == made.id, Project.number == "2026-001")).one()
    with pytest.raises(ConflictError, match="공고한 뒤부터"):
        lists.exclude(session, one, made.slug, project.id, reason="토지를 쓸 수 없습니다.")
    lists.request_list(session, one, made.slug)
    lists.approve_list(session, two, made.slug, keys=keys)
    with pytest.raises(InvalidError):
        lists.exclude(session, one, made.slug, project.id, reason="")
    with pytest.raises(ForbiddenError):
        lists.exclude(session, make.actor(make.user(session)), made.slug, project.id, reason="빼 주십시오.")
    lists.exclude(session, one, made.slug, project.id, reason="토지를 쓸 수 없습니다.")
    assert project.state is ProjectState.WITHDRAWN
    last = session.scalars(
        select(ProjectMove).where(ProjectMove.project_id == project.id).order_by(ProjectMove.id)
    ).all()[-1]
    assert (last.name, last.reason) == ("exclude", "토지를 쓸 수 없습니다.")
    with pytest.raises(ConflictError):
        lists.exclude(session, one, made.slug, project.id, reason="한 번 더 뺍니다.")
    made.state = CycleState.SEALED
    session.flush()
    with pytest.raises(ConflictError, match="봉인하기 전"):
        lists.exclude(session, one, made.slug, project.id, reason="너무 늦었습니다.")


@pytest.mark.parametrize("kind", DATABASES)
def test_of_staff_racing_to_approve_one_wins(make_database: Callable[[str], Engine], kind: str, keys: KeyStore) -> None:
    database = db.Database(make_database(kind))
    with database.transaction() as session:
        requester, approvers = staff(session), [staff(session) for _ in range(4)]
        made = ready(session)
        lists.request_list(session, requester, made.slug)
        slug, cycle_id = made.slug, made.id
    said = together(4, lambda n: attempt(database, lambda s: lists.approve_list(s, approvers[n], slug, keys=keys)))
    assert sorted(said) == ["conflict"] * 3 + ["done"]
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Vote)) == 1
        assert session.scalar(select(Cycle.state).where(Cycle.id == cycle_id)) is CycleState.LISTED
        listed = select(func.count()).where(ProjectMove.name == "list")
        assert session.scalar(listed) == 3
        approved = select(func.count()).where(AuditEvent.action == "cycle:approve-list")
        assert session.scalar(approved) == 1
    database.engine.dispose()
