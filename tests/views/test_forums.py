"""Pages of 공론장: what they show, to whom, in which form, and how many statements they take."""

from collections.abc import Callable
from uuid import uuid4

from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from civicvote.domain.deliberation import Audience, ForumKind, RoundKind, Stance
from civicvote.domain.lifecycles import ForumState
from civicvote.domain.permissions import Role
from civicvote.models.accounts import User
from civicvote.models.deliberation import Forum, ForumExpert, SynthesisSection
from civicvote.services import clock
from civicvote.services.deliberation import links, saying, stances
from tests import factories
from tests.conftest import Queries
from tests.support import forums as support

HTMX = {"HX-Request": "true"}
SignIn = Callable[[User], FlaskClient]


def test_the_hub_leads_everywhere_and_shows_what_is_open(client: FlaskClient, session: Session) -> None:
    held, _one = support.debate(session)
    page = client.get("/forums/").text
    assert f"/forums/{held.id}" in page
    for way in ("/debates", "/questions", "/campaigns/", "/today", "/themes/"):
        assert f'href="{way}"' in page


def test_lists_and_pages_take_few_statements_however_much_there_is(
    client: FlaskClient, session: Session, queries: Queries
) -> None:
    held = support.forum(session)
    asked = support.round_of(session, held, RoundKind.QUESTIONS)
    written = support.round_of(session, held, RoundKind.SYNTHESIS)
    runner = support.moderator(session, held)
    counts: dict[str, list[int]] = {}
    for _ in range(2):
        for place in range(6):
            support.debate(session)
            support.round_of(session, held)
            who = support.citizen(session)
            stances.take(session, who, held.id, Stance.FOR)
            saying.ask(session, who, asked.id, body=f"질문 {uuid4()} {place}", form_key=uuid4())
            links.add(session, runner, held.id, after=True, label="이어진 일", url="/budget/")
            session.add(
                SynthesisSection(
                    round_id=written.id,
                    position=len(session.new) + place + 100 * (1 + len(counts)),
                    heading="시험",
                    body="시험으로 운영합니다.",
                    updated_at=clock.now(),
                )
            )
            session.flush()
        session.expire_all()
        for path in (
            "/forums/",
            "/forums/all",
            "/debates",
            f"/forums/{held.id}",
            f"/rounds/{asked.id}",
            f"/rounds/{written.id}",
        ):
            queries.clear()
            assert client.get(path).status_code == 200, path
            counts.setdefault(path, []).append(len(queries))
    assert [found for found in counts.items() if not found[1][0] == found[1][1] <= 6] == []


def test_a_list_narrows_by_what_its_address_says(client: FlaskClient, session: Session) -> None:
    held, _one = support.debate(session)
    done = support.forum(session, state=ForumState.CONCLUDED, title="끝난 토론")
    page = client.get("/debates?status=concluded").text
    assert str(done.id) in page
    assert str(held.id) not in page
    part = client.get("/debates?status=open", headers=HTMX).text
    assert str(held.id) in part
    assert "<html" not in part
    assert client.get("/debates?status=nonsense&district=1&cursor=").status_code == 200
    assert client.get("/debates?cursor=broken").status_code == 422


def test_a_draft_and_a_groups_round_are_404_for_others(
    signed_in: SignIn, client: FlaskClient, session: Session
) -> None:
    draft = support.forum(session, state=ForumState.DRAFT)
    held = support.forum(session)
    member = factories.user(session)
    closed = support.round_of(session, held, audience=Audience.GROUP, group_id=support.group(session, member).id)
    for browser in (client, signed_in(factories.user(session, level=2))):
        assert browser.get(f"/forums/{draft.id}").status_code == 404
        assert browser.get(f"/rounds/{closed.id}").status_code == 404
        assert str(closed.id) not in browser.get(f"/forums/{held.id}").text
    assert signed_in(member).get(f"/rounds/{closed.id}").status_code == 200


def test_a_stance_is_taken_with_and_without_htmx(signed_in: SignIn, session: Session) -> None:
    held, _one = support.debate(session)
    browser = signed_in(factories.user(session))
    answer = browser.post(f"/forums/{held.id}/stance", data={"stance": "for"})
    assert (answer.status_code, answer.location) == (303, f"/forums/{held.id}#opinion")
    part = browser.post(f"/forums/{held.id}/stance", data={"stance": "against"}, headers=HTMX).text
    assert "나의 생각: 반대" in part
    assert "모두 1명" in part
    assert browser.post(f"/forums/{held.id}/stance", data={"stance": "maybe"}).status_code == 422


def test_counts_of_options_appear_after_choosing(signed_in: SignIn, client: FlaskClient, session: Session) -> None:
    held, (first, _second) = support.question(session)
    browser = signed_in(factories.user(session))
    assert "명이 골랐습니다" not in browser.get(f"/forums/{held.id}").text
    part = browser.post(f"/forums/{held.id}/choice", data={"option": str(first.id)}, headers=HTMX).text
    assert "모두 1명이 골랐습니다" in part
    assert "명이 골랐습니다" not in client.get(f"/forums/{held.id}").text


def test_questions_are_asked_and_answered_on_the_page(signed_in: SignIn, client: FlaskClient, session: Session) -> None:
    held = support.forum(session)
    one = support.round_of(session, held, RoundKind.QUESTIONS)
    asker, expert = signed_in(factories.user(session)), factories.user(session, Role.EXPERT)
    session.add(ForumExpert(forum_id=held.id, user_id=expert.id, field="대중교통"))
    session.flush()
    empty = asker.post(f"/rounds/{one.id}/questions", data={"body": ""})
    assert empty.status_code == 422
    assert asker.post(f"/rounds/{one.id}/questions", data={"body": "비용은 얼마입니까?"}).status_code == 303
    question = saying.ask(session, support.citizen(session), one.id, body="언제 시작합니까?", form_key=uuid4())
    path = f"/rounds/{one.id}/questions/{question.id}/answers"
    assert asker.post(path, data={"body": "제가 답합니다."}).status_code == 403
    assert signed_in(expert).post(path, data={"body": "내년 3월입니다."}).status_code == 303
    answered = client.get(f"/rounds/{one.id}?answered=yes").text
    assert "대중교통" in answered
    assert "비용은 얼마입니까?" not in answered


def test_staff_make_a_debate_from_draft_to_open(signed_in: SignIn, client: FlaskClient, session: Session) -> None:
    browser = signed_in(factories.user(session, Role.STAFF))
    assert browser.post("/forums/new", data={"kind": "debate"}).status_code == 422
    form = {"kind": "debate", "title": "빗물을 모을까요?", "summary": "요약입니다.", "background": "배경입니다."}
    made = browser.post("/forums/new", data=form)
    assert made.status_code == 303
    path = made.location
    assert browser.post(f"{path}/moves/open").status_code == 422  # no round yet
    plan = {
        "kind": "threads", "title": "상호토론", "audience": "everyone",
        "opens_at": "2030-01-01T09:00", "closes_at": "2030-01-01T08:00",
    }  # fmt: skip
    assert browser.post(f"{path}/rounds/new", data=plan).status_code == 422
    assert browser.post(f"{path}/rounds/new", data=plan | {"closes_at": "2030-01-09T00:00"}).status_code == 303
    assert client.get(path).status_code == 404
    assert browser.post(f"{path}/moves/open").status_code == 303
    page = client.get(path).text
    assert "예정" in page
    assert "2030. 1. 8.(화) 24:00" in page


def test_an_overdue_answer_shows_on_the_page_and_in_the_list(client: FlaskClient, session: Session) -> None:
    unit = factories.department(session)
    held: Forum = support.forum(
        session,
        ForumKind.QUESTION,
        ForumState.CONCLUDED,
        department_id=unit.id,
        answer_due_at=clock.now() - support.DAY,
    )
    assert "반영 결과를 답할 기한이 지났습니다." in client.get(f"/forums/{held.id}").text
    assert "반영 결과 기한 지남" in client.get("/questions?status=overdue").text
