"""The first page, the language switch, and a person's own page."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from civicvote.domain import pabulib
from civicvote.domain.lifecycles import CycleState, ProjectState
from civicvote.domain.permissions import SYSTEM
from civicvote.models.accounts import User
from civicvote.models.projects import Follow
from civicvote.services import clock
from civicvote.services import pabulib as elections
from civicvote.settings import Settings
from tests import factories
from tests.conftest import Queries
from tests.services.test_pabulib_import import SMALL
from tests.support.elections import closed_vote

SignIn = Callable[[User], FlaskClient]


def test_an_empty_platform_says_so(client: FlaskClient) -> None:
    page = client.get("/").get_data(as_text=True)
    assert "아직 공고된 예산이 없습니다" in page
    assert page.count("<h1") == 1


def test_the_first_page_shows_what_is_going_on(client: FlaskClient, session: Session) -> None:
    cycle = factories.cycle(session, title="2026년 시민공감예산")
    pool = factories.pool(session, cycle, 7_000_000_000)
    factories.project(session, pool, title="밤길을 밝히는 보행등")
    factories.project(session, pool, state=ProjectState.DRAFT, title="아직 쓰는 중인 글")
    factories.cycle(session, CycleState.DRAFT, title="준비 중인 예산")
    page = client.get("/").get_data(as_text=True)
    assert "2026년 시민공감예산" in page
    assert "70억 원" in page
    assert "밤길을 밝히는 보행등" in page
    assert "아직 쓰는 중인 글" not in page
    assert "준비 중인 예산" not in page


@pytest.mark.parametrize("many", [1, 30])
def test_it_takes_the_same_few_statements(client: FlaskClient, session: Session, queries: Queries, many: int) -> None:
    for _ in range(many):
        pool = factories.pool(session, factories.cycle(session))
        for _ in range(3):
            factories.project(session, pool)
    queries.clear()
    assert client.get("/").status_code == 200
    assert len(queries) == 4  # budgets, projects, what is open now, proposals


def test_imported_projects_are_not_new_proposals(client: FlaskClient, session: Session, settings: Settings) -> None:
    elections.import_file(session, SYSTEM, pabulib.parse(SMALL), elections.Terms(slug="abroad"), keys=settings.keystore)
    page = client.get("/").get_data(as_text=True)
    assert "/budget/abroad" in page
    assert "EUR 100" in page
    assert "Bench" not in page
    assert "새로 올라온 제안" not in page


def test_the_language_is_kept_and_leads_back(client: FlaskClient) -> None:
    assert 'lang="ko"' in client.get("/").get_data(as_text=True)
    answer = client.post("/language", data={"lang": "en", "next": "/projects/?sort=new"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/projects/?sort=new")
    cookie = next(c for c in answer.headers.getlist("Set-Cookie") if c.startswith("cv_lang="))
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert 'lang="en"' in client.get("/").get_data(as_text=True)
    client.post("/language", data={"lang": "tlh"})
    assert 'lang="ko"' in client.get("/").get_data(as_text=True)


@pytest.mark.parametrize(
    "target",
    ["https://evil.example", "//evil.example", "/\\evil.example", "\\\\evil.example", "javascript:alert(1)", "http:/evil",
     "/\t/evil.example", "///evil.example", "evil", " //evil.example", "/\n/evil.example"],
)  # fmt: skip
def test_it_never_leads_elsewhere(client: FlaskClient, target: str) -> None:
    assert client.post("/language", data={"lang": "en", "next": target}).headers["Location"] == "/"


def test_ones_own_page(client: FlaskClient, signed_in: SignIn, session: Session, settings: Settings) -> None:
    assert "/sign-in" in client.get("/me").headers["Location"]
    author, other = factories.user(session), factories.user(session)
    pool = factories.pool(session, factories.cycle(session))
    draft = factories.project(session, pool, author, ProjectState.DRAFT, title="내 초안")
    foreign = factories.project(session, pool, other, ProjectState.DRAFT, title="남의 초안")
    followed = factories.project(session, pool, other, title="관심 있는 사업")
    for project in (followed, foreign):
        session.add(Follow(user_id=author.id, project_id=project.id, at=clock.now()))
    session.flush()
    page = signed_in(author).get("/me").get_data(as_text=True)
    assert f"/projects/{draft.id}/edit" in page
    assert "관심 있는 사업" in page
    assert "남의 초안" not in page
    assert "아직 참여한 투표가 없습니다" in page
    empty = signed_in(factories.user(session)).get("/me").get_data(as_text=True)
    assert "아직 쓴 제안이 없습니다" in empty


def test_ones_own_votes_say_only_that_one_took_part(signed_in: SignIn, session: Session, settings: Settings) -> None:
    from uuid import uuid4

    from civicvote.services import voting
    from tests.support.voting import voter

    vote = closed_vote(session, settings.keystore, people=2)
    user, actor = voter(session)
    voting.cast(session, actor, vote.slug, ["A4"], key=uuid4().hex, arrived=clock.now(), keys=settings.keystore)
    page = signed_in(user).get("/me").get_data(as_text=True)
    assert f"/budget/{vote.slug}" in page
    assert "A4 사업" not in page
