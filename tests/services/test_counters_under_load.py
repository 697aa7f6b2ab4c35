"""Two thousand mixed deeds of twenty people at once: every figure kept beside its facts says what the facts say."""

import random
from collections import Counter
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.exc import OperationalError

from civicvote import db
from civicvote.cli.recount import RECOUNTS
from civicvote.domain.deliberation import RoundKind, Stance
from civicvote.domain.errors import DomainError
from civicvote.models.base import new_id
from civicvote.models.discussion import Post
from civicvote.models.proposals import ProposalEndorsement
from civicvote.services.deliberation import stances, statements
from civicvote.services.discussion import posting
from civicvote.services.proposals import endorsing
from tests.conftest import DATABASES
from tests.support import forums, talk
from tests.support import proposals as made
from tests.support.races import together

PEOPLE = 20
DEEDS = 100
DEED_NAMES = ("endorse", "say", "support", "vote", "stance")


@pytest.fixture(params=DATABASES)
def base(request: pytest.FixtureRequest, make_database: Callable[[str], Engine]) -> Iterator[db.Database]:
    """A database whose transactions really commit."""
    engine = make_database(request.param)
    yield db.Database(engine)
    engine.dispose()


def _words(order: random.Random) -> str:
    """Words that nobody has said yet: the same text again and again is refused."""
    return " ".join("".join(order.choices("가나다라마바사아자차카타파하", k=3)) for _ in range(6))


def test_nothing_drifts(base: db.Database) -> None:
    with base.transaction() as session:
        people = [talk.member(session) for _ in range(PEOPLE)]
        proposals = [made.proposal(session, department_threshold=8, forum_threshold=1000).id for _ in range(3)]
        held, _round = forums.debate(session)
        opinions = forums.round_of(session, held, RoundKind.STATEMENTS)
        lines = [
            statements.add(
                session, talk.member(session), opinions.id, body=_words(random.Random(n)), form_key=new_id()
            ).id
            for n in range(3)
        ]
        posts = [
            posting.say(session, one, key, body="좋은 제안입니다.", form_key=new_id()).id
            for one, key in zip(people, proposals, strict=False)
        ]
        forum = held.id

    outcomes: list[str] = []

    def live(number: int) -> str:
        order, actor = random.Random(number), people[number]
        for _ in range(DEEDS):
            name = order.choice(DEED_NAMES)
            try:
                with base.transaction() as session:
                    if name == "endorse":
                        endorsing.endorse(session, actor, order.choice(proposals), on=order.random() < 0.6)
                    elif name == "say":
                        posting.say(session, actor, order.choice(proposals), body=_words(order), form_key=new_id())
                    elif name == "support":
                        posting.support(session, actor, order.choice(posts), on=order.random() < 0.6)
                    elif name == "vote":
                        statements.vote(session, actor, order.choice(lines), order.choice((1, 0, -1, None)))
                    else:
                        stances.take(session, actor, forum, order.choice(list(Stance)))
                outcomes.append(name)
            except DomainError:
                outcomes.append("refused")
            except OperationalError as error:  # SQLite: who waited too long for their turn is sent away
                outcomes.append("busy" if "locked" in str(error) else str(error))
        return "ok"

    assert together(PEOPLE, live) == ["ok"] * PEOPLE
    done = Counter(outcomes)
    assert done.total() == PEOPLE * DEEDS
    assert set(done) <= {*DEED_NAMES, "refused", "busy"}
    assert all(done[name] > 20 for name in DEED_NAMES), done
    with base.transaction() as session:
        assert session.scalar(select(func.count()).select_from(ProposalEndorsement))
        assert session.scalar(select(func.count()).select_from(Post))
        assert {counted.__module__: counted(session) for counted in RECOUNTS} == {
            counted.__module__: 0 for counted in RECOUNTS
        }
