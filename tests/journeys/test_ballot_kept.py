"""What is picked stays: back, forward, reload, another page, a lost session. And it stays with its voter, until the cast."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import expect

from civicvote.domain.cycles import BallotType
from civicvote.services.accounts import passwords
from tests.journeys.people import PASSWORD, Person
from tests.journeys.site import Site, serve
from tests.support.voting import polls, voter

pytestmark = pytest.mark.browser

KINDS: dict[str, dict[str, Any]] = {
    "approval": {"min_picks": 1, "max_picks": 3},
    "points": {"min_picks": 1, "max_picks": 4, "point_sum": 10, "point_max": 6},
    "ranking": {"min_picks": 1, "max_picks": 4},
}
JAVASCRIPT = pytest.mark.parametrize("javascript", [True, False], ids=["script", "plain"])
#: Numbers of what is ticked, or number=points.
_FILLED = """() => [...document.querySelectorAll("[data-cost]")]
  .filter((e) => e.type === "checkbox" ? e.checked : e.value)
  .map((e) => e.type === "checkbox" ? e.value : e.id.slice(2) + "=" + e.value).sort()"""
_KEPT = "() => Object.entries(sessionStorage).map(([name, value]) => name + value)"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with serve(tmp_path_factory.mktemp("kept"), demo=True) as site:
        with site.database.transaction() as session:
            for kind, values in KINDS.items():
                polls(session, site.settings.keystore, slug=f"kept-{kind}", ballot_type=BallotType(kind), **values)
        yield site


@pytest.fixture
def comes(place: Site, guests: Callable[..., Person]) -> Callable[..., Person]:
    def come(kind: str, **wishes: Any) -> Person:
        me = guests(place, **({"width": 390} | wishes))
        me.enters(_somebody(place))
        me.go(f"/budget/kept-{kind}/vote")
        return me

    return come


def _somebody(site: Site) -> str:
    with site.database.transaction() as session:
        user, _actor = voter(session)
        user.password_hash = passwords.hashed(PASSWORD)
        return str(user.email)


def _goes(me: Person, way: str) -> None:
    """Back or forward. Without a script, Playwright doesn't notice that the page has come: the address tells."""
    with me.page.expect_event("framenavigated"):
        me.page.evaluate(f"history.{way}()")
    me.page.wait_for_load_state()


def _has(me: Person, *filled: str) -> None:
    """The form says so, at the latest when the script has put it back."""
    expect(me.page.locator("[data-cost]").first).to_be_visible()
    if me.javascript:
        me.page.wait_for_function(f"(wanted) => JSON.stringify(({_FILLED})()) === wanted", arg=_json(filled))
    assert me.page.evaluate(_FILLED) == sorted(filled)


def _json(filled: tuple[str, ...]) -> str:
    return "[" + ",".join(f'"{one}"' for one in sorted(filled)) + "]"


@JAVASCRIPT
def test_back_finds_what_was_picked(javascript: bool, comes: Callable[..., Person]) -> None:  # noqa: FBT001 — a parameter of the test
    me = comes("approval", javascript=javascript)
    me.pick("A2")
    me.pick("B1")
    me.press("고른 사업 확인하기")
    _goes(me, "back")
    _has(me, "A2", "B1")
    with me.page.expect_navigation():
        me.page.locator(".card--choice", has_text="A3 사업").get_by_role("link").click()
    _goes(me, "back")
    _has(me, "A2", "B1")


def test_forward_reload_and_the_long_way_find_it_too(comes: Callable[..., Person]) -> None:
    me = comes("points")
    me.page.locator("#v-A1").fill("4")
    me.page.locator("#v-B2").fill("2")
    me.press("고른 사업 확인하기")
    _goes(me, "back")
    _has(me, "A1=4", "B2=2")
    expect(me.page.locator("[data-draft-said]")).to_contain_text("고르던 사업 2개를 다시 표시했습니다.")
    expect(me.page.locator("[data-basket-bar] [data-basket-text]").first).to_contain_text("4점 남았습니다")
    _goes(me, "forward")
    _has(me, "A1=4", "B2=2")
    me.page.reload()
    _has(me, "A1=4", "B2=2")
    me.go("/projects")
    me.go("/budget/kept-points/vote")
    _has(me, "A1=4", "B2=2")
    me.page.get_by_role("button", name="모두 지우고 다시 고르기").click()
    _has(me)
    me.page.reload()
    _has(me)
    assert me.page.evaluate(_KEPT) == []


def test_a_narrowed_list_never_moves_a_tick(comes: Callable[..., Person]) -> None:
    """Browsers fill in fields of one name by their places: after a search that would be other projects."""
    me = comes("approval")
    numbers = me.page.locator("[data-cost]").evaluate_all("all => all.map((e) => e.value)")
    last = numbers[-1]
    me.pick(last)
    me.fill(q="A3")
    with me.page.expect_response("**/vote"):
        me.press_part("찾기")
    expect(me.page.locator("[data-cost]")).to_have_count(1 if last == "A3" else 2)
    me.pick("A3")
    me.press("고른 사업 확인하기")
    _goes(me, "back")
    _has(me, *{last, "A3"})


def test_an_order_is_found_again(comes: Callable[..., Person]) -> None:
    me = comes("ranking")
    for number in ("A1", "A2", "A3"):
        me.pick(number)
    me.press("순서 정하기")
    places = me.page.locator("[data-order-item] [name=picks]")
    first, second, third = places.evaluate_all("all => all.map((e) => e.value)")
    me.page.locator(f"[name=move][value='{third}:up']").click()
    me.press("고른 사업 확인하기")
    _goes(me, "back")
    _has(me, "A1", "A2", "A3")
    me.press("순서 정하기")
    assert places.evaluate_all("all => all.map((e) => e.value)") == [first, third, second]


@JAVASCRIPT
@pytest.mark.parametrize("kind", ["approval", "points"])
def test_the_next_at_this_browser_sees_nothing_of_it(
    kind: str,
    javascript: bool,  # noqa: FBT001 — a parameter of the test
    comes: Callable[..., Person],
    place: Site,
) -> None:
    me = comes(kind, javascript=javascript)
    if kind == "points":
        me.page.locator("#v-A1").fill("5")
    else:
        me.pick("A1")
    me.press("고른 사업 확인하기")
    me.enters(_somebody(place))  # the session of the first has run out; another person signs in at the same browser
    _goes(me, "back")
    _has(me)
    if javascript:
        assert me.page.evaluate(_KEPT) == []
    else:
        with pytest.raises(PlaywrightError):  # the browser asks before it sends the first one's form again
            me.page.go_forward()


def test_after_the_cast_nothing_is_shown_again(comes: Callable[..., Person]) -> None:
    me = comes("approval")
    me.pick("A1")
    me.press("고른 사업 확인하기")
    kept = me.page.evaluate(_KEPT)
    assert len(kept) == 1
    assert '"picks"' not in kept[0], "it lies there locked"
    me.press("투표하기")
    me.sees("투표가 접수되었습니다")
    assert me.page.evaluate(_KEPT) == []
    for _step in range(2):
        _goes(me, "back")
        me.sees("투표하셨습니다")
        _has(me)


def test_after_the_cast_a_plain_browser_shows_nothing_either(comes: Callable[..., Person]) -> None:
    me = comes("approval", javascript=False)
    me.pick("A1")
    me.press("고른 사업 확인하기")
    me.press("투표하기")
    me.page.evaluate("history.go(-2)")
    me.sees("투표하셨습니다")
    _has(me)


def test_a_lost_session_loses_nothing(comes: Callable[..., Person]) -> None:
    me = comes("approval")
    me.pick("A1")
    me.pick("B1")
    me.page.context.clear_cookies(name="cv")
    me.press("고른 사업 확인하기")
    expect(me.page).to_have_url(me.site.url + "/sign-in?next=/budget/kept-approval/vote")
    expect(me.page.locator("body")).to_contain_text("방금 보낸 내용을 처리하지 않았습니다")
    me.fill(email=me.address, password=PASSWORD)
    me.press("로그인")
    expect(me.page).to_have_url(me.site.url + "/budget/kept-approval/vote")
    _has(me, "A1", "B1")
    me.press("고른 사업 확인하기")
    me.page.context.clear_cookies(name="cv")
    me.press("투표하기")
    me.fill(email=me.address, password=PASSWORD)
    me.press("로그인")
    _has(me, "A1", "B1")


def test_a_sign_out_drops_it(comes: Callable[..., Person]) -> None:
    me = comes("approval", width=1280)
    me.pick("A1")
    me.page.wait_for_function("() => sessionStorage.length === 1")
    me.page.locator(".site-header__tools .drop summary").click()
    with me.page.expect_navigation():
        me.page.locator(".site-header__tools .drop").get_by_role("button", name="로그아웃").click()
    assert me.page.evaluate(_KEPT) == []
