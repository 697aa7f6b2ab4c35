"""One budget cycle from its making to a result that anybody recounts, by six people in six browsers."""

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from civicvote.domain.korean import in_seoul
from civicvote.domain.permissions import Role
from civicvote.models.accounts import User
from civicvote.models.departments import Department
from civicvote.services import clock
from civicvote.services.accounts import passwords
from tests import factories
from tests.journeys.conftest import Site
from tests.journeys.people import PASSWORD, Person

pytestmark = pytest.mark.browser
HOUR = timedelta(hours=1)


def _local(hours: float) -> str:
    return in_seoul(clock.now() + hours * HOUR).strftime("%Y-%m-%dT%H:%M")


def officials(site: Site) -> dict[str, str]:
    """A department and accounts of officials; address by role."""
    hashed = passwords.hashed(PASSWORD)
    with site.database.transaction() as session:
        department = factories.department(session, "보행안전과")
        made: dict[str, User] = {
            "staff": factories.user(
                session, Role.STAFF, name="고운결", email="staff@city.example", password_hash=hashed
            ),
            "second": factories.user(
                session, Role.STAFF, name="나래솔", email="second@city.example", password_hash=hashed
            ),
            "department": factories.user(
                session,
                Role.DEPARTMENT,
                name="마루한",
                email="dept@city.example",
                password_hash=hashed,
                department_id=department.id,
            ),
            "auditor": factories.user(
                session, Role.AUDITOR, name="명하늬", email="audit@city.example", password_hash=hashed
            ),
        }
        session.flush()
        return {key: user.email or "" for key, user in made.items()}


def make_cycle(staff: Person) -> None:
    staff.go("/budget/new")
    staff.fill(
        title="2027년 시민공감예산",
        slug="2027",
        year="2027",
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
    staff.sees("2027년 시민공감예산")
    staff.go("/budget/2027")
    staff.press("공고하기")
    staff.sees("제안접수")


def propose(citizen: Person, title: str, cost: str) -> str:
    """Write a draft, come back to it, submit; returns the address of the proposal."""
    citizen.go("/projects/new")
    pool = citizen.page.locator("main select[name='pool'] option").last.get_attribute("value") or ""
    citizen.choose(pool=pool)
    citizen.fill(title=title, requested="얼마쯤")
    citizen.fill(problem="밤에 통학로가 어두워 아이들이 넘어집니다.", idea="학교 앞 300미터에 보행등을 달아 주십시오.")
    citizen.press("제출하기")
    citizen.sees("금액")
    assert citizen.page.locator("main [name='title']").input_value() == title
    citizen.fill(requested=cost)
    citizen.press("임시저장")
    citizen.go("/me")
    citizen.sees("작성 중")
    citizen.follow(title)
    citizen.press("제출하기")
    citizen.sees("접수")
    return citizen.page.url.removeprefix(citizen.site.url).split("?")[0]


def review(department: Person, title: str, cost: str, *, verdict: str, question: str = "") -> None:
    department.go("/reviews")
    department.follow(title)
    if department.page.get_by_role("button", name="검토 시작", exact=True).count():
        department.press("검토 시작")
    if question:
        department.page.locator("main details summary").filter(has_text="제안자에게 물어보기").click()
        department.fill(question=question)
        department.page.locator("#ask-due").fill(_local(1))
        department.press("보완 요청하기")
        return
    for name in ("jurisdiction", "legality", "cost", "duration", "duplication", "benefit"):
        department.tick(f"{name}_answer", "yes")
    row = department.page.locator(".cost-row").first
    row.locator("select").select_option("programme")
    row.locator("input").nth(0).fill("설치 공사")
    row.locator("input").nth(1).fill(cost)
    department.fill(first_year_won=cost)
    verdicts = department.page.locator("main [name='verdict']")
    if verdicts.first.evaluate("e => e.tagName") == "SELECT":
        verdicts.first.select_option(verdict)
    else:
        department.tick("verdict", verdict)
    department.fill(reason="우리 과 소관이며 올해 안에 마칠 수 있습니다.")
    department.press("판정 공개하기")


def vote(voter: Person, picks: list[str]) -> str:
    """Fill the basket, confirm, take the receipt; returns the tracker."""
    voter.go("/budget/2027/vote")
    for title in picks:
        voter.page.locator("main li.card, main .card").filter(has_text=title).locator(
            "input[type=checkbox]"
        ).first.check(force=True)
    with voter.page.expect_navigation():
        voter.page.locator("#basket button[type=submit], main form[data-basket] button[type=submit]").last.click()
    voter.sees("고른 사업을 확인해 주십시오")
    for title in picks:
        voter.sees(title)
    voter.press("투표하기")
    voter.sees("투표가 접수되었습니다")
    return voter.page.locator(".receipt code").first.inner_text().replace(" ", "")


@pytest.mark.parametrize("javascript", [True, False], ids=["with-javascript", "without-javascript"])
def test_a_cycle_from_proposal_to_recount(
    site: Site, somebody: Callable[..., Person], tmp_path: Path, *, javascript: bool
) -> None:
    addresses = officials(site)
    author, voter, staff, second, department, auditor = (somebody(javascript=javascript) for _ in range(6))
    staff.signs_in(addresses["staff"])
    second.signs_in(addresses["second"])
    department.signs_in(addresses["department"])
    auditor.signs_in(addresses["auditor"])
    make_cycle(staff)

    author.joins("author@example.org", "제안하는 시민")
    voter.joins("voter@example.org", "투표하는 시민")
    lights = propose(author, "통학로 보행등 열두 개", "5천만 원")
    bench = propose(author, "언덕길 쉼터 의자", "1억 8천만 원")
    voter.go(lights)
    voter.sees("통학로 보행등 열두 개")
    _endorse_and_talk(voter, lights)

    staff.go("/reviews/assign")
    for box in staff.page.locator("main input[name='projects']").all():
        box.check(force=True)
    with site.database.reading() as session:
        department_id = str(session.query(Department.id).scalar())
    staff.choose(department=department_id)
    with staff.page.expect_navigation():
        staff.page.locator("main form button[type=submit]").last.click()
    review(
        department, "통학로 보행등 열두 개", "5천만", verdict="accept", question="설치할 위치를 지도로 알려 주십시오."
    )
    site.tick()
    assert any("보완" in letter for letter in site.mail_to("author@example.org"))
    author.go(f"{lights}/supplement")
    author.fill(answer="정문에서 후문까지 300미터입니다.")
    with author.page.expect_navigation():
        author.page.locator("main form button[type=submit]").last.click()
    review(department, "통학로 보행등 열두 개", "5천만", verdict="accept")
    review(department, "언덕길 쉼터 의자", "1억 8천만", verdict="accept")
    author.go(lights)
    author.sees("적격")

    staff.go("/budget/2027/ballot-list")
    staff.press("승인 요청하기")
    staff.sees("직접 요청한 안건은 승인할 수 없습니다")
    second.go("/budget/2027/ballot-list")
    second.press("승인하고 공고하기")
    author.go("/budget/2027/vote")
    author.sees_not("접수증 받기")

    site.travel(6 * HOUR)
    voter.go("/budget/2027/vote")
    voter.sees("본인확인")
    voter.verifies()
    first = vote(voter, ["언덕길 쉼터 의자"])
    last = vote(voter, ["통학로 보행등 열두 개"])
    assert first != last
    author.verifies(district="11680", birth_year="1971")
    own = vote(author, ["통학로 보행등 열두 개", "언덕길 쉼터 의자"])
    site.tick()
    author.go(f"/board/2027?tracker={own}")
    author.sees("게시판에 있습니다")
    assert author.status("/budget/2027/result") == 404
    assert author.status("/budget/2027/count") in {403, 404}

    site.travel(4 * HOUR)
    voter.go("/budget/2027/vote")
    voter.sees("마감")
    staff.go("/budget/2027/count")
    staff.press("투표함 봉인")
    staff.press("개표")
    staff.sees("다른 담당자의 확인을 기다리고 있습니다")
    assert author.status("/budget/2027/result") == 404
    second.go("/budget/2027/count")
    second.press("다시 개표하고 공표")
    _check_result(voter, tmp_path, first, last)
    _check_afterwards(site, author, department, auditor, lights, bench)


def _endorse_and_talk(voter: Person, address: str) -> None:
    button = voter.page.locator("main form[action$='/endorsement'] button").first
    if voter.javascript:
        button.click()
        voter.page.locator(
            "main form[action$='/endorsement'] button[aria-pressed='true'], main form[action$='/endorsement'] input[name='on'][value='no']"
        ).first.wait_for(state="attached")
    else:
        with voter.page.expect_navigation():
            button.click()
    voter.go(address)
    voter.page.locator("main form[action$='/comments'] textarea").last.fill(
        "우리 아이도 이 길로 다닙니다. 꼭 필요합니다."
    )
    voter.page.locator("main form[action$='/comments']").last.locator("button[type=submit]").click()
    voter.sees("우리 아이도 이 길로 다닙니다.")


def _check_result(voter: Person, folder: Path, replaced: str, counted: str) -> None:
    voter.go("/budget/2027/result")
    voter.sees("통학로 보행등 열두 개")
    bundle = folder / "bundle.zip"
    bundle.write_bytes(voter.page.request.get("/budget/2027/result/files/bundle.zip").body())
    script = folder / "recount.py"
    script.write_bytes(voter.page.request.get("/budget/2027/result/files/recount.py").body())
    checked = subprocess.run([sys.executable, "-I", str(script), str(bundle)], capture_output=True, check=False)
    assert checked.returncode == 0, checked.stdout.decode() + checked.stderr.decode()
    voter.go(f"/board/2027?tracker={counted}")
    voter.sees("집계에 들어갔습니다")
    voter.go(f"/board/2027?tracker={replaced}")
    voter.sees("집계하지 않았거나")
    heads = json.loads(voter.page.request.get("/board/2027/heads.json").body())
    assert heads


def _check_afterwards(site: Site, author: Person, department: Person, auditor: Person, lights: str, bench: str) -> None:
    site.tick()
    author.go(lights)
    author.sees("선정")
    author.go(bench)
    author.sees("선정")
    department.go(lights)
    department.press("집행 시작")
    author.go(lights)
    author.sees("집행 중")
    assert any("선정" in letter for letter in site.mail_to("author@example.org"))
    auditor.go("/audit")
    auditor.sees("개표")
