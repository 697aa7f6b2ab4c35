"""A forum's ballot through the browser's eyes: paper, last look, receipt, result; and its preparation."""

import re
from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from civicvote.domain.ballot_paper import Paper
from civicvote.domain.ballot_rounds import BallotMethod, BallotPlan
from civicvote.models.accounts import User
from civicvote.services import ballot_rounds, board, clock
from civicvote.services.counting import publication, release, runs
from civicvote.settings import Settings
from tests import factories
from tests.support.ballot_rounds import BallotRound, announced, post, prepared, ranked, round_of
from tests.support.voting import voter

SignedIn = Callable[[User], FlaskClient]


def hidden(html: str) -> dict[str, str]:
    return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', html))


def filled(html: str, *picks: str) -> dict[str, str]:
    """The paper's own field names, as the page made them for this voter."""
    names = {value: name for name, value in re.findall(r'name="(p\.[^"]+)" value="(\d+)"', html)}
    return hidden(html) | {names[pick]: pick for pick in picks}


def publish(session: Session, settings: Settings, made: BallotRound) -> None:
    keys = settings.keystore
    with time_machine.travel(made.round.closes_at + timedelta(minutes=2), tick=False):
        board.sequence(session, keys)
        runs.seal(session, made.first, made.slug, keys=keys)
        run = runs.count(session, made.first, made.slug, keys=keys)
        if release.chosen(session, run) is None:
            release.choose(session, made.first, made.slug, only_totals=False)
        publication.publish(session, made.second, made.slug, keys=keys)


@pytest.mark.parametrize(("plan", "picks"), [(None, ("2",)), (BallotPlan(BallotMethod.APPROVAL, 2, 1), ("1", "3"))])
def test_from_the_paper_to_the_receipt(
    session: Session, settings: Settings, signed_in: SignedIn, plan: BallotPlan | None, picks: tuple[str, ...]
) -> None:
    made = announced(session, settings.keystore, 3, plan)
    user, _actor = voter(session)
    browser = signed_in(user)
    paper = browser.get(f"/ballots/{made.id}").text
    assert "선택 1" in paper
    look = browser.post(f"/ballots/{made.id}/confirm", data=filled(paper, *picks))
    assert look.status_code == 200
    sent = [(name, value) for name, value in re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', look.text)]
    assert sorted(value for name, value in sent if name == "picks") == sorted(picks)
    receipt = browser.post(f"/ballots/{made.id}/receipt", data=_form(sent))
    assert receipt.status_code == 200
    assert "투표 접수증" in receipt.text
    assert f'href="/ballots/{made.id}"' in receipt.text
    again = browser.get(f"/ballots/{made.id}").text
    assert "투표하셨습니다" in again


def _form(sent: list[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in sent:
        found.setdefault(name, []).append(value)
    return found


def test_a_ranking_says_where_places_clash(session: Session, settings: Settings, signed_in: SignedIn) -> None:
    made = announced(session, settings.keystore, 3, ranked(3, 1))
    user, _actor = voter(session)
    browser = signed_in(user)
    paper = browser.get(f"/ballots/{made.id}").text
    names = {number: name for name, number in re.findall(r'name="(v\.[^"]+\.(\d+))"', paper)}
    assert set(names) == {"1", "2", "3"}
    wrong = browser.post(f"/ballots/{made.id}/confirm", data=hidden(paper) | {names["1"]: "1", names["2"]: "1"})
    assert wrong.status_code == 422
    assert 'aria-invalid="true"' in wrong.text
    look = browser.post(f"/ballots/{made.id}/confirm", data=hidden(paper) | {names["3"]: "1", names["1"]: "2"})
    assert look.status_code == 200
    assert re.findall(r'name="picks" value="(\d)"', look.text) == ["3", "1"]


def test_nothing_picked_stays_with_its_reason(session: Session, settings: Settings, signed_in: SignedIn) -> None:
    made = announced(session, settings.keystore, 3)
    user, _actor = voter(session)
    browser = signed_in(user)
    paper = browser.get(f"/ballots/{made.id}").text
    answer = browser.post(f"/ballots/{made.id}/confirm", data=hidden(paper))
    assert answer.status_code == 422
    assert "고른 것이 없습니다" in answer.text


def test_visitors_and_unverified_people_read_what_is_missing(
    session: Session, settings: Settings, client: FlaskClient, signed_in: SignedIn
) -> None:
    made = announced(session, settings.keystore, 3)
    page = client.get(f"/ballots/{made.id}").text
    assert "로그인하고 투표하기" in page
    assert "선택 3" in page
    plain = signed_in(factories.user(session)).get(f"/ballots/{made.id}").text
    assert "본인확인하기" in plain
    assert "고른 것 확인하기" not in plain


def test_the_result_page_and_the_ways_to_it(session: Session, settings: Settings, client: FlaskClient) -> None:
    made = announced(session, settings.keystore, 3)
    assert client.get(f"/ballots/{made.id}/result").status_code == 404
    for pick in ("1", "2", "2"):
        given = {"key": uuid4().hex, "arrived": clock.now(), "keys": settings.keystore}
        ballot_rounds.cast(session, voter(session)[1], made.id, Paper((pick,)), **given)  # type: ignore[arg-type]
    publish(session, settings, made)
    page = client.get(f"/ballots/{made.id}/result")
    assert page.status_code == 200
    assert "뽑힌 것: 선택 2" in page.text
    assert "원" not in re.findall(r"<table.*?</table>", page.text, re.DOTALL)[0]
    assert "선택 2" in client.get(f"/ballots/{made.id}").text
    for old, new in (("", ""), ("/vote", ""), ("/result", "/result")):
        moved = client.get(f"/budget/{made.slug}{old}")
        if old != "/vote":
            assert moved.status_code == 303
            assert moved.location.endswith(f"/ballots/{made.id}{new}")
    assert client.get(f"/budget/{made.slug}/result/files/bundle.zip").status_code == 200


def test_preparing_in_the_browser(session: Session, settings: Settings, signed_in: SignedIn) -> None:
    made = prepared(session, options=1)
    talk = round_of(session, made.forum, position=2)
    said = post(session, talk, factories.user(session), "토요일에도 열어 주십시오")
    browser = signed_in(made.users["moderator"])
    at = f"/ballots/{made.id}"
    page = browser.get(f"{at}/prepare").text
    assert "토요일에도" in page
    assert browser.post(f"{at}/options", data={"title": "a"}).status_code == 422
    assert browser.post(f"{at}/options/take", data={}).status_code == 422
    assert browser.post(f"{at}/options/take", data={"chosen": str(said.id), "into": ""}).status_code == 303
    seen = hidden(browser.get(f"{at}/prepare").text)["version"]
    wrong = {"method": "ranking", "max_picks": "1", "winners": "1", "min_age": "14", "version": seen}
    assert browser.post(f"{at}/prepare", data=wrong).status_code == 422
    assert browser.post(f"{at}/prepare", data=wrong | {"method": "single"}).status_code == 303
    option = ballot_rounds.lines(session, made.id)[0]
    assert browser.get(f"{at}/options/{option.id}").status_code == 200
    assert browser.post(f"{at}/options/{option.id}", data={"title": "일요일"}).status_code == 303
    seen = hidden(browser.get(f"{at}/prepare").text.split(f"{at}/ask")[1])["version"]
    assert browser.post(f"{at}/ask", data={"version": seen}).status_code == 303
    staff = signed_in(made.users["second"])
    assert "승인하고 공고" in staff.get(f"{at}/prepare").text
    assert staff.post(f"{at}/send-back", data={"reason": ""}).status_code == 422
    assert staff.post(f"{at}/announce").status_code == 303
    assert "공고한 투표입니다" in staff.get(f"{at}/prepare").text
    assert "일요일" in staff.get(at).text
