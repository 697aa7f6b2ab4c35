"""A forum with a ballot round, announced by two people, in one line."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from civicvote.domain.ballot_rounds import BallotMethod, BallotPlan, slug_of
from civicvote.domain.deliberation import Audience, ForumKind, RoundKind
from civicvote.domain.discussion import PostKind, ThreadKind
from civicvote.domain.lifecycles import ForumState, PostState
from civicvote.domain.permissions import Actor, Role
from civicvote.keystore import KeyStore
from civicvote.models.accounts import User
from civicvote.models.deliberation import Forum, ForumModerator, Round
from civicvote.models.discussion import Post
from civicvote.services import ballot_rounds, clock
from civicvote.services.discussion import threads
from tests import factories

DAY = timedelta(days=1)


def forum(session: Session, state: ForumState = ForumState.OPEN, **values: Any) -> Forum:
    """An open forum with its thread."""
    moment = clock.now()
    made = Forum(
        kind=values.pop("kind", ForumKind.DEBATE),
        state=state,
        title=values.pop("title", "우리 동네 도서관을 어떻게 쓸까요"),
        created_at=moment,
        updated_at=moment,
        opened_at=None if state is ForumState.DRAFT else moment,
        **values,
    )
    session.add(made)
    session.flush()
    threads.open_thread(session, ThreadKind.FORUM, made.id, title=made.title, path=f"/forums/{made.id}")
    return made


def round_of(session: Session, of: Forum, kind: RoundKind = RoundKind.BALLOT, **values: Any) -> Round:
    """A round that opened an hour ago and closes in five days, for verified people."""
    moment = clock.now().replace(microsecond=0)
    made = Round(
        forum_id=of.id,
        kind=kind,
        position=values.pop("position", 1),
        title=values.pop("title", "운영 시간 투표"),
        opens_at=values.pop("opens_at", moment - timedelta(hours=1)),
        closes_at=values.pop("closes_at", moment + 5 * DAY),
        audience=values.pop("audience", Audience.VERIFIED),
        **values,
    )
    session.add(made)
    session.flush()
    threads.open_thread(session, ThreadKind.ROUND, made.id, title=made.title, path=f"/rounds/{made.id}")
    return made


def post(session: Session, of: Round, author: User, title: str, **values: Any) -> Post:
    """Something a citizen said in a round."""
    made = Post(
        thread_id=of.id,
        kind=values.pop("kind", PostKind.NOMINATION),
        state=values.pop("state", PostState.SHOWN),
        author_id=author.id,
        title=title,
        body=values.pop("body", "아이와 함께 쓰는 사람이 많아졌습니다."),
        created_at=clock.now(),
        form_key=uuid4(),
        **values,
    )
    session.add(made)
    session.flush()
    return made


@dataclass
class BallotRound:
    """A ballot round with the two members of staff and the moderator who run it."""

    forum: Forum
    round: Round
    first: Actor
    second: Actor
    moderator: Actor
    users: dict[str, User]

    @property
    def id(self) -> UUID:
        return self.round.id

    @property
    def slug(self) -> str:
        return slug_of(self.round.id)


def prepared(session: Session, options: int = 3, plan: BallotPlan | None = None, **values: Any) -> BallotRound:
    """Its options are named ("선택 1" …), nobody has asked for the announcement yet."""
    held = forum(session, **values.pop("forum", {}))
    found = round_of(session, held, **values)
    users = {
        "first": factories.user(session, Role.STAFF, name="김집계"),
        "second": factories.user(session, Role.STAFF, name="이검산"),
        "moderator": factories.user(session, Role.MODERATOR, name="박진행"),
    }
    session.add(ForumModerator(forum_id=held.id, user_id=users["moderator"].id, at=clock.now()))
    session.flush()
    roles = {"first": Role.STAFF, "second": Role.STAFF, "moderator": Role.MODERATOR}
    actors = {name: factories.actor(user, roles[name]) for name, user in users.items()}
    made = BallotRound(held, found, **actors, users=users)
    ballot_rounds.plan(session, made.moderator, made.id, plan or BallotPlan())
    for number in range(1, options + 1):
        ballot_rounds.add(session, made.moderator, made.id, title=f"선택 {number}", body=f"{number}번의 설명입니다.")
    return made


def version(session: Session, made: BallotRound) -> int:
    ballot = ballot_rounds.desk(session, made.moderator, made.id).ballot
    assert ballot is not None
    return ballot.version


def announced(session: Session, keys: KeyStore, *args: Any, **values: Any) -> BallotRound:
    """The same, asked for by its moderator and announced by a member of staff."""
    made = prepared(session, *args, **values)
    ballot_rounds.ask(session, made.moderator, made.id, version=version(session, made))
    ballot_rounds.announce(session, made.first, made.id, keys=keys)
    return made


def ranked(picks: int = 3, winners: int = 1) -> BallotPlan:
    return BallotPlan(BallotMethod.RANKING, picks, winners)
