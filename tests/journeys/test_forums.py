"""공론장 from opening to conclusion: a debate with two moderators, a hidden post and a won appeal; a question of the city."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from civicvote.domain.permissions import Role
from tests.journeys.forum_pages import HOUR, add_round, make, move, name_moderators
from tests.journeys.people import Person
from tests.journeys.site import Site
from tests.support import officials

pytestmark = pytest.mark.browser


def test_a_debate_with_two_moderators_and_a_won_appeal(site: Site, somebody: Callable[..., Person]) -> None:
    ids = officials.settle(
        site,
        ("staff", Role.STAFF, "고운결"),
        ("first", Role.MODERATOR, "나래솔"),
        ("second", Role.MODERATOR, "다온빛"),
        ("writer", Role.CITIZEN, "라온길"),
        ("reader", Role.CITIZEN, "마루한"),
    )
    staff, first, second, writer = (somebody() for _ in range(4))
    plain = somebody(javascript=False, width=390)
    for person, key in ((staff, "staff"), (first, "first"), (second, "second"), (writer, "writer"), (plain, "reader")):
        person.enters(f"{key}@city.example")
    forum = make(
        staff,
        "debate",
        title="심야버스를 24시간 운행할까요?",
        summary="밤에 일하는 시민의 이동을 함께 생각합니다.",
        background="심야버스는 지금 새벽 네 시까지 다닙니다. 운행을 늘리면 한 해에 얼마가 더 드는지 자료를 붙였습니다.",
    )
    talk = add_round(staff, forum, "threads", "서로 이야기하기", opens=-1, closes=48, guide="이유와 함께 써 주십시오.")
    votes = add_round(
        staff, forum, "statements", "짧은 의견에 답하기", opens=-1, closes=48, guide="찬성이나 반대로 답해 주십시오."
    )
    name_moderators(staff, forum, ids, "first", "second")
    move(staff, forum, "open", "공개하기")

    writer.go(talk)
    writer.tick("stance", "for")
    writer.fill(body="밤에 일하는 사람도 집에 가야 합니다. 찬성합니다.")
    writer.press_part("등록")
    writer.sees("밤에 일하는 사람도 집에 가야 합니다.")

    first.go("/moderation/")
    first.go(talk)
    with first.page.expect_navigation():
        first.page.locator("main").get_by_role("link", name=re.compile("글 관리")).first.click()
    first.tick("code", "insult")
    first.fill(reason="다른 사람을 낮추어 부르는 말로 읽혔습니다.")
    first.press("숨기기")
    first.sees("숨김")

    writer.go("/notices")
    writer.sees("심야버스")
    writer.go(talk)
    writer.sees("운영 원칙에 따라 숨긴 글입니다")
    writer.follow("이의 제기하기")
    writer.fill(text="누구도 낮추어 부르지 않았습니다. 다시 읽어 주십시오.")
    writer.press("이의 제기하기")

    first.go("/moderation/?desk=appeals")
    first.follow("심야버스를 24시간 운행할까요? · 서로 이야기하기")
    first.sees("다른 모더레이터가 판단합니다.")
    appeal = first.path
    second.go(appeal)
    second.tick("upheld", "1")
    second.fill(answer="비방하는 말이 없습니다. 다시 공개합니다.")
    second.press("판단하기")
    visitor = somebody()
    visitor.go(talk)
    visitor.sees("밤에 일하는 사람도 집에 가야 합니다.")
    visitor.go("/transparency/")
    visitor.sees("1건을 받아들임")

    _statements(plain, votes)
    site.travel(3 * 24 * HOUR)
    first.enters("first@city.example")
    plain.enters("reader@city.example")
    first.go(f"{forum}/conclude")
    first.fill(text="찬성하는 의견이 많았습니다. 이용자가 많은 노선부터 늘리기를 제안합니다.")
    first.press("결론 공개하기")
    visitor.go(forum)
    visitor.sees("이용자가 많은 노선부터 늘리기를 제안합니다.")
    plain.go(talk)
    plain.sees("끝난 순서입니다.")


def _statements(plain: Person, votes: str) -> None:
    """Without JavaScript: add a statement, answer, change one's mind."""
    plain.go(votes)
    plain.fill(body="심야버스 요금은 낮보다 비싸도 됩니다.")
    plain.press("의견 올리기")
    plain.sees("심야버스 요금은 낮보다 비싸도 됩니다.")
    with plain.page.expect_navigation():
        plain.page.locator("main button[name='value'][value='1']").first.click()
    plain.sees("모든 의견에 답하셨습니다.")
    plain.follow("내가 답한 의견")
    plain.sees("내 답: 찬성")
    with plain.page.expect_navigation():
        plain.page.locator("main button[name='value'][value='-1']").first.click()
    plain.sees("내 답: 반대")
    plain.follow("의견 지도")
    plain.sees("아직 지도를 그릴 만큼 답이 모이지 않았습니다")


def test_a_question_of_the_city_until_its_answer(site: Site, somebody: Callable[..., Person]) -> None:
    ids = officials.settle(
        site,
        ("staff", Role.STAFF, "고운결"),
        ("moderator", Role.MODERATOR, "나래솔"),
        ("department", Role.DEPARTMENT, "다온빛"),
        ("citizen", Role.CITIZEN, "라온길"),
    )
    staff, moderator, department = (somebody() for _ in range(3))
    citizen = somebody(javascript=False)
    for person, key in ((staff, "staff"), (moderator, "moderator"), (department, "department"), (citizen, "citizen")):
        person.enters(f"{key}@city.example")
    forum = make(
        department,
        "question",
        title="버스 정류장 안내판을 어떻게 바꿀까요?",
        summary="새 안내판의 글자와 밝기를 정하려고 합니다.",
        background="지금 안내판은 밤에 잘 보이지 않는다는 의견이 많습니다. 세 가지 안을 놓고 뜻을 묻습니다.",
    )
    department.go(f"{forum}/options")
    department.fill(options="글자를 크게\n밝기를 높게\n둘 다")
    department.press("저장하기")
    round_ = add_round(department, forum, "threads", "의견 듣기", opens=-1, closes=24)
    move(department, forum, "submit", "승인 요청")
    assert somebody().status(forum) == 404
    assert department.status(f"{forum}/moves/approve") in {403, 409}
    move(staff, forum, "approve", "승인·공개")
    name_moderators(staff, forum, ids, "moderator")

    citizen.go(forum)
    citizen.page.locator("main input[name='option']").nth(2).check()
    citizen.press("고르기")
    citizen.page.locator("main input[name='option']").nth(0).check()
    citizen.press("바꾸기")
    citizen.go(round_)
    citizen.fill(body="밤에는 밝기가 더 중요합니다.")
    citizen.press("등록")
    citizen.sees("밤에는 밝기가 더 중요합니다.")

    site.travel(30 * HOUR)
    for person, key in ((moderator, "moderator"), (department, "department"), (citizen, "citizen")):
        person.enters(f"{key}@city.example")
    moderator.go(f"{forum}/conclude")
    moderator.fill(text="글자를 크게 하자는 의견이 가장 많았습니다. 밝기도 함께 살피기를 바랍니다.")
    moderator.press("결론 공개하기")
    assert department.status(f"{forum}/answer") == 200
    department.go(f"{forum}/answer")
    department.tick("reflection", "partly")
    department.fill(text="글자 크기는 올해 바꾸고, 밝기는 전력 사용을 살핀 뒤 내년에 정하겠습니다.")
    department.press("반영 결과 공개하기")
    visitor = somebody(width=390)
    visitor.go("/")
    visitor.follow("서울시가 묻습니다")
    visitor.sees("버스 정류장 안내판을 어떻게 바꿀까요?")
    visitor.follow("버스 정류장 안내판을 어떻게 바꿀까요?")
    visitor.sees("일부반영")
    visitor.sees("글자 크기는 올해 바꾸고")
    site.tick()
    citizen.go("/notices")
    expect(citizen.page.locator("main")).to_contain_text("버스 정류장 안내판")
