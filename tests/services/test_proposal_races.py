"""Citizens' proposals under pressure: many at once at one threshold, one form many times, numbers in a row."""

import random
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import Engine, func, select

from civicvote import db
from civicvote.domain.errors import ConflictError, NotFoundError
from civicvote.domain.lifecycles import ProposalState
from civicvote.domain.notices import NoticeKind
from civicvote.domain.permissions import Actor, Role
from civicvote.models.base import new_id
from civicvote.models.deliberation import Forum
from civicvote.models.notices import Notice
from civicvote.models.proposals import CoAuthor, Proposal, ProposalEndorsement, ProposalMove, ProposalRevision
from civicvote.services.proposals import authors, counters, endorsing, writing
from tests import factories
from tests.conftest import DATABASES
from tests.support import proposals as made

THREADS = 32


@pytest.fixture(params=DATABASES)
def base(request: pytest.FixtureRequest, make_database: Callable[[str], Engine]) -> Iterator[db.Database]:
    """A database whose transactions really commit."""
    engine = make_database(request.param)
    yield db.Database(engine)
    engine.dispose()


def _together(count: int, deed: Callable[[int], object]) -> list[object]:
    barrier = Barrier(count)

    def run(number: int) -> object:
        barrier.wait()
        try:
            return deed(number)
        except (ConflictError, NotFoundError) as error:
            return type(error).__name__

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(run, range(count)))


def test_thirty_two_at_once_cross_both_thresholds_once(base: db.Database) -> None:
    with base.transaction() as session:
        proposal = made.proposal(session, department_threshold=10, forum_threshold=20)
        factories.user(session, Role.STAFF)
        people = [factories.actor(factories.user(session)) for _ in range(THREADS)]
    key = proposal.id

    def endorse(number: int) -> int:
        with base.transaction() as session:
            return endorsing.endorse(session, people[number], key).endorsement_count

    assert sorted(map(int, map(str, _together(THREADS, endorse)))) == list(range(1, THREADS + 1))
    with base.reading() as session:
        found = session.get_one(Proposal, key)
        assert (found.endorsement_count, found.state) == (THREADS, ProposalState.AWAITING_DEPARTMENT)
        assert list(session.scalars(select(ProposalMove.name))) == ["reach"]
        assert session.scalar(select(func.count()).select_from(Forum)) == 1
        assert session.scalar(select(func.count()).select_from(ProposalRevision)) == 1
        told = select(func.count()).where(Notice.kind == NoticeKind.THRESHOLD_REACHED)
        assert session.scalar(told) == 2  # the author: once for the department, once for the forum
        assert session.scalar(select(func.count()).where(Notice.kind == NoticeKind.WORK_WAITS)) == 1


def test_endorsing_and_taking_back_at_once_counts_what_is_there(base: db.Database) -> None:
    with base.transaction() as session:
        proposal = made.proposal(session, department_threshold=8, forum_threshold=1000)
        people = [factories.actor(factories.user(session)) for _ in range(THREADS)]
    key = proposal.id

    def toggle(number: int) -> str:
        order = random.Random(number)
        for _ in range(4):
            with base.transaction() as session:
                endorsing.endorse(session, people[order.randrange(THREADS)], key, on=order.random() < 0.6)
        return "ok"

    assert _together(THREADS, toggle) == ["ok"] * THREADS
    with base.transaction() as session:
        rows = session.scalar(select(func.count()).select_from(ProposalEndorsement))
        found = session.get_one(Proposal, key)
        assert found.endorsement_count == rows
        assert counters.recount(session) == 0
        names = list(session.scalars(select(ProposalMove.name).order_by(ProposalMove.id)))
        assert names == ["reach", "step-back"] * (len(names) // 2) + ["reach"] * (len(names) % 2)
        above = found.endorsement_count >= found.department_threshold
        assert found.state is (ProposalState.AWAITING_DEPARTMENT if above else ProposalState.PUBLISHED)


def test_one_person_with_two_accounts_at_once_counts_once(base: db.Database) -> None:
    with base.transaction() as session:
        proposal = made.proposal(session)
        one = factories.user(session, level=1)
        two = factories.user(session)
        actors = [factories.actor(one), Actor(two.id, frozenset({Role.CITIZEN}), person_id=one.person_id)]
    key = proposal.id

    def endorse(number: int) -> int:
        with base.transaction() as session:
            return endorsing.endorse(session, actors[number], key).endorsement_count

    assert sorted(map(str, _together(2, endorse))) == ["1", "ConflictError"]


def test_eight_publications_at_once_get_eight_numbers_in_a_row(base: db.Database) -> None:
    with base.transaction() as session:
        author = factories.user(session)
        drafts = [made.proposal(session, author, ProposalState.DRAFT).id for _ in range(8)]
    actor = factories.actor(author)

    def publish(number: int) -> int | None:
        with base.transaction() as session:
            return writing.publish(session, actor, drafts[number]).number

    assert sorted(map(int, map(str, _together(8, publish)))) == list(range(1, 9))


def test_one_form_sent_eight_times_at_once_is_one_proposal(base: db.Database) -> None:
    with base.transaction() as session:
        actor = factories.actor(factories.user(session))
    key = new_id()

    def send(_number: int) -> int | None:
        with base.transaction() as session:
            return writing.save(session, actor, key, made.content(), version=None, final=True).number

    assert set(_together(8, send)) <= {1, "ConflictError"}
    with base.reading() as session:
        assert session.scalars(select(Proposal.number)).all() == [1]


def test_two_authors_edit_at_once_one_wins_and_revisions_have_no_gap(base: db.Database) -> None:
    with base.transaction() as session:
        author = factories.user(session)
        proposal = made.proposal(session, author)
        made.endorsed(session, proposal, 1)
        version = proposal.version
    actor, key = factories.actor(author), proposal.id

    def edit(number: int) -> str:
        words = made.content(title=f"고친 제목 {number}")
        with base.transaction() as session:
            return writing.change(session, actor, key, words, version=version, note="고침").title

    answers = _together(4, edit)
    assert answers.count("ConflictError") == 3
    with base.reading() as session:
        assert list(session.scalars(select(ProposalRevision.number).order_by(ProposalRevision.number))) == [0, 1]


def test_one_link_opened_by_four_at_once_makes_one_co_author(base: db.Database) -> None:
    links: list[str] = []

    def keep(token: str) -> str:
        links.append(token)
        return token

    with base.transaction() as session:
        author = factories.user(session)
        proposal = made.proposal(session, author)
        people = [factories.actor(factories.user(session)) for _ in range(4)]
        authors.invite(session, factories.actor(author), proposal.id, email="one@example.org", link=keep)

    def accept(number: int) -> str:
        with base.transaction() as session:
            return str(authors.accept(session, people[number], authors.by_link(links[0])))

    assert _together(4, accept).count("NotFoundError") == 3
    with base.reading() as session:
        assert session.scalar(select(func.count()).select_from(CoAuthor)) == 1
