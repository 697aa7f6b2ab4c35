"""The English of everything: complete, faithful in its places, and alone on the pages of an English reader."""

import ast
import re
from collections import Counter
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from string import Formatter
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient
from jinja2 import Environment, nodes
from sqlalchemy.orm import Session

from civicvote.domain.lifecycles import ProjectState
from civicvote.domain.permissions import Role
from civicvote.models.accounts import User
from civicvote.services import board, counting
from civicvote.settings import Settings
from tests import catalogue, factories
from tests.support.elections import closed_vote
from tests.support.voting import polls, voter

HANGUL = re.compile("[가-힣]+")
PERCENT = re.compile(r"%\(\w+\)[a-z]|%%")
MESSAGES = [(str(message.id), str(message.string)) for message in catalogue.stored() if message.id]

#: What `closed_vote` and `polls` call their pools and projects: data, which stays as people wrote it. A language says
#: its own name.
DATA = re.compile(
    r"한국어|서울[ -]전체|[AB]\d 사업|김시민|김집계|이검산|종로구|통학로가 어두워 .*|학교 앞 300미터에 .*"
)
#: The page that says which Korean column names a register file has.
KOREAN_BY_NATURE = ("/desk/register",)
SHOWN = {"title", "aria-label", "alt", "placeholder", "content", "data-confirm", "label"}


def test_the_catalogue_is_complete() -> None:
    assert catalogue.problems() == []


def _braces(text: str) -> list[str]:
    return sorted(name for _, name, _, _ in Formatter().parse(text) if name)


def test_every_translation_has_the_places_of_its_source() -> None:
    wrong = [
        (korean, english)
        for korean, english in MESSAGES
        if set(PERCENT.findall(korean)) != set(PERCENT.findall(english)) or _braces(korean) != _braces(english)
    ]
    assert wrong == []


def test_korean_in_english_is_what_one_has_to_type() -> None:
    """Such as 여 (female): the words of the source that the reader must enter as they are."""
    wrong = [
        (korean, english)
        for korean, english in MESSAGES
        if any(word not in korean for word in HANGUL.findall(english)) or "!" in english
    ]
    assert wrong == []


TEMPLATES = sorted(path for path in (catalogue.ROOT / "templates").rglob("*") if path.is_file())
#: Says everything in both languages at once: it must stand when nothing else does.
BOTH_LANGUAGES = {"errors/plain.html"}
READER = Environment(extensions=["jinja2.ext.i18n"])  # noqa: S701 — parses, renders nothing


def _name(path: Path) -> str:
    return path.relative_to(catalogue.ROOT).as_posix()


@pytest.mark.parametrize("path", TEMPLATES, ids=_name)
def test_a_template_says_nothing_past_the_catalogue(path: Path) -> None:
    if path.relative_to(catalogue.ROOT / "templates").as_posix() in BOTH_LANGUAGES:
        return
    tree = READER.parse(path.read_text(encoding="utf-8"))
    marked = {
        id(part)
        for call in tree.find_all(nodes.Call)
        if isinstance(call.node, nodes.Name) and call.node.name in catalogue.KEYWORDS
        for part in call.args
    }
    said = [part.data for part in tree.find_all(nodes.TemplateData) if HANGUL.search(part.data)]
    said += [
        part.value
        for part in tree.find_all(nodes.Const)
        if isinstance(part.value, str) and id(part) not in marked and HANGUL.search(part.value)
    ]
    assert [text for text in said if text != "한국어"] == []


@pytest.mark.parametrize("layer", ["views", "forms", "web"])
def test_code_near_people_says_nothing_past_the_catalogue(layer: str) -> None:
    said = []
    for path in (catalogue.ROOT / "civicvote" / layer).rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        marked = {
            id(part)
            for call in ast.walk(tree)
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in catalogue.KEYWORDS
            for part in call.args
        } | {id(text.value) for text in ast.walk(tree) if isinstance(text, ast.Expr)}  # docstrings
        said += [
            (_name(path), node.value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
            if id(node) not in marked and HANGUL.search(node.value) and node.value != "한국어"
        ]
    assert said == []


class Texts(HTMLParser):
    """What of a page is read: texts and spoken attributes, except what is marked as Korean."""

    VOID = frozenset({"area", "br", "hr", "img", "input", "link", "meta", "wbr"})

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._silent: list[bool] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        silent = given.get("lang") == "ko" or tag in {"script", "style"} or bool(self._silent and self._silent[-1])
        if not silent:
            self.found += [value for name, value in attrs if value and name in SHOWN]
        if tag not in self.VOID:
            self._silent.append(silent)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in self.VOID:
            self._silent.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID and self._silent:
            self._silent.pop()

    def handle_data(self, data: str) -> None:
        if not (self._silent and self._silent[-1]):
            self.found.append(data)


def _korean(page: str) -> list[str]:
    """Texts of an English page with Hangul that is not data."""
    reader = Texts()
    reader.feed(page.replace("<html lang", "<html data-lang"))
    return [text.strip() for text in reader.found if HANGUL.search(DATA.sub("", text))]


def _shape(url: str) -> str:
    """Pages that differ in their project, district or place in a list only are one."""
    parts = urlsplit(url)
    return re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "#", parts.path) + "?" + re.sub(r"=[^&]*", "=", parts.query)


def _crawl(browser: FlaskClient) -> tuple[set[str], dict[str, list[str]]]:
    """Follow every link from the front page, three of a kind; the pages seen, and the Korean on them."""
    browser.set_cookie("cv_lang", "en", domain="localhost")
    waiting, seen, kinds, left = ["/"], set[str](), Counter[str](), dict[str, list[str]]()
    while waiting:
        url = waiting.pop(0)
        kinds[_shape(url)] += 1
        if url in seen or kinds[_shape(url)] > 3:
            continue
        seen.add(url)
        answer = browser.get(url)
        assert answer.status_code in {200, 302, 303}, url
        if answer.mimetype != "text/html" or answer.status_code != 200:
            continue
        if not url.startswith(KOREAN_BY_NATURE) and (korean := _korean(answer.text)):
            left[url] = korean
        links = re.findall(r'href="(/[^"#]*)', answer.text)
        waiting += [link.replace("&amp;", "&") for link in links if not link.startswith("/static/")]
    return seen, left


@pytest.fixture
def town(session: Session, settings: Settings) -> User:
    """A published vote, an open one and a call for proposals with a draft and proposals in many states; its author."""
    keys = settings.keystore
    past = closed_vote(session, keys, title="Budget of the past")
    with past.over:
        counting.seal(session, past.first, past.slug, keys=keys)
        counting.count(session, past.first, past.slug, keys=keys)
        counting.publish(session, past.second, past.slug, keys=keys)
    polls(session, keys, title="Budget of today")
    board.sequence(session, keys)
    author, _ = voter(session)
    author.name = "Minju"
    call = factories.cycle(session, title="Budget of tomorrow", summary="Ideas are welcome.")
    pool = factories.pool(session, call, name="Safety")
    for state in (ProjectState.DRAFT, ProjectState.SUBMITTED, ProjectState.ELIGIBLE, ProjectState.WITHDRAWN):
        factories.project(
            session, pool, author, state, title=f"Lamps {state}", problem="It is dark.", idea="Light the way."
        )
    session.flush()
    return author


def test_a_visitor_reads_english_only(client: FlaskClient, town: User) -> None:
    assert town.name
    seen, left = _crawl(client)
    assert left == {}
    assert len(seen) > 30


OFFICES = (Role.STAFF, Role.ADMIN, Role.AUDITOR, Role.MODERATOR)


@pytest.mark.parametrize("role", [None, *OFFICES])
def test_people_with_an_account_read_english_only(
    session: Session, town: User, signed_in: Callable[[User], FlaskClient], role: Role | None
) -> None:
    someone = factories.user(session, role, name="Officer") if role else town
    seen, left = _crawl(signed_in(someone))
    assert left == {}
    assert len(seen) > 40
