"""Pages that show many proposals: the list and its parts, the map, the feed; and the picture of one."""

import re
from collections.abc import Iterator
from io import BytesIO
from uuid import uuid4
from xml.etree import ElementTree as ET

import pytest
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy.orm import Session

from civicvote.domain.discussion import HideReason
from civicvote.domain.lifecycles import ProposalState
from civicvote.services import clock, search
from civicvote.web import share_picture
from tests import factories
from tests.conftest import Queries
from tests.support.listed import proposal

HTMX = {"HX-Request": "true"}
ATOM = "{http://www.w3.org/2005/Atom}"


def _cards(text: str) -> list[str]:
    return re.findall(r'class="card__title"><a href="[^"]+">([^<]+)', text)


def _next(text: str) -> str:
    found = re.search(r'href="([^"]+)" rel="next"', text)
    return found[1].replace("&amp;", "&") if found else ""


def _walk(client: FlaskClient, address: str) -> Iterator[str]:
    while address:
        text = client.get(address).text
        yield from _cards(text)
        address = _next(text)


def test_the_list_shows_what_it_is_asked_for_and_says_how_much_each_filter_holds(
    session: Session, client: FlaskClient, queries: Queries
) -> None:
    proposal(session, title="가로등 증설", district="11440", endorsement_count=12)
    proposal(session, title="수영장 건립", state=ProposalState.CLOSED, category="문화·체육")
    search.reindex_proposals(session)
    session.flush()
    queries.clear()
    answer = client.get("/proposals/")
    assert len(queries) <= 5, queries.statements
    assert answer.status_code == 200
    for words in (
        "모두 2건", "가로등 증설", "공감 12", "마포구", "부서 검토까지 38명", "공감 모으는 중 (1)", "문화·체육 (1)",
        "마포구 (1)", "서울시 전체 (1)", "답변 완료 (0)", 'type="application/atom+xml"', "지도에서 보기",
    ):  # fmt: skip
        assert words in answer.text, words
    narrowed = client.get("/proposals/?q=가로등&district=11440&state=published")
    assert _cards(narrowed.text) == ["가로등 증설"]
    for without in ("“가로등” ", "마포구 <span", "공감 모으는 중 <span"):
        assert without in narrowed.text
    assert 'href="/proposals/?q=%EA%B0%80%EB%A1%9C%EB%93%B1&amp;state=published"' in narrowed.text


def test_more_comes_as_a_part_and_without_script_as_a_page(session: Session, client: FlaskClient) -> None:
    for n in range(45):
        proposal(session, title=f"제안 {n:02}")
    titles = list(_walk(client, "/proposals/"))
    assert len(titles) == len(set(titles)) == 45
    first = client.get("/proposals/")
    part = client.get(_next(first.text), headers=HTMX)
    assert "<html" not in part.text
    assert "모두" not in part.text
    assert _cards(part.text) == titles[20:40]
    assert "filter-state" not in part.text
    narrowed = client.get("/proposals/?state=published", headers=HTMX)
    assert "<html" not in narrowed.text
    assert "공감 모으는 중 (45)" in narrowed.text  # new figures for the filters come along
    page = client.get(_next(first.text))
    assert "<html" in page.text
    assert "처음부터 보기" in page.text
    assert "공감 모으는 중 (45)" in page.text


def test_a_random_order_stays_with_its_visitor(session: Session, client: FlaskClient) -> None:
    for n in range(45):
        proposal(session, title=f"제안 {n:02}", shuffle=n * 40_000_000)
    first = client.get("/proposals/?sort=random")
    assert "shuffle=" in first.headers["Set-Cookie"]
    assert "HttpOnly" in first.headers["Set-Cookie"]
    again = list(_walk(client, "/proposals/?sort=random"))
    assert _cards(first.text) == again[:20]
    assert len(set(again)) == 45
    shared = list(_walk(client, "/proposals/?sort=random&seed=12345"))
    client.delete_cookie("shuffle", domain="localhost")
    assert list(_walk(client, "/proposals/?sort=random&seed=12345")) == shared
    assert "Set-Cookie" not in client.get("/proposals/").headers


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("/proposals/", "아직 제안이 없습니다"),
        ("/proposals/?q=우주선", "조건에 맞는 제안이 없습니다"),
        ("/proposals/?sort=closing", "지금 공감을 모으는 제안이 없습니다"),
        ("/proposals/?sort=answered", "아직 답변한 제안이 없습니다"),
        ("/proposals/?since=2026-01-01&until=2026-01-31", "조건에 맞는 제안이 없습니다"),
    ],
)
def test_an_empty_list_says_what_to_do(client: FlaskClient, address: str, words: str) -> None:
    assert words in client.get(address).text


@pytest.mark.parametrize(
    "odd",
    [
        "state=draft", "state=x", "district=99999", "category=<b>", "department=1", "period=eon", "since=2026-13-01",
        "since=0001-01-01", "until=9999-12-31", "sort=best", "sort=random&seed=-1", "sort=random&seed=99999999999999",
        "q=%00", "q=%22)(", "sort=relevance", "seed=4",
    ],
)  # fmt: skip
def test_what_is_not_understood_is_left_out(session: Session, client: FlaskClient, odd: str) -> None:
    proposal(session, title="보이는 제안")
    search.reindex_proposals(session)
    answer = client.get(f"/proposals/?{odd}")
    assert answer.status_code == 200
    assert client.get(f"/proposals/map?{odd}").status_code == 200
    assert client.get(f"/proposals/feed.atom?{odd}").status_code == 200


def test_the_map_names_every_district_with_its_count_and_the_whole_city(
    session: Session, client: FlaskClient, queries: Queries
) -> None:
    proposal(session, district="11440")
    proposal(session, district="11440", state=ProposalState.CLOSED)
    proposal(session)
    queries.clear()
    answer = client.get("/proposals/map")
    assert len(queries) <= 5
    assert answer.text.count("<path class=") >= 25
    assert "<title>마포구: 2건</title>" in answer.text
    assert '<a href="/proposals/?district=11440">마포구</a>' in answer.text
    assert '<a href="/proposals/?district=11">서울시 전체를 위한 제안</a> 1건' in answer.text
    narrowed = client.get("/proposals/map?state=closed", headers=HTMX)
    assert "<html" not in narrowed.text
    assert "<title>마포구: 1건</title>" in narrowed.text
    assert '<a href="/proposals/?state=closed&amp;district=11440">' in narrowed.text
    assert 'href="/proposals/map"' in narrowed.text


def test_a_feed_for_every_filter(session: Session, client: FlaskClient) -> None:
    gone = factories.user(session, name="떠난이", erased_at=clock.now())
    proposal(session, gone, title="먼저 <b>&amp;</b>", district="11440")
    proposal(session, factories.user(session, name="김서울"), title="나중", district="11440", category="")
    proposal(session, title="다른 구", district="11110")
    proposal(session, state=ProposalState.DRAFT, title="비밀", district="11440")
    page = client.get("/proposals/?district=11440&sort=endorsed")
    assert (
        '<link rel="alternate" type="application/atom+xml" title="새 시민제안" href="/proposals/feed.atom?district=11440">'
        in page.text
    )
    answer = client.get("/proposals/feed.atom?district=11440")
    assert answer.content_type == "application/atom+xml; charset=utf-8"
    feed = ET.fromstring(answer.data)  # noqa: S314 — our own output
    assert feed.findtext(f"{ATOM}id") == "http://localhost/proposals/feed.atom?district=11440"
    assert "마포구" in (feed.findtext(f"{ATOM}title") or "")
    entries = list(feed.iter(f"{ATOM}entry"))
    assert [entry.findtext(f"{ATOM}title") for entry in entries] == ["나중", "먼저 <b>&amp;</b>"]
    assert [entry.findtext(f"{ATOM}author/{ATOM}name") for entry in entries] == ["김서울", "탈퇴한 시민"]
    assert (
        client.get("/proposals/feed.atom?district=11440", headers={"If-None-Match": answer.headers["ETag"]}).status_code
        == 304
    )


def test_the_sitemap_names_proposals_that_are_listed(session: Session, client: FlaskClient) -> None:
    shown, draft = proposal(session), proposal(session, state=ProposalState.DRAFT)
    text = client.get("/sitemap.xml").text
    assert f"http://localhost/proposals/{shown.id}<" in text
    assert str(draft.id) not in text


TITLES = (
    "가로등",
    "아주 긴 제목 " * 12,
    "띄어쓰기없이이어쓴제목" * 11,
    "Donaudampfschifffahrtsgesellschaftskapitaensmuetze" * 2,
    "👩‍👩‍👧‍👦🎉 축제 🇰🇷",
    "🎉🎉🎉",
    "漢江 公園",
    "ا" * 60,
    "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢",
    "\U0001d573 𠀋",
)


@pytest.mark.parametrize("title", TITLES)
def test_whatever_the_title_its_picture_can_be_drawn(title: str) -> None:
    words = share_picture.Words("시민투표 civicvote " * 9, "시민제안 12호", title[:120], "교통·안전 · 마포구 " * 9)
    picture = Image.open(BytesIO(share_picture.draw(words)))
    assert (picture.format, picture.size) == ("PNG", (1200, 630))
    margin = picture.convert("RGB").crop((1130, 30, 1200, 630))
    assert margin.getcolors() == [(70 * 600, (255, 255, 255))]  # nothing runs out of the picture


def test_the_picture_is_kept_until_the_title_changes(session: Session, client: FlaskClient) -> None:
    one = proposal(session, title="가로등 증설")
    address = f"/proposals/{one.id}/share.png"
    answer = client.get(address)
    assert (answer.status_code, answer.content_type) == (200, "image/png")
    assert "public" in answer.headers["Cache-Control"]
    known = {"If-None-Match": answer.headers["ETag"]}
    same = client.get(address, headers=known)
    assert (same.status_code, same.data) == (304, b"")
    one.endorsement_count = 500
    session.flush()
    assert client.get(address, headers=known).status_code == 304
    one.title = "가로등 교체"
    session.flush()
    assert client.get(address, headers=known).status_code == 200


def test_there_is_no_picture_of_what_is_not_shown(session: Session, client: FlaskClient) -> None:
    draft = proposal(session, state=ProposalState.DRAFT)
    hidden = proposal(session, hidden_at=clock.now(), hidden_code=HideReason.INSULT, hidden_reason="욕설")
    for key in (draft.id, hidden.id, uuid4()):
        assert client.get(f"/proposals/{key}/share.png").status_code == 404


def test_ways_to_share_are_plain_links(client: FlaskClient) -> None:
    with client.application.test_request_context():
        template = client.application.jinja_env.get_template("proposals/_share.html")
        text = template.render(share_title="가로등 & 벤치", share_url="http://localhost/proposals/1?a=b&c=d")
    assert "<script" not in text
    assert 'value="http://localhost/proposals/1?a=b&amp;c=d"' in text
    links = re.findall(r'href="([^"]+)"', text)
    assert len(links) == 4
    assert all(
        link.startswith("https://") and "http%3A%2F%2Flocalhost%2Fproposals%2F1%3Fa%3Db%26c%3Dd" in link
        for link in links
    )
    assert "noopener noreferrer" in text
