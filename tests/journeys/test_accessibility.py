"""Every page of every role, by axe-core, on a phone and on a desk: no violation, no sideways scrolling, no script error."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from civicvote.demo import accounts as demo
from civicvote.domain.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError, TooManyError
from civicvote.domain.messages import msg
from civicvote.web.access import public
from tests.journeys import axe
from tests.journeys.pages import ROLES, Atlas
from tests.journeys.people import PASSWORD, Person
from tests.journeys.site import Site

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def atlas(planted: Site) -> Atlas:
    return Atlas(planted)


@pytest.mark.parametrize("role", ROLES)
def test_pages_of(role: str, atlas: Atlas, visitor: Callable[..., Person]) -> None:
    person = visitor()
    if role != "visitor":
        person.enters(f"{role}@demo.civicvote.example")
    faults = []
    for address in atlas.worth_a_look(role):
        answer = person.page.goto(address)
        assert answer is not None
        assert answer.ok
        faults += axe.faults(person.page)
    assert faults == []


def test_faults_would_be_found(visitor: Callable[..., Person]) -> None:
    me = visitor()
    me.go("/sign-in")
    assert axe.faults(me.page) == []
    me.page.evaluate("document.querySelector('main label').remove()")
    me.page.evaluate("document.querySelector('main').style.minWidth = '900px'")
    found = axe.faults(me.page)
    assert {(fault[1], fault[2]) for fault in found if isinstance(fault[2], str)} == {(390, "label"), (1280, "label")}
    assert [fault[2][0] for fault in found if isinstance(fault[2], list)] == ["wider than the window"]


def test_pages_that_answer_a_form(planted: Site, visitor: Callable[..., Person]) -> None:
    me = visitor(width=axe.WIDTHS[0])
    faults: list[Any] = []

    def look() -> None:
        faults.extend(axe.faults(me.page))

    me.go("/sign-up")
    me.press("가입하기")
    look()
    me.fill(email="lee@example.org", name="이슬비", password=PASSWORD)
    me.tick("consent")
    me.press("가입하기")
    look()
    me.go("/reset-password")
    me.fill(email="staff2@demo.civicvote.example")
    me.press(me.page.locator("main form button[type=submit]").first.inner_text())
    planted.tick()
    me.go(me.letter_link("lee@example.org", "confirm-email"))
    look()
    me.go(me.letter_link("staff2@demo.civicvote.example", "reset-password"))
    look()

    me.go("/sign-in")
    me.fill(email="citizen@demo.civicvote.example", password=demo.PASSWORD)
    me.press("로그인")
    me.go("/account/email")
    me.fill(email="new@example.org", password=demo.PASSWORD)
    me.press(me.page.locator("main form button[type=submit]").first.inner_text())
    planted.tick()
    me.go(me.letter_link("new@example.org", "account/email"))
    look()
    me.go("/account/security")
    me.press("인증 앱 등록")
    look()
    me.press("등록 마치기")
    look()
    me.go("/projects/new")
    me.press("제출하기")
    look()
    me.fill(title="그늘막을 세워 주십시오", problem="- 여름에 **뜨겁습니다**.", idea="그늘막 두 채를 세웁니다.")
    me.press("미리보기")
    look()
    me.go("/verification")
    me.press("확인하기")
    look()

    me.enters("verified@demo.civicvote.example")
    me.go("/budget/2026/vote")
    me.press("고른 사업 확인하기")
    look()
    me.page.locator("main .card--choice [data-cost]").first.check()
    me.press("고른 사업 확인하기")
    look()
    me.press("투표하기")
    me.sees("투표가 접수되었습니다")
    look()
    tracker = me.page.locator(".receipt code").first.inner_text()
    for typed in (tracker, "A" * 24, "?"):
        me.go(f"/board/2026?tracker={quote(typed)}")
        look()
    assert faults == []


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ForbiddenError(), 403),
        (NotFoundError(), 404),
        (ConflictError(), 409),
        (InvalidError(msg("제목을 써 주십시오.")), 422),
        (TooManyError(retry_after=30), 429),
        (RuntimeError("broken"), 500),
    ],
    ids=lambda value: str(value) if isinstance(value, int) else "",
)
def test_error_pages(
    error: Exception, status: int, planted: Site, visitor: Callable[..., Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    @public
    def fail() -> None:
        raise error

    monkeypatch.setitem(planted.app.view_functions, "board.how", fail)
    me = visitor()
    answer = me.page.goto("/how-it-works")
    assert answer is not None
    assert answer.status == status
    expect(me.page.locator("main a").first).to_be_visible()  # where to go from here
    assert axe.faults(me.page) == []


@pytest.mark.parametrize(
    ("role", "paths"),
    [
        ("visitor", ["/", "/projects/", "/budget/2025/result", "/board/2026", "/how-it-works", "/sign-in", "/nowhere"]),
        ("verified", ["/me", "/budget/2026/vote", "/projects/new", "/account"]),
        ("staff", ["/staff", "/budget/2026", "/budget/2026/edit", "/reviews/assign"]),
        ("auditor", ["/audit"]),
    ],
)
def test_in_the_dark(role: str, paths: list[str], visitor: Callable[..., Person]) -> None:
    me = visitor(dark=True)
    if role != "visitor":
        me.enters(f"{role}@demo.civicvote.example")
    faults = []
    for path in paths:
        me.go(path)
        faults += axe.faults(me.page, (1280,))
    background = me.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert max(int(part) for part in re.findall(r"\d+", background)[:3]) < 60
    assert faults == []


def test_no_page_is_forgotten(atlas: Atlas) -> None:
    left = set(atlas.endpoints())
    for role in ("visitor", "citizen", "verified", "staff", "department", "admin", "auditor", "moderator", "expert"):
        left -= set(atlas.open_to(role, left))
    assert left == set()
