"""One budget cycle from its making to a result that anybody recounts, by six people in six browsers."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import expect

from civicvote.domain.korean import in_seoul
from civicvote.domain.permissions import Role
from civicvote.services import clock
from civicvote.services.accounts import passwords
from tests import factories
from tests.journeys.people import PASSWORD, Person, turn
from tests.journeys.site import Site

pytestmark = pytest.mark.browser
HOUR = timedelta(hours=1)
LIGHTS, BENCH, SHADE = "통학로 보행등 열두 개", "언덕길 쉼터 의자", "놀이터 그늘막 두 채"
CRITERIA = ("jurisdiction", "legality", "cost", "duration", "duplication", "benefit")


@dataclass
class Cast:
    """The six, each with a browser of their own."""

    author: Person
    voter: Person
    staff: Person
    second: Person
    department: Person
    auditor: Person


def _local(hours: float) -> str:
    return in_seoul(clock.now() + hours * HOUR).strftime("%Y-%m-%dT%H:%M")


def _officials(site: Site, cast: Cast) -> None:
    hashed = passwords.hashed(PASSWORD)
    with site.database.transaction() as session:
        department = factories.department(session, "보행안전과")
        for key, role, name in (
            ("staff", Role.STAFF, "고운결"),
            ("second", Role.STAFF, "나래솔"),
            ("department", Role.DEPARTMENT, "마루한"),
            ("auditor", Role.AUDITOR, "명하늬"),
        ):
            user = factories.user(session, role, name=name, email=f"{key}@city.example", password_hash=hashed)
            user.department_id = department.id if role is Role.DEPARTMENT else None
    for key in ("staff", "second", "department", "auditor"):
        getattr(cast, key).signs_in(f"{key}@city.example")


def _make_cycle(staff: Person, visitor: Person) -> None:
    staff.go("/budget/new")
    staff.fill(title="2027년 시민공감예산", slug="2027", year="2027")
    staff.press("저장")
    staff.sees("입력한 내용을 확인해 주십시오.")
    assert staff.page.locator("main [name='title']").input_value() == "2027년 시민공감예산"
    staff.fill(
        summary="보행 안전에 쓸 예산을 시민이 정합니다.",
        proposals_open_at=_local(-1),
        proposals_close_at=_local(3),
        review_until=_local(4),
        voting_open_at=_local(5),
        voting_close_at=_local(9),
        min_picks="1",
        max_picks="5",
    )
    staff.press("저장")
    staff.go("/budget/2027/pools")
    staff.fill(name="보행 안전", amount_won="3억 원")
    staff.press("추가")
    staff.sees("3억 원")
    staff.go("/budget/2027/preview")
    staff.sees("미리보기: 시민에게는 이렇게 보입니다.")
    assert visitor.status("/budget/2027") == 404
    staff.go("/budget/2027")
    staff.press("공고하기")
    staff.sees("제안접수")
    assert visitor.status("/budget/2027") == 200


def _propose(author: Person, other: Person, title: str, cost: str) -> str:
    """A draft is refused, kept, found again and submitted; returns the address of the proposal."""
    author.go("/budget/2027")
    author.follow("사업 제안하기")
    author.fill(title=title, requested="얼마쯤")
    author.fill(problem="밤에 통학로가 어두워 아이들이 넘어집니다.", idea="학교 앞 300미터를 밝고 편하게 해 주십시오.")
    author.press("제출하기")
    wrong = author.page.locator("main [name='requested']")
    expect(wrong).to_have_attribute("aria-invalid", "true")
    assert wrong.input_value() == "얼마쯤"
    assert author.page.locator("main [name='title']").input_value() == title
    assert "넘어집니다." in author.page.locator("main [name='problem']").input_value()
    if author.javascript:
        expect(author.page.locator(".error-summary")).to_be_focused()
    author.fill(requested=cost)
    author.press("임시저장")
    author.sees("초안을 저장했습니다.")
    draft = author.path.removesuffix("/edit")
    assert other.status(draft) == 404
    author.go("/me")
    author.sees("작성 중")
    author.follow(title)
    assert author.page.locator("main [name='title']").input_value() == title
    author.press("제출하기")
    author.sees("제안이 접수되어 있습니다")
    assert other.status(draft) == 200
    return draft


def _propose_at_once(author: Person, title: str, cost: str) -> str:
    author.go("/projects/new")
    author.fill(
        title=title, requested=cost, problem="여름에 놀이터가 뜨겁습니다.", idea="그늘막 두 채를 세워 주십시오."
    )
    author.press("제출하기")
    author.sees("제안이 접수되어 있습니다")
    return author.path


def _endorse_and_talk(voter: Person, address: str) -> None:
    voter.go(address)
    voter.sees("공감 0명")
    voter.press_part("공감하기")
    voter.sees("공감 1명")
    voter.sees("나도 공감했습니다")
    voter.go(address)
    voter.sees("공감 1명")
    voter.fill(body="우리 아이도 이 길로 다닙니다. 꼭 필요합니다.")
    voter.press_part("등록")
    voter.sees("댓글 1")
    voter.sees("우리 아이도 이 길로 다닙니다.")


def _assign(staff: Person) -> None:
    staff.go("/reviews/assign")
    for box in staff.page.locator("main input[name='projects']").all():
        turn(box)
    chosen = staff.page.locator("main select[name='department'] option", has_text="보행안전과")
    staff.choose(department=chosen.get_attribute("value") or "")
    staff.press("배정")
    staff.sees("3건을 배정했습니다.")


def _ask(department: Person, title: str) -> None:
    department.go("/reviews")
    department.follow(title)
    department.press("검토 시작")
    department.page.locator("main details summary", has_text="제안자에게 물어보기").click()
    department.fill(question="설치할 위치를 알려 주십시오.")
    department.page.locator("#ask-due").fill(_local(1))
    department.press("보완 요청하기")
    department.sees("답변을 기다리고 있습니다.")


def _answer(site: Site, author: Person, address: str) -> None:
    site.tick()
    assert any("보완" in letter and f"{address}/supplement" in letter for letter in site.mail_to(author.address))
    author.go(address)
    author.sees("담당 부서가 보완을 요청했습니다.")
    author.follow("답변하기")
    author.fill(answer="정문에서 후문까지 300미터입니다.")
    author.press("답변 제출")
    author.go(address)
    author.sees("검토 중")


def _review(department: Person, title: str, cost: str, *, careful: bool = False) -> None:
    department.go("/reviews")
    department.follow(title)
    if not careful:
        department.press("검토 시작")
    for name in CRITERIA:
        department.tick(f"{name}_answer", "yes")
    row = department.page.locator(".cost-row").first
    row.locator("select").select_option("programme")
    row.locator("input").nth(0).fill("설치 공사")
    row.locator("input").nth(1).fill(cost)
    department.fill(first_year_won=cost)
    department.tick("verdict", "accept")
    reason = department.page.locator("main [name='reason']")
    if careful:
        department.press("판정 공개하기")  # without a reason
        expect(reason).to_have_attribute("aria-invalid", "true")
        assert row.locator("input").nth(1).input_value() == cost
        expect(department.page.locator("main [name='verdict'][value='accept']")).to_be_checked()
    reason.fill("우리 과 소관이며 올해 안에 마칠 수 있습니다.")
    department.press("판정 공개하기")
    department.sees("판정을 공개했습니다.")


def _approve_list(site: Site, cast: Cast, project: str) -> None:
    staff, second = cast.staff, cast.second
    staff.go("/budget/2027/ballot-list")
    staff.sees("제안접수가 끝난 뒤에 투표안건을 정할 수 있습니다.")
    site.travel(3.5 * HOUR)
    assert cast.voter.status("/budget/2027/ballot-list") == 404
    staff.go("/budget/2027/ballot-list")
    staff.press("승인 요청하기")
    staff.sees("직접 요청한 안건은 승인할 수 없습니다")
    assert staff.page.get_by_role("button", name="승인하고 공고하기").count() == 0
    second.go("/budget/2027/ballot-list")
    second.press("승인하고 공고하기")
    cast.voter.go("/budget/2027/ballot-list")
    for title in (LIGHTS, BENCH, SHADE):
        cast.voter.sees(title)
    cast.voter.go(project)
    cast.voter.sees("공감은 제출부터 투표안건 공고 전까지 받습니다.")


def _vote(voter: Person, picks: list[str]) -> str:
    """Fill the basket, confirm, take the receipt; returns the tracker."""
    voter.go("/budget/2027/vote")
    for title in picks:
        turn(voter.page.locator("main .card--choice").filter(has_text=title).locator("[data-cost]"))
    if voter.javascript:
        expect(voter.page.locator("[data-basket-bar]")).to_contain_text(f"{len(picks)}개를 골랐습니다.")
    voter.press("고른 사업 확인하기")
    voter.sees("아직 투표하지 않았습니다.")
    for title in (LIGHTS, BENCH, SHADE):
        (voter.sees if title in picks else voter.sees_not)(title)
    voter.press("투표하기")
    voter.sees("투표가 접수되었습니다")
    for title in (LIGHTS, BENCH, SHADE):
        voter.sees_not(title)
    tracker = voter.page.locator(".receipt code").first.inner_text().replace(" ", "")
    assert re.fullmatch("[A-Z2-7]{24}", tracker)
    return tracker


def _look_up(person: Person, tracker: str, words: str) -> None:
    """Type the tracker into the board."""
    person.go("/board/2027")
    person.page.locator("#tracker").fill(" ".join(re.findall("....", tracker.lower())))
    person.press_part("찾기")
    expect(person.page.locator("#lookup")).to_contain_text(words)


def _voting(site: Site, cast: Cast) -> tuple[str, str, str]:
    """Everybody votes, one of them twice; returns the trackers: the replaced one and the two that count."""
    author, voter = cast.author, cast.voter
    author.go("/budget/2027/vote")
    author.sees("부터")
    assert author.page.locator("main input[type=checkbox]").count() == 0
    site.travel(2 * HOUR)
    voter.go("/budget/2027/vote")
    voter.sees("본인확인")
    assert voter.page.locator("main input[type=checkbox]").count() == 0
    voter.verifies()
    replaced = _vote(voter, [SHADE])
    voter.go("/budget/2027/vote")
    voter.sees("투표하셨습니다. 마감 전까지 다시 투표할 수 있습니다.")
    last = _vote(voter, [LIGHTS])
    author.verifies(district="11680", birth_year="1971")
    own = _vote(author, [LIGHTS, BENCH])
    assert len({replaced, last, own}) == 3
    _look_up(author, own, "몇 초 안에 게시판에 오릅니다.")
    site.tick()
    _look_up(author, own, "내 표가 투표함에 잘 들어 있습니다.")
    _look_up(author, "A" * 24, "이 투표의 게시판에 없는 번호입니다.")
    return replaced, last, own


def _count(site: Site, cast: Cast) -> None:
    voter, staff, second = cast.voter, cast.staff, cast.second
    assert voter.status("/budget/2027/result") == 404
    assert voter.status("/budget/2027/count") in {403, 404}
    voter.go("/budget/2027/vote")
    turn(voter.page.locator("main .card--choice [data-cost]").first)
    site.travel(4 * HOUR)
    voter.press("고른 사업 확인하기")  # the page was opened in time, the deadline has passed
    voter.sees("마감")
    assert voter.page.get_by_role("button", name="투표하기", exact=True).count() == 0
    staff.go("/budget/2027/count")
    staff.press("투표함 봉인")
    staff.press("개표")
    staff.waits_for_the_count()
    staff.sees("하나뿐인 투표지가 절반을 넘습니다")
    staff.tick("pooled", "ballots")
    staff.press("공개 범위 저장")
    staff.sees("다른 담당자의 확인을 기다리고 있습니다")
    assert staff.page.get_by_role("button", name="다시 개표하고 공표").count() == 0
    assert voter.status("/budget/2027/result") == 404
    second.go("/budget/2027/count")
    second.press("다시 개표하고 공표")
    second.waits_for_the_count()
    second.sees("결과를 공표했습니다")


def _check_result(voter: Person, folder: Path, shade: str, trackers: tuple[str, str, str]) -> None:
    voter.go("/budget/2027/result")
    winners = voter.page.locator("main table", has_text="선정된 사업").first
    expect(winners).to_contain_text(LIGHTS)
    expect(winners).to_contain_text(BENCH)
    expect(winners).not_to_contain_text(SHADE)
    voter.follow(SHADE)
    voter.sees("왜 선정되지 않았나요?")
    voter.sees("0표 (투표한 2명 중)")
    voter.go(shade)
    voter.sees("미선정")
    for name in ("bundle.zip", "recount.py", "recount_ballots.py", "recount_files.py", "recount_rules.py"):
        answer = voter.page.request.get(f"/budget/2027/result/files/{name}")
        assert answer.ok
        (folder / name).write_bytes(answer.body())
    checked = subprocess.run(
        [sys.executable, "-I", folder / "recount.py", folder / "bundle.zip"],
        capture_output=True,
        check=False,
        text=True,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
    replaced, *counted = trackers
    for tracker in counted:
        _look_up(voter, tracker, "내 표가 집계되었습니다.")
    _look_up(voter, replaced, "다시 투표하셔서, 이 표 대신 나중 표를 집계했습니다.")
    assert json.loads(voter.page.request.get("/board/2027/heads.json").body())


def _afterwards(site: Site, cast: Cast, lights: str) -> None:
    author, department, auditor = cast.author, cast.department, cast.auditor
    site.tick()
    assert any(f"「{LIGHTS}」: 선정" in letter for letter in site.mail_to(author.address))
    department.go(lights)
    department.press("집행 시작")
    department.follow("진행 상황 쓰기")
    department.fill(progress="30", spent="1천만 원", text="자재를 들이고 기초 공사를 시작했습니다.")
    department.press("올리기")
    author.go(lights)
    author.sees("집행 중")
    author.sees("자재를 들이고 기초 공사를 시작했습니다.")
    assert author.status("/audit") == 403
    auditor.go("/audit")
    for words in ("개표", "결과"):
        auditor.sees(words)


@pytest.mark.parametrize("javascript", [True, False], ids=["with-javascript", "without-javascript"])
def test_a_cycle_from_proposal_to_recount(
    site: Site, somebody: Callable[..., Person], tmp_path: Path, *, javascript: bool
) -> None:
    cast = Cast(*(somebody(javascript=javascript) for _ in range(6)))
    author, voter, department = cast.author, cast.voter, cast.department
    _officials(site, cast)
    _make_cycle(cast.staff, voter)

    author.joins("author@example.org", "제안하는 시민")
    voter.joins("voter@example.org", "투표하는 시민")
    lights = _propose(author, voter, LIGHTS, "5천만 원")
    bench = _propose_at_once(author, BENCH, "1억 8천만 원")
    shade = _propose_at_once(author, SHADE, "7,000만 원")
    _endorse_and_talk(voter, lights)

    _assign(cast.staff)
    _ask(department, LIGHTS)
    _answer(site, author, lights)
    _review(department, LIGHTS, "5천만", careful=True)
    _review(department, BENCH, "1억 8천만")
    _review(department, SHADE, "7천만")
    author.go(lights)
    author.sees("적격")
    author.sees("우리 과 소관이며 올해 안에 마칠 수 있습니다.")

    _approve_list(site, cast, lights)
    trackers = _voting(site, cast)
    _count(site, cast)
    _check_result(voter, tmp_path, shade, trackers)
    author.go(bench)
    author.sees("선정")
    _afterwards(site, cast, lights)
