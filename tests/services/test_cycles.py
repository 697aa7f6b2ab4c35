"""Preparing, announcing and holding cycles."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from civicvote import db
from civicvote.domain.cycle_plan import Plan, PoolPlan
from civicvote.domain.cycles import Phase
from civicvote.domain.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from civicvote.domain.lifecycles import CycleState, ProjectState
from civicvote.domain.permissions import VISITOR, Actor, Role
from civicvote.keystore import KeyStore
from civicvote.models.audit import AuditEvent
from civicvote.models.cycles import Hold
from civicvote.services import clock, cycles
from civicvote.services.cycles import ballot_list as lists
from tests import factories as make
from tests.conftest import DATABASES, Queries
from tests.support.races import attempt, together

DAY = timedelta(days=1)


def staff(session: Session, name: str = "박주무관") -> Actor:
    return make.actor(make.user(session, Role.STAFF, name=name), Role.STAFF)


def plan(**values: object) -> Plan:
    moment = clock.now()
    made = Plan(
        slug=f"budget-{uuid4().hex[:8]}",
        title="2027년 시민공감예산",
        summary="내년 예산입니다.",
        year=2027,
        proposals_open_at=moment + DAY,
        proposals_close_at=moment + 20 * DAY,
        review_until=moment + 40 * DAY,
        voting_open_at=moment + 45 * DAY,
        voting_close_at=moment + 60 * DAY,
    )
    return replace(made, **values)  # type: ignore[arg-type]  # fields by name


def recorded(session: Session, subject: UUID) -> list[str]:
    session.flush()
    return list(
        session.scalars(select(AuditEvent.action).where(AuditEvent.subject_id == subject).order_by(AuditEvent.id))
    )


def test_from_draft_to_announcement(session: Session) -> None:
    one = staff(session)
    made = cycles.create(session, one, plan())
    with pytest.raises(NotFoundError):
        cycles.get(session, VISITOR, made.slug)
    with pytest.raises(ConflictError, match="분야"):
        cycles.announce(session, one, made.slug, version=made.version)
    cycles.add_pool(session, one, made.slug, PoolPlan("안전", 3_000_000_000, theme="안전"), version=made.version)
    cycles.announce(session, one, made.slug, version=made.version)
    view = cycles.detail(session, VISITOR, made.slug)
    assert (view.phase, view.step, view.amount_won) == (Phase.BEFORE_PROPOSALS, 0, 3_000_000_000)
    assert recorded(session, made.id) == ["cycle:create", "cycle:add-pool", "cycle:announce"]


@pytest.mark.parametrize("role", [None, Role.DEPARTMENT, Role.AUDITOR, Role.ADMIN, Role.MODERATOR])
def test_only_staff_prepare(session: Session, role: Role | None) -> None:
    other = make.actor(make.user(session), *([role] if role else []))
    made = cycles.create(session, staff(session), plan())
    for deed in (
        lambda: cycles.create(session, other, plan()),
        lambda: cycles.edit(session, other, made.slug, plan(), version=1),
        lambda: cycles.add_pool(session, other, made.slug, PoolPlan("안전", 1), version=1),
        lambda: cycles.announce(session, other, made.slug, version=1),
        lambda: cycles.hold(session, other, made.slug, reason="이유를 적습니다."),
        lambda: lists.request_list(session, other, made.slug),
        lambda: lists.approve_list(session, other, made.slug, keys=KeyStore(Path("/nonexistent"))),
    ):
        with pytest.raises(ForbiddenError):
            deed()


def test_an_auditor_reads_drafts(session: Session) -> None:
    made = cycles.create(session, staff(session), plan())
    auditor = make.actor(make.user(session, Role.AUDITOR), Role.AUDITOR)
    assert cycles.get(session, auditor, made.slug) is made


def test_an_edit_of_an_old_version_is_refused(session: Session) -> None:
    one, two = staff(session), staff(session)
    made = cycles.create(session, one, plan())
    seen = made.version
    cycles.edit(session, one, made.slug, plan(slug=made.slug, title="바뀐 이름의 예산"), version=seen)
    assert made.version == seen + 1
    with pytest.raises(ConflictError, match="먼저 고쳤습니다"):
        cycles.edit(session, two, made.slug, plan(slug=made.slug), version=seen)
    cycles.add_pool(session, one, made.slug, PoolPlan("안전", 100), version=made.version)
    assert made.version == seen + 2, "pools count as a change of the cycle"
    with pytest.raises(ConflictError):
        cycles.announce(session, two, made.slug, version=seen)


def test_slugs_are_unique_and_stay_once_announced(session: Session) -> None:
    one = staff(session)
    made = cycles.create(session, one, plan())
    with pytest.raises(InvalidError) as taken:
        cycles.create(session, one, plan(slug=made.slug))
    assert taken.value.field == "slug"
    cycles.edit(session, one, made.slug, plan(slug="moved-elsewhere"), version=made.version)
    cycles.add_pool(session, one, "moved-elsewhere", PoolPlan("안전", 100), version=made.version)
    cycles.announce(session, one, "moved-elsewhere", version=made.version)
    with pytest.raises(InvalidError) as fixed:
        cycles.edit(session, one, made.slug, plan(slug="again-elsewhere"), version=made.version)
    assert fixed.value.field == "slug"


def test_pools(session: Session) -> None:
    one = staff(session)
    made = make.cycle(session)
    pool = cycles.add_pool(session, one, made.slug, PoolPlan("안전", 100), version=made.version)
    with pytest.raises(InvalidError):
        cycles.add_pool(session, one, made.slug, PoolPlan("안전", 200), version=made.version)
    cycles.edit_pool(session, one, made.slug, pool.id, PoolPlan("안전", 300, district="11110"), version=made.version)
    assert (pool.amount_won, pool.district) == (300, "11110")
    with pytest.raises(NotFoundError):
        cycles.edit_pool(session, one, made.slug, uuid4(), PoolPlan("안전", 1), version=made.version)
    other = cycles.add_pool(session, one, made.slug, PoolPlan("환경", 100), version=made.version)
    make.project(session, other, state=ProjectState.DRAFT)
    with pytest.raises(ConflictError, match="제안이 있어"):
        cycles.remove_pool(session, one, made.slug, other.id, version=made.version)
    cycles.remove_pool(session, one, made.slug, pool.id, version=made.version)
    assert [p.name for p in cycles.get(session, VISITOR, made.slug).pools] == ["환경"]


@pytest.mark.parametrize("state", [s for s in CycleState if s not in {CycleState.DRAFT, CycleState.ANNOUNCED}])
def test_rules_are_locked_from_the_request_on(session: Session, state: CycleState) -> None:
    one = staff(session)
    made = make.cycle(session, state)
    pool = make.pool(session, made)
    for deed in (
        lambda: cycles.edit(session, one, made.slug, plan(slug=made.slug), version=made.version),
        lambda: cycles.add_pool(session, one, made.slug, PoolPlan("안전", 1), version=made.version),
        lambda: cycles.edit_pool(session, one, made.slug, pool.id, PoolPlan("안전", 1), version=made.version),
        lambda: cycles.remove_pool(session, one, made.slug, pool.id, version=made.version),
    ):
        with pytest.raises(ConflictError, match="바꿀 수 없습니다"):
            deed()


def test_a_hold_closes_and_lifting_opens(session: Session) -> None:
    one = staff(session)
    made = make.cycle(session, opened="proposals")
    assert cycles.timetable(session, made).takes_proposals(clock.now())
    assert made in cycles.open_cycles(session)
    cycles.hold(session, one, made.slug, reason="예산 심의가 늦어졌습니다.")
    assert cycles.is_held(session, made.id)
    assert not cycles.timetable(session, made).takes_proposals(clock.now())
    assert made not in cycles.open_cycles(session)
    with pytest.raises(ConflictError, match="이미 보류"), session.begin_nested():
        cycles.hold(session, one, made.slug, reason="한 번 더 보류합니다.")
    with pytest.raises(InvalidError):
        cycles.lift(session, one, made.slug, reason="")
    cycles.lift(session, one, made.slug, reason="심의가 끝났습니다.")
    assert not cycles.is_held(session, made.id)
    with pytest.raises(ConflictError):
        cycles.lift(session, one, made.slug, reason="또 해제합니다.")
    assert session.scalar(select(func.count()).where(Hold.cycle_id == made.id)) == 1
    assert recorded(session, made.id) == ["cycle:hold", "cycle:lift"]
    assert [h.lift_reason for h in cycles.detail(session, VISITOR, made.slug).holds] == ["심의가 끝났습니다."]


def test_listing_pages_through_years_and_hides_drafts(session: Session) -> None:
    made = [make.cycle(session) for _ in range(5)]
    for number, cycle in enumerate(made):
        cycle.year = 2030 + number // 2
    make.cycle(session, CycleState.DRAFT)
    session.flush()
    seen: list[UUID] = []
    cursor = None
    while True:
        found = cycles.listing(session, VISITOR, cursor=cursor, size=2)
        seen += [row.id for row in found.rows]
        cursor = found.next
        if cursor is None:
            break
    assert seen == [c.id for c in sorted(made, key=lambda c: (c.year, c.id), reverse=True)]


def test_pages_take_the_same_statements_with_one_and_many_projects(session: Session, queries: Queries) -> None:
    made = make.cycle(session, CycleState.LISTED, opened="voting")
    pool = make.pool(session, made)
    make.project(session, pool, state=ProjectState.ON_BALLOT)

    def count(read: Callable[[], object]) -> int:
        session.flush()
        session.expunge_all()
        queries.clear()
        read()
        return len(queries)

    reads: list[Callable[[], object]] = [
        lambda: cycles.listing(session, VISITOR),
        lambda: cycles.detail(session, VISITOR, made.slug),
        lambda: lists.show(session, VISITOR, made.slug),
    ]
    few = [count(read) for read in reads]
    pool = session.merge(pool)
    for _ in range(60):
        make.project(session, pool, state=ProjectState.ON_BALLOT)
    assert [count(read) for read in reads] == few
    assert max(few) <= 5


@pytest.mark.parametrize("kind", DATABASES)
def test_of_staff_racing_to_edit_and_hold_one_wins(make_database: Callable[[str], Engine], kind: str) -> None:
    database = db.Database(make_database(kind))
    with database.transaction() as session:
        people = [staff(session) for _ in range(4)]
        made = make.cycle(session)
        slug, version = made.slug, made.version
    edits = together(
        4,
        lambda n: attempt(
            database,
            lambda s: cycles.edit(s, people[n], slug, plan(slug=slug, title=f"{n}번 담당자의 예산"), version=version),
        ),
    )
    assert sorted(edits) == ["conflict"] * 3 + ["done"]
    holds = together(
        4, lambda n: attempt(database, lambda s: cycles.hold(s, people[n], slug, reason="잠시 멈추겠습니다."))
    )
    assert sorted(holds) == ["conflict"] * 3 + ["done"]
    database.engine.dispose()
