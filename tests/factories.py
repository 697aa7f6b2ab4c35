"""Things a test needs, made in one line each."""

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy.orm import Session

from civicvote.domain.cycles import BallotType, TallyRule
from civicvote.domain.lifecycles import CycleState, ProjectState
from civicvote.domain.permissions import Actor, Role
from civicvote.models.accounts import User, UserRole
from civicvote.models.cycles import Cycle, Pool
from civicvote.models.departments import Department
from civicvote.models.projects import Project
from civicvote.models.verification import Person
from civicvote.services import clock

DAY = timedelta(days=1)
#: What tells names of one kind apart: counted, because a short random one comes twice some day.
COUNT = itertools.count(1)


def user(session: Session, *roles: Role, name: str = "김시민", level: int = 0, **values: Any) -> User:
    """A confirmed account with official roles and, from level 1, a person of 1990 in 종로구."""
    values.setdefault("email", f"{uuid4().hex}@example.org")
    values.setdefault("email_confirmed_at", clock.now())
    person = values.pop("person", None)
    if level and person is None:
        person = Person(person_key=uuid4().hex * 2, birth_year=1990, sex="f", district="11110", created_at=clock.now())
        session.add(person)
        session.flush()
    made = User(
        name=name, level=level, person_id=person.id if person else None, created_at=clock.now(), locale="ko", **values
    )
    session.add(made)
    session.flush()
    session.add_all(UserRole(user_id=made.id, role=role) for role in roles)
    session.flush()
    return made


def actor(made: User, *roles: Role) -> Actor:
    """The actor of an account; `roles` are its official ones."""
    held = {Role.CITIZEN, *roles} | ({Role.VERIFIED} if made.level else set())
    return Actor(made.id, frozenset(held), made.name, made.level, made.person_id, made.department_id)


def department(session: Session, name: str = "") -> Department:
    """A department with a name of its own."""
    made = Department(name=name or f"부서 {next(COUNT)}", name_en="Department", created_at=clock.now(), active=True)
    session.add(made)
    session.flush()
    return made


def cycle(
    session: Session, state: CycleState = CycleState.ANNOUNCED, *, opened: str = "proposals", **values: Any
) -> Cycle:
    """A cycle whose `opened` window ("proposals", "voting", "closed") is open now."""
    shift = {"before": 2, "proposals": 0, "review": -20, "voting": -40, "closed": -60}[opened] * DAY
    start = clock.now() + shift
    made = Cycle(
        slug=values.pop("slug", f"cycle-{next(COUNT)}"),
        title=values.pop("title", "2026년 시민공감예산"),
        year=2026,
        state=state,
        proposals_open_at=start - DAY,
        proposals_close_at=start + 15 * DAY,
        review_until=start + 35 * DAY,
        voting_open_at=start + 36 * DAY,
        voting_close_at=start + 50 * DAY,
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        **({"ballot_type": BallotType.APPROVAL, "tally_rule": TallyRule.EQUAL_SHARES} | values),
    )
    session.add(made)
    session.flush()
    return made


def pool(session: Session, of: Cycle, amount_won: int = 1_000_000_000, **values: Any) -> Pool:
    """A pool of the cycle."""
    made = Pool(cycle_id=of.id, name=values.pop("name", f"분야 {next(COUNT)}"), amount_won=amount_won, **values)
    session.add(made)
    session.flush()
    return made


def project(
    session: Session, of: Pool, author: User | None = None, state: ProjectState = ProjectState.SUBMITTED, **values: Any
) -> Project:
    """A project of the pool."""
    moment = clock.now()
    made = Project(
        cycle_id=of.cycle_id,
        pool_id=of.id,
        author_id=author.id if author else None,
        state=state,
        title=values.pop("title", "통학로 보행등 설치"),
        problem=values.pop("problem", "통학로가 어두워 아이들이 다니기 위험합니다."),
        idea=values.pop("idea", "학교 앞 300미터에 보행등 열두 개를 설치해 주십시오."),
        number=values.pop("number", None if state is ProjectState.DRAFT else f"no-{next(COUNT)}"),
        requested_won=values.pop("requested_won", 50_000_000),
        cost_won=values.pop("cost_won", 50_000_000),
        created_at=moment,
        updated_at=moment,
        submitted_at=None if state is ProjectState.DRAFT else moment,
        **values,
    )
    session.add(made)
    session.flush()
    return made
