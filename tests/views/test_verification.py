"""The pages of verification: the form, the desk, the register file, and the demo's verifier."""

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from civicvote.app import create_app
from civicvote.domain.permissions import SYSTEM, Role
from civicvote.models.accounts import User
from civicvote.models.verification import PersonalDataAccess, RegisterEntry
from civicvote.services import sessions, verification
from civicvote.settings import Settings
from tests import factories
from tests.conftest import LIMITS, OneConnection

SignIn = Callable[[User], FlaskClient]
FORM = {"name": "홍길동", "birth_date": "1990-05-17", "phone": "010-1234-5678", "consent": "y"}
CSV = "이름,생년월일,전화번호,성별,자치구\n홍길동,1990-05-17,010-1234-5678,남,종로구\n"
CASE = FORM | {"level": "2", "basis": "work", "district": "11680", "sex": "", "namesake": ""}


@pytest.fixture
def registered(session: Session, settings: Settings) -> Session:
    verification.import_register(session, SYSTEM, CSV.encode(), key=settings.keystore.person)
    session.flush()
    return session


def test_the_page_shows_where_one_stands(session: Session, signed_in: SignIn) -> None:
    answer = signed_in(factories.user(session)).get("/verification")
    assert answer.status_code == 200
    assert "이메일 확인" in answer.text
    assert "체험용 본인확인" not in answer.text


def test_verifying_oneself(registered: Session, signed_in: SignIn) -> None:
    user = factories.user(registered)
    browser = signed_in(user)
    before = browser.get_cookie("cv", domain="localhost")
    answer = browser.post("/verification", data=FORM)
    assert (answer.status_code, answer.location) == (303, "/verification")
    after = browser.get_cookie("cv", domain="localhost")
    assert before is not None
    assert after is not None
    assert before.value != after.value
    page = browser.get("/verification").text
    assert "서울 시민으로 확인되었습니다" in page
    assert "종로구" in page


def test_one_comes_back_to_where_one_was(registered: Session, signed_in: SignIn) -> None:
    browser = signed_in(factories.user(registered))
    assert 'value="/budget/x/vote"' in browser.get("/verification?next=/budget/x/vote").text
    assert 'value="//evil' not in browser.get("/verification?next=//evil.example").text
    assert browser.post("/verification", data=FORM | {"next": "/budget/x/vote"}).location == "/budget/x/vote"


@pytest.mark.parametrize("wrong", [{"name": "홍길순"}, {"birth_date": "1990-05-18"}, {"phone": "010-1234-5679"}])
def test_every_mismatch_gets_the_same_page(registered: Session, signed_in: SignIn, wrong: dict[str, str]) -> None:
    answer = signed_in(factories.user(registered)).post("/verification", data=FORM | wrong)
    assert answer.status_code == 422
    assert "명부에서 찾을 수 없습니다" in answer.text


def test_an_incomplete_form_says_what_is_missing(session: Session, signed_in: SignIn) -> None:
    answer = signed_in(factories.user(session)).post("/verification", data={"name": "홍길동"})
    assert answer.status_code == 422
    assert answer.text.count("입력해 주십시오.") >= 2
    assert "동의하셔야" in answer.text


def test_tries_are_counted_per_account(registered: Session, signed_in: SignIn) -> None:
    browser = signed_in(factories.user(registered))
    answers = [browser.post("/verification", data=FORM | {"phone": f"0101234{n:04d}"}).status_code for n in range(11)]
    assert answers == [422] * 10 + [429]
    assert browser.post("/verification", data=FORM).status_code == 429
    other = signed_in(factories.user(registered))
    assert other.post("/verification", data=FORM).status_code == 303


def test_the_demo_verifier_exists_in_no_other_mode(session: Session, signed_in: SignIn) -> None:
    assert signed_in(factories.user(session)).get("/verification/demo").status_code == 404


@pytest.fixture
def demo(tmp_path: Path, database: OneConnection) -> Flask:
    settings = Settings(instance=tmp_path, base_url="http://localhost", mail="file", demo=True)
    app = create_app(settings, database=database, testing=True)
    app.config["WTF_CSRF_ENABLED"] = False
    return app


def test_the_demo_verifier_says_what_it_is(demo: Flask, session: Session) -> None:
    user = factories.user(session)
    browser = demo.test_client()
    browser.set_cookie("cv", sessions.start(session, user, device="", limits=LIMITS), domain="localhost")
    session.flush()
    assert "진짜 본인확인이 아닙니다" in browser.get("/verification/demo").text
    assert browser.post("/verification/demo", data={"district": "", "birth_year": "x"}).status_code == 422
    answer = browser.post("/verification/demo", data={"district": "11680", "birth_year": "1990", "sex": "f"})
    assert answer.status_code == 303
    assert "강남구" in browser.get("/verification").text


def test_the_desk(session: Session, signed_in: SignIn) -> None:
    user = factories.user(session, name="이도윤")
    desk = signed_in(factories.user(session, Role.STAFF))
    assert desk.get("/desk").status_code == 200
    look = {"find-email": user.email, "find-purpose": "창구 방문 본인확인"}
    found = desk.post("/desk/look-up", data=look)
    assert found.status_code == 200
    assert "이도윤" in found.text
    assert f'value="{user.email}"' in found.text
    assert desk.post("/desk/look-up", data=look | {"find-purpose": ""}).status_code == 422
    assert "가입한 계정이 없습니다" in desk.post("/desk/look-up", data=look | {"find-email": "no@example.org"}).text
    refused = desk.post("/desk", data=CASE | {"email": user.email, "birth_date": "2020-01-01"})
    assert refused.status_code == 422
    assert "보호자" in refused.text
    assert desk.post("/desk", data=CASE | {"email": user.email}).status_code == 303
    looked = session.scalars(select(PersonalDataAccess.what).order_by(PersonalDataAccess.id)).all()
    assert looked == ["desk:look-up", "desk:look-up", "desk:verify"]
    session.expire_all()
    assert session.get_one(User, user.id).level == 2


def test_citizens_have_no_desk(session: Session, signed_in: SignIn, client: FlaskClient) -> None:
    citizen = signed_in(factories.user(session, level=2))
    assert citizen.get("/desk").status_code == 403
    assert citizen.post("/desk", data=CASE).status_code == 403
    assert client.get("/desk").status_code == 303


def _file(content: bytes, name: str = "명부.csv") -> dict[str, object]:
    return {"file": (io.BytesIO(content), name)}


def test_the_register_file_goes_in_by_the_page(session: Session, signed_in: SignIn) -> None:
    staff = signed_in(factories.user(session, Role.STAFF))
    assert staff.get("/desk/register").status_code == 200
    for encoding in ("cp949", "utf-8-sig"):
        answer = staff.post("/desk/register", data=_file(CSV.encode(encoding)))
        assert answer.status_code == 303
    assert session.scalar(select(func.count()).select_from(RegisterEntry)) == 1
    bad = staff.post("/desk/register", data=_file((CSV + "김,1990-05-17,01022223333,여,부산\n").encode()))
    assert bad.status_code == 422
    assert "3행 「이름」" in bad.text
    assert "3행 「자치구」" in bad.text
    assert staff.post("/desk/register", data=_file(b"x", "a.xlsx")).status_code == 422
    assert staff.post("/desk/register", data={}).status_code == 422
    assert session.scalar(select(func.count()).select_from(RegisterEntry)) == 1
