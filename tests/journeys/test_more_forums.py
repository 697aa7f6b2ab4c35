"""공론장 of the other kinds: an assembly's online debate with experts and a synthesis, and a campaign people take part in."""

from collections.abc import Callable

import pytest

from civicvote.domain.lifecycles import ProposalState
from civicvote.domain.permissions import Role
from tests.journeys.forum_pages import HOUR, add_round, local, make, move, name_moderators
from tests.journeys.people import Person
from tests.journeys.site import Site
from tests.support import agora, officials

pytestmark = pytest.mark.browser
PEOPLE = (
    ("staff", Role.STAFF, "고운결"),
    ("moderator", Role.MODERATOR, "나래솔"),
    ("second", Role.MODERATOR, "다온빛"),
    ("expert", Role.EXPERT, "라온길"),
    ("citizen", Role.CITIZEN, "마루한"),
)


def test_an_assemblys_debate_with_an_expert_and_a_synthesis(site: Site, somebody: Callable[..., Person]) -> None:
    ids = officials.settle(site, *PEOPLE)
    people = {key: somebody(javascript=key != "citizen") for key, _role, _name in PEOPLE}
    for key, person in people.items():
        person.enters(f"{key}@city.example")
    staff, moderator, second, expert, citizen = people.values()
    forum = make(
        staff,
        "assembly",
        title="빗물을 모으는 도시",
        summary="시민회의 물 분과가 현장 회의 사이에 이어 가는 토론입니다.",
        background="비가 오면 하수도가 넘치고 가물면 가로수가 마릅니다. 빗물을 모아 쓰는 방법을 함께 찾습니다.",
    )
    asked = add_round(staff, forum, "questions", "전문가에게 묻기", opens=-1, closes=24)
    text = add_round(staff, forum, "synthesis", "함께 정리하기", opens=-1, closes=48)
    name_moderators(staff, forum, ids, "moderator", "second")
    staff.go(f"{forum}/team")
    staff.page.locator("main select[name='experts-user']").select_option(ids["expert"])
    staff.page.locator("main input[name='experts-field']").fill("물순환")
    staff.press("전문가 지정")
    move(staff, forum, "open", "공개하기")

    citizen.go(asked)
    citizen.fill(body="학교 옥상에도 빗물 통을 둘 수 있습니까?")
    citizen.press("질문 올리기")
    citizen.sees("답변 기다림")
    assert citizen.page.locator("main textarea[id^='answer-']").count() == 0
    expert.go(asked)
    expert.page.locator("main summary", has_text="답변하기").click()
    expert.page.locator("main textarea[id^='answer-']").fill("네, 무게를 견디는지 먼저 살펴야 합니다.")
    expert.press("답변 올리기")
    citizen.go(asked)
    citizen.sees("물순환")
    citizen.sees("무게를 견디는지")

    moderator.go(f"{text}/sections/new")
    moderator.fill(heading="모으는 곳", body="학교와 주민센터부터 빗물 통을 둡니다.")
    moderator.press("공개하기")
    citizen.go(text)
    citizen.page.locator("main").get_by_role("link", name="모으는 곳").first.click()
    citizen.fill(body="어린이집도 넣어 주십시오.")
    citizen.press("의견 올리기")
    section = citizen.path
    second.go(section)
    second.page.locator("main input[name='note']").fill("어린이집을 넣었습니다.")
    second.press("반영으로 표시")
    citizen.go(section)
    citizen.sees("어린이집을 넣었습니다.")

    site.travel(60 * HOUR)
    moderator.enters("moderator@city.example")
    moderator.go(f"{forum}/conclude")
    moderator.fill(text="학교와 주민센터, 어린이집에 빗물 통을 두고 한 해 동안 물의 양을 재기를 제안합니다.")
    moderator.press("결론 공개하기")
    visitor = somebody(width=390)
    visitor.go(forum)
    visitor.sees("한 해 동안 물의 양을 재기를")
    visitor.go(asked)
    visitor.sees("끝난 순서입니다.")


def test_a_campaign_from_its_proposal_to_its_result(site: Site, somebody: Callable[..., Person]) -> None:
    officials.settle(site, *PEOPLE)
    with site.database.transaction() as session:
        agora.proposal(session, ProposalState.ANSWERED)
    staff, moderator = somebody(), somebody()
    citizen, visitor = somebody(javascript=False, width=390), somebody(javascript=False)
    for person, key in ((staff, "staff"), (moderator, "moderator"), (citizen, "citizen")):
        person.enters(f"{key}@city.example")
    staff.go("/campaigns/new")
    staff.page.locator("main select[name='proposal']").select_option(index=0)
    staff.fill(title="한 주 동안 걸어서 장 보기", guide="걸어서 장을 보고 한 줄로 남겨 주십시오.", goal="2")
    staff.fill(opens_at=local(-1), closes_at=local(48))
    staff.press("저장하기")
    campaign = staff.path
    assert visitor.status(campaign) == 404
    staff.press("캠페인 공개")

    visitor.go("/")
    visitor.follow("실천캠페인")
    visitor.follow("한 주 동안 걸어서 장 보기")
    visitor.sees("로그인하고 실천을 인증해 주십시오.")
    citizen.go(campaign)
    citizen.fill(body="시장까지 걸어서 다녀왔습니다.")
    citizen.press("인증 올리기")
    citizen.sees("동의")  # nothing without consent, and what was typed stays
    assert citizen.page.locator("main textarea[name='body']").input_value() == "시장까지 걸어서 다녀왔습니다."
    citizen.tick("consent")
    citizen.press("인증 올리기")
    visitor.go(campaign)
    visitor.sees_not("시장까지 걸어서 다녀왔습니다.")
    moderator.go("/moderation/")
    moderator.follow("한 주 동안 걸어서 장 보기")
    moderator.press("공개하기")
    visitor.go(campaign)
    visitor.sees("시장까지 걸어서 다녀왔습니다.")
    visitor.go("/today")
    visitor.sees("한 주 동안 걸어서 장 보기")

    staff.go(f"{campaign}/end")
    staff.fill(result="한 주 동안 한 분이 걸어서 장을 보셨습니다. 가을에 다시 열겠습니다.")
    staff.press("마무리하기")
    visitor.go(campaign)
    visitor.sees("가을에 다시 열겠습니다.")
    visitor.go("/today")
    visitor.sees_not("한 주 동안 걸어서 장 보기")
