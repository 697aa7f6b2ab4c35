"""In English on a phone: from the language switch to the receipt on the board; no page scrolls sideways."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.journeys import axe
from tests.journeys.people import Person

pytestmark = pytest.mark.browser

#: Words of the platform itself, where no citizen's own text stands.
_OWN_WORDS = (
    "main button, main .form-label, main legend, main dt, main th[scope=col], main .lead, main .form-hint, main summary,"
    " .site-nav a, .menu a, .skip-link, .demo-banner, .site-footer p:not(.site-footer__name)"
)
_HANGUL = """(selector) => [...document.querySelectorAll(selector)]
  .filter((e) => /[가-힣]/.test(e.textContent)).map((e) => "Korean: " + e.textContent.trim().slice(0, 80))"""


def _korean_words(page: Page) -> list[str]:
    found: list[str] = page.evaluate(_HANGUL, _OWN_WORDS)
    return found


def test_from_the_switch_to_the_board(visitor: Callable[..., Person]) -> None:
    me = visitor(width=390)
    me.go("/")
    me.page.locator("summary").filter(has_text="메뉴").last.click()
    with me.page.expect_navigation():
        me.page.get_by_role("navigation", name="전체 메뉴").get_by_role("button", name="English").click()
    expect(me.page.locator("html")).to_have_attribute("lang", "en")
    me.checks += [axe.too_wide, _korean_words]

    me.joins("ann@example.org", "Ann")
    assert "[civicvote] Please finish signing up" in me.site.mail_to("ann@example.org")[-1]
    me.sees("My activity")

    me.go("/projects/?cycle=2027&state=submitted")
    me.sees("Comments")
    link = me.page.locator("main .card__title a").first
    with me.page.expect_navigation():
        link.click()
    me.look()
    me.sees("What is the problem?")
    count = me.page.locator("#endorsement [role=status] strong")
    before = int(re.sub(r"\D", "", count.inner_text()))
    me.press_part("Endorse")
    me.sees("You endorsed this")
    expect(count).to_have_text(re.compile(rf"^[A-Za-z: ]*{before + 1:,}[a-z ]*$"))
    me.fill(body="My children walk here every day, thank you for writing it down.")
    me.press_part("Post")
    me.sees("My children walk here every day")
    me.look()

    me.go("/budget/2026/vote")
    me.follow("Check my identity")
    me.verifies(district="11440", birth_year="1990")
    me.sees("You are confirmed as a citizen of Seoul")
    me.go("/budget/2026/vote")
    for box in me.page.locator("main .card--choice [data-cost]").all()[:2]:
        box.check()
    expect(me.page.locator("[data-basket-bar]")).to_contain_text("2 chosen. You can choose")
    me.press("Check my choices")
    expect(me.page.locator("h1")).to_have_text("Check your choices")
    me.press("Vote")
    expect(me.page.locator("h1")).to_have_text("Your vote has been received")
    tracker = me.page.locator(".receipt code").first.inner_text()
    me.site.tick()
    me.go("/board/2026")
    me.page.locator("#tracker").fill(tracker)
    me.press_part("Find")
    expect(me.page.locator("#lookup")).to_contain_text("Your vote is safely in the ballot box.")
    me.go("/budget/2025/result")
    me.go("/how-it-works")
    me.go("/nowhere")
    expect(me.page.locator("h1")).to_contain_text(re.compile("[A-Za-z]"))
