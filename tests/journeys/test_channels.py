"""A vote online, at a desk, on paper and at a station, by two clerks and four voters, that balances and is recounted."""

import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import expect

from civicvote.domain.permissions import Role
from tests import factories
from tests.journeys import axe
from tests.journeys.people import Person
from tests.journeys.site import Site
from tests.support.voting import Polls, polls, voter

pytestmark = pytest.mark.browser
CLERKS = ("clerk@city.example", "other@city.example")


@dataclass
class Hall:
    """The polling place: two clerks' browsers, the tablet, and the addresses of those who come."""

    slug: str
    first: Person
    second: Person
    tablet: Person
    people: list[str]
    faults: list[object] = field(default_factory=list)

    @property
    def desk(self) -> str:
        return f"/budget/{self.slug}/desk"

    @property
    def paper(self) -> str:
        return f"/budget/{self.slug}/paper"

    def look(self, person: Person) -> None:
        """Nothing on this page keeps anybody out."""
        if person.javascript:
            self.faults += axe.faults(person.page)
            person.page.set_viewport_size({"width": 1280, "height": 900})


def _open(site: Site) -> tuple[Polls, list[str]]:
    """An open vote with staff and four verified people."""
    with site.database.transaction() as session:
        made = polls(session, site.settings.keystore)
        for address, name in zip(CLERKS, ("고운결", "나래솔"), strict=True):
            factories.user(session, Role.STAFF, name=name, email=address)
        people = [voter(session)[0].email or "" for _ in range(4)]
    return made, people


def _vote(person: Person, slug: str, *numbers: str) -> str:
    """Pick, confirm, cast; the tracker on the receipt."""
    person.go(f"/budget/{slug}/vote")
    for number in numbers:
        person.pick(number)
    person.press("고른 사업 확인하기")
    person.press("투표하기")
    return person.page.locator(".receipt code").first.inner_text().replace(" ", "")


def _find(hall: Hall, address: str) -> None:
    hall.first.go(hall.desk)
    hall.first.fill(email=address)
    hall.first.press("찾기")


def _come(hall: Hall, address: str, channel: str = "paper") -> str:
    """Found and checked in; the path of the check-in."""
    _find(hall, address)
    hall.first.tick("channel", channel)
    hall.first.press("접수하기")
    return hall.first.path


def _online_then_paper(hall: Hall, address: str) -> None:
    """The first clerk asks, the second sees what was asked and approves, and only then a paper is handed out."""
    first, second = hall.first, hall.second
    _find(hall, address)
    first.sees("온라인으로 이미 투표하셨습니다")
    hall.look(first)
    visit = _come(hall, address)
    first.sees("다른 담당자가 이 화면에서 승인해야 합니다.")
    first.sees_not("투표용지를 드렸음")
    second.go(hall.desk)
    second.follow("접수번호 1번")
    second.sees("온라인으로 투표한 뒤 현장에서 종이로 투표하기를 원함")
    hall.look(second)
    second.press("승인하기")
    _learns(first)
    assert first.path == visit
    first.press("투표용지를 드렸음")
    first.sees("투표용지 교부를 기록했습니다.")


def _learns(clerk: Person) -> None:
    """The other clerk has decided: the page finds out by itself, or when it is loaded again."""
    if not clerk.javascript:
        clerk.follow("새로 고침")
    expect(clerk.page.locator("main").get_by_role("button", name="투표용지를 드렸음", exact=True)).to_be_visible()


def _with_documents(hall: Hall) -> None:
    """Nobody knows this person: the first clerk enters, the second sees the documents and presses once."""
    first, second = hall.first, hall.second
    first.go(hall.desk)
    first.fill(name="강나루", birth_date="1981-03-02", phone="010-2345-6789")
    first.press("찾기")
    first.sees("서류로 확인해야 하는 분입니다")
    hall.look(first)
    first.choose(basis="residence", district="11110")
    first.press("접수하기")
    visit = first.path
    first.sees_not("투표용지를 드렸음")
    hall.look(first)
    second.go(hall.desk)
    second.sees("강나루")
    hall.look(second)
    second.press("서류를 보았고 맞습니다")
    second.sees_not("강나루")
    assert second.path == hall.desk
    _learns(first)
    assert first.path == visit
    first.press("투표용지를 드렸음")
    first.sees("투표용지 교부를 기록했습니다.")


def _sit_down(hall: Hall, address: str) -> None:
    """A tablet becomes a station, and one voter sits at it with one code."""
    _come(hall, address, "station")
    hall.first.press("투표 코드 만들기")
    code = hall.first.page.locator(".code-shown").inner_text()
    hall.look(hall.first)
    tablet = hall.tablet
    tablet.go(hall.desk)
    tablet.page.locator("main details.more-actions summary").last.click()
    tablet.fill(**{"station-name": "종로구청 1번 기기"})
    tablet.press("전자투표 기기로 바꾸기")
    expect(tablet.page).to_have_url(hall.first.site.url + "/station")
    hall.look(tablet)
    tablet.go("/me")
    assert tablet.path == "/station"
    tablet.fill(code=code)
    tablet.press("투표 시작하기")
    expect(tablet.page.locator("[data-station]")).to_be_visible()
    hall.look(tablet)


def _at_the_station(hall: Hall, address: str) -> str:
    """One ballot from a tablet; nothing remains there."""
    _sit_down(hall, address)
    tablet = hall.tablet
    tracker = _vote(tablet, hall.slug, "A1")
    hall.look(tablet)
    with tablet.page.expect_navigation():
        tablet.page.get_by_role("button", name="마치고 나가기").click()
    expect(tablet.page.locator("[name=code]")).to_have_value("")
    assert tablet.page.request.get(f"/budget/{hall.slug}/vote").url.endswith("/station")
    with suppress(PlaywrightError):  # the browser has nothing to go back to
        tablet.page.go_back()
    expect(tablet.page.locator(".receipt")).to_have_count(0)
    return tracker


def _key(hall: Hall, person: Person, *lines: str) -> None:
    """Sheet after sheet, by the keyboard alone."""
    person.go(f"{hall.paper}/1/sheets")
    for place, line in enumerate(lines, 1):
        person.sees(f"{place}번째 장")
        person.page.locator("[name=picks]").fill(line)
        with person.page.expect_navigation():
            person.page.keyboard.press("Enter")
    hall.look(person)
    person.press("입력 마침")


def _paper(hall: Hall) -> None:
    """Two sheets, keyed by two; they differ once, look again, and agree."""
    first, second = hall.first, hall.second
    first.go(hall.paper)
    first.fill(place="종로구청 투표소", papers="2")
    first.choose(district="11110")
    first.press("묶음 만들기")
    _key(hall, first, "A2 B1", "A3")
    _key(hall, second, "a2,b1", "A4")
    second.sees("2번째 장 다시 입력")
    second.sees("두 사람의 입력이 다른 투표지가 1장 있습니다.")
    second.sees_not("A4")
    hall.look(second)
    second.follow("2번째 장 다시 입력")
    second.fill(picks="A3")
    second.press("저장하고 다음 장")
    second.press("확정하기")
    second.sees("2 + 0 + 0 = 2장")


def _count(site: Site, hall: Hall, folder: Path, closes: timedelta) -> None:
    """Sealed, counted, approved by the other clerk, and recounted by somebody else."""
    site.tick()
    site.travel(closes)
    for person, address in zip((hall.first, hall.second), CLERKS, strict=True):
        person.enters(address)  # days have gone by
    counting = f"/budget/{hall.slug}/count"
    hall.first.go(counting)
    hall.first.press("투표함 봉인")
    hall.first.press("개표")
    hall.first.waits_for_the_count()
    hall.first.sees("= 온라인·현장 태블릿 2장 + 무효로 한 1장, 종이 투표지 2장")
    hall.first.tick("pooled", "ballots")
    hall.first.press("공개 범위 저장")
    hall.second.go(counting)
    hall.second.press("다시 개표하고 공표")
    hall.second.waits_for_the_count()
    for name in ("bundle.zip", "recount.py", "recount_ballots.py", "recount_files.py", "recount_rules.py"):
        answer = hall.first.page.request.get(f"/budget/{hall.slug}/result/files/{name}")
        assert answer.ok, name
        (folder / name).write_bytes(answer.body())
    checked = subprocess.run(
        [sys.executable, "-I", folder / "recount.py", folder / "bundle.zip"],
        capture_output=True,
        check=False,
        text=True,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize("javascript", [True, False], ids=["with-javascript", "without-javascript"])
def test_online_desk_paper_and_station_balance(
    site: Site, somebody: Callable[..., Person], tmp_path: Path, *, javascript: bool
) -> None:
    made, people = _open(site)
    first, second, tablet, online = (somebody(javascript=javascript) for _ in range(4))
    hall = Hall(made.slug, first, second, tablet, people)
    for person, address in ((first, CLERKS[0]), (second, CLERKS[1]), (tablet, CLERKS[1])):
        person.enters(address)
    trackers = []
    for address in people[:2]:
        online.page.context.clear_cookies()
        online.enters(address)
        trackers.append(_vote(online, hall.slug, "A1", "B2"))
    _online_then_paper(hall, people[1])
    visit = _come(hall, people[2])
    first.press("투표용지를 드렸음")
    assert visit == first.path
    _with_documents(hall)
    trackers.append(_at_the_station(hall, people[3]))
    _paper(hall)
    _count(site, hall, tmp_path, made.vote.closes_at - made.vote.opens_at)
    looked = [first.page.request.get(f"/board/{hall.slug}?tracker={tracker}").text() for tracker in trackers]
    assert ["내 표가 집계되었습니다." in page for page in looked] == [True, False, True]
    assert "현장투표로 바꾸어, 이 표는 세지 않습니다." in looked[1]
    assert hall.faults == []


def test_who_picked_and_walked_away_is_signed_out(site: Site, somebody: Callable[..., Person]) -> None:
    """What the page does by itself, such as moving when the warning comes, keeps nobody there."""
    made, people = _open(site)
    first, second, tablet = (somebody() for _ in range(3))
    hall = Hall(made.slug, first, second, tablet, people)
    for person, address in ((first, CLERKS[0]), (tablet, CLERKS[1])):
        person.enters(address)
    _sit_down(hall, people[0])
    tablet.page.clock.install()
    tablet.page.set_viewport_size({"width": 390, "height": 400})
    tablet.go(f"/budget/{hall.slug}/vote")
    tablet.pick("B2")
    said: list[str] = []
    tablet.page.on("request", lambda request: said.append(request.url))
    tablet.page.clock.run_for(45_000)
    expect(tablet.page.locator("[data-station-warning]")).to_be_in_viewport()
    assert [url for url in said if url.endswith("/station/stay")] == []
    tablet.page.clock.run_for(20_000)
    expect(tablet.page).to_have_url(site.url + "/station")
    expect(tablet.page.locator("[name=code]")).to_be_visible()
