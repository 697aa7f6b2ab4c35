"""Pages that staff have filled in, rightly and wrongly, by axe-core: they look as they do when there is something to show."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from civicvote.domain.lifecycles import ProjectState
from civicvote.domain.permissions import Role
from civicvote.services import counting
from tests import factories
from tests.journeys import axe
from tests.journeys.people import Person, turn
from tests.journeys.site import Site
from tests.services.test_simulator import FILE
from tests.support.elections import closed_vote
from tests.support.voting import polls

pytestmark = pytest.mark.browser


@pytest.fixture
def town(site: Site) -> Site:
    """A vote in preparation, an open one and a published one."""
    keys = site.settings.keystore
    with site.database.transaction() as session:
        factories.user(session, Role.STAFF, email="staff@city.example")
        polls(session, keys, slug="open")
        coming = factories.cycle(session, opened="review", slug="coming")
        pool = factories.pool(session, coming, 200_000_000, name="안전")
        for number in range(1, 5):
            factories.project(
                session,
                pool,
                state=ProjectState.ELIGIBLE,
                title=f"{number}번 사업",
                category="안전",
                number=f"N{number}",
            )
        past = closed_vote(session, keys, people=3, slug="past")
        with past.over:
            counting.seal(session, past.first, "past", keys=keys)
            counting.count(session, past.first, "past", keys=keys)
            counting.release.choose(session, past.first, "past", only_totals=False)
            counting.publish(session, past.second, "past", keys=keys)
    return site


def _simulate(me: Person, look: Callable[[], None]) -> None:
    me.go("/budget/coming/simulator")
    me.press("세어 보기")
    me.sees("입력한 내용을 확인해 주십시오")
    look()
    upload: Any = {
        "name": "two.pb",
        "mimeType": "text/plain",
        "buffer": FILE.replace("budget;100", "budget;120").encode(),
    }
    me.page.locator("main [name=file]").set_input_files(upload)
    me.press("세어 보기")
    me.sees("작은 마을 쉼터")
    look()


def _set_terms(me: Person, look: Callable[[], None]) -> None:
    me.go("/budget/coming/ballot-list/terms")
    me.fill(**{"alternatives-title": "두 자리"})
    me.press("묶음 추가")
    look()
    for place in range(2):
        turn(me.page.locator("main [name=alternatives-projects]").nth(place))
    me.press("묶음 추가")
    me.choose(**{"cap-about": "category:안전"})
    me.fill(**{"cap-max_projects": "2"})
    me.press("한도 추가")
    me.page.locator("main [name=locked-project]").select_option(index=2)
    me.fill(**{"locked-reason": "지난해 협약으로 정한 사업입니다."})
    me.press("확정 사업 추가")
    for words in ("두 자리", "2건까지", "지난해 협약으로 정한 사업입니다."):
        me.sees(words)
    look()


def _correct(me: Person, look: Callable[[], None]) -> None:
    me.go("/budget/open/count/changes")
    me.press("정정 알리기")
    look()
    me.page.locator("main [name=project]").select_option(index=1)
    me.fill(text="위치는 12번지가 아니라 21번지입니다.")
    me.press("정정 알리기")
    me.sees("위치는 12번지가 아니라 21번지입니다.")
    look()
    me.go("/budget/open/ballot-list")
    look()


def _end_a_key(me: Person, look: Callable[[], None]) -> None:
    me.go("/budget/past/count/keys")
    for words in ("", "조각 5개를 회수해 파쇄했습니다."):
        me.page.locator("#how-vote").fill(words)
        me.page.locator("#key-vote").get_by_role("button", name="폐기 확인 (첫 번째)").click()
        with me.page.expect_navigation():
            me.page.locator("dialog[open]").get_by_role("button", name="폐기 확인", exact=True).click()
        look()
    me.sees("다른 담당자의 확인을 기다리고 있습니다.")


def test_pages_that_staff_filled_in(town: Site, somebody: Callable[..., Person]) -> None:
    me, faults = somebody(), list[Any]()
    me.enters("staff@city.example")

    def look() -> None:
        faults.extend(axe.faults(me.page))

    _simulate(me, look)
    _set_terms(me, look)
    _correct(me, look)
    town.travel(timedelta(days=200))
    me.enters("staff@city.example")
    _end_a_key(me, look)
    assert faults == []
