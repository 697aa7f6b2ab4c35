"""An author's pages: the form with its draft, preview and similar ones, what is refused, and what comes after."""

import re
from collections.abc import Callable
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from civicvote.domain.lifecycles import ProjectState
from civicvote.models.accounts import User
from civicvote.models.projects import Project
from civicvote.models.reviews import Review, Supplement
from civicvote.services import clock, search
from tests import factories

HTMX = {"HX-Request": "true"}
SignIn = Callable[[User], FlaskClient]


def _written(pool_id: UUID, **values: str) -> dict[str, str]:
    return {
        "key": str(uuid4()),
        "version": "",
        "pool": str(pool_id),
        "title": "통학로 보행등 설치",
        "problem": "통학로가 어두워 아이들이 다니기 위험합니다.",
        "idea": "학교 앞 300미터에 보행등 열두 개를 설치해 주십시오.",
        "requested": "3억 2천만",
    } | values


def test_a_foreign_draft_is_not_there(session: Session, client: FlaskClient, signed_in: SignIn) -> None:
    pool = factories.pool(session, factories.cycle(session))
    author, stranger = factories.user(session), factories.user(session)
    draft = factories.project(session, pool, author, ProjectState.DRAFT, title="비밀 초안입니다")
    outsider = signed_in(stranger)
    for browser in (client, outsider):
        for headers in ({}, HTMX):
            assert browser.get(f"/projects/{draft.id}", headers=headers).status_code == 404
        assert "비밀 초안" not in browser.get("/projects/?q=비밀").text
        assert "비밀 초안" not in browser.get(f"/projects/compare?ids={draft.id}").text
    for path in ("edit", "withdraw", "supplement", "status"):
        assert outsider.get(f"/projects/{draft.id}/{path}").status_code == 404
    for path in ("edit", "autosave", "endorsement", "follow", "comments", "withdraw", "moves/submit", "status"):
        for headers in ({}, HTMX):
            data = _written(pool.id, body="안녕하십니까", reason="그냥 그렇습니다")
            answer = outsider.post(f"/projects/{draft.id}/{path}", data=data, headers=headers)
            assert answer.status_code == 404, path
    assert outsider.post("/projects/new", data=_written(pool.id, key=str(draft.id))).status_code == 404
    own = signed_in(author).get(f"/projects/{draft.id}")
    assert own.status_code == 200
    assert 'name="robots" content="noindex"' in own.text


def test_writing_from_draft_to_submission(session: Session, signed_in: SignIn) -> None:
    pool = factories.pool(session, factories.cycle(session, slug="c26"), name="교통")
    author = factories.user(session)
    browser = signed_in(author)
    form = browser.get(f"/projects/new?cycle=c26&pool={pool.id}")
    assert f'<option selected value="{pool.id}">' in form.text
    data = _written(pool.id)
    saved = browser.post("/projects/new", data=data | {"action": "save"})
    assert saved.status_code == 303
    assert saved.location.endswith(f"/projects/{data['key']}/edit")
    draft = session.get_one(Project, UUID(data["key"]))
    assert (draft.state, draft.requested_won, draft.number) == (ProjectState.DRAFT, 320_000_000, None)
    edit = browser.get(saved.location)
    assert 'value="320,000,000원"' in edit.text
    sent = browser.post(
        f"/projects/{draft.id}/edit",
        data=data | {"version": str(draft.version), "title": "통학로 밝히기", "action": "submit"},
    )
    assert sent.status_code == 303
    session.expire_all()
    assert draft.state is ProjectState.SUBMITTED
    assert draft.number == "26-0001"
    page = browser.get(f"/projects/{draft.id}")
    assert "통학로 밝히기" in page.text
    assert "제안 철회" in page.text


def test_a_form_sent_twice_is_one_proposal(session: Session, signed_in: SignIn) -> None:
    pool = factories.pool(session, factories.cycle(session))
    browser = signed_in(factories.user(session))
    data = _written(pool.id, action="submit")
    assert [browser.post("/projects/new", data=data).status_code for _ in range(2)] == [303, 303]
    assert session.scalar(select(func.count()).select_from(Project)) == 1
    changed = browser.post("/projects/new", data=data | {"title": "다른 제목으로 다시"})
    assert changed.status_code == 409


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("requested", "많이", "금액"),
        ("requested", "-3억", "작을 수 없습니다"),
        ("requested", "1.5", "원 단위"),
        ("requested", "900억", "전체 예산"),
        ("title", "", "제목을 써 주십시오"),
        ("title", "가" * 81, "80자까지"),
        ("title", "널\x00문자가 있는 제목", "NUL"),
        ("problem", "제 번호는 900101-1234567입니다", "주민등록번호"),
        pytest.param("idea", "n" * 1_000_000, "5,000자까지", id="a-megabyte"),
        ("district", "99999", "자치구"),
        ("category", "없는분류", "분류"),
        ("pool", "00000000-0000-7000-8000-000000000000", "접수 중인 분야"),
        ("pool", "x", "접수 중인 분야"),
        ("place", "다" * 121, "120자까지"),
    ],
)
def test_what_is_refused_stands_beside_its_field_and_nothing_is_saved(
    session: Session, signed_in: SignIn, field: str, value: str, words: str
) -> None:
    pool = factories.pool(session, factories.cycle(session))
    browser = signed_in(factories.user(session))
    answer = browser.post("/projects/new", data=_written(pool.id, action="save") | {field: value})
    assert answer.status_code == 422
    beside = re.search(rf'id="{field}-error"[^>]*>(.*?)</p>', answer.text, re.DOTALL)
    assert beside, "no message beside the field"
    assert words in beside.group(0)
    assert session.scalar(select(func.count()).select_from(Project)) == 0


def test_more_than_any_form_holds_is_413_with_words(session: Session, signed_in: SignIn) -> None:
    pool = factories.pool(session, factories.cycle(session))
    answer = signed_in(factories.user(session)).post("/projects/new", data=_written(pool.id, idea="나" * 1_000_000))
    assert answer.status_code == 413
    assert "너무 큽니다" in answer.text


def test_invisible_marks_are_taken_out_and_emoji_stay(session: Session, signed_in: SignIn) -> None:
    pool = factories.pool(session, factories.cycle(session))
    browser = signed_in(factories.user(session))
    data = _written(pool.id, title="밤길\u202e을 \u200b밝게 💡", action="save")
    assert browser.post("/projects/new", data=data).status_code == 303
    assert session.get_one(Project, UUID(data["key"])).title == "밤길을 밝게 💡"


def test_outside_the_window_a_draft_stays_and_is_told_what_to_do(session: Session, signed_in: SignIn) -> None:
    cycle = factories.cycle(session, opened="review")
    pool = factories.pool(session, cycle)
    author = factories.user(session)
    draft = factories.project(session, pool, author, ProjectState.DRAFT)
    browser = signed_in(author)
    data = _written(pool.id, version=str(draft.version), key=str(draft.id))
    late = browser.post(f"/projects/{draft.id}/edit", data=data | {"action": "submit"})
    assert late.status_code == 409
    assert "제안접수가 끝났습니다" in late.text
    assert browser.post(f"/projects/{draft.id}/edit", data=data | {"action": "save"}).status_code == 303
    assert "지금 제안을 받는 예산이 없습니다" in browser.get("/projects/new").text


def test_autosave_keeps_what_is_typed_and_yields_to_the_button(session: Session, signed_in: SignIn) -> None:
    pool = factories.pool(session, factories.cycle(session))
    browser = signed_in(factories.user(session))
    data = _written(pool.id, title="자동으로 저장되는 제목")
    key = UUID(data["key"])
    head = {"X-Autosave": "1", "Accept": "application/json"}
    assert browser.post(f"/projects/{key}/autosave", data=data, headers=head).json == {
        "saved": True,
        "page": f"/projects/{key}/edit",
    }
    assert browser.post(f"/projects/{key}/autosave", data=data | {"problem": "더 씀"}, headers=head).status_code == 200
    session.expire_all()
    assert session.get_one(Project, key).problem == "더 씀"
    assert browser.post("/projects/new", data=data | {"problem": "단추로 저장", "action": "save"}).status_code == 303
    late = browser.post(f"/projects/{key}/autosave", data=data | {"problem": "늦은 자동저장"}, headers=head)
    assert late.status_code == 409
    session.expire_all()
    assert session.get_one(Project, key).problem == "단추로 저장"
    bad = browser.post(f"/projects/{key}/autosave", data=data | {"requested": "많이"}, headers=head)
    assert bad.status_code == 422
    assert "requested" in (bad.json or {})["errors"]


def test_preview_shows_markdown_and_saves_nothing(session: Session, signed_in: SignIn) -> None:
    pool = factories.pool(session, factories.cycle(session))
    browser = signed_in(factories.user(session))
    answer = browser.post("/projects/new", data=_written(pool.id, action="preview", problem="**굵게** 씁니다 <b>"))
    assert answer.status_code == 200
    assert "<strong>굵게</strong>" in answer.text
    assert session.scalar(select(func.count()).select_from(Project)) == 0


def test_two_edits_at_once_the_second_is_told(session: Session, signed_in: SignIn) -> None:
    pool = factories.pool(session, factories.cycle(session))
    author = factories.user(session)
    project = factories.project(session, pool, author)
    browser = signed_in(author)
    data = _written(pool.id, version=str(project.version), key=str(project.id), action="save")
    assert browser.post(f"/projects/{project.id}/edit", data=data | {"title": "먼저 고친 제목"}).status_code == 303
    second = browser.post(f"/projects/{project.id}/edit", data=data | {"title": "나중에 고친 제목"})
    assert second.status_code == 409
    assert "다른 화면에서 먼저 고친" in second.text
    session.expire_all()
    assert project.title == "먼저 고친 제목"


def test_similar_projects_while_the_title_is_typed(session: Session, signed_in: SignIn) -> None:
    pool = factories.pool(session, factories.cycle(session))
    known = factories.project(session, pool, title="성내초등학교 통학로 보행등 설치")
    factories.project(session, pool, title="한강공원 음수대", problem="목이 마릅니다", idea="음수대를 놓아 주십시오")
    search.reindex(session)
    browser = signed_in(factories.user(session))
    part = browser.get("/projects/similar?title=통학로에 보행등을 달아 주세요", headers=HTMX)
    assert "<html" not in part.text
    assert known.title in part.text
    assert "음수대" not in part.text
    assert "공감하기" in part.text
    done = browser.post(f"/projects/{known.id}/endorsement", data={"on": "1", "as": "similar"}, headers=HTMX)
    assert "공감했습니다 (1명)" in done.text
    assert browser.get("/projects/similar?title=가", headers=HTMX).text.strip() == ""


def test_withdrawing_needs_a_reason(session: Session, signed_in: SignIn) -> None:
    author = factories.user(session)
    project = factories.project(session, factories.pool(session, factories.cycle(session)), author)
    browser = signed_in(author)
    assert browser.get(f"/projects/{project.id}/withdraw").status_code == 200
    assert browser.post(f"/projects/{project.id}/withdraw", data={"reason": ""}).status_code == 422
    assert browser.post(f"/projects/{project.id}/withdraw", data={"reason": "같은 제안이 있습니다"}).status_code == 303
    text = browser.get(f"/projects/{project.id}").text
    assert "제안자가 철회한 제안입니다" in text
    assert "같은 제안이 있습니다" in text
    assert browser.post(f"/projects/{project.id}/withdraw", data={"reason": "또 철회"}).status_code == 409


def test_the_author_answers_the_department(session: Session, client: FlaskClient, signed_in: SignIn) -> None:
    author = factories.user(session)
    department = factories.department(session)
    pool = factories.pool(session, factories.cycle(session))
    project = factories.project(session, pool, author, ProjectState.SUPPLEMENT, department_id=department.id)
    moment = clock.now()
    review = Review(
        project_id=project.id,
        department_id=department.id,
        assigned_at=moment,
        due_at=moment + factories.DAY,
        criteria={},
    )
    session.add(review)
    session.flush()
    session.add(
        Supplement(
            review_id=review.id,
            project_id=project.id,
            question="어느 길입니까?",
            asked_at=moment,
            due_at=moment + factories.DAY,
        )
    )
    session.flush()
    browser = signed_in(author)
    assert "답변하기" in browser.get(f"/projects/{project.id}").text
    assert "답변하기" not in client.get(f"/projects/{project.id}").text
    assert "어느 길입니까?" in browser.get(f"/projects/{project.id}/supplement").text
    assert (
        browser.post(f"/projects/{project.id}/supplement", data={"answer": "900101-1234567 사는 곳"}).status_code == 422
    )
    assert browser.post(f"/projects/{project.id}/supplement", data={"answer": "성내로 12길입니다."}).status_code == 303
    assert "성내로 12길입니다." in client.get(f"/projects/{project.id}").text
