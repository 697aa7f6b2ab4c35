"""What the script adds to pages that work without it: parts, history, focus, drafts that save themselves, the basket's sums."""

from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, Request, expect

from tests.journeys.people import Person

pytestmark = pytest.mark.browser
VERIFIED = "verified@demo.civicvote.example"
CITIZEN = "citizen@demo.civicvote.example"


def _query(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def _posts(page: Page) -> list[Request]:
    """POSTs the page sends from now on."""
    found: list[Request] = []
    page.on("request", lambda request: found.append(request) if request.method == "POST" else None)
    return found


def _titles(page: Page) -> list[str]:
    return page.locator("#project-list .card__title").all_inner_texts()


def test_filters_are_in_the_address_and_back_undoes_them(visitor: Callable[..., Person]) -> None:
    me = visitor()
    me.go("/projects/")
    everything = _titles(me.page)
    me.page.evaluate("window.same = true")  # a part is swapped, the page stays
    me.choose(state="on_ballot")
    me.page.wait_for_url("**state=on_ballot**")
    expect(me.page.locator("#project-list .badge").first).to_have_text("투표안건")
    narrowed = _titles(me.page)
    assert narrowed != everything
    me.page.locator("select[name=cycle]").focus()
    me.choose(cycle="2026")
    me.page.wait_for_url("**cycle=2026**")
    assert _query(me.page)["state"] == ["on_ballot"]
    expect(me.page.locator("select[name=cycle]")).to_be_focused()
    assert me.page.evaluate("window.same") is True

    me.page.go_back()
    me.page.wait_for_url(lambda url: "cycle=2026" not in url)
    me.page.go_back()
    me.page.wait_for_url(lambda url: "state=on_ballot" not in url)
    expect(me.page.locator("select[name=state]")).to_have_value("")
    expect(me.page.locator("#project-list .card__title").first).to_have_text(everything[0])
    me.page.go_forward()
    me.page.wait_for_url("**state=on_ballot**")
    expect(me.page.locator("select[name=state]")).to_have_value("on_ballot")
    expect(me.page.locator("#project-list .card__title").first).to_have_text(narrowed[0])


def test_load_more_appends_and_moves_the_focus_to_the_first_new_one(visitor: Callable[..., Person]) -> None:
    me = visitor()
    me.go("/projects/")
    cards = me.page.locator("#project-list > li")
    before = cards.count()
    assert before == 20
    more = me.page.get_by_role("link", name="더 보기")
    more.focus()
    me.page.keyboard.press("Enter")
    expect(cards.nth(before)).to_be_visible()
    expect(cards.nth(before).locator("a").first).to_be_focused()
    titles = _titles(me.page)
    assert len(set(titles)) == len(titles) > before


def test_endorsing_keeps_the_focus_in_its_place(visitor: Callable[..., Person]) -> None:
    me = visitor()
    me.enters(VERIFIED)
    me.go("/projects/?state=submitted")
    me.page.locator("main .card__title a").first.click()
    button = me.page.locator("#endorsement button")
    word = button.inner_text()
    for _twice in range(2):
        button.focus()
        me.page.keyboard.press("Enter")
        expect(button).not_to_have_text(word)
        me.page.wait_for_function("document.querySelector('#endorsement').contains(document.activeElement)")
        word = button.inner_text()


def test_a_double_click_sends_one_form(visitor: Callable[..., Person]) -> None:
    me = visitor()
    me.enters(VERIFIED)
    me.go("/projects/?state=submitted")
    me.page.locator("main .card__title a").first.click()
    posts = _posts(me.page)
    me.fill(body="두 번 눌러도 한 번만 올라가야 합니다.")
    me.page.locator("#comments").get_by_role("button", name="등록").first.dblclick()
    expect(me.page.locator("#comments .prose", has_text="두 번 눌러도")).to_have_count(1)
    assert len(posts) == 1
    me.page.reload()
    expect(me.page.locator("#comments .prose", has_text="두 번 눌러도")).to_have_count(1)

    me.go("/projects/new")
    posts.clear()
    me.fill(title="두 번 누른 제안의 제목")
    me.page.get_by_role("button", name="임시저장").dblclick()
    me.sees("초안을 저장했습니다.")
    pressed = [path for post in posts if not (path := urlsplit(post.url).path).endswith("/autosave")]
    assert len(pressed) == 1, "one form; the draft may save itself meanwhile"
    me.go("/me")
    expect(me.page.locator("main").get_by_role("link", name="두 번 누른 제안의 제목")).to_have_count(1)


def test_a_draft_saves_itself_and_survives_a_reload(visitor: Callable[..., Person]) -> None:
    me = visitor()
    me.enters(CITIZEN)
    me.go("/projects/new")
    said = me.page.locator("[data-autosave-status]")
    written = {
        "title": "저절로 저장되는 제안",
        "problem": "글이 사라질까 걱정입니다.",
        "idea": "쓰는 동안 저절로 저장합니다.",
    }
    for name, value in written.items():  # one at a time: what is said after a reload is said of it
        me.fill(**{name: value})
        expect(said).to_contain_text("저장됨")
        me.page.wait_for_url("**/edit")
        me.page.reload()
        assert me.page.locator(f"main [name={name}]").input_value() == value
    assert {name: me.page.locator(f"main [name={name}]").input_value() for name in written} == written
    me.press("임시저장")
    me.sees("초안을 저장했습니다.")
    me.page.context.set_offline(True)
    me.fill(idea="연결이 끊긴 동안 쓴 글입니다.")
    expect(said).to_contain_text("저장하지 못했습니다.")
    me.page.context.set_offline(False)


def test_the_basket_counts_along_and_keeps_its_picks_while_searching(visitor: Callable[..., Person]) -> None:
    me = visitor()
    me.enters(VERIFIED)
    me.go("/budget/2026/vote")
    bar = me.page.locator("[data-basket-bar]")
    boxes = me.page.locator("main .card--choice [data-cost]")
    limit = int(bar.locator("[data-basket-text]").get_attribute("data-limit") or 0)
    expect(bar).to_contain_text(f"0개를 골랐습니다. {limit}개 더 고를 수 있습니다.")
    for place in range(limit + 1):
        boxes.nth(place).check()
    expect(bar).to_contain_text(f"{limit}개까지 고를 수 있습니다. 1개를 빼 주십시오.")
    boxes.nth(0).uncheck()
    expect(bar).to_contain_text(f"{limit}개를 골랐습니다. 0개 더 고를 수 있습니다.")
    picked = boxes.nth(1).get_attribute("value")
    me.page.locator("#filter-q").fill("아무 데도 없는 낱말")
    me.page.locator(".filters").get_by_role("button", name="찾기").click()
    expect(me.page.locator("#picks [role=status]")).to_contain_text(f"{limit}건")
    assert boxes.count() == limit
    expect(me.page.locator(f"main [data-cost][value='{picked}']")).to_be_checked()
    expect(bar).to_contain_text(f"{limit}개를 골랐습니다.")
