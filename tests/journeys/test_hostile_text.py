"""Hostile text in Chromium: nothing of it runs, and nothing of it breaks a page."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from civicvote.domain.permissions import Role
from civicvote.models.base import new_id
from civicvote.models.discussion import Post
from civicvote.models.proposals import Proposal
from civicvote.services import clock
from civicvote.services.discussion import counters
from tests import factories
from tests.journeys.people import Person
from tests.journeys.site import Site
from tests.support import proposals
from tests.support.hostile import BREAKERS, packed, payloads

pytestmark = pytest.mark.browser
#: So much stands in one post.
LIMIT = 2_000


def _talk(running: Site, bodies: list[str], *, title: str) -> Proposal:
    """A proposal whose texts are hostile too, with one post per body."""
    with running.database.transaction() as session:
        writer = factories.user(session, Role.CITIZEN)
        made: Proposal = proposals.proposal(session, writer)
        made.title, made.problem, made.idea = title[:80], bodies[0], bodies[-1]
        for body in bodies:
            session.add(
                Post(thread_id=made.id, author_id=writer.id, body=body, created_at=clock.now(), form_key=new_id())
            )
        session.flush()
        counters.recount(session)
    return made


def _ran(page: Page) -> bool:
    return bool(page.evaluate("window.ran === true"))


def test_nothing_of_it_runs_in_a_browser(site: Site, somebody: Callable[..., Person]) -> None:
    bodies = packed(LIMIT, payloads())
    made = _talk(site, bodies, title="<img src=x onerror=xss(1)>")
    person = somebody()
    page = person.page
    page.add_init_script("window.xss = () => { window.ran = true; }; window.alert = window.xss;")
    person.go(f"/proposals/{made.id}")
    seen: set[str] = set()
    while len(seen) < len(bodies):
        before = len(seen)
        page.wait_for_load_state()
        page.mouse.move(200, 300)
        assert not _ran(page)
        seen |= set(page.locator("#threads > .comment").evaluate_all("(all) => all.map((one) => one.id)"))
        assert len(seen) > before, "the next page shows others"
        following = page.locator("#more-posts a")
        if not following.count():
            break
        page.goto(f"{site.url}{following.first.get_attribute('href')}")
    assert len(seen) == len(bodies)


@pytest.mark.parametrize("width", [390, 1280])
def test_no_text_breaks_the_page(site: Site, somebody: Callable[..., Person], width: int) -> None:
    made = _talk(site, list(BREAKERS.values()), title=BREAKERS["long latin"])
    person = somebody(width=width)
    person.go(f"/proposals/{made.id}")
    wide = person.page.evaluate(
        "[...document.querySelectorAll('body *')].filter((e) => e.scrollWidth > e.clientWidth + 1 && e.clientWidth)"
        ".map((e) => e.className || e.tagName).slice(-5)"
    )
    assert person.page.evaluate("document.documentElement.scrollWidth") <= width, wide
