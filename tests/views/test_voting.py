"""The ballot box's pages: what is shown, what stays, what never leaves the POST."""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from civicvote.domain.ballots import receipts
from civicvote.domain.cycles import BallotType
from civicvote.domain.lifecycles import CycleState, ProjectState
from civicvote.models.accounts import User
from civicvote.models.cycles import Hold
from civicvote.models.votes import Ballot, Participation
from civicvote.services import clock
from civicvote.settings import Settings
from tests import factories
from tests.conftest import Queries
from tests.support.voting import Polls, polls, voter

SignIn = Callable[[User], FlaskClient]


def _value(response: TestResponse, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', response.text)
    assert found, name
    return unescape(found[1])


def _receipt(response: TestResponse) -> receipts.Receipt:
    return receipts.Receipt.from_document(
        {name: _value(response, name) for name in ("vote", "tracker", "minute", "signature")}
    )


@pytest.fixture
def made(session: Session, settings: Settings) -> Polls:
    return polls(session, settings.keystore)


@pytest.fixture
def browser(session: Session, made: Polls, signed_in: SignIn) -> FlaskClient:
    user, _actor = voter(session)
    return signed_in(user)


def test_a_visitor_is_sent_to_sign_in(client: FlaskClient, made: Polls) -> None:
    response = client.get(f"/budget/{made.slug}/vote")
    assert response.status_code == 303
    assert response.location.startswith("/sign-in?next=")


def test_choose_confirm_cast(session: Session, made: Polls, browser: FlaskClient) -> None:
    basket = browser.get(f"/budget/{made.slug}/vote")
    assert basket.status_code == 200
    assert basket.text.count('name="picks"') == 8
    confirm = browser.post(f"/budget/{made.slug}/vote/confirm", data={"picks": ["A1", "B2"]})
    assert confirm.status_code == 200
    assert re.findall(r'name="picks" value="([^"]*)"', confirm.text) == ["A1", "B2"]
    assert session.scalar(select(func.count()).select_from(Ballot)) == 0, "a look is not a vote"
    form = {"picks": ["A1", "B2"], "key": _value(confirm, "key")}
    answer = browser.post(f"/budget/{made.slug}/vote/receipt", data=form)
    assert answer.status_code == 200
    receipt = _receipt(answer)
    assert receipts.verify(made.vote.board_key, receipt)
    assert "<svg" in answer.text
    assert "A1 사업" not in answer.text
    assert 'name="picks"' not in answer.text
    again = browser.post(f"/budget/{made.slug}/vote/receipt", data=form)
    assert _receipt(again) == receipt, "the same form sent twice"
    assert session.scalar(select(func.count()).select_from(Ballot)) == 1
    assert "투표하셨습니다. 마감 전까지 다시 투표할 수 있습니다." in browser.get(f"/budget/{made.slug}/vote").text
    for response in (confirm, answer):
        assert "no-store" in response.headers["Cache-Control"]
        assert not response.headers.get("Set-Cookie")
    saved = browser.post(f"/budget/{made.slug}/vote/receipt.json", data=receipt.document())
    assert saved.headers["Content-Disposition"].startswith("attachment")
    assert json.loads(saved.data) == receipt.document()


def test_what_was_chosen_stays_when_the_rules_refuse(made: Polls, browser: FlaskClient) -> None:
    response = browser.post(f"/budget/{made.slug}/vote/confirm", data={"picks": ["A1", "A2", "A3", "A4"]})
    assert response.status_code == 422
    assert "사업은 3개까지 고를 수 있습니다." in response.text
    assert len(re.findall(r'value="A\d"[^>]* checked', response.text)) == 4
    empty = browser.post(f"/budget/{made.slug}/vote/confirm", data={})
    assert empty.status_code == 422
    assert "사업을 1개 이상 골라 주십시오." in empty.text


def test_a_search_keeps_the_ticks_and_the_address(made: Polls, browser: FlaskClient) -> None:
    data = {"picks": ["A1"], "q": "B2 사업"}
    response = browser.post(f"/budget/{made.slug}/vote", data=data)
    assert response.status_code == 200
    assert sorted(re.findall(r'name="picks" value="(\w+)"', response.text)) == ["A1", "B2"]
    assert re.findall(r'value="(\w+)"[^>]* checked', response.text) == ["A1"]
    part = browser.post(f"/budget/{made.slug}/vote", data=data, headers={"HX-Request": "true"})
    assert part.text.lstrip().startswith('<div class="stack" id="picks"')
    nothing = browser.post(f"/budget/{made.slug}/vote", data={"q": "없는 낱말"})
    assert "찾는 사업이 없습니다" in nothing.text
    only = browser.post(f"/budget/{made.slug}/vote", data={"pool": str(made.jongno.id)})
    assert len(re.findall(r'name="picks" value="B\d"', only.text)) == 3


def test_the_bar_says_what_is_left(session: Session, settings: Settings, browser: FlaskClient) -> None:
    money = polls(session, settings.keystore, ballot_type=BallotType.KNAPSACK, min_picks=0)
    response = browser.post(f"/budget/{money.slug}/vote", data={"picks": ["A1", "B1"]})
    assert "2개, 8천만 원을 골랐습니다. 전체 2억 2천만 원이 남았습니다." in response.text
    assert "이 분야에서 4천만 원을 골랐고 6천만 원이 남았습니다." in response.text
    over = browser.post(f"/budget/{money.slug}/vote/confirm", data={"picks": ["B1", "B2", "B3"]})
    assert over.status_code == 422
    assert "이 분야의 예산을 2천만 원 넘었습니다." in over.text


def test_unverified_people_are_shown_the_way(session: Session, made: Polls, signed_in: SignIn) -> None:
    page = signed_in(factories.user(session)).get(f"/budget/{made.slug}/vote")
    assert page.status_code == 200
    assert "거주·생활권 확인이 필요합니다" in page.text
    assert 'href="/verification"' in page.text
    assert 'name="picks"' not in page.text
    refused = signed_in(factories.user(session)).post(
        f"/budget/{made.slug}/vote/receipt", data={"picks": ["A1"], "key": "a" * 32}
    )
    assert refused.status_code == 403
    assert session.scalar(select(func.count()).select_from(Participation)) == 0


def test_a_hold_a_close_and_a_draft(session: Session, made: Polls, browser: FlaskClient, settings: Settings) -> None:
    hold = Hold(cycle_id=made.cycle.id, reason="서버 점검", placed_at=clock.now())
    session.add(hold)
    session.flush()
    assert "사유: 서버 점검" in browser.get(f"/budget/{made.slug}/vote").text
    refused = browser.post(f"/budget/{made.slug}/vote/receipt", data={"picks": ["A1"], "key": "a" * 32})
    assert refused.status_code == 409
    assert "중단" in refused.text
    hold.lifted_at = clock.now()
    session.flush()
    with time_machine.travel(made.vote.closes_at, tick=False):
        assert "투표가 마감되었습니다" in browser.get(f"/budget/{made.slug}/vote").text
        late = browser.post(f"/budget/{made.slug}/vote/receipt", data={"picks": ["A1"], "key": "a" * 32})
        assert late.status_code == 409
    with time_machine.travel(made.vote.closes_at - timedelta(seconds=1), tick=False):
        timely = browser.post(f"/budget/{made.slug}/vote/receipt", data={"picks": ["A1"], "key": "a" * 32})
        assert timely.status_code == 200
    soon = polls(session, settings.keystore, opened="review")
    assert "아직 투표 기간이 아닙니다" in browser.get(f"/budget/{soon.slug}/vote").text
    announced = factories.cycle(session, CycleState.ANNOUNCED)
    assert "아직 투표안건이 확정되지 않았습니다" in browser.get(f"/budget/{announced.slug}/vote").text
    draft = factories.cycle(session, CycleState.DRAFT)
    assert browser.get(f"/budget/{draft.slug}/vote").status_code == 404


def test_a_project_excluded_between_look_and_cast(session: Session, made: Polls, browser: FlaskClient) -> None:
    confirm = browser.post(f"/budget/{made.slug}/vote/confirm", data={"picks": ["A1", "A2"]})
    made.projects["A1"].state = ProjectState.WITHDRAWN
    session.flush()
    answer = browser.post(
        f"/budget/{made.slug}/vote/receipt", data={"picks": ["A1", "A2"], "key": _value(confirm, "key")}
    )
    assert answer.status_code == 422
    assert "제외된 사업이 있습니다" in answer.text
    assert re.findall(r'value="(\w+)"[^>]* checked', answer.text) == ["A2"]
    assert session.scalar(select(func.count()).select_from(Ballot)) == 0


def test_an_old_form_and_an_address_typed_by_hand(made: Polls, browser: FlaskClient) -> None:
    old = browser.post(f"/budget/{made.slug}/vote/receipt", data={"picks": ["A1"], "key": ""})
    assert old.status_code == 422
    assert "화면이 오래되었습니다" in old.text
    for page in ("confirm", "receipt"):
        response = browser.get(f"/budget/{made.slug}/vote/{page}")
        assert (response.status_code, response.location) == (303, f"/budget/{made.slug}/vote")
    forged = browser.post(f"/budget/{made.slug}/vote/receipt.json", data={"vote": "x"})
    assert forged.status_code == 422


def test_the_basket_takes_the_same_statements_however_many_projects(
    session: Session, settings: Settings, browser: FlaskClient, queries: Queries
) -> None:
    counts = []
    for city in (1, 80):
        made = polls(session, settings.keystore, city=city)
        session.expire_all()
        queries.clear()
        assert browser.get(f"/budget/{made.slug}/vote").status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 6
