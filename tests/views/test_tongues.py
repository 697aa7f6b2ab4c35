"""Korean words on English pages say that they are Korean."""

import re
from collections.abc import Callable
from html.parser import HTMLParser

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from civicvote.domain.lifecycles import ProjectState
from civicvote.web.tongues import marked
from tests import factories

KO = '<span lang="ko">{}</span>'.format


@pytest.mark.parametrize(
    ("html", "result"),
    [
        ("<p>No Korean, no change</p>", "<p>No Korean, no change</p>"),
        ("<h1>골목길 정비</h1>", f"<h1>{KO('골목길 정비')}</h1>"),
        ("<p>Budget of 시정 전체 goes</p>", f"<p>Budget of {KO('시정 전체')} goes</p>"),
        ("<p>2025년 시민공감예산, 3건!</p>", f"<p>{KO('2025년 시민공감예산, 3건')}!</p>"),
        ("<p>물 &amp; 나무 &lt;둘&gt;</p>", f"<p>{KO('물 &amp; 나무 &lt;둘')}&gt;</p>"),
        ("<p>나무 A 물</p>", f"<p>{KO('나무')} A {KO('물')}</p>"),
        ('<a title="나무 > 물" href="/물">go</a>', '<a title="나무 > 물" href="/물">go</a>'),
        ("<a title='나무 > 물'>물</a>", f"<a title='나무 > 물'>{KO('물')}</a>"),
        ("<title>나무</title><p>물</p>", f"<title>나무</title><p>{KO('물')}</p>"),
        ("<textarea>나무</textarea>", "<textarea>나무</textarea>"),
        ("<option selected>나무</option>", "<option selected>나무</option>"),
        ('<text x="1">나무</text>', '<text x="1">나무</text>'),
        ('<button lang="ko">한국어</button>', '<button lang="ko">한국어</button>'),
        ("나무", KO("나무")),
    ],
)
def test_words_are_marked_and_nothing_else(html: str, result: str) -> None:
    assert marked(html) == result


class Reader(HTMLParser):
    """Texts that a screen reader would read in the page's language, tags, and the whole text."""

    def __init__(self) -> None:
        super().__init__()
        self.spoken: list[str] = []
        self.inside: list[tuple[str, str]] = []
        self.tags: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag not in {"meta", "link", "input", "br", "hr", "img"}:
            self.inside.append((tag, values.get("lang") or ""))
        if (tag, values) != ("span", {"lang": "ko"}):
            self.tags.append(f"{tag} {attrs}")

    def handle_endtag(self, tag: str) -> None:
        while self.inside and self.inside.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        self.text += data
        names = {tag for tag, _lang in self.inside}
        langs = [lang for _tag, lang in self.inside if lang]
        if langs[-1:] != ["ko"] and not names & {"title", "textarea", "option", "text", "script", "style"}:
            self.spoken.append(data)


def _read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    return reader


def test_what_people_wrote_is_marked_on_english_pages_only(
    session: Session, client: FlaskClient, signed_in: Callable[..., FlaskClient]
) -> None:
    hostile = "놀이터 <b>\"그늘막\"</b> & '나무' <img src=x onerror=alert(1)> 심기"
    project = factories.project(
        session,
        factories.pool(session, factories.cycle(session)),
        state=ProjectState.ELIGIBLE,
        title=hostile,
        problem="**더워요** > 너무\n\n- 하나",
    )
    browser = signed_in(factories.user(session, name="김시민"))
    browser.post(f"/projects/{project.id}/comments", data={"body": "찬성합니다 <script>1</script> yes"})
    for path in (f"/projects/{project.id}", "/projects", "/", "/budget"):
        korean = client.get(path, headers={"Accept-Language": "ko"}, follow_redirects=True)
        assert 'span lang="ko"' not in korean.text
        page = client.get(path, headers={"Accept-Language": "en"}, follow_redirects=True)
        assert page.status_code == 200
        read = _read(page.text)
        assert [text for text in read.spoken if re.search("[가-힣]", text)] == []
        bare = _read(re.sub(r'<span lang="ko">(.*?)</span>', r"\1", page.text, flags=re.DOTALL))
        assert (read.tags, read.text) == (bare.tags, bare.text), "nothing but the marks has changed"
    assert "놀이터" in client.get(f"/projects/{project.id}").text
