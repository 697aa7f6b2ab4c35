"""Pages of the review: assignment by staff, a department's queue and form."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from html import unescape

import pytest
from flask import Flask, render_template
from flask.testing import FlaskClient
from flask_babel import force_locale
from sqlalchemy import select
from sqlalchemy.orm import Session

from civicvote.domain.criteria import Criterion
from civicvote.domain.korean import in_seoul
from civicvote.domain.lifecycles import ProjectState
from civicvote.domain.permissions import Role
from civicvote.models.accounts import User
from civicvote.models.cycles import Pool
from civicvote.models.departments import Department
from civicvote.models.projects import Project
from civicvote.models.reviews import Review, Supplement
from civicvote.services import clock
from tests import factories as make

DAY = timedelta(days=1)
SignIn = Callable[[User], FlaskClient]


def soon(days: int = 5) -> str:
    return in_seoul(clock.now() + days * DAY).strftime("%Y-%m-%dT18:00")


@dataclass
class Office:
    """A project, its department, and browsers of those concerned."""

    session: Session
    department: Department
    project: Project
    staff: FlaskClient
    reviewer: FlaskClient
    stranger: FlaskClient

    def assign(self) -> str:
        answer = self.staff.post(
            "/reviews/assign",
            data={
                "projects": str(self.project.id),
                "department": str(self.department.id),
                "reviewer": "",
                "due_at": soon(),
            },
        )
        assert answer.status_code == 303, answer.text
        review = self.session.scalars(select(Review).where(Review.project_id == self.project.id)).one()
        return f"/reviews/{review.id}"

    def begun(self) -> str:
        path = self.assign()
        assert self.reviewer.post(f"{path}/start").status_code == 303
        return path

    def state(self) -> ProjectState:
        self.session.expire_all()
        return self.session.scalars(select(Project.state).where(Project.id == self.project.id)).one()


@pytest.fixture
def office(session: Session, signed_in: SignIn) -> Office:
    ours, theirs = make.department(session, "보행정책과"), make.department(session, "공원여가과")
    pool = make.pool(session, make.cycle(session, opened="review"), 100_000_000, name="안전")
    return Office(
        session,
        ours,
        make.project(session, pool, make.user(session), title="골목 보행등", cost_won=None),
        signed_in(make.user(session, Role.STAFF)),
        signed_in(make.user(session, Role.DEPARTMENT, department_id=ours.id, name="최검토")),
        signed_in(make.user(session, Role.DEPARTMENT, department_id=theirs.id)),
    )


def criteria(client: FlaskClient, path: str, **values: str) -> dict[str, str]:
    found = re.search(r'name="version"[^>]*value="(\d+)"', client.get(path).text)
    assert found is not None
    filled = {"version": found[1], "first_year_won": "4천5백만"}
    for criterion in Criterion:
        filled[f"{criterion}_answer"] = "yes"
        filled[f"{criterion}_note"] = f"{criterion} 의견입니다."
    rows = {
        "costs-0-kind": "programme",
        "costs-0-label": "보행등 12개",
        "costs-0-amount_won": "4천만 원",
        "costs-1-kind": "staff",
        "costs-1-label": "감독",
        "costs-1-amount_won": "5,000,000",
        "costs-2-kind": "operation",
        "costs-2-label": "",
        "costs-2-amount_won": "",
    }
    return filled | rows | values


def test_staff_assign_several_at_once(office: Office, session: Session) -> None:
    pool = session.get_one(Pool, office.project.pool_id)
    more = [make.project(session, pool) for _ in range(2)]
    page = office.staff.get("/reviews/assign")
    assert "골목 보행등" in page.text
    assert "보행정책과" in page.text
    data = {"department": str(office.department.id), "reviewer": "", "due_at": soon()}
    none = office.staff.post("/reviews/assign", data=data)
    assert none.status_code == 422
    assert "하나 이상" in none.text
    assert office.staff.post("/reviews/assign", data=data | {"projects": ["x"]}).status_code == 422
    ids = [str(p.id) for p in more]
    assert office.staff.post("/reviews/assign", data=data | {"projects": ids, "department": ""}).status_code == 422
    assert office.staff.post("/reviews/assign", data=data | {"projects": ids}).status_code == 303
    again = office.staff.post("/reviews/assign", data=data | {"projects": ids})
    assert again.status_code == 409
    assert "먼저 배정" in again.text
    one = office.staff.get(f"/reviews/assign?project_id={ids[0]}")
    assert "지금: 보행정책과" in one.text
    assert (
        office.staff.post(
            f"/reviews/assign?project_id={ids[0]}", data=data | {"projects": ids[:1], "replace": "yes"}
        ).status_code
        == 303
    )


def test_the_queue_and_a_foreign_case(office: Office, client: FlaskClient, session: Session, signed_in: SignIn) -> None:
    path = office.assign()
    assert "골목 보행등" in office.reviewer.get("/reviews").text
    assert "골목 보행등" not in office.stranger.get("/reviews").text
    assert "골목 보행등" in office.staff.get("/reviews").text
    assert "골목 보행등" in office.staff.get(f"/reviews?department={office.department.id}").text
    assert office.reviewer.get(path).status_code == 200
    assert office.stranger.get(path).status_code == 404
    for deed in ("", "/start", "/rows", "/decision", "/supplement"):
        assert office.stranger.post(path + deed).status_code in {404, 422}, deed
    assert client.get(path).status_code == 303
    citizen = signed_in(make.user(session))
    for closed in ("/reviews", path, "/reviews/assign"):
        assert citizen.get(closed).status_code == 403
    assert office.reviewer.get("/reviews/assign").status_code == 403
    assert office.reviewer.get("/reviews?show=done").status_code == 200


def test_a_draft_is_kept_and_stays_private(office: Office, client: FlaskClient) -> None:
    path = office.begun()
    data = criteria(office.reviewer, path, benefit_answer="", benefit_note="아직 모릅니다.")
    assert office.reviewer.post(path, data=data).status_code == 303
    text = office.reviewer.get(path).text
    assert "아직 모릅니다." in text
    assert "보행등 12개" in text
    assert "4,500만 원" in text
    assert "아직 모릅니다." not in client.get(f"/projects/{office.project.id}").text
    late = office.reviewer.post(path, data=data)
    assert late.status_code == 409
    assert "먼저 저장" in late.text


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"costs-1-label": ""}, "2번째 줄"),
        ({"costs-1-amount_won": ""}, "2번째 줄"),
        ({"costs-1-amount_won": "-5000"}, "0보다 작을 수 없습니다"),
        ({"costs-1-amount_won": "0.5"}, ""),
        ({"costs-1-amount_won": "많이"}, "읽을 수 없는 금액"),
        ({"costs-1-kind": "party"}, ""),
        ({"costs-0-amount_won": "2억"}, "예산 100,000,000원보다"),
        ({"first_year_won": "9천만"}, "첫해 사업비가"),
        ({"legality_answer": ""}, "아직 답하지 않았습니다"),
        ({"legality_answer": "no"}, "적격으로 판정할 수 없습니다"),
        ({"verdict": ""}, "적격 또는 부적격"),
        ({"reason": ""}, "비어 있습니다"),
        ({"benefit_note": "가" * 1001}, ""),
    ],
)
def test_an_unfinished_verdict_is_refused_with_words(office: Office, values: dict[str, str], words: str) -> None:
    path = office.begun()
    data = criteria(office.reviewer, path, verdict="accept", reason="조례에 근거가 있어 추진할 수 있습니다.")
    answer = office.reviewer.post(f"{path}/decision", data=data | values)
    assert answer.status_code == 422
    assert words in unescape(answer.text)
    assert "duration 의견입니다." in answer.text
    assert office.state() is ProjectState.IN_REVIEW


def test_a_verdict_becomes_public(office: Office) -> None:
    path = office.begun()
    data = criteria(office.reviewer, path, verdict="accept", reason="조례에 근거가 있어 추진할 수 있습니다.")
    assert office.reviewer.post(f"{path}/decision", data=data).status_code == 303
    assert office.state() is ProjectState.ELIGIBLE
    text = office.reviewer.get(path).text
    assert "조례에 근거가 있어" in text
    assert "판정 공개하기" not in text
    assert "골목 보행등" in office.reviewer.get("/reviews?show=done").text
    assert office.staff.get(f"/reviews/reopen/{office.project.id}").status_code == 200
    again = {"department": str(office.department.id), "reviewer": "", "due_at": soon()}
    assert office.staff.post(f"/reviews/reopen/{office.project.id}", data=again | {"reason": ""}).status_code == 422
    answer = office.staff.post(f"/reviews/reopen/{office.project.id}", data=again | {"reason": "조례가 바뀌었습니다."})
    assert answer.status_code == 303
    assert "이전 검토" in office.reviewer.get(answer.location).text


def test_rows_come_and_go_without_saving(office: Office, session: Session) -> None:
    path = office.begun()
    data = criteria(office.reviewer, path)
    more = office.reviewer.post(f"{path}/rows", data=data | {"row": "add"})
    assert more.status_code == 200
    assert 'name="costs-4-label"' in more.text
    less = office.reviewer.post(f"{path}/rows", data=data | {"row": "0"})
    assert "보행등 12개" not in less.text
    assert "감독" in less.text
    part = office.reviewer.post(f"{path}/rows", data=data | {"row": "add"}, headers={"HX-Request": "true"})
    assert "<html" not in part.text
    assert 'id="review-form"' in part.text
    session.expire_all()
    assert session.scalars(select(Review.criteria)).one() == {}


def test_a_gap_in_the_rows_is_no_matter(office: Office) -> None:
    path = office.begun()
    data = {k: v for k, v in criteria(office.reviewer, path).items() if not k.startswith("costs-0")}
    assert office.reviewer.post(path, data=data).status_code == 303
    assert "보행등 12개" not in office.reviewer.get(path).text


def test_a_question_to_the_author(office: Office, session: Session) -> None:
    path = office.begun()
    assert office.reviewer.post(f"{path}/supplement", data={"question": "", "due_at": soon()}).status_code == 422
    late = office.reviewer.post(
        f"{path}/supplement", data={"question": "어느 길인지 적어 주십시오.", "due_at": soon(-1)}
    )
    assert late.status_code == 422
    assert "지금보다 뒤" in late.text
    answer = office.reviewer.post(
        f"{path}/supplement", data={"question": "어느 길인지 적어 주십시오.", "due_at": soon(3)}
    )
    assert answer.status_code == 303
    assert office.state() is ProjectState.SUPPLEMENT
    assert session.scalars(select(Supplement.question)).one() == "어느 길인지 적어 주십시오."
    text = office.reviewer.get(path).text
    assert "답변을 기다리고 있습니다" in text
    assert "임시 저장" not in text


@pytest.mark.parametrize("locale", ["ko", "en"])
@pytest.mark.parametrize(
    "kind",
    [
        "review-assigned",
        "supplement-requested",
        "supplement-answered",
        "supplement-lapsed",
        "ballot-list-requested",
        "ballot-list-returned",
    ],
)
def test_letters_can_be_written(app: Flask, kind: str, locale: str) -> None:
    values = {
        "title": "골목 보행등",
        "number": "2026-0001",
        "due_at": "2026-12-01T09:00:00+00:00",
        "review": "r",
        "project": "p",
        "slug": "budget-2026",
        "count": 3,
        "question": "어느 길입니까?",
        "reason": "사업비가 바뀌었습니다.",
    }
    with app.test_request_context(), force_locale(locale):
        text = render_template(f"mail/{kind}.txt", base_url="http://localhost", recipient_name="최검토", **values)
    subject, _rest, body = text.strip().partition("\n")
    assert subject.startswith("[civicvote]")
    assert "골목 보행등" in text
    assert "http://localhost/" in body
    assert "+00:00" not in text
