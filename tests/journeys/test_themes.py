"""테마토론 from its nominations to a question of the city that came out of it."""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from civicvote.domain.deliberation import ForumKind, RoundKind
from civicvote.domain.permissions import Role
from civicvote.models.deliberation import Forum, Round
from tests.journeys.forum_pages import HOUR, add_round, local, move, name_moderators
from tests.journeys.people import Person, turn
from tests.journeys.site import Site
from tests.support import officials

pytestmark = pytest.mark.browser
DAY = 24
PEOPLE = (
    ("staff", Role.STAFF, "고운결"),
    ("second", Role.STAFF, "나래솔"),
    ("moderator", Role.MODERATOR, "다온빛"),
    ("department", Role.DEPARTMENT, "라온길"),
    ("writer", Role.CITIZEN, "마루한"),
    ("reader", Role.CITIZEN, "바다샘"),
)
HEAT, NIGHT = "폭염에 함께 쉬는 동네", "밤에도 안전한 골목"


class Theme:
    """One 테마토론, and everybody who has to do with it."""

    def __init__(self, site: Site, somebody: Callable[..., Person]) -> None:
        self.site = site
        self.ids = officials.settle(site, *PEOPLE)
        self.people = {key: somebody(javascript=key != "reader") for key, _role, _name in PEOPLE}
        self.visitor = somebody(width=390)
        self.enter()
        self.path = self.forum = ""

    def __getitem__(self, key: str) -> Person:
        return self.people[key]

    def enter(self) -> None:
        """Everybody signs in; again after the clock has jumped."""
        for key, person in self.people.items():
            person.enters(f"{key}@city.example")

    def later(self, hours: float) -> None:
        self.site.travel(hours * HOUR)
        self.enter()

    def round(self, kind: RoundKind) -> str:
        with self.site.database.reading() as session:
            found = session.scalars(
                select(Round.id)
                .join(Forum, Forum.id == Round.forum_id)
                .where(Forum.kind == ForumKind.THEME, Round.kind == kind)
            ).one()
        return str(found)


def _begin(theme: Theme) -> None:
    staff = theme["staff"]
    staff.go("/themes/new")
    staff.fill(
        title="2027년 봄 테마토론",
        summary="이번 봄에 함께 이야기할 주제를 시민이 정합니다.",
        background="누구나 주제를 낼 수 있고, 본인확인을 마친 시민이 투표로 고릅니다.",
        nominations_opens=local(-1),
        nominations_closes=local(2 * DAY),
        ballot_opens=local(4 * DAY),
        ballot_closes=local(5 * DAY),
        discussion_opens=local(7 * DAY),
        discussion_closes=local(9 * DAY),
        synthesis_opens=local(9 * DAY),
        synthesis_closes=local(10 * DAY),
    )
    staff.press("만들기")
    theme.path = staff.path
    assert theme.visitor.status(theme.path) == 404
    staff.press("공개하기")
    theme.forum = theme.path.replace("/themes/", "/forums/")
    name_moderators(staff, theme.forum, theme.ids, "moderator")


def _nominate(theme: Theme) -> None:
    for key, title in (("writer", HEAT), ("reader", NIGHT)):
        theme[key].go(theme.path)
        theme[key].page.locator("main summary", has_text="주제 내기").click()
        theme[key].fill(title=title, reason="많은 이웃이 겪는 일이라 함께 이야기하면 좋겠습니다.")
        theme[key].press("주제 내기")
        theme[key].sees(title)
    theme["reader"].press(f"추천: {HEAT}")
    theme["reader"].sees("추천 1")


def _announce(theme: Theme) -> str:
    """The nominations become candidates; a second person announces. Returns the ballot's path."""
    ballot = f"/ballots/{theme.round(RoundKind.BALLOT)}"
    staff, second = theme["staff"], theme["second"]
    staff.go(f"{ballot}/prepare")
    for place in range(2):
        turn(staff.page.locator("main input[name='chosen']").nth(place))
    staff.press("선택지에 올리기")
    staff.press("공고 승인 요청")
    second.go(f"{ballot}/prepare")
    second.sees(HEAT)
    second.press("승인하고 공고")
    second.sees("공고한 투표입니다")
    return ballot


def _vote(theme: Theme, ballot: str) -> None:
    for key in ("writer", "reader"):
        voter = theme[key]
        voter.go(ballot)
        voter.sees("본인확인")
        voter.verifies()
        voter.go(ballot)
        turn(voter.page.locator("main .card--choice, main .card").filter(has_text=HEAT).locator("input").first)
        voter.press("고른 것 확인하기")
        voter.sees(HEAT)
        voter.press("투표하기")
        voter.sees("투표가 접수되었습니다")


def _count(theme: Theme, ballot: str) -> None:
    staff, second = theme["staff"], theme["second"]
    assert theme.visitor.status(f"{ballot}/result") == 404
    staff.go(ballot)
    staff.follow("개표")
    count = staff.path
    staff.press("투표함 봉인")
    staff.press("개표")
    staff.waits_for_the_count()
    if staff.page.locator("main [name='pooled']").count():
        staff.tick("pooled", "ballots")
        staff.press("공개 범위 저장")
    second.go(count)
    second.press("다시 개표하고 공표")
    second.waits_for_the_count()
    theme.visitor.go(f"{ballot}/result")
    theme.visitor.sees(f"뽑힌 것: {HEAT}")


def _confirm_and_talk(theme: Theme) -> None:
    staff = theme["staff"]
    staff.go(theme.path)
    staff.follow("주제 확정하기")
    staff.press("이 주제로 확정")
    staff.sees("주제를 확정했습니다")
    theme.later(2 * DAY + 1)
    reader = theme["reader"]
    reader.go(f"/rounds/{theme.round(RoundKind.THREADS)}")
    reader.fill(body="동네마다 걸어서 5분 안에 쉴 곳이 있으면 좋겠습니다.")
    reader.press("등록")
    reader.sees("걸어서 5분 안에")
    theme.later(4 * DAY)
    moderator = theme["moderator"]
    moderator.go(f"{theme.forum}/conclude")
    moderator.fill(
        text="걸어서 5분 안에 쉴 곳을 두자는 의견이 가장 많았습니다. 장소를 시민과 함께 정하기를 제안합니다."
    )
    moderator.press("결론 공개하기")


def _promote(theme: Theme) -> None:
    staff, department, visitor = theme["staff"], theme["department"], theme.visitor
    staff.go(theme.path)
    staff.follow("다음 단계로 잇기")
    staff.tick("target", "question")
    staff.page.locator("main select[name='department']").select_option(index=1)
    staff.press("다음 단계로 잇기")
    staff.sees("다음 단계로 이었습니다.")
    with theme.site.database.reading() as session:
        key = session.scalars(select(Forum.id).where(Forum.kind == ForumKind.QUESTION)).one()
    question = f"/forums/{key}"
    assert visitor.status(question) == 404
    department.go(question)
    department.go(f"{question}/options")
    department.fill(options="경로당\n도서관\n공원")
    department.press("저장하기")
    add_round(department, question, "threads", "의견 듣기", opens=-1, closes=24)
    move(department, question, "submit", "승인 요청")
    move(theme["second"], question, "approve", "승인·공개")
    theme.site.tick()
    visitor.go(theme.path)
    visitor.follow(HEAT)
    assert visitor.path == question
    visitor.sees("경로당")
    visitor.page.locator(f"main a[href='{theme.path}'], main a[href='{theme.forum}']").first.click()
    visitor.sees("걸어서 5분 안에 쉴 곳을 두자는 의견이 가장 많았습니다.")
    theme["writer"].go("/notices")
    theme["writer"].sees("2027년 봄 테마토론")


def test_from_nominations_to_a_question_of_the_city(site: Site, somebody: Callable[..., Person]) -> None:
    theme = Theme(site, somebody)
    _begin(theme)
    _nominate(theme)
    theme.later(3 * DAY)
    ballot = _announce(theme)
    theme.later(1 * DAY + 1)
    _vote(theme, ballot)
    theme.later(1 * DAY)
    _count(theme, ballot)
    _confirm_and_talk(theme)
    _promote(theme)
