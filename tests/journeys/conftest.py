"""A running site, and people in real browsers."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect, sync_playwright
from sqlalchemy import select
from sqlalchemy.orm import Session

from civicvote.demo import seed
from civicvote.domain.lifecycles import ProjectState
from civicvote.models.accounts import User
from civicvote.models.projects import Project
from civicvote.models.proposals import Proposal
from tests.journeys.people import Person
from tests.journeys.site import Site, serve

#: Milliseconds: nothing is decided by how fast a machine is, and a busy one is slow.
PATIENCE = 90_000
expect.set_options(timeout=PATIENCE)
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """An empty site, in demo mode so that no second factor stands in the way."""
    with serve(tmp_path, demo=True) as running:
        yield running


@pytest.fixture(scope="session")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site with the demo's data; one per worker, so leave it as you would like to find it."""
    with serve(tmp_path_factory.mktemp("planted"), demo=True) as running:
        with running.database.transaction() as session:
            seed.plant(session, running.settings)
            _give(session)
        yield running


def _give(session: Session) -> None:
    """The demo's citizen has two projects and a hidden proposal, the demo's department a project in execution."""
    users = {user.email: user for user in session.scalars(select(User).where(User.email.like("%@demo.%")))}
    for state in (ProjectState.SUBMITTED, ProjectState.SUPPLEMENT, ProjectState.EXECUTING):
        project = session.scalars(select(Project).where(Project.state == state).order_by(Project.id)).first()
        assert project is not None
        if state is ProjectState.EXECUTING:
            project.department_id = users["department@demo.civicvote.example"].department_id
        else:
            project.author_id = users["citizen@demo.civicvote.example"].id
    hidden = session.scalars(select(Proposal).where(Proposal.hidden_at.is_not(None))).first()
    assert hidden is not None
    hidden.author_id = users["citizen@demo.civicvote.example"].id


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    path = next(p for name in ("chromium", "chromium-browser", "google-chrome") if (p := shutil.which(name)))
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield opened
        opened.close()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """A failed journey tells where everybody stood and what they saw."""
    outcome: Any = yield
    report = outcome.get_result()
    if report.when == "call" and report.failed:
        for person in getattr(item, "people", []):
            report.sections.append((person.address or "somebody", person.view()))


@pytest.fixture
def guests(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Callable[..., Person]]:
    """A function that gives somebody on a site a browser of their own; at the end nobody may have seen a script error
    or a report of the content policy."""
    people: list[Person] = []
    request.node.people = people

    def come(
        site: Site, *, javascript: bool = True, width: int = 1280, locale: str = "ko-KR", dark: bool = False
    ) -> Person:
        context = browser.new_context(
            java_script_enabled=javascript,
            viewport={"width": width, "height": 900},
            locale=locale,
            base_url=site.url,
            color_scheme="dark" if dark else "light",
        )
        context.set_default_timeout(PATIENCE)
        context.set_default_navigation_timeout(PATIENCE)
        person = Person(context.new_page(), site, javascript=javascript)
        people.append(person)
        return person

    yield come
    for person in people:
        person.page.context.close()
    assert [trouble for person in people for trouble in person.troubles] == []


@pytest.fixture
def somebody(guests: Callable[..., Person], site: Site) -> Callable[..., Person]:
    """The same for the empty site."""
    return lambda **wishes: guests(site, **wishes)


@pytest.fixture
def visitor(guests: Callable[..., Person], planted: Site) -> Callable[..., Person]:
    """The same for the site with the demo's data."""
    return lambda **wishes: guests(planted, **wishes)
