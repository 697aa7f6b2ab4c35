"""The administrator's pages."""

from collections.abc import Callable

import pytest
from flask import render_template
from flask.testing import FlaskClient
from flask_babel import force_locale
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from civicvote.domain.permissions import Role
from civicvote.models.accounts import User, UserRole
from civicvote.models.departments import Department
from civicvote.models.verification import PersonalDataAccess
from tests import factories
from tests.conftest import Queries

SignIn = Callable[[User], FlaskClient]


@pytest.fixture
def browser(session: Session, signed_in: SignIn) -> FlaskClient:
    return signed_in(factories.user(session, Role.ADMIN, name="탁이든"))


def test_the_first_page_counts(session: Session, browser: FlaskClient) -> None:
    factories.user(session, Role.STAFF, level=2)
    text = browser.get("/admin").text
    assert "참여과 담당" in text
    assert "/admin/users?role=staff" in text


def test_accounts_are_listed_without_their_addresses(session: Session, browser: FlaskClient) -> None:
    user = factories.user(session, name="한결이")
    answer = browser.get("/admin/users?q=한결")
    assert answer.status_code == 200
    assert "한결이" in answer.text
    assert (user.email or "") not in answer.text
    assert "맞는 계정이 없습니다" in browser.get("/admin/users?q=없는이름").text
    assert browser.get("/admin/users?role=nonsense").status_code == 200
    assert browser.get("/admin/users?cursor=%21").status_code == 422


def test_a_long_list_takes_as_many_statements_as_a_short_one(
    session: Session, browser: FlaskClient, queries: Queries
) -> None:
    browser.get("/admin/users")
    queries.clear()
    browser.get("/admin/users")
    short = len(queries)
    for n in range(30):
        factories.user(session, Role.STAFF, name=f"사람{n}")
    queries.clear()
    text = browser.get("/admin/users").text
    assert len(queries) == short
    assert "더 보기" in text


def test_finding_by_address_leaves_a_trace(session: Session, browser: FlaskClient) -> None:
    user = factories.user(session)
    answer = browser.post("/admin/users/find", data={"email": user.email, "purpose": "민원 처리"})
    assert (answer.status_code, answer.location) == (303, f"/admin/users/{user.id}")
    missing = browser.post("/admin/users/find", data={"email": "nobody@example.org", "purpose": "민원 처리"})
    assert (missing.status_code, "가입한 계정이 없습니다" in missing.text) == (200, True)
    assert browser.post("/admin/users/find", data={"email": user.email, "purpose": ""}).status_code == 422
    assert session.scalar(select(func.count()).select_from(PersonalDataAccess)) == 2


def test_personal_data_is_shown_once_and_on_record(session: Session, browser: FlaskClient) -> None:
    user = factories.user(session, level=2)
    url = f"/admin/users/{user.id}"
    assert (user.email or "") not in browser.get(url).text
    assert browser.post(f"{url}/look", data={"look-purpose": "x"}).status_code == 422
    shown = browser.post(f"{url}/look", data={"look-purpose": "민원 처리"})
    assert shown.status_code == 200
    assert (user.email or "") in shown.text
    assert (user.email or "") not in browser.get(url).text
    look = session.scalars(select(PersonalDataAccess)).one()
    assert (look.what, look.purpose, look.address) == ("account:data", "민원 처리", "127.0.0.1")


def test_offices_are_given_and_taken_by_the_page(session: Session, browser: FlaskClient) -> None:
    user, unit = factories.user(session), factories.department(session, "시민참여과")
    url = f"/admin/users/{user.id}"
    given = {"grant-role": "department", "grant-department": "", "grant-reason": "인사이동"}
    refused = browser.post(f"{url}/grant", data=given)
    assert refused.status_code == 422
    assert "부서를 함께" in refused.text
    assert browser.post(f"{url}/grant", data=given | {"grant-department": str(unit.id)}).status_code == 303
    assert browser.post(f"{url}/grant", data=given | {"grant-role": "citizen"}).status_code == 422
    page = browser.get(url).text
    assert "「부서 담당」 역할을 줌" in page
    assert "인사이동" in page
    move = {"move-department": str(factories.department(session).id), "move-reason": "조직 개편"}
    assert browser.post(f"{url}/department", data=move).status_code == 303
    assert browser.post(f"{url}/department", data=move).status_code == 422
    taken = {"revoke-role": "department", "revoke-reason": "임기 만료"}
    assert browser.post(f"{url}/revoke", data=taken | {"revoke-reason": ""}).status_code == 422
    assert browser.post(f"{url}/revoke", data=taken).status_code == 303
    assert browser.post(f"{url}/revoke", data=taken).status_code == 422
    assert session.scalar(select(func.count()).where(UserRole.user_id == user.id)) == 0


def test_ones_own_offices_have_no_forms(session: Session, signed_in: SignIn) -> None:
    me = factories.user(session, Role.ADMIN)
    browser = signed_in(me)
    assert "/grant" not in browser.get(f"/admin/users/{me.id}").text
    given = {"grant-role": "staff", "grant-department": "", "grant-reason": "스스로 지정"}
    assert browser.post(f"/admin/users/{me.id}/grant", data=given).status_code == 403


def test_departments_by_the_page(session: Session, browser: FlaskClient) -> None:
    assert "아직 부서가 없습니다" in browser.get("/admin/departments").text
    assert (
        browser.post("/admin/departments", data={"name": "시민참여과", "name_en": "Participation"}).status_code == 303
    )
    assert browser.post("/admin/departments", data={"name": "시민참여과"}).status_code == 422
    unit = session.scalars(select(Department)).one()
    url = f"/admin/departments/{unit.id}"
    assert 'value="시민참여과"' in browser.get(url).text
    assert browser.post(url, data={"name": ""}).status_code == 422
    assert browser.post(url, data={"name": "시민협력과", "name_en": ""}).status_code == 303
    assert browser.post(f"{url}/active", data={"active": "0"}).status_code == 303
    assert "쓰지 않음" in browser.get("/admin/departments").text
    assert browser.post(f"{url}/active", data={"active": "0"}).status_code == 409
    assert browser.post(f"{url}/active", data={"active": "1"}).status_code == 303


@pytest.mark.parametrize("locale", ["ko", "en"])
@pytest.mark.parametrize("mine", ["yes", ""])
@pytest.mark.parametrize(
    ("change", "role", "department"),
    [("granted", "부서 담당", "시민참여과"), ("revoked", "감사", ""), ("moved", "", "시민참여과"), ("left", "", "")],
)
def test_the_letter_reads_well(
    client: FlaskClient, locale: str, change: str, role: str, department: str, mine: str
) -> None:
    with client.application.test_request_context(), force_locale(locale):
        letter = render_template(
            "mail/roles-changed.txt",
            base_url="http://localhost",
            recipient_name="한결이",
            mine=bool(mine),
            account="김시민",
            by="탁이든",
            change=change,
            role=role,
            department=department,
            reason="인사이동",
        )
    subject, blank, *body = letter.strip().split("\n")
    assert subject.startswith("[civicvote]")
    assert blank == ""
    assert "인사이동" in "\n".join(body)
    assert "\n\n\n" not in letter
