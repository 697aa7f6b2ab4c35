"""공론장 under pressure: many people at once, one person many times, one proposal reaching its threshold twice."""

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Engine, func, select

from civicvote import db
from civicvote.domain.deliberation import ForumKind, Stance
from civicvote.domain.lifecycles import ProposalState
from civicvote.models.deliberation import Forum, ForumChoice, Round
from civicvote.models.proposals import Proposal
from civicvote.services import clock
from civicvote.services.deliberation import counters, debates, options, stances
from tests.conftest import DATABASES
from tests.support import forums as support
from tests.support.races import attempt, together

THREADS = 32


@pytest.fixture(params=DATABASES)
def base(request: pytest.FixtureRequest, make_database: Callable[[str], Engine]) -> Iterator[db.Database]:
    """A database whose transactions really commit."""
    engine = make_database(request.param)
    yield db.Database(engine)
    engine.dispose()


def test_the_latest_stance_counts_once_per_person_under_32_threads(base: db.Database) -> None:
    with base.transaction() as session:
        held, _one = support.debate(session)
        people = [support.citizen(session) for _ in range(4)]
    views = list(Stance)

    def say(number: int) -> str:
        """Four people, eight times each, all changing their minds the other way round."""
        stance = views[(number * 7 + number // 4) % 3]
        return attempt(base, lambda session: stances.take(session, people[number % 4], held.id, stance))

    assert together(THREADS, say) == ["done"] * THREADS
    with base.transaction() as session:
        counts = stances.counts(session, held.id)
        rows = session.execute(select(ForumChoice.stance, func.count()).group_by(ForumChoice.stance))
        kept = {row[0]: row[1] for row in rows}
        assert sum(counts.values()) == 4
        assert {one: people for one, people in counts.items() if people} == kept
        assert counters.recount(session, repair=False) == 0


def test_options_count_one_choice_a_person_under_32_threads(base: db.Database) -> None:
    with base.transaction() as session:
        held, rows = support.question(session)
        people = [support.citizen(session) for _ in range(4)]
        keys = [one.id for one in rows]

    def choose(number: int) -> str:
        key = keys[(number + number // 4) % 2]
        return attempt(base, lambda session: options.choose(session, people[number % 4], held.id, key))

    assert together(THREADS, choose) == ["done"] * THREADS
    with base.transaction() as session:
        assert sum(one.count for one in options.of(session, held.id)) == 4
        assert counters.recount(session, repair=False) == 0


def test_a_proposal_opens_one_debate_however_many_reach_the_threshold(base: db.Database) -> None:
    moment = clock.now()
    with base.transaction() as session:
        made = Proposal(
            number=1,
            state=ProposalState.PUBLISHED,
            title="수리 공간을 두어 주십시오",
            problem="고칠 곳이 없습니다.",
            idea="자치구마다 한 곳씩 둡니다.",
            created_at=moment,
            updated_at=moment,
            published_at=moment,
            closes_at=moment + support.DAY,
            shuffle=1,
        )
        session.add(made)

    def reach(_number: int) -> str:
        return attempt(base, lambda session: debates.open_from_proposal(session, session.get_one(Proposal, made.id)))

    assert together(8, reach) == ["done"] * 8
    with base.transaction() as session:
        forum = session.scalars(select(Forum)).one()
        assert (forum.kind, forum.proposal_id) == (ForumKind.DEBATE, made.id)
        one = session.scalars(select(Round)).one()
        assert one.closes_at - one.opens_at == 30 * support.DAY
