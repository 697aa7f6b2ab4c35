"""What staff write for everybody: a resident number in it would stand on the board, in a million letters, for good."""

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from civicvote.domain.errors import InvalidError
from civicvote.domain.lifecycles import ProjectState
from civicvote.domain.permissions import Actor, Role
from civicvote.models.votes import BoardEntry
from civicvote.services import counting, cycles
from civicvote.services.cycles import ballot_list, terms
from civicvote.settings import Settings
from tests import factories
from tests.support.voting import polls

#: Made up: born on 1 January 1990; no such number was ever given out.
NAMED = "제안자 김시민(900101-1234567)의 요청에 따라 바로잡습니다."


@pytest.fixture
def clerk(session: Session) -> Actor:
    return factories.actor(factories.user(session, Role.STAFF), Role.STAFF)


def test_no_resident_number_reaches_the_board(session: Session, settings: Settings, clerk: Actor) -> None:
    made = polls(session, settings.keystore)
    before = session.scalar(select(func.count()).select_from(BoardEntry))
    with pytest.raises(InvalidError, match="주민등록번호"):
        counting.news.correct(session, clerk, made.slug, project="A1", text=NAMED, keys=settings.keystore)
    with pytest.raises(InvalidError, match="주민등록번호"):
        ballot_list.exclude(session, clerk, made.slug, made.projects["A1"].id, reason=NAMED)
    assert session.scalar(select(func.count()).select_from(BoardEntry)) == before


def test_no_resident_number_stands_over_a_held_vote(session: Session, settings: Settings, clerk: Actor) -> None:
    slug = polls(session, settings.keystore).slug
    with pytest.raises(InvalidError, match="주민등록번호"):
        cycles.hold(session, clerk, slug, reason=NAMED)
    cycles.hold(session, clerk, slug, reason="서버 점검으로 잠시 멈춥니다.")
    with pytest.raises(InvalidError, match="주민등록번호"):
        cycles.lift(session, clerk, slug, reason=NAMED)


def test_no_resident_number_says_why_a_project_is_funded_without_a_vote(session: Session, clerk: Actor) -> None:
    cycle = factories.cycle(session, opened="review")
    project = factories.project(session, factories.pool(session, cycle), state=ProjectState.ELIGIBLE)
    with pytest.raises(InvalidError, match="주민등록번호"):
        terms.lock_in(session, clerk, cycle.slug, project=project.id, reason=NAMED)
    terms.lock_in(session, clerk, cycle.slug, project=project.id, reason="법률에 따라 해야 하는 사업입니다.")
