"""By keyboard alone: everything is reached by Tab, the focus is always seen, and never lost."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, expect

from civicvote.demo.accounts import PASSWORD
from tests.journeys.people import Person

pytestmark = pytest.mark.browser

#: "" when the focused element shows that it is; its ring may stand on a label or on an overlay.
_SHOWN = """() => {
  const e = document.activeElement;
  if (!e || e === document.body || e === document.documentElement) return "the focus is lost";
  const near = [[e, null], [e, "::after"], [e, "::before"], ...[...(e.labels ?? [])].map((l) => [l, null])];
  const ring = near.some(([x, part]) => {
    const s = getComputedStyle(x, part);
    return s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 2;
  });
  const r = e.getBoundingClientRect();
  const inside = r.width > 0 && r.bottom > 0 && r.top < innerHeight && r.right > 0 && r.left < innerWidth;
  return ring && inside ? "" : (ring ? "out of sight: " : "no ring: ") + e.outerHTML.slice(0, 200);
}"""


def _tab_to(person: Person, wanted: Locator, *, within: int = 120) -> None:
    """Press Tab until `wanted` has the focus; on the way the focus must be seen at each stop."""
    for _step in range(within):
        person.page.keyboard.press("Tab")
        assert person.page.evaluate(_SHOWN) == ""
        if wanted.evaluate("e => e === document.activeElement"):
            return
    pytest.fail(f"not reached by Tab: {wanted}")


def _press(person: Person, key: str = "Enter") -> None:
    person.page.keyboard.press(key)


def test_skip_link_menu_sign_in_and_endorse(visitor: Callable[..., Person]) -> None:
    me = visitor(width=390)
    me.go("/")
    _press(me, "Tab")
    skip = me.page.locator(".skip-link")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    _press(me)
    expect(me.page.locator("#main")).to_be_focused()

    me.go("/")
    summary = me.page.locator("details.menu > summary")
    _tab_to(me, summary)
    _press(me)
    expect(me.page.locator("details.menu")).to_have_attribute("open", "")
    _press(me, "Tab")
    expect(me.page.locator(".menu__panel a").first).to_be_focused()
    _press(me, "Escape")
    expect(summary).to_be_focused()
    expect(me.page.locator("details.menu")).not_to_have_attribute("open", "")
    _press(me)
    _tab_to(me, me.page.locator(".menu__panel").get_by_role("link", name="로그인"))
    with me.page.expect_navigation():
        _press(me)

    _tab_to(me, me.page.locator("main [name=email]"))
    me.page.keyboard.type("moderator@demo.civicvote.example")
    _press(me, "Tab")
    me.page.keyboard.type("틀린 비밀번호")
    with me.page.expect_navigation():
        _press(me)
    expect(me.page.locator(".error-summary")).to_be_focused()
    _tab_to(me, me.page.locator("main [name=password]"))
    me.page.keyboard.type(PASSWORD)
    with me.page.expect_navigation():
        _press(me)
    expect(me.page).to_have_url(f"{me.site.url}/me")

    me.go("/projects/?state=submitted")
    _tab_to(me, me.page.locator("#project-list .card__title a").first)
    with me.page.expect_navigation():
        _press(me)
    button = me.page.locator("#endorsement button")
    _tab_to(me, button)
    _press(me)
    expect(button).to_have_text("공감 취소")
    me.page.wait_for_function("document.querySelector('#endorsement').contains(document.activeElement)")


def test_vote(visitor: Callable[..., Person]) -> None:
    me = visitor()
    me.enters("verified@demo.civicvote.example")
    me.go("/budget/2026/vote")
    box = me.page.locator("main .card--choice [data-cost]").first
    _tab_to(me, box)
    _press(me, "Space")
    expect(box).to_be_checked()
    me.page.locator("#picks").evaluate("part => { part.dataset.before = ''; }")
    _press(me)  # Enter in the form searches and keeps the pick: nothing is cast by accident
    expect(me.page.locator("#picks:not([data-before])")).to_be_visible()
    me.page.wait_for_function("document.querySelector('#picks').contains(document.activeElement)")
    expect(me.page).to_have_url(f"{me.site.url}/budget/2026/vote")
    expect(box).to_be_checked()
    confirm = me.page.get_by_role("button", name="고른 사업 확인하기")
    _tab_to(me, confirm, within=250)
    with me.page.expect_navigation():
        _press(me)
    _tab_to(me, me.page.locator("main").get_by_role("button", name="투표하기", exact=True))
    with me.page.expect_navigation():
        _press(me)
    me.sees("투표가 접수되었습니다")
    _tab_to(me, me.page.get_by_role("link", name="게시판에서 찾아보기"))
    with me.page.expect_navigation():
        _press(me)
    expect(me.page.locator("#lookup")).to_contain_text("몇 초 안에 게시판에 오릅니다.")


def test_a_dialog_holds_the_focus_and_gives_it_back(visitor: Callable[..., Person]) -> None:
    me = visitor()
    me.enters("admin@demo.civicvote.example")
    me.go("/admin/departments")
    button = me.page.get_by_role("button", name="그만 쓰기").first
    _tab_to(me, button)
    _press(me)
    dialog = me.page.locator("dialog[open]")
    expect(dialog).to_be_visible()
    inside = "document.querySelector('dialog[open]').contains(document.activeElement)"
    assert me.page.evaluate(inside)
    assert me.page.evaluate(_SHOWN) == ""
    _press(me, "Tab")
    assert me.page.evaluate(inside)
    _press(me, "Escape")
    expect(dialog).to_have_count(0)
    expect(button).to_be_focused()
    expect(me.page).to_have_url(f"{me.site.url}/admin/departments")
