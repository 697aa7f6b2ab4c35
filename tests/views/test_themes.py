"""The pages of 테마토론."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from civicvote.domain.korean import in_seoul
from civicvote.domain.permissions import Role
from civicvote.models.accounts import User
from civicvote.models.deliberation import Forum
from civicvote.services import clock
from civicvote.services.deliberation import themes
from civicvote.settings import Settings
from tests import factories
from tests.conftest import Queries
from tests.support import themes as steps
from tests.support.voting import voter

SignedIn = Callable[[User], FlaskClient]


@pytest.fixture
def staff(session: Session) -> User:
    return factories.user(session, Role.STAFF)


def at(moment: datetime) -> str:
    return in_seoul(moment).strftime("%Y-%m-%dT%H:%M")


def whole_form() -> dict[str, str]:
    plan = steps.plan()
    names = ("nominations", "ballot", "discussion", "synthesis")
    dates = {f"{name}_opens": at(window.opens_at) for name, window in zip(names, plan.windows, strict=True)}
    dates |= {f"{name}_closes": at(window.closes_at) for name, window in zip(names, plan.windows, strict=True)}
    words = {"title": plan.title, "summary": plan.summary, "background": plan.background}
    return words | dates | {"voters": "verified", "method": "single", "max_picks": "1"}


def test_made_from_one_form_and_opened(session: Session, signed_in: SignedIn, client: FlaskClient, staff: User) -> None:
    browser = signed_in(staff)
    assert browser.get("/themes/new").status_code == 200
    wrong = whole_form() | {"ballot_opens": at(clock.now() - timedelta(days=1))}
    refused = browser.post("/themes/new", data=wrong)
    assert refused.status_code == 422
    assert "후보접수가 끝난 뒤로" in refused.text
    made = browser.post("/themes/new", data=whole_form())
    assert made.status_code == 303
    browser.delete_cookie("cv", domain="localhost")
    assert client.get(made.location).status_code == 404
    browser = signed_in(staff)
    assert "공개하기" in browser.get(made.location).text
    assert browser.post(f"{made.location}/open").status_code == 303
    browser.delete_cookie("cv", domain="localhost")
    page = client.get(made.location)
    assert page.status_code == 200
    for step in ("후보접수", "주제투표", "확정", "토론", "정리"):
        assert step in page.text
    assert session.scalars(select(Forum)).one().title in client.get("/themes/").text


def test_nominating_and_recommending(session: Session, signed_in: SignedIn, staff: User) -> None:
    made = steps.opened(session, factories.actor(staff, Role.STAFF))
    author, _actor = voter(session)
    browser = signed_in(author)
    where = f"/themes/{made.id}"
    key = re.search(r'name="form_key" type="hidden" value="([^"]+)"', browser.get(where).text)
    assert key
    short = browser.post(f"{where}/nominations", data={"title": "짧", "reason": "", "form_key": key[1]})
    assert short.status_code == 422
    assert "짧" in short.text
    words = {"title": "골목 주차 함께 풀기", "reason": "소방차가 못 지나는 골목이 많습니다.", "form_key": key[1]}
    for _ in range(2):
        assert browser.post(f"{where}/nominations", data=words).status_code == 303
    page = browser.get(where).text
    assert page.count('<h3 class="card__title">골목 주차 함께 풀기</h3>') == 1
    assert "/support" not in page
    other, _actor = voter(session)
    browser = signed_in(other)
    support = re.search(r'action="([^"]+/support)"', browser.get(where).text)
    assert support
    assert browser.post(support[1], data={"on": "1"}).status_code == 303
    assert "추천 거두기" in browser.get(where).text


def test_confirming_and_going_further(session: Session, settings: Settings, signed_in: SignedIn, staff: User) -> None:
    first, keys = factories.actor(staff, Role.STAFF), settings.keystore
    second = factories.actor(factories.user(session, Role.STAFF), Role.STAFF)
    made = steps.opened(session, first, start=clock.now() - timedelta(days=9))
    posts = [steps.nominate(session, made, title) for title in ("한강 산책로", "골목 주차")]
    browser = signed_in(staff)
    assert "공표한 뒤에 확정" in browser.get(f"/themes/{made.id}/confirm").text
    held = steps.candidates(session, made, first, second, keys, posts)
    steps.vote(session, held, keys, "1", "1", "2")
    steps.publish(session, held, first, second, keys)
    won = themes.chosen(session, made.id)
    assert won is not None
    assert browser.post(f"/themes/{made.id}/confirm", data={"option": "not-a-key"}).status_code == 409
    assert browser.post(f"/themes/{made.id}/confirm", data={"option": str(won[0].id)}).status_code == 303
    assert f"확정된 주제: {won[0].title}" in browser.get(f"/themes/{made.id}").text
    assert "결론을 공개한 뒤에" in browser.get(f"/themes/{made.id}/promote").text
    session.refresh(made)
    steps.conclude(session, made, first)
    assert browser.post(f"/themes/{made.id}/promote", data={"target": "question"}).status_code == 422
    unit = factories.department(session)
    sent = {"target": "question", "department": str(unit.id), "cycle": ""}
    assert browser.post(f"/themes/{made.id}/promote", data=sent).status_code == 303
    assert "다음 단계를 준비하고" in browser.get(f"/themes/{made.id}").text


def test_many_nominations_take_the_statements_of_a_few(
    session: Session, client: FlaskClient, queries: Queries, staff: User
) -> None:
    made = steps.opened(session, factories.actor(staff, Role.STAFF))
    counts = []
    for rows in (1, 12):
        for number in range(rows):
            steps.nominate(session, made, f"주제 {rows}-{number}")
        for page in (f"/themes/{made.id}", "/themes/"):
            queries.clear()
            assert client.get(page).status_code == 200
            counts.append(len(queries))
    assert counts[:2] == counts[2:]
    assert max(counts) <= 6
