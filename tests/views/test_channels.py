"""Desk and paper in the browser: what is shown, and what is kept apart."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from civicvote.domain.permissions import Role
from civicvote.models.accounts import User
from civicvote.models.channels import CheckIn, PaperBatch
from civicvote.models.votes import Ballot
from civicvote.services import clock
from civicvote.settings import Settings
from tests import factories
from tests.conftest import Queries
from tests.support.channels import Hall, hall
from tests.support.clerks import come, value
from tests.support.door import bare
from tests.support.voting import voter

SignIn = Callable[[User], FlaskClient]


@pytest.fixture
def place(session: Session, settings: Settings) -> Hall:
    return hall(session, settings.keystore)


@pytest.fixture
def clerks(place: Hall, signed_in: SignIn) -> tuple[FlaskClient, FlaskClient]:
    return signed_in(place.users[0]), signed_in(place.users[1])


def test_find_then_check_in(session: Session, place: Hall, clerks: tuple[FlaskClient, FlaskClient]) -> None:
    first, _second = clerks
    user, _actor = voter(session)
    page = first.get(f"/budget/{place.slug}/desk")
    assert "아직 접수한 분이 없습니다" in page.text
    unknown = first.post(f"/budget/{place.slug}/desk/find", data={"email": "nobody@example.org"})
    assert unknown.status_code == 422
    assert 'id="email-error"' in unknown.text
    found = first.post(f"/budget/{place.slug}/desk/find", data={"email": user.email})
    assert "투표할 수 있는 분입니다" in found.text
    assert session.scalar(select(func.count()).select_from(CheckIn)) == 0, "a look is no check-in"
    path = come(first, place, user)
    visit = first.get(path)
    assert "접수번호 1번" in visit.text
    assert "투표용지를 드렸음" in visit.text
    assert first.post(f"{path}/paper").status_code == 303
    assert f"{path}/paper" not in first.get(path).text, "it is given once"
    again = first.post(f"/budget/{place.slug}/desk/find", data={"email": user.email})
    assert "이미 접수된 분입니다" in again.text
    assert first.post(f"/budget/{place.slug}/desk", data={"email": user.email}).status_code == 409


def test_somebody_with_documents(session: Session, place: Hall, clerks: tuple[FlaskClient, FlaskClient]) -> None:
    first, _second = clerks
    who = {"name": "강나루", "birth_date": "1981-03-02", "phone": "010-1234-5678"}
    found = first.post(f"/budget/{place.slug}/desk/find", data=who)
    assert "서류로 확인해야 하는 분입니다" in found.text
    bare = first.post(f"/budget/{place.slug}/desk", data=who)
    assert bare.status_code == 422
    assert 'id="basis-error"' in bare.text
    assert value(bare, "name") == "강나루"
    made = first.post(f"/budget/{place.slug}/desk", data={**who, "basis": "residence", "district": "11110"})
    assert made.status_code == 303
    assert "강나루" not in made.location
    assert "강나루" not in first.get(made.location).text


def test_two_clerks_void_an_online_ballot(
    session: Session, place: Hall, clerks: tuple[FlaskClient, FlaskClient]
) -> None:
    first, second = clerks
    user, actor = voter(session)
    place.cast(actor, "A1")
    found = first.post(f"/budget/{place.slug}/desk/find", data={"email": user.email})
    assert "온라인으로 이미 투표하셨습니다" in found.text
    path = come(first, place, user)
    own = first.get(path)
    assert "요청 거두기" in own.text
    assert ">승인</button>" not in own.text
    assert first.post(f"{path}/decision", data={"approve": "yes"}).status_code == 403
    assert first.post(f"{path}/paper").status_code == 409
    assert "김접수" in second.get(f"/budget/{place.slug}/desk").text
    assert "온라인으로 투표한 뒤 현장에서" in second.get(path).text
    assert second.post(f"{path}/decision", data={"approve": "yes"}).status_code == 303
    assert second.post(f"{path}/decision", data={"approve": "yes"}).status_code == 409
    assert first.post(f"{path}/paper").status_code == 303
    assert "처리한 요청" in first.get(path).text


def test_taking_back_needs_a_reason_and_another(
    session: Session, place: Hall, clerks: tuple[FlaskClient, FlaskClient]
) -> None:
    first, second = clerks
    user, _actor = voter(session)
    path = come(first, place, user)
    empty = first.post(f"{path}/take-back", data={})
    assert empty.status_code == 422
    assert 'id="back-reason-error"' in empty.text
    assert first.post(f"{path}/take-back", data={"back-reason": "다른 분을 접수함"}).status_code == 303
    assert second.post(f"{path}/decision", data={"approve": "yes"}).status_code == 303
    assert "취소됨" in first.get(path).text
    assert come(second, place, user) != path


def test_the_online_page_says_where_to_vote(
    session: Session, place: Hall, clerks: tuple[FlaskClient, FlaskClient], signed_in: SignIn
) -> None:
    user, _actor = voter(session)
    come(clerks[0], place, user)
    own = signed_in(user)
    assert "현장투표소에서 종이 투표로 접수하셨습니다" in own.get(f"/budget/{place.slug}/vote").text
    refused = own.post(f"/budget/{place.slug}/vote/receipt", data={"picks": ["A1"], "key": "k" * 20})
    assert refused.status_code == 403
    assert session.scalar(select(func.count()).select_from(Ballot)) == 0


def test_paper_is_keyed_sheet_by_sheet(session: Session, place: Hall, clerks: tuple[FlaskClient, FlaskClient]) -> None:
    first, second = clerks
    place.papers(3)
    made = first.post(f"/budget/{place.slug}/paper", data={"place": "종로 투표소", "district": "11110", "papers": "3"})
    assert made.location == f"/budget/{place.slug}/paper/1"
    sheets = f"{made.location}/sheets"
    for browser, lines in ((first, ["A1 B1", "A2"]), (second, ["a1,b1", "A3"])):
        assert "1번째 장" in browser.get(sheets).text
        for place_, line in enumerate(lines, 1):
            answer = browser.post(sheets, data={"paper": str(place_), "picks": line, "kind": "valid"})
            assert answer.status_code == 303, answer.text
            assert line not in answer.location
        assert "3번째 장" in browser.get(sheets).text
        assert browser.post(sheets, data={"paper": "3", "picks": "", "kind": "blank"}).status_code == 303
        assert browser.post(f"{made.location}/finish").status_code == 303
    view = second.get(made.location)
    assert "2번째 장 다시 입력" in view.text
    assert "A2" not in bare(view)
    assert "A3" not in bare(view)
    assert first.post(f"{made.location}/confirm").status_code == 409
    again = second.get(f"{sheets}?paper=2")
    assert "A3" not in bare(again)
    wrong = second.post(sheets, data={"paper": "2", "picks": "Z9", "kind": "valid"})
    assert wrong.status_code == 422
    assert 'id="picks-error"' in wrong.text
    assert 'value="Z9"' in wrong.text
    assert second.post(sheets, data={"paper": "2", "picks": "A2", "kind": "valid"}).location == made.location
    assert first.post(f"{made.location}/confirm").status_code == 303
    assert "2 + 1 + 0 = 3장" in first.get(made.location).text
    assert session.scalar(select(func.count()).select_from(Ballot)) == 2
    assert session.scalar(select(PaperBatch.valid)) == 2


def test_a_rule_that_a_sheet_breaks_stands_beside_the_field(
    place: Hall, clerks: tuple[FlaskClient, FlaskClient]
) -> None:
    first, _second = clerks
    number = place.batch(1)
    sheets = f"/budget/{place.slug}/paper/{number}/sheets"
    wrong = first.post(sheets, data={"paper": "1", "picks": "A1 A2 A3 A4", "kind": "valid"})
    assert wrong.status_code == 422
    assert "사업은 3개까지 고를 수 있습니다." in wrong.text
    assert "무효" in wrong.text
    void = first.post(sheets, data={"paper": "1", "kind": "void"})
    assert void.status_code == 422
    assert 'id="reason-error"' in void.text
    assert first.post(sheets, data={"paper": "1", "kind": "void", "reason": "rules"}).status_code == 303
    for paper in ("0", "-1", "9", "1" * 30, "x", ""):
        assert first.post(sheets, data={"paper": paper, "kind": "blank"}).status_code == 409
    for kind in ({}, {"kind": ""}, {"kind": "vaild"}, {"kind": "VALID"}):
        strange = first.post(sheets, data={"paper": "2", "picks": "A1", **kind})
        assert strange.status_code == 422, "what nobody asked for is no valid sheet"
        assert "가운데 하나를 눌러 주십시오." in strange.text
        assert 'value="A1"' in strange.text


def test_a_batch_is_dropped_by_two(place: Hall, clerks: tuple[FlaskClient, FlaskClient]) -> None:
    first, second = clerks
    path = f"/budget/{place.slug}/paper/{place.batch(2)}"
    assert first.post(f"{path}/count", data={"count-papers": "0", "count-reason": "다시 셈"}).status_code == 422
    assert first.post(f"{path}/count", data={"count-papers": "4", "count-reason": "다시 셈"}).status_code == 303
    assert first.post(f"{path}/drop", data={}).status_code == 422
    assert first.post(f"{path}/drop", data={"drop-reason": "잘못 엶"}).status_code == 303
    assert first.post(f"{path}/drop/decision", data={"approve": "yes"}).status_code == 403
    assert second.post(f"{path}/drop/decision", data={"approve": "yes"}).status_code == 303
    assert "취소됨" in first.get(path).text


def test_desks_take_the_same_statements_however_many_came(
    session: Session, place: Hall, clerks: tuple[FlaskClient, FlaskClient], queries: object
) -> None:
    counts = []
    for more in (1, 12):
        place.papers(more)
        for _ in range(more):
            place.batch(1)
        session.expire_all()
        queries.clear()  # type: ignore[attr-defined]
        assert clerks[0].get(f"/budget/{place.slug}/desk").status_code == 200
        assert clerks[0].get(f"/budget/{place.slug}/paper").status_code == 200
        counts.append(len(queries))  # type: ignore[arg-type]
    assert counts[0] == counts[1]


def test_documents_wait_for_the_other_clerk(
    session: Session, place: Hall, clerks: tuple[FlaskClient, FlaskClient]
) -> None:
    first, second = clerks
    who = {"name": "강나루", "birth_date": "1981-03-02", "phone": "010-1234-5678"}
    made = first.post(f"/budget/{place.slug}/desk", data={**who, "basis": "residence", "district": "11110"})
    path, desk = made.location, f"/budget/{place.slug}/desk"
    own = first.get(path)
    assert "서류 확인 대기" in own.text
    assert "투표용지를 드렸음" not in own.text
    assert first.post(f"{path}/paper").status_code == 409
    assert first.post(f"{path}/decision", data={"approve": "yes"}).status_code == 403
    assert "강나루" not in first.get(desk).text
    assert "강나루" in second.get(desk).text
    answer = second.post(f"{path}/decision", data={"approve": "yes", "back": "desk"})
    assert answer.location == desk
    assert "강나루" not in second.get(desk).text
    assert "이확인" in first.get(path).text
    assert first.post(f"{path}/paper").status_code == 303


def test_documents_that_say_otherwise_are_refused_beside_the_district(
    session: Session, place: Hall, clerks: tuple[FlaskClient, FlaskClient]
) -> None:
    first, _second = clerks
    user = factories.user(session, level=1)
    who = {"email": user.email or "", "name": "강나루", "birth_date": "1990-03-02"}
    bare = first.post(f"/budget/{place.slug}/desk/find", data={"email": user.email})
    assert "전에 확인한 자치구" in bare.text
    assert 'name="birth_date"' in bare.text
    refused = first.post(f"/budget/{place.slug}/desk", data={**who, "basis": "work", "district": "11680"})
    assert refused.status_code == 422
    assert 'id="district-error"' in refused.text
    assert "본인확인 창구에서 먼저" in refused.text
    assert (
        first.post(
            f"/budget/{place.slug}/desk", data={"email": user.email, "basis": "work", "district": "11110"}
        ).status_code
        == 422
    )
    assert (
        first.post(f"/budget/{place.slug}/desk", data={**who, "basis": "work", "district": "11110"}).status_code == 303
    )


def test_a_sheet_too_many_is_confirmed_by_two_in_public(place: Hall, clerks: tuple[FlaskClient, FlaskClient]) -> None:
    first, second = clerks
    place.papers(1)
    number = place.batch(2)
    for clerk in (place.first, place.second):
        place.key(clerk, number, ["A1", "A2"])
    path = f"/budget/{place.slug}/paper/{number}"
    assert "1장 많습니다" in first.get(path).text
    assert first.post(f"{path}/confirm").status_code == 409
    empty = first.post(f"{path}/difference", data={})
    assert empty.status_code == 422
    assert 'id="more-reason-error"' in empty.text
    assert first.post(f"{path}/difference", data={"more-reason": "겹쳐 교부한 것으로 보임"}).status_code == 303
    assert first.post(f"{path}/difference/decision", data={"approve": "yes"}).status_code == 403
    assert "차이와 사유가 맞습니다" in second.get(path).text
    assert second.post(f"{path}/difference/decision", data={"approve": "yes"}).status_code == 303
    assert second.post(f"{path}/confirm").status_code == 303
    board = first.get(f"/board/{place.slug}").text
    assert "교부 1장, 투입 2장, 차이 1장" in board
    assert "겹쳐 교부한 것으로 보임" in board


def test_auditors_see_who_checks_in_alone(
    session: Session, place: Hall, clerks: tuple[FlaskClient, FlaskClient], signed_in: SignIn, queries: Queries
) -> None:
    first, _second = clerks
    auditor = signed_in(factories.user(session, Role.AUDITOR))
    path = f"/budget/{place.slug}/desk/clerks"
    assert "아직 접수한 분이 없습니다." in auditor.get(path).text
    assert path in auditor.get("/staff").text
    assert path in auditor.get(f"/budget/{place.slug}/count").text
    assert first.get(path).status_code == 403
    counts = []
    for more in (1, 7):
        user, _actor = voter(session)
        assert first.post(f"{come(first, place, user)}/paper").status_code == 303
        place.papers(more)
        session.expire_all()
        queries.clear()
        page = auditor.get(path)
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert "김접수" in page.text
    assert f"/audit?action=check-in:make&amp;actor={place.users[0].id}" in page.text
    assert 'data-label="단독 접수·교부" class="num">10<' in page.text
    assert (user.email or "-") not in page.text


def test_the_clerks_page_looks_whether_the_other_has_decided(
    session: Session, place: Hall, clerks: tuple[FlaskClient, FlaskClient]
) -> None:
    first, second = clerks
    script = {"HX-Request": "true"}
    user, _actor = voter(session)
    path = come(first, place, user)
    assert "hx-trigger" not in first.get(path).text, "nothing is asked"
    first.post(f"{path}/take-back", data={"back-reason": "다른 분을 접수함"})
    own = first.get(path).text
    assert 'hx-trigger="every' in own
    assert re.search(f'href="{path}"[^>]*>새로 고침', own), "and without the script"
    assert "hx-trigger" not in second.get(path).text, "who decides isn't disturbed"
    waits = first.get(path, headers=script)
    assert (waits.status_code, waits.text, waits.headers.get("HX-Refresh")) == (204, "", None)
    with time_machine.travel(clock.now() + timedelta(minutes=31), tick=False):
        assert "hx-trigger" not in first.get(path).text, "a desk left alone is signed out in time"
    second.post(f"{path}/decision", data={"approve": "yes"})
    assert first.get(path, headers=script).headers["HX-Refresh"] == "true"
    assert "취소됨" in first.get(path).text
