"""An open vote in one line, for tests of casting, of the board and of races."""

from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from sqlalchemy.orm import Session

from civicvote.domain.ballots import counting
from civicvote.domain.lifecycles import CycleState, ProjectState
from civicvote.domain.permissions import SYSTEM, Actor
from civicvote.keystore import KeyStore
from civicvote.models.accounts import User
from civicvote.models.cycles import Cycle, Pool
from civicvote.models.projects import Project
from civicvote.models.verification import Person
from civicvote.models.votes import Vote
from civicvote.services import clock, votes
from tests import factories


@dataclass
class Polls:
    """A vote with two pools, the city's (numbers A1…) and 종로구's (B1…, or as `letters` say)."""

    cycle: Cycle
    vote: Vote
    city: Pool
    jongno: Pool
    projects: dict[str, Project] = field(default_factory=dict)

    @property
    def slug(self) -> str:
        return self.cycle.slug


def polls(session: Session, keys: KeyStore, *, city: int = 5, jongno: int = 3, **values: Any) -> Polls:
    """An open vote: approval of 1 to 3 projects unless `values` of the cycle say otherwise.

    `letters` begin the numbers of the two pools; long ones for tests that look for them among random bytes.
    """
    city_letter, jongno_letter = values.pop("letters", ("A", "B"))
    jongno_values = values.pop("jongno_values", {})
    cycle = factories.cycle(
        session,
        CycleState.LISTED,
        opened=values.pop("opened", "voting"),
        **({"min_picks": 1, "max_picks": 3} | values),
    )
    pools = (
        factories.pool(session, cycle, 200_000_000, name="서울 전체", position=0),
        factories.pool(session, cycle, 100_000_000, name="종로구", district="11110", position=1, **jongno_values),
    )
    made = Polls(cycle, None, *pools)  # type: ignore[arg-type]  # opened below
    for letter, pool, count in ((city_letter, pools[0], city), (jongno_letter, pools[1], jongno)):
        for n in range(1, count + 1):
            number = f"{letter}{n}"
            made.projects[number] = factories.project(
                session,
                pool,
                state=ProjectState.ON_BALLOT,
                number=number,
                title=f"{number} 사업",
                cost_won=40_000_000,
                district=pool.district,
            )
    made.vote = votes.open_vote(session, SYSTEM, cycle, keys=keys)
    return made


def voter(session: Session, *, district: str | None = "11110", birth_year: int | None = 1990) -> tuple[User, Actor]:
    """A verified account of its own person, and its actor."""
    person = Person(
        person_key=uuid4().hex * 2, birth_year=birth_year, sex="f", district=district, created_at=clock.now()
    )
    session.add(person)
    session.flush()
    user = factories.user(session, level=2, person=person)
    return user, factories.actor(user)


def form_key() -> str:
    return uuid4().hex


def opened(polls_: Polls, keys: KeyStore, counted: Any) -> counting.Opened:
    """What the ballots say, opened with the vote's key file."""
    secret = keys.read(f"vote-{polls_.vote.id}")
    return counting.open_ballots([sealed for _, sealed in counted], secret, polls_.vote.notice)  # type: ignore[arg-type]
