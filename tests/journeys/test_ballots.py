"""Every ballot type on a phone, by keyboard alone and without a script: from the basket to the receipt, and what was sealed."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Locator, expect
from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from civicvote.domain.ballots import counting
from civicvote.domain.cycles import BallotType
from civicvote.models.accounts import User
from civicvote.models.votes import UnfinishedBallot, Vote
from civicvote.services import board, voting
from tests.journeys import axe
from tests.journeys.people import Person, turn
from tests.journeys.site import Site, serve
from tests.support.voting import polls, voter

pytestmark = pytest.mark.browser

PHONE = 360
KINDS: dict[str, dict[str, Any]] = {
    "approval": {"min_picks": 1, "max_picks": 3, "jongno_values": {"max_picks": 1}},
    "knapsack": {"min_picks": 0},
    "points": {"min_picks": 1, "max_picks": 4, "point_sum": 10, "point_max": 6, "jongno_values": {"max_picks": 1}},
    "score": {"min_picks": 1, "max_picks": 4, "point_max": 5},
    "ranking": {"min_picks": 2, "max_picks": 4},
}
CHECKED, TYPED = ("approval", "knapsack"), ("points", "score")


@dataclass
class Booths:
    """A site with an open vote of every type."""

    site: Site
    slugs: dict[str, str]

    def newcomer(self) -> str:
        """Address of a verified person who has not voted."""
        with self.site.database.transaction() as session:
            user, _actor = voter(session)
            return str(user.email)

    def sealed(self, kind: str) -> list[tuple[tuple[str, ...], tuple[int, ...] | None]]:
        """Picks and points of everything in the box, as the vote's key opens it."""
        with self.site.database.reading() as session:
            vote = self._vote(session, kind)
            secret = self.site.settings.keystore.read(f"vote-{vote.id}")
            ballots = [sealed for _tracker, sealed in board.counted(session, vote)]
            opened = counting.open_ballots(ballots, secret, vote.notice)  # type: ignore[arg-type]  # a Notice
            assert not opened.reasons()
            return [(ballot.picks, ballot.points) for ballot in opened.ballots]

    def unfinished(self, kind: str, address: str) -> bool:
        """Whether this person has begun in vain."""
        with self.site.database.reading() as session:
            mine = User.person_id == UnfinishedBallot.person_id, User.email == address
            begun = select(UnfinishedBallot).join(User, and_(*mine))
            vote = self._vote(session, kind)
            return session.scalars(begun.where(UnfinishedBallot.vote_id == vote.id)).first() is not None

    def _vote(self, session: Session, kind: str) -> Vote:
        return next(v for v in session.scalars(select(Vote)) if v.notice["more"]["cycle"] == self.slugs[kind])


@pytest.fixture(scope="module")
def booths(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Booths]:
    with serve(tmp_path_factory.mktemp("ballots"), demo=True) as site:
        made = Booths(site, {})
        with site.database.transaction() as session:
            for kind, values in KINDS.items():
                slug = f"by-{kind}"
                cycle = polls(session, site.settings.keystore, slug=slug, ballot_type=BallotType(kind), **values).cycle
                made.slugs[kind] = cycle.slug
        yield made


@pytest.fixture
def comes(booths: Booths, guests: Callable[..., Person]) -> Callable[..., Person]:
    """Somebody at the ballot of a kind."""

    def come(kind: str, **wishes: Any) -> Person:
        me = guests(booths.site, **({"width": PHONE} | wishes))
        me.enters(booths.newcomer())
        me.go(f"/budget/{booths.slugs[kind]}/vote")
        return me

    return come


def _bar(me: Person) -> Locator:
    return me.page.locator("[data-basket-bar] [data-basket-text]").first


def _give(me: Person, points: dict[str, str]) -> None:
    for number, text in points.items():
        me.page.locator(f"#v-{number}").fill(text)


def _look(me: Person, widths: tuple[int, ...] = (PHONE,)) -> None:
    """Nothing is wrong with the page: axe needs a script, sideways scrolling doesn't."""
    assert (axe.faults(me.page, widths) if me.javascript else axe.too_wide(me.page)) == []


def _cast(me: Person) -> None:
    me.press("투표하기")
    me.sees("투표가 접수되었습니다")


def _places(me: Person) -> list[str]:
    return [
        str(one)
        for one in me.page.locator("[data-order-item] [name=picks]").evaluate_all("all => all.map(e => e.value)")
    ]


@pytest.mark.parametrize("javascript", [True, False], ids=["script", "plain"])
@pytest.mark.parametrize("kind", CHECKED)
def test_ticking(kind: str, javascript: bool, comes: Callable[..., Person], booths: Booths) -> None:  # noqa: FBT001 — a parameter of the test
    before = len(booths.sealed(kind))
    me = comes(kind, javascript=javascript)
    for number in ("A1", "A2", "B1", "B2"):
        me.pick(number)
    if kind == "knapsack":
        me.pick("B3")
    if javascript:
        expect(_bar(me)).to_contain_text("1개를 빼 주십시오" if kind == "approval" else "2억 원을 골랐습니다")
    me.press("고른 사업 확인하기")
    me.sees("입력한 내용을 확인해 주십시오")
    _look(me)
    turn(me.page.locator("#picks-B2"), on=False)
    if kind == "knapsack":
        turn(me.page.locator("#picks-B3"), on=False)
    me.press("고른 사업 확인하기")
    _cast(me)
    assert len(booths.sealed(kind)) == before + 1
    assert (("A1", "A2", "B1"), None) in booths.sealed(kind)


@pytest.mark.parametrize("javascript", [True, False], ids=["script", "plain"])
@pytest.mark.parametrize("kind", TYPED)
def test_points(kind: str, javascript: bool, comes: Callable[..., Person], booths: Booths) -> None:  # noqa: FBT001 — a parameter of the test
    me = comes(kind, javascript=javascript)
    _look(me)
    if javascript:
        more = me.page.get_by_role("button", name="1점 더하기: A1 사업")
        with me.page.expect_response("**/begun"):
            more.click()
        for _press in range(2):
            more.click()
        me.page.get_by_role("button", name="1점 빼기: A1 사업").click()
        more.click()
        expect(_bar(me)).to_contain_text("7점 남았습니다" if kind == "points" else "3개 더 줄 수 있습니다")
        assert booths.unfinished(kind, me.address)
    else:
        _give(me, {"A1": "3"})
    _give(me, {"A2": "99", "B1": "1"})
    me.press("고른 사업 확인하기")
    field = me.page.locator("#v-A2")
    expect(field).to_have_value("99")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(me.page.locator("#error-A2")).to_contain_text("점까지 줄 수 있습니다")
    expect(me.page.locator("#v-A1")).to_have_value("3")
    _look(me)
    _give(me, {"A2": "4"})
    me.press("고른 사업 확인하기")
    me.sees("4점")
    _look(me)
    _cast(me)
    assert (("A1", "A2", "B1"), (3, 4, 1)) in booths.sealed(kind)
    with booths.site.database.transaction() as session:
        voting.remind(session)
    assert not booths.unfinished(kind, me.address)


def test_ranking_with_a_finger_and_with_keys(comes: Callable[..., Person], booths: Booths) -> None:
    me = comes("ranking")
    for number in ("A1", "A2", "B1"):
        me.pick(number)
    me.press("순서 정하기")
    _look(me, (PHONE, 1280))
    me.page.set_viewport_size({"width": PHONE, "height": 900})
    first, second, third = _places(me)
    up = me.page.locator(f"[name=move][value='{third}:up']")
    up.focus()
    me.page.keyboard.press("Enter")
    assert _places(me) == [first, third, second]
    expect(up).to_be_focused()
    expect(me.page.locator("[data-order-said]")).to_have_text(f"{third} 사업: 2순위로 옮겼습니다. 모두 3개입니다.")
    me.page.keyboard.press("Enter")
    assert _places(me) == [third, first, second]
    expect(me.page.locator(f"[name=move][value='{third}:down']")).to_be_focused()
    handle = me.page.locator("[data-order-handle]").last
    target = me.page.locator("[data-order-item]").first.bounding_box()
    box = handle.bounding_box()
    assert box is not None
    assert target is not None
    me.page.mouse.move(box["x"] + 10, box["y"] + 10)
    me.page.mouse.down()
    me.page.mouse.move(box["x"] + 10, target["y"] + 5, steps=6)
    me.page.mouse.up()
    assert _places(me) == [second, third, first]
    typed = me.page.locator(f"#v-{first}")
    typed.fill("1")
    me.page.keyboard.press("Tab")  # to "up", which is switched off by what was typed
    assert _places(me) == [first, second, third]
    expect(me.page.locator(f"[name=move][value='{first}:down']")).to_be_focused()
    me.press("고른 사업 확인하기")
    _look(me)
    me.press("순서 고치기")
    assert _places(me) == [first, second, third]
    me.press("다시 고르기")
    me.press("순서 정하기")
    assert _places(me) == [first, second, third]
    me.press("고른 사업 확인하기")
    _cast(me)
    points = dict(zip((first, second, third), (4, 3, 2), strict=True))
    assert (("A1", "A2", "B1"), tuple(points[n] for n in ("A1", "A2", "B1"))) in booths.sealed("ranking")


def test_ranking_without_a_script(comes: Callable[..., Person], booths: Booths) -> None:
    me = comes("ranking", javascript=False)
    me.pick("A3")
    me.press("순서 정하기")
    me.sees("2개 이상 골라")
    for number in ("A4", "B2"):
        me.pick(number)
    me.press("순서 정하기")
    first, second, third = _places(me)
    me.press(f"아래로: {first} 사업")
    assert _places(me) == [second, first, third]
    expect(me.page.locator(f"[name=move][value='{first}:down']")).to_be_focused()
    _give(me, {second: "2", first: "2", third: "1"})
    me.press("고른 사업 확인하기")
    expect(me.page.locator(f"#error-{first}")).to_contain_text("비어 있는 순위: 3")
    expect(me.page.locator(f"#v-{first}")).to_have_value("2")
    expect(me.page.locator(f"#v-{third}")).to_have_value("1")
    _give(me, {first: "3"})
    me.press("고른 사업 확인하기")
    _cast(me)
    points = {third: 4, second: 3, first: 2}
    assert (("A3", "A4", "B2"), tuple(points[n] for n in ("A3", "A4", "B2"))) in booths.sealed("ranking")


@pytest.mark.parametrize("kind", ["approval", "points", "ranking"])
def test_by_keyboard_alone(kind: str, comes: Callable[..., Person], booths: Booths) -> None:
    before = len(booths.sealed(kind))
    me = comes(kind)

    def tab_to(wanted: Locator) -> None:
        for _step in range(150):
            me.page.keyboard.press("Tab")
            if wanted.evaluate("e => e === document.activeElement"):
                return
        pytest.fail(f"not reached by Tab: {wanted}")

    def press(name: str) -> None:
        tab_to(me.page.locator("main").get_by_role("button", name=name, exact=True))
        with me.page.expect_navigation():
            me.page.keyboard.press("Enter")

    fields = me.page.locator("#picks [data-cost]")
    for place in range(2):
        tab_to(fields.nth(place))
        me.page.keyboard.press("ArrowUp" if kind == "points" else "Space")
    press("순서 정하기" if kind == "ranking" else "고른 사업 확인하기")
    if kind == "ranking":
        press("고른 사업 확인하기")
    press("투표하기")
    me.sees("투표가 접수되었습니다")
    assert len(booths.sealed(kind)) == before + 1


@pytest.mark.parametrize("javascript", [True, False], ids=["script", "plain"])
def test_comparing_and_the_map_keep_what_was_given(javascript: bool, comes: Callable[..., Person]) -> None:  # noqa: FBT001 — a parameter of the test
    me = comes("points", javascript=javascript)
    _give(me, {"A1": "2", "A2": "1"})
    for number in ("A2", "A3"):
        me.tick("compare", number)
    me.press("비교하기")
    me.sees("나란히 놓고")
    _look(me)
    expect(me.page.locator("#v-A2")).to_have_value("1")
    _give(me, {"A3": "5"})
    me.press("투표 화면으로 돌아가기")
    for number, value in (("A1", "2"), ("A2", "1"), ("A3", "5")):
        expect(me.page.locator(f"#v-{number}")).to_have_value(value)
    expect(_bar(me)).to_contain_text("2점 남았습니다")
    assert "v-A1" not in me.page.url


def test_the_receipt_prints_on_one_page(comes: Callable[..., Person]) -> None:
    me = comes("score")
    _give(me, {"A5": "5"})
    me.press("고른 사업 확인하기")
    _cast(me)
    me.page.emulate_media(media="print")
    expect(me.page.locator(".receipt svg.qr, .receipt .qr svg").first).to_be_visible()
    expect(me.page.get_by_role("button", name="인쇄")).to_be_hidden()
    printed = me.page.pdf(format="A4")
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 1
