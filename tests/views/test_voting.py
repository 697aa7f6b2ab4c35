"""The ballot box's pages: what is shown, what stays, what never leaves the POST."""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape

import pytest
import time_machine
from flask import Flask, render_template
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from civicvote.domain.ballots import receipts
from civicvote.domain.cycles import BallotType
from civicvote.domain.lifecycles import CycleState, ProjectState
from civicvote.models.accounts import User
from civicvote.models.cycles import Hold
from civicvote.models.votes import Ballot, Participation, UnfinishedBallot
from civicvote.services import board, clock
from civicvote.settings import Settings
from tests import factories
from tests.conftest import Queries
from tests.support.door import bare
from tests.support.voting import Polls, opened, polls, voter

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
    assert "처리하지 않았습니다" not in client.get(response.location).text


def test_who_was_signed_out_meanwhile_is_told(client: FlaskClient, made: Polls) -> None:
    answer = client.post(f"/budget/{made.slug}/vote/receipt", data={"picks": ["A1"], "key": "x"})
    assert answer.status_code == 303
    assert "방금 보낸 내용을 처리하지 않았습니다" in client.get(answer.location).text


def test_choose_confirm_cast(session: Session, made: Polls, browser: FlaskClient) -> None:
    basket = browser.get(f"/budget/{made.slug}/vote")
    assert basket.status_code == 200
    assert len(re.findall(r'name="p\.[0-9a-f]{12}\.[AB]\d" value="[AB]\d"', basket.text)) == 8
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


def test_the_names_of_fields_are_each_voters_own_until_the_cast(
    session: Session, made: Polls, browser: FlaskClient, signed_in: SignIn
) -> None:
    """A browser that fills in a form again does so by its fields' names."""
    base = f"/budget/{made.slug}/vote"

    def name(of: FlaskClient) -> str:
        found = re.search(r'name="(p\.[^"]+\.A1)"', of.get(base).text)
        assert found
        return found[1]

    first = name(browser)
    assert name(browser) == first
    confirm = browser.post(f"{base}/confirm", data={first: "A1"})
    assert re.findall(r'name="picks" value="([^"]*)"', confirm.text) == ["A1"]
    answer = browser.post(f"{base}/receipt", data={"picks": ["A1"], "key": _value(confirm, "key")})
    assert answer.status_code == 200
    second = name(browser)
    assert name(signed_in(voter(session)[0])) not in {first, second}
    assert first != second


def test_a_paper_of_somebody_else_is_neither_shown_nor_cast(
    session: Session, made: Polls, browser: FlaskClient, signed_in: SignIn
) -> None:
    base = f"/budget/{made.slug}/vote"
    confirm = browser.post(f"{base}/confirm", data={"picks": ["A1"]})
    theirs = {
        "picks": ["A1"],
        "key": _value(confirm, "key"),
        "whose": _value(confirm, "whose"),
        "compare": ["A1", "A2"],
    }
    other = signed_in(voter(session)[0])
    for way in ("", "/compare"):
        page = other.post(base + way, data=theirs)
        assert page.status_code == 200
        assert " checked" not in page.text
    for way in ("/confirm", "/receipt"):
        page = other.post(base + way, data=theirs)
        assert page.status_code == 422
        assert "다른 사람이 쓰던 화면이어서" in page.text
        assert " checked" not in page.text
    assert session.scalar(select(func.count()).select_from(Ballot)) == 0
    assert browser.post(f"{base}/receipt", data=theirs).status_code == 200


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
    assert sorted(re.findall(r'id="picks-(\w+)"', response.text)) == ["A1", "B2"]
    assert re.findall(r'value="(\w+)"[^>]* checked', response.text) == ["A1"]
    part = browser.post(f"/budget/{made.slug}/vote", data=data, headers={"HX-Request": "true"})
    assert part.text.lstrip().startswith('<div class="stack" id="picks"')
    nothing = browser.post(f"/budget/{made.slug}/vote", data={"q": "없는 낱말"})
    assert "찾는 사업이 없습니다" in nothing.text
    only = browser.post(f"/budget/{made.slug}/vote", data={"pool": str(made.jongno.id)})
    assert len(re.findall(r'id="picks-B\d"', only.text)) == 3


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
    assert counts[0] == counts[1] <= 8


def _fields(response: TestResponse) -> dict[str, str]:
    """Numbers beside projects as they stand in the page."""
    return dict(re.findall(r'name="v(?:-|\.\w+\.)(\w+)" value="([^"]*)"', unescape(response.text)))


def test_points_are_typed_kept_confirmed_and_cast(session: Session, settings: Settings, browser: FlaskClient) -> None:
    made = polls(session, settings.keystore, ballot_type=BallotType.POINTS, point_sum=10, point_max=6)
    base = f"/budget/{made.slug}/vote"
    assert "모두 10점을 나누어 줍니다." in browser.get(base).text
    found = browser.post(base, data={"v-A1": "6", "v-A2": "없음", "v-A3": "", "q": "B2 사업"})
    assert _fields(found) == {"A1": "6", "A2": "없음", "B2": ""}, "what was typed stays in sight"
    assert "10점 가운데 6점을 주었습니다. 4점 남았습니다." in found.text
    wrong = browser.post(f"{base}/confirm", data={"v-A1": "7", "v-A2": "없음"})
    assert wrong.status_code == 422
    assert 'href="#v-A1"' in wrong.text
    assert _fields(wrong)["A1"] == "7"
    assert wrong.text.count('aria-invalid="true"') == 2
    much = browser.post(f"{base}/confirm", data={"v-A1": "6", "v-A2": "6"})
    assert much.status_code == 422
    assert "2점을 줄여 주십시오" in much.text
    confirm = browser.post(f"{base}/confirm", data={"v-A1": "6", "v-A2": "4", "v-A3": "0"})
    assert _fields(confirm) == {"A1": "6", "A2": "4"}
    answer = browser.post(f"{base}/receipt", data={"v-A1": "6", "v-A2": "4", "key": _value(confirm, "key")})
    assert answer.status_code == 200
    assert "v-A1" not in bare(answer)
    (ballot,) = opened(made, settings.keystore, board.counted(session, made.vote)).ballots
    assert (ballot.picks, ballot.points) == (("A1", "A2"), (6, 4))


def test_a_score_has_no_sum(session: Session, settings: Settings, browser: FlaskClient) -> None:
    made = polls(session, settings.keystore, ballot_type=BallotType.SCORE, point_max=5)
    base = f"/budget/{made.slug}/vote"
    page = browser.post(base, data={"v-A1": "5", "v-A2": "5"})
    assert "2개 사업에 점수를 주었습니다. 1개 더 줄 수 있습니다." in page.text
    assert browser.post(f"{base}/confirm", data={"v-A1": "5", "v-A2": "5", "v-A3": "5"}).status_code == 200
    over = browser.post(f"{base}/confirm", data={f"v-A{n}": "1" for n in range(1, 5)})
    assert over.status_code == 422
    assert "점수는 사업 3개까지만" in over.text


def _order(response: TestResponse) -> list[str]:
    return re.findall(r'type="hidden" name="picks" value="(\w+)"', response.text)


def test_a_ranking_is_put_in_order_without_a_script(session: Session, settings: Settings, browser: FlaskClient) -> None:
    made = polls(session, settings.keystore, ballot_type=BallotType.RANKING, max_picks=4)
    base = f"/budget/{made.slug}/vote"
    assert browser.post(f"{base}/order", data={}).status_code == 422
    page = browser.post(f"{base}/order", data={"picks": ["A1", "A2", "B1"]})
    assert _order(page) == ["A1", "A2", "B1"]
    moved = browser.post(f"{base}/order", data={"picks": ["A1", "A2", "B1"], "move": "B1:up"})
    assert _order(moved) == ["A1", "B1", "A2"]
    assert re.search(r'value="B1:up"[^>]* autofocus', moved.text)
    typed = {"picks": ["A1", "A2", "B1"], "v-A1": "3", "v-A2": "1", "v-B1": "3"}
    wrong = browser.post(f"{base}/confirm", data=typed)
    assert wrong.status_code == 422
    assert wrong.text.count("3순위가 둘 이상입니다. 아직 비어 있는 순위: 2") == 4, "beside two fields and above"
    assert _fields(wrong) == {"A1": "3", "A2": "1", "B1": "3"}
    confirm = browser.post(f"{base}/confirm", data=typed | {"v-B1": "2"})
    assert _order(confirm) == ["A2", "B1", "A1"]
    back = browser.post(base, data={"picks": _order(confirm)})
    assert _value(back, "order") == "A2 B1 A1"
    more = browser.post(f"{base}/order", data={"picks": ["A1", "A2", "A5", "B1"], "order": "A2 B1 A1"})
    assert _order(more) == ["A2", "B1", "A1", "A5"]
    answer = browser.post(f"{base}/receipt", data={"picks": _order(confirm), "key": _value(confirm, "key")})
    assert answer.status_code == 200
    (ballot,) = opened(made, settings.keystore, board.counted(session, made.vote)).ballots
    assert (ballot.picks, ballot.points) == (("A1", "A2", "B1"), (2, 4, 3))


def test_a_comparison_brings_the_paper_back(session: Session, settings: Settings, browser: FlaskClient) -> None:
    made = polls(session, settings.keystore, ballot_type=BallotType.POINTS, point_sum=10)
    base = f"/budget/{made.slug}/vote"
    page = browser.post(f"{base}/compare", data={"v-A1": "2", "v-A2": "3", "compare": ["A2", "A3"], "q": "사업"})
    assert page.status_code == 200
    assert _fields(page) == {"A1": "2", "A2": "3", "A3": ""}
    assert _value(page, "q") == "사업"
    few = browser.post(f"{base}/compare", data={"v-A1": "2", "compare": ["A2"]})
    assert few.status_code == 422
    assert "두 건이나 세 건" in few.text
    assert _fields(few)["A1"] == "2"
    ticks = polls(session, settings.keystore)
    page = browser.post(f"/budget/{ticks.slug}/vote/compare", data={"picks": ["A1", "A2"], "compare": ["A2", "A3"]})
    assert sorted(re.findall(r'name="picks" value="(\w+)"', page.text)) == ["A1", "A2", "A3"]
    assert re.findall(r'name="picks" value="(\w+)" checked', page.text) == ["A2"]


def test_the_map_narrows_and_keeps(session: Session, settings: Settings, browser: FlaskClient) -> None:
    made = polls(session, settings.keystore)
    made.projects["A1"].district = "11680"
    session.flush()
    base = f"/budget/{made.slug}/vote"
    assert 'data-area="11680"' in browser.get(base).text
    page = browser.post(base, data={"picks": ["A2"], "area": "11680", "district": "11110"})
    assert sorted(re.findall(r'id="picks-(\w+)"', page.text)) == ["A1", "A2"]
    everything = browser.post(base, data={"picks": ["A2"], "area": "", "district": "11680"})
    assert len(re.findall(r'id="picks-\w+"', everything.text)) == 8


@pytest.mark.parametrize("values", [{}, {"ballot_type": BallotType.RANKING}])
def test_beginning_is_noted_without_picks(
    session: Session, settings: Settings, browser: FlaskClient, values: dict[str, object]
) -> None:
    made = polls(session, settings.keystore, **values)  # type: ignore[arg-type]  # columns by name
    base = f"/budget/{made.slug}/vote"

    def noted() -> int:
        return session.scalar(select(func.count()).where(UnfinishedBallot.vote_id == made.vote.id)) or 0

    browser.get(base)
    browser.post(base, data={"picks": ["A1"]})
    assert noted() == 0, "looking and searching is not beginning"
    assert browser.post(f"{base}/{'order' if values else 'confirm'}", data={"picks": ["A1"]}).status_code == 200
    assert noted() == 1
    assert browser.post(f"{base}/begun").status_code == 204
    assert noted() == 1


def test_help_tells_how_it_is_counted(session: Session, settings: Settings, browser: FlaskClient) -> None:
    made = polls(session, settings.keystore, ballot_type=BallotType.RANKING, completion="add1u")
    text = browser.get(f"/budget/{made.slug}/vote").text
    for words in ("이게 뭔가요?", "1순위는 3점", "그래도 남으면 득표순으로 채웁니다."):
        assert words in text


def test_the_reminder_reads_well_and_names_no_project(app: Flask) -> None:
    with app.test_request_context():
        text = render_template(
            "mail/ballot-unfinished.txt",
            base_url="https://x.test",
            recipient_name="김서울",
            slug="2026",
            title="2026년 시민공감예산",
            closes_at="2026-12-04T15:00:00+00:00",
        )
    assert text.startswith("[civicvote] 아직 투표를 내지 않으셨습니다: 2026년 시민공감예산\n")
    assert "24:00에 마감하며" in text
    assert "https://x.test/budget/2026/vote" in text


def test_an_empty_ranking_goes_on_where_nothing_is_allowed(
    session: Session, settings: Settings, browser: FlaskClient
) -> None:
    made = polls(session, settings.keystore, ballot_type=BallotType.RANKING, min_picks=0)
    base = f"/budget/{made.slug}/vote"
    for step in ("order", "confirm"):
        assert "고른 사업이 없습니다" in browser.post(f"{base}/{step}", data={}).text
