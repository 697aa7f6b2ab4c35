"""The result of a vote for somebody with a phone: the answer first, and nothing that runs out of sight."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.journeys import axe
from tests.journeys.people import Person

pytestmark = pytest.mark.browser

RESULT = "/budget/2025/result"
#: Regions whose content is wider than they are.
_CUT = """() => [...document.querySelectorAll(".table-scroll")].filter((e) => e.scrollWidth > e.clientWidth + 1)
  .map((e) => e.getAttribute("aria-label"))"""


def test_the_first_screen_answers(visitor: Callable[..., Person]) -> None:
    me = visitor(width=390)
    me.go(RESULT)
    me.sees("1,500명이 참여하여 사업 15건을 선정했습니다.")
    winner = me.page.locator("main .table--stack tbody a").first
    box = winner.bounding_box()
    assert box is not None
    assert box["y"] + box["height"] < 844
    expect(me.page.locator("#losers-1")).not_to_have_attribute("open", "")
    with me.page.expect_navigation():
        winner.click()
    me.sees("왜 선정되었나요?")


@pytest.mark.parametrize("letters", ["62.5%", "125%"], ids=["letters", "doubled"])
def test_no_table_runs_sideways(letters: str, visitor: Callable[..., Person]) -> None:
    me = visitor(width=390)
    me.go(RESULT)
    me.page.evaluate("(size) => { document.documentElement.style.fontSize = size }", letters)
    for summary in me.page.locator("main details > summary").all():
        summary.click()
    assert me.page.evaluate(_CUT) == []
    head = me.page.locator("main .table--stack").first
    expect(head.get_by_role("columnheader", name="사업비")).to_have_count(1)
    expect(head.get_by_role("row").nth(1).get_by_role("cell").first).to_be_visible()
    if letters == "62.5%":
        assert axe.faults(me.page, (390,)) == []
