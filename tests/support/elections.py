"""A vote that is over, with ballots in the box, and two members of staff to count it."""

import random
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import uuid4

import time_machine
from sqlalchemy.orm import Session

from civicvote.domain.permissions import Actor, Role
from civicvote.keystore import KeyStore
from civicvote.models.accounts import User
from civicvote.services import clock, voting
from tests import factories
from tests.support.voting import Polls, polls, voter

#: After the close and its minute of grace.
LATER = timedelta(minutes=2)


@dataclass
class Count:
    """A closed vote of `polls`, with people's picks as they were cast."""

    polls: Polls
    first: Actor
    second: Actor
    users: tuple[User, User]
    picks: list[list[str]] = field(default_factory=list)

    @property
    def slug(self) -> str:
        return self.polls.slug

    @property
    def over(self) -> Any:
        """A clock that stands after the close."""
        return time_machine.travel(self.polls.vote.closes_at + LATER, tick=False)


def closed_vote(session: Session, keys: KeyStore, *, people: int = 24, **values: Any) -> Count:
    """`people` of 종로구 have cast; the second has replaced their ballot. Deterministic picks of A1…A5 and B1…B3."""
    made = polls(session, keys, **values)
    users = factories.user(session, Role.STAFF, name="김집계"), factories.user(session, Role.STAFF, name="이검산")
    first, second = (factories.actor(user, Role.STAFF) for user in users)
    count = Count(made, first, second, users)
    chance = random.Random(7)
    for number in range(people):
        _, actor = voter(session)
        picks = [*chance.sample(["A1", "A2", "A3", "A4", "A5"], 2), chance.choice(["B1", "B2", "B3"])]
        for _ in range(2 if number == 1 else 1):
            voting.cast(session, actor, made.slug, picks, key=uuid4().hex, arrived=clock.now(), keys=keys)
        count.picks.append(picks)
    return count
