"""Some ballots of the open vote, cast the way everybody casts."""

import random

from sqlalchemy import select
from sqlalchemy.orm import Session

from civicvote.demo import content
from civicvote.domain.errors import DomainError
from civicvote.domain.lifecycles import ProjectState
from civicvote.domain.permissions import Actor, Role
from civicvote.keystore import KeyStore
from civicvote.models.accounts import User
from civicvote.models.cycles import Cycle, Pool
from civicvote.models.projects import Project
from civicvote.services import clock, voting

#: How many of the demo's citizens have voted already.
VOTERS = 34


def cast_some(session: Session, cycle: Cycle, keys: KeyStore) -> int:
    """Cast ballots of demo citizens who may vote; returns how many. Those who may not are left out, as in life."""
    chance = random.Random(f"{cycle.slug}|ballots")  # noqa: S311 — a demo's ballots need not be secret
    listed = session.execute(
        select(Project.number, Pool.district)
        .join(Pool, Pool.id == Project.pool_id)
        .where(Project.cycle_id == cycle.id, Project.state == ProjectState.ON_BALLOT)
        .order_by(Project.number)
    ).all()
    cast = 0
    for person in content.PEOPLE:
        if cast == VOTERS:
            break
        user = session.scalar(select(User).where(User.email == person.email))
        if user is None or user.level < cycle.min_level or user.person_id is None:
            continue
        may = [str(number) for number, district in listed if district is None]
        picks = chance.sample(may, chance.randint(2, min(8, cycle.max_picks, len(may))))
        actor = Actor(user.id, frozenset({Role.CITIZEN, Role.VERIFIED}), user.name, user.level, user.person_id)
        moment = clock.now()
        try:
            voting.cast(session, actor, cycle.slug, picks, key=voting.new_form_key(), arrived=moment, keys=keys)
        except DomainError:
            continue  # too young
        cast += 1
    return cast
