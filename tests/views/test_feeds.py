"""What machines read: valid XML, conditional requests, nothing private."""

from collections.abc import Callable
from datetime import datetime
from xml.etree import ElementTree as ET

from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from civicvote.domain.lifecycles import CycleState, ProjectState
from civicvote.models.accounts import User
from civicvote.services import clock
from tests import factories
from tests.conftest import Queries

ATOM = "{http://www.w3.org/2005/Atom}"
SITE = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


def test_the_feed_is_atom_with_the_newest_first(session: Session, client: FlaskClient, queries: Queries) -> None:
    pool = factories.pool(session, factories.cycle(session))
    gone = factories.user(session, name="떠난이", erased_at=clock.now())
    factories.project(session, pool, gone, title="먼저 <b>&amp;</b>")
    factories.project(session, pool, factories.user(session, name="김서울"), title="나중")
    factories.project(session, pool, factories.user(session), ProjectState.DRAFT, title="비밀")
    queries.clear()
    answer = client.get("/projects/feed.atom")
    assert len(queries) == 1
    assert answer.content_type == "application/atom+xml; charset=utf-8"
    feed = ET.fromstring(answer.data)  # noqa: S314 — our own output
    assert feed.tag == f"{ATOM}feed"
    for name in ("id", "title", "updated"):
        assert feed.findtext(f"{ATOM}{name}")
    assert [entry.findtext(f"{ATOM}title") for entry in feed.iter(f"{ATOM}entry")] == ["나중", "먼저 <b>&amp;</b>"]
    assert [entry.findtext(f"{ATOM}author/{ATOM}name") for entry in feed.iter(f"{ATOM}entry")] == [
        "김서울",
        "탈퇴한 시민",
    ]
    for entry in feed.iter(f"{ATOM}entry"):
        assert (entry.findtext(f"{ATOM}id") or "").startswith("urn:uuid:")
        assert datetime.fromisoformat(entry.findtext(f"{ATOM}updated") or "").tzinfo is not None
        link = entry.find(f"{ATOM}link")
        assert link is not None
        assert link.attrib["href"].startswith("http://localhost/projects/")
    assert "비밀" not in answer.text


def test_an_unchanged_feed_is_304_and_a_changed_one_is_not(session: Session, client: FlaskClient) -> None:
    pool = factories.pool(session, factories.cycle(session))
    factories.project(session, pool)
    first = client.get("/projects/feed.atom")
    assert first.headers["ETag"]
    assert first.headers["Last-Modified"]
    same = client.get("/projects/feed.atom", headers={"If-None-Match": first.headers["ETag"]})
    assert (same.status_code, same.data) == (304, b"")
    since = client.get("/projects/feed.atom", headers={"If-Modified-Since": first.headers["Last-Modified"]})
    assert since.status_code == 304
    factories.project(session, pool)
    again = client.get("/projects/feed.atom", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 200


def test_an_empty_feed_is_valid(session: Session, client: FlaskClient) -> None:
    feed = ET.fromstring(client.get("/projects/feed.atom").data)  # noqa: S314 — our own output
    assert feed.findtext(f"{ATOM}updated")


def test_the_sitemap_holds_what_is_public_and_each_address_opens(
    session: Session, client: FlaskClient, signed_in: Callable[[User], FlaskClient]
) -> None:
    cycle = factories.cycle(session, slug="open-2026")
    factories.cycle(session, CycleState.DRAFT, slug="secret")
    public = factories.project(session, factories.pool(session, cycle))
    draft = factories.project(session, factories.pool(session, cycle), factories.user(session), ProjectState.DRAFT)
    answer = client.get("/sitemap.xml")
    places = [loc.text or "" for loc in ET.fromstring(answer.data).iter(f"{SITE}loc")]  # noqa: S314 — our own output
    assert f"http://localhost/projects/{public.id}" in places
    assert "http://localhost/budget/open-2026" in places
    assert not [place for place in places if str(draft.id) in place or "secret" in place]
    for place in places:
        assert client.get(place.removeprefix("http://localhost")).status_code == 200, place
    assert client.get("/sitemap.xml", headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304


def test_robots_are_told_what_is_private(client: FlaskClient) -> None:
    answer = client.get("/robots.txt")
    assert answer.content_type.startswith("text/plain")
    lines = answer.text.splitlines()
    assert lines[0] == "User-agent: *"
    assert "Disallow: /admin" in lines
    assert "Sitemap: http://localhost/sitemap.xml" in lines
