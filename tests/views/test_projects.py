"""Pages of projects: what they show, to whom, in which form, and how many statements they take."""

import re
from collections.abc import Callable
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from civicvote.domain.lifecycles import CycleState, ProjectState
from civicvote.domain.permissions import Role
from civicvote.models.accounts import User
from civicvote.models.cycles import Cycle
from civicvote.models.projects import Comment, CostLine, Endorsement, Follow, Project, ProjectMove, StatusUpdate
from civicvote.models.reviews import Review, Supplement
from civicvote.services import clock, search
from tests import factories
from tests.conftest import Queries

HTMX = {"HX-Request": "true"}
SignIn = Callable[[User], FlaskClient]


def _rich(session: Session, project: Project, people: list[User]) -> None:
    """Everything a detail page can show."""
    moment = clock.now()
    department = factories.department(session)
    project.department_id = department.id
    session.add_all(CostLine(project_id=project.id, kind="programme", label="공사", amount_won=1000) for _ in range(3))
    review = Review(
        project_id=project.id, department_id=department.id, assigned_at=moment, due_at=moment, criteria={},
        verdict="accept", reason="법에 맞습니다.", decided_at=moment,
    )  # fmt: skip
    session.add(review)
    session.flush()
    session.add(
        Supplement(
            review_id=review.id, project_id=project.id, question="위치가 어디입니까?", asked_at=moment, due_at=moment,
            answer="학교 앞입니다.", answered_at=moment,
        )
    )  # fmt: skip
    session.add(
        ProjectMove(project_id=project.id, name="submit", source="draft", target="submitted", reason="", at=moment)
    )
    session.add(StatusUpdate(project_id=project.id, at=moment, progress=40, text="공사 중입니다.", form_key=uuid4()))
    for person in people:
        head = Comment(
            project_id=project.id, author_id=person.id, body="찬성합니다", created_at=moment, form_key=uuid4()
        )
        session.add(head)
        session.flush()
        session.add(
            Comment(
                project_id=project.id, parent_id=head.id, author_id=person.id, body="답글입니다", created_at=moment,
                form_key=uuid4(),
            )
        )  # fmt: skip
    project.comment_count = 2 * len(people)
    session.flush()


def test_list_takes_the_same_few_statements_with_1_and_1000_projects(
    session: Session, client: FlaskClient, queries: Queries
) -> None:
    pool = factories.pool(session, factories.cycle(session))
    search.index(session, factories.project(session, pool))
    session.flush()
    for address in ("/projects/", "/projects/?q=보행등", "/projects/?sort=endorsed"):
        queries.clear()
        assert client.get(address).status_code == 200
        few = len(queries)
        assert few <= 6
    session.add_all(_many(pool.id, pool.cycle_id, 999))
    session.flush()
    search.reindex(session)
    for address, expected in (("/projects/", 4), ("/projects/?q=보행등", 5), ("/projects/?sort=endorsed", 4)):
        queries.clear()
        answer = client.get(address)
        assert len(queries) == expected, queries.statements
        assert "1,000건" in answer.text
        assert answer.text.count('class="card"') == 20


def _many(pool_id: UUID, cycle_id: UUID, count: int) -> list[Project]:
    moment = clock.now()
    return [
        Project(
            cycle_id=cycle_id, pool_id=pool_id, state=ProjectState.SUBMITTED, title=f"보행등 설치 {number}",
            problem="어둡습니다", idea="밝게 해 주십시오", number=f"n-{number}", requested_won=1000 + number, created_at=moment,
            updated_at=moment, submitted_at=moment,
        )
        for number in range(count)
    ]  # fmt: skip


def test_detail_takes_at_most_6_statements_however_much_there_is(
    session: Session, client: FlaskClient, queries: Queries
) -> None:
    pool = factories.pool(session, factories.cycle(session, CycleState.PUBLISHED, opened="closed"))
    bare = factories.project(session, pool, state=ProjectState.SUBMITTED)
    rich = factories.project(session, pool, factories.user(session), ProjectState.EXECUTING)
    _rich(session, rich, [factories.user(session) for _ in range(15)])
    for project in (bare, rich):
        queries.clear()
        answer = client.get(f"/projects/{project.id}")
        assert answer.status_code == 200
        assert len(queries) <= 6, queries.statements
    for words in (
        "법에 맞습니다.",
        "위치가 어디입니까?",
        "학교 앞입니다.",
        "40%",
        "공사 중입니다.",
        "찬성합니다",
        "사업비 내역",
    ):
        assert words in answer.text


def test_load_more_walks_the_whole_list_once(session: Session, client: FlaskClient) -> None:
    pool = factories.pool(session, factories.cycle(session))
    session.add_all(_many(pool.id, pool.cycle_id, 45))
    session.flush()
    for sort in ("newest", "endorsed", "discussed", "cost-high", "cost-low"):
        address: str | None = f"/projects/?sort={sort}"
        seen: list[str] = []
        while address:
            text = client.get(address, headers=HTMX).text
            seen += re.findall(r'name="ids" value="([0-9a-f-]+)"', text)
            found = re.search(r'href="([^"]+)" rel="next"', text)
            address = found.group(1).replace("&amp;", "&") if found else None
        assert len(seen) == len(set(seen)) == 45, sort


def test_filters_narrow_stay_in_the_address_and_answer_htmx_with_the_part(
    session: Session, client: FlaskClient
) -> None:
    cycle = factories.cycle(session)
    pool, other = factories.pool(session, cycle), factories.pool(session, cycle)
    factories.project(session, pool, title="종로 가로등", district="11110", state=ProjectState.SUBMITTED)
    factories.project(session, other, title="강남 벤치", district="11680", state=ProjectState.ELIGIBLE)
    part = client.get(f"/projects/?pool={pool.id}&district=11110&state=submitted&cycle={cycle.slug}", headers=HTMX)
    assert "<html" not in part.text
    assert "종로 가로등" in part.text
    assert "강남 벤치" not in part.text
    assert "HX-Request" in part.headers["Vary"]
    assert "종로구" in part.text  # the chip that takes the filter away
    restored = client.get("/projects/?state=eligible", headers=HTMX | {"HX-History-Restore-Request": "true"})
    assert "<html" in restored.text
    assert "강남 벤치" in restored.text
    assert 'value="eligible" selected' in restored.text


def test_empty_list_says_what_to_do(session: Session, client: FlaskClient) -> None:
    assert "아직 제안이 없습니다" in client.get("/projects/").text
    assert "조건에 맞는 제안이 없습니다" in client.get("/projects/?q=없는말").text


@pytest.mark.parametrize(
    "query",
    [
        "state=draft",
        "pool=x",
        "sort=zzz",
        "q=%00%27%22*",
        "district=99",
        "cycle=%00",
        "department=1",
        "q=" + "가" * 5000,
    ],
)
def test_odd_addresses_still_show_a_list(session: Session, client: FlaskClient, query: str) -> None:
    assert client.get(f"/projects/?{query}").status_code == 200


@pytest.mark.parametrize("cursor", ["zz", "WyJ4Il0", "WyIwMTkwMDAwMC0wMDAwLTcwMDAtODAwMC0wMDAwMDAwMDAwMDAiLCAieCJd"])
def test_a_broken_cursor_is_a_422_with_words(session: Session, client: FlaskClient, cursor: str) -> None:
    answer = client.get(f"/projects/?cursor={cursor}")
    assert answer.status_code == 422
    assert "첫 쪽부터" in answer.text


def test_hostile_text_is_shown_as_text(session: Session, client: FlaskClient) -> None:
    pool = factories.pool(session, factories.cycle(session))
    evil = "<script>alert(1)</script><img src=x onerror=alert(2)> [눌러](javascript:alert(3)) \"'>"
    project = factories.project(session, pool, title=evil[:80], problem=evil, idea=evil)
    search.index(session, project)
    session.add(Comment(project_id=project.id, body=evil, created_at=clock.now(), form_key=uuid4()))
    session.flush()
    for address in (
        f"/projects/{project.id}",
        "/projects/",
        "/projects/?q=alert",
        f"/projects/compare?ids={project.id},{project.id}",
    ):
        text = client.get(address).text
        assert "<script>alert" not in text
        assert "<img src=x" not in text
        assert 'href="javascript:' not in text


def test_endorsement_is_once_per_person_and_can_be_taken_back(
    session: Session, client: FlaskClient, signed_in: SignIn
) -> None:
    project = factories.project(session, factories.pool(session, factories.cycle(session)))
    path = f"/projects/{project.id}/endorsement"
    assert client.post(path, data={"on": "1"}).location.startswith("/sign-in")
    browser = signed_in(factories.user(session))
    for _ in range(2):
        part = browser.post(path, data={"on": "1"}, headers=HTMX)
        assert part.status_code == 200
        assert "공감 1명" in part.text
        assert "공감 취소" in part.text
    assert session.scalar(select(func.count()).select_from(Endorsement)) == 1
    for _ in range(2):
        assert "공감 0명" in browser.post(path, data={"on": "0"}, headers=HTMX).text
    plain = browser.post(path, data={"on": "1"})
    assert plain.status_code == 303
    assert "나도 공감했습니다" in browser.get(plain.location).text


def test_following_is_a_switch(session: Session, signed_in: SignIn) -> None:
    project = factories.project(session, factories.pool(session, factories.cycle(session)))
    browser = signed_in(factories.user(session))
    assert "소식 그만 받기" in browser.post(f"/projects/{project.id}/follow", data={"on": "1"}, headers=HTMX).text
    assert session.scalar(select(func.count()).select_from(Follow)) == 1
    assert "소식 받기" in browser.post(f"/projects/{project.id}/follow", data={"on": "0"}, headers=HTMX).text


def test_comments_answers_and_marks(session: Session, client: FlaskClient, signed_in: SignIn) -> None:
    department = factories.department(session, "보행환경과")
    author = factories.user(session, name="글쓴이")
    official = factories.user(session, Role.DEPARTMENT, name="담당자", department_id=department.id)
    gone = factories.user(session, name="떠난이", erased_at=clock.now())
    project = factories.project(
        session, factories.pool(session, factories.cycle(session)), author, department_id=department.id
    )
    path = f"/projects/{project.id}/comments"
    one = {"form_key": str(uuid4()), "parent": "", "body": "첫 댓글입니다"}
    browser = signed_in(author)
    part = browser.post(path, data=one, headers=HTMX)
    assert part.status_code == 200
    assert "<html" not in part.text
    assert "댓글 1" in part.text
    assert browser.post(path, data=one).status_code == 303  # the same form again
    head = session.scalars(select(Comment)).one()
    answer = {"form_key": str(uuid4()), "parent": str(head.id), "body": "부서의 답글입니다"}
    assert signed_in(official).post(path, data=answer).status_code == 303
    session.add(
        Comment(project_id=project.id, author_id=gone.id, body="옛 댓글", created_at=clock.now(), form_key=uuid4())
    )
    session.flush()
    text = client.get(f"/projects/{project.id}").text
    assert "제안자" in text
    assert "보행환경과" in text
    assert "탈퇴한 시민" in text
    assert "떠난이" not in text
    assert "comment__replies" in text


def test_a_bad_comment_keeps_what_was_typed(session: Session, signed_in: SignIn) -> None:
    project = factories.project(session, factories.pool(session, factories.cycle(session)))
    browser = signed_in(factories.user(session))
    data = {"form_key": str(uuid4()), "parent": "", "body": "연락처 900101-1234567"}
    for headers, whole in (({}, True), (HTMX, False)):
        answer = browser.post(f"/projects/{project.id}/comments", data=data, headers=headers)
        assert answer.status_code == 422
        assert ("<html" in answer.text) is whole
        assert "주민등록번호로 보이는" in answer.text
        assert "연락처 900101" in answer.text
    assert session.scalar(select(func.count()).select_from(Comment)) == 0


def test_moderators_hide_with_a_reason_and_the_place_stays(
    session: Session, client: FlaskClient, signed_in: SignIn
) -> None:
    project = factories.project(session, factories.pool(session, factories.cycle(session)), comment_count=1)
    writer = factories.user(session)
    comment = Comment(
        project_id=project.id, author_id=writer.id, body="욕설입니다", created_at=clock.now(), form_key=uuid4()
    )
    session.add(comment)
    session.flush()
    path = f"/projects/comments/{comment.id}/hide"
    assert signed_in(writer).post(path, data={"reason": "아무 이유"}).status_code == 403
    moderator = signed_in(factories.user(session, Role.MODERATOR))
    assert "욕설입니다" in moderator.get(path).text
    assert moderator.post(path, data={"reason": ""}).status_code == 422
    assert moderator.post(path, data={"reason": "욕설"}).status_code == 303
    assert moderator.post(path, data={"reason": "욕설"}).status_code == 409
    text = client.get(f"/projects/{project.id}").text
    assert "욕설입니다" not in text
    assert "이유: 욕설" in text
    assert "댓글 0" in text


def test_the_department_reports_and_completes(session: Session, client: FlaskClient, signed_in: SignIn) -> None:
    department = factories.department(session)
    official = factories.user(session, Role.DEPARTMENT, department_id=department.id)
    cycle: Cycle = factories.cycle(session, CycleState.PUBLISHED, opened="closed")
    project = factories.project(
        session, factories.pool(session, cycle), state=ProjectState.SELECTED, department_id=department.id
    )
    browser = signed_in(official)
    assert "집행 시작" in browser.get(f"/projects/{project.id}").text
    assert browser.post(f"/projects/{project.id}/moves/execute").status_code == 303
    data = {"form_key": str(uuid4()), "progress": "35", "spent": "1,200만", "text": "설계를 마쳤습니다."}
    for _ in range(2):
        assert browser.post(f"/projects/{project.id}/status", data=data).status_code == 303
    assert session.scalar(select(func.count()).select_from(StatusUpdate)) == 1
    for field, value in (("progress", "101"), ("progress", "반"), ("spent", "100억"), ("spent", "-1"), ("text", "")):
        bad = browser.post(f"/projects/{project.id}/status", data=data | {"form_key": str(uuid4()), field: value})
        assert bad.status_code == 422, (field, value)
    assert "설계를 마쳤습니다." in client.get(f"/projects/{project.id}").text
    assert signed_in(factories.user(session)).get(f"/projects/{project.id}/status").status_code == 403
    assert browser.post(f"/projects/{project.id}/moves/complete").status_code == 303
    assert browser.post(f"/projects/{project.id}/moves/complete").status_code == 409
    assert browser.post(f"/projects/{project.id}/moves/nonsense").status_code == 409


def test_compare_up_to_three(session: Session, client: FlaskClient) -> None:
    pool = factories.pool(session, factories.cycle(session))
    four = [factories.project(session, pool, title=f"비교할 사업 {n}") for n in range(4)]
    text = client.get("/projects/compare?" + "&".join(f"ids={p.id}" for p in four)).text
    assert "비교할 사업 2" in text
    assert "비교할 사업 3" not in text
    assert "앞의 3건만" in text
    assert "두 건 이상" in client.get("/projects/compare?ids=zzz").text


@pytest.mark.parametrize("state", list(ProjectState))
def test_every_state_shows_its_buttons_to_everybody(
    session: Session, client: FlaskClient, signed_in: SignIn, state: ProjectState
) -> None:
    department = factories.department(session)
    author = factories.user(session)
    opened = "voting" if state is ProjectState.ON_BALLOT else "closed"
    cycle = factories.cycle(session, CycleState.LISTED if opened == "voting" else CycleState.PUBLISHED, opened=opened)
    project = factories.project(session, factories.pool(session, cycle), author, state, department_id=department.id)
    moment = clock.now()
    session.add(
        Review(project_id=project.id, department_id=department.id, assigned_at=moment, due_at=moment, criteria={})
    )
    session.flush()
    people = {
        "author": author,
        "staff": factories.user(session, Role.STAFF),
        "reviewer": factories.user(session, Role.DEPARTMENT, department_id=department.id),
    }
    pages = {name: signed_in(person).get(f"/projects/{project.id}") for name, person in people.items()}
    hidden = state is ProjectState.DRAFT
    assert [pages[name].status_code for name in pages] == [200, *([404] * 2 if hidden else [200] * 2)]
    texts = {name: answer.text for name, answer in pages.items()}
    assert (f"/projects/{project.id}/withdraw" in texts["author"]) is (
        state.value in {"submitted", "assigned", "in_review", "supplement", "eligible"}
    )
    assert ("/moves/submit" in texts["author"]) is hidden
    assert ("/reviews/assign" in texts["staff"]) is (state.value in {"submitted", "assigned"})
    assert (f"/reviews/reopen/{project.id}" in texts["staff"]) is (state.value in {"eligible", "ineligible"})
    assert ("/moves/execute" in texts["reviewer"]) is (state.value == "selected")
    if state is ProjectState.ON_BALLOT:
        assert "투표하러 가기" in client.get(f"/projects/{project.id}").text
    if state is ProjectState.NOT_SELECTED:
        assert "선정되지 않은 이유" in client.get(f"/projects/{project.id}").text


def test_social_preview_tags(session: Session, client: FlaskClient) -> None:
    project = factories.project(session, factories.pool(session, factories.cycle(session)), title="밝은 골목")
    text = client.get(f"/projects/{project.id}").text
    assert 'property="og:title" content="밝은 골목 · ' in text
    assert 'property="og:description" content="통학로가 어두워' in text
