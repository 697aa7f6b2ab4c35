"""Two thousand mixed deeds of twenty people at once: every figure kept beside its facts says what the facts say."""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from uuid import UUID

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from civicvote import db
from civicvote.cli.recount import RECOUNTS
from civicvote.domain.deliberation import RoundKind, Stance
from civicvote.domain.discussion import HideReason
from civicvote.domain.errors import DomainError
from civicvote.domain.lifecycles import PostState
from civicvote.domain.permissions import Actor, Role
from civicvote.models.base import new_id
from civicvote.models.discussion import Post
from civicvote.models.proposals import ProposalEndorsement
from civicvote.services import accounts
from civicvote.services.deliberation import stances, statements
from civicvote.services.discussion import posting
from civicvote.services.moderation import deciding
from civicvote.services.proposals import endorsing, merging
from tests import factories
from tests.conftest import DATABASES
from tests.support import forums, talk
from tests.support import proposals as made
from tests.support.races import together

PEOPLE = 20
DEEDS = 100
#: How often each is tried, of all.
WEIGHTS = {
    "endorse": 24, "say": 16, "support": 16, "vote": 14, "stance": 10, "withdraw": 6, "hide": 6, "merge posts": 3, "erase": 4,
    "merge": 1,
}  # fmt: skip


@pytest.fixture(params=DATABASES)
def base(request: pytest.FixtureRequest, make_database: Callable[[str], Engine]) -> Iterator[db.Database]:
    """A database whose transactions really commit."""
    engine = make_database(request.param)
    yield db.Database(engine)
    engine.dispose()


def _words(order: random.Random) -> str:
    """Words that nobody has said yet: the same text again and again is refused."""
    return " ".join("".join(order.choices("가나다라마바사아자차카타파하", k=3)) for _ in range(6))


class Town:
    """What everybody deals with, and what they have said so far."""

    def __init__(self, base: db.Database) -> None:
        self.base = base
        with base.transaction() as session:
            self.people = [talk.member(session) for _ in range(PEOPLE)]
            self.proposals = [
                (one.id, one.number or 0)
                for one in (made.proposal(session, department_threshold=8, forum_threshold=1000) for _ in range(8))
            ]
            held, _round = forums.debate(session)
            opinions = forums.round_of(session, held, RoundKind.STATEMENTS)
            self.lines = [
                statements.add(
                    session, talk.member(session), opinions.id, body=_words(random.Random(n)), form_key=new_id()
                ).id
                for n in range(3)
            ]
            self.forum = held.id
            self.judge = talk.moderator(session)
            self.staff = factories.actor(factories.user(session, Role.STAFF), Role.STAFF)
            #: Posts by their thread, and who wrote them.
            self.said = [
                self._say(session, one, key) for one, (key, _n) in zip(self.people, self.proposals, strict=False)
            ]

    def _say(self, session: Session, who: Actor, key: UUID, text: str = "좋은 제안입니다.") -> tuple[UUID, UUID, UUID]:
        post = posting.say(session, who, key, body=text, form_key=new_id())
        return post.id, key, who.account()

    def do(self, name: str, order: random.Random, actor: Actor) -> None:
        """One deed in a transaction of its own."""
        key = order.choice(self.proposals)[0]
        post, thread, _writer = order.choice(self.said)
        new: tuple[UUID, UUID, UUID] | None = None
        with self.base.transaction() as session:
            if name == "endorse":
                endorsing.endorse(session, actor, key, on=order.random() < 0.6)
            elif name == "say":
                new = self._say(session, actor, key, _words(order))
            elif name == "support":
                posting.support(session, actor, post, on=order.random() < 0.6)
            elif name == "vote":
                statements.vote(session, actor, order.choice(self.lines), order.choice((1, 0, -1, None)))
            elif name == "stance":
                stances.take(session, actor, self.forum, order.choice(list(Stance)))
            elif name == "erase":
                self._leave(session, order, key, post)
            else:
                self._tidy(session, name, order, actor, (key, post, thread))
        if new:
            self.said.append(new)

    def _tidy(
        self, session: Session, name: str, order: random.Random, actor: Actor, at: tuple[UUID, UUID, UUID]
    ) -> None:
        """What takes things away or puts them together."""
        key, post, thread = at
        if name == "withdraw":
            posting.withdraw(session, actor, order.choice([one for one, _key, who in self.said if who == actor.id]))
        elif name == "hide":
            deciding.hide(session, self.judge, post, code=HideReason.INSULT, reason="비방하는 말입니다.")
        elif name == "merge posts":
            others = [one for one, there, _who in self.said if there == thread and one != post]
            deciding.merge(session, self.judge, post, order.choice(others))
        else:
            merging.merge(session, self.staff, key, order.choice(self.proposals)[1], reason="같은 내용입니다.")

    def _leave(self, session: Session, order: random.Random, key: UUID, post: UUID) -> None:
        """Somebody comes, takes part in everything, and erases the account."""
        guest = talk.member(session)
        endorsing.endorse(session, guest, key)
        posting.support(session, guest, post)
        self._say(session, guest, key, _words(order))
        stances.take(session, guest, self.forum, Stance.FOR)
        accounts.erase(session, guest)


def test_nothing_drifts(base: db.Database) -> None:
    town = Town(base)
    outcomes: list[str] = []

    def live(number: int) -> str:
        order, actor = random.Random(number), town.people[number]
        for _ in range(DEEDS):
            name = order.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
            try:
                town.do(name, order, actor)
                outcomes.append(name)
            except DomainError:
                outcomes.append("refused")
            except IndexError:  # nothing of one's own, or no other post of the thread, to choose from
                outcomes.append("nothing there")
            except OperationalError as error:  # SQLite: who waited too long for their turn is sent away
                outcomes.append("busy" if "locked" in str(error) else str(error))
        return "ok"

    assert together(PEOPLE, live) == ["ok"] * PEOPLE
    done = Counter(outcomes)
    assert done.total() == PEOPLE * DEEDS
    assert set(done) <= {*WEIGHTS, "refused", "nothing there", "busy"}
    assert all(done[name] > 3 for name in WEIGHTS if name != "merge"), done
    assert done["merge"], done
    with base.transaction() as session:
        assert session.scalar(select(func.count()).select_from(ProposalEndorsement))
        assert session.scalar(select(func.count()).select_from(Post).where(Post.state == PostState.HIDDEN))
        assert {counted.__module__: counted(session) for counted in RECOUNTS} == {
            counted.__module__: 0 for counted in RECOUNTS
        }
