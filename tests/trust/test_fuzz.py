"""Every route × odd input × roles: whatever is sent, the answer is never an internal error.

The forms are read from the pages themselves, filled in as a person would leave them, and sent with one field bent at a
time; so a new form is fuzzed the day it is written. By default every `STRIDE`-th combination is tried on SQLite, evenly
over routes, fields and values; `CIVICVOTE_TEST_FUZZ=1` tries all of them on both databases, 7 every seventh.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from html.parser import HTMLParser
from io import BytesIO
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection
from sqlalchemy.orm import Session

from civicvote.domain.lifecycles import ProjectState
from civicvote.keystore import KeyStore
from civicvote.models.cycles import Pool
from civicvote.models.projects import Project
from civicvote.settings import Settings
from tests import factories
from tests.conftest import DATABASES
from tests.support.world import ROLES, World, browser, make_world

LONG = os.environ.get("CIVICVOTE_TEST_FUZZ", "")
#: PostgreSQL in the long run only.
KINDS = DATABASES if LONG else DATABASES[:1]
STRIDE = int(LONG or "61")

#: Texts that broke somebody's application once.
ODD = (
    "",
    " ",
    "\x00",
    "a\x00b",
    "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"),
    "-1",
    "0",
    "1e999",
    "NaN",
    "٣",
    "²",
    "9" * 19,
    "9" * 400,
    "9" * 5000,
    str(2**31),
    str(2**63),
    "%",
    "'\"><script>alert(1)</script>",
    "{{7*7}}%(x)s{0}",
    "9999-12-31T23:59",
    "0001-01-01T00:00",
    "2026-02-30T25:61",
    "00000000-0000-0000-0000-000000000000",
    "../../etc/passwd",
    "\u202e\u200b\ufeff\U0001f600",
    "[" * 3000,
    '{"a":1}',
    "null",
    "W10",
    "WyIwMDAwMDAwMC0wMDAwLTAwMDAtMDAwMC0wMDAwMDAwMDAwMDAiLDk5OTk5OTk5OTk5OTk5OTk5OTk5OTld",
    "WyIwMDAwMDAwMC0wMDAwLTAwMDAtMDAwMC0wMDAwMDAwMDAwMDAiLCJcdTAwMDAiXQ",
    "WyIwMDAwMDAwMC0wMDAwLTAwMDAtMDAwMC0wMDAwMDAwMDAwMDAiLCJcdWQ4MDAiXQ",
    "WyIwMDAwMDAwMC0wMDAwLTAwMDAtMDAwMC0wMDAwMDAwMDAwMDAiLCI5OTk5LTEyLTMxVDIzOjU5OjU5KzAwOjAwIl0",
    "WyIwMDAwMDAwMC0wMDAwLTAwMDAtMDAwMC0wMDAwMDAwMDAwMDAiLHRydWVd",
    "가" * 2000,
    "x" * 100_000,
)
#: Percent-encoded parts of an address, as they go over the wire.
RAW = ("%00", "%ff", "%ed%a0%80", "%2e%2e%2f", "%e2%80%ae", "%27", "%0d%0aX-A:1", "x" * 3000, "%ZZ", "%", "가", "%252e")
NAMES = (
    *("after", "cursor", "comments", "page", "action", "actor", "subject", "user", "q", "role", "cycle", "pool"),
    *("district", "state", "department", "sort", "ids", "tracker", "next", "title", "but", "show", "project_id"),
)
HEADERS: tuple[dict[str, str], ...] = (
    {"Origin": "http://["},
    {"Origin": "null"},
    {"Origin": "\xff"},
    {"Referer": "http://[x"},
    {"Referer": "http://localhost/\\evil"},
    {"Cookie": "cv=" + "x" * 40 + "; form=.eJw; cv_lang=\xff; cv-step=" + "y" * 40},
    {"Cookie": "cv=\xed\xa0\x80" + "x" * 40},
    {"Cookie": ";;;=;==\x01"},
    {"Accept-Language": "x" * 3000 + ";q=nan,ko;q=1e999,*;q=-1"},
    {"Accept": "a/b;q=\xb2,,/;q=x"},
    {"HX-Request": "true", "HX-Current-URL": "http://[", "HX-Boosted": "x"},
    {"HX-Request": "true", "HX-Target": "\xff", "HX-History-Restore-Request": "true"},
    {"If-None-Match": '"', "If-Modified-Since": "Thu, 99 Foo 99999 99:99:99 GMT"},
    {"If-Modified-Since": "Fri, 31 Dec 9999 23:59:59 -2400"},
    {"Range": "bytes=9-1,a"},
    {"Authorization": "Bearer \xff", "X-Forwarded-For": "::ffff:1, x", "X-Request-ID": "a" * 64},
    {"Content-Length": "x"},
    {"X-HTTP-Method-Override": "DELETE"},
)
BODIES: tuple[tuple[str, bytes], ...] = (
    ("multipart/form-data", b"x"),
    ("multipart/form-data; boundary=a", b"--a\r\nContent-Disposition: form-data\r\n\r\nx\r\n--a--"),
    (
        "multipart/form-data; boundary=a",
        b'--a\r\nContent-Disposition: form-data; name="picks"; filename="\xff"\r\n\r\nx\r\n--a--',
    ),
    ("multipart/form-data; boundary=" + "a" * 300, b"--a"),
    ("application/json", b"[" * 5000),
    ("application/x-www-form-urlencoded; charset=utf-7", b"+ADw-"),
    ("application/x-www-form-urlencoded", b"picks=%ff%00&=&&&%=%&key=%ed%a0%80"),
    ("application/x-www-form-urlencoded", b"&".join(b"a%d=1" % n for n in range(5000))),
    ("application/x-www-form-urlencoded", b"&".join(b"picks=%d" % n for n in range(10_000))),
    ("text/plain", b"\xff\xfe"),
)
FILES = (
    b"",
    b"\x00" * 10,
    b"\xff\xfe\x00",
    b"[" * 100_000,
    b'{"a":' * 20_000,
    b"1" * 6000,
    b"[" + b"9" * 6000 + b"]",
    b"null",
    b'"\\ud800"',
    b'{"format":"civicvote-opened-1","plaintexts":[{}]}',
    b"\xef\xbb\xbf" + '이름,생년월일\n"a'.encode(),
    ("이름,생년월일,전화번호,자치구\n" + "a," * 3000).encode(),
    b"," * 100_000,
    b"\r" * 50_000,
    b"PK\x03\x04" + b"\x00" * 100,
    b"META\nkey;value\n" + b"a;" * 10_000,
)


#: Who between them see every form.
DESKS = ("visitor", "verified", "moderator", "department", "staff", "auditor", "admin")


@dataclass
class Filled:
    """A form of a page with what it would send."""

    action: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    method: str = "get"


class Forms(HTMLParser):
    """Reads the forms of a page: hidden and visible fields with their values, the first option, every box ticked."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, Filled] = {}
        self.open: list[Filled] = []
        self.area = self.select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {key: value or "" for key, value in attrs}
        if tag == "form":
            made = Filled(given.get("action", ""), method=given.get("method", "get").lower())
            self.open = [made]
            self.found[given.get("id") or f"#{len(self.found)}"] = made
        form = self.found.get(given.get("form", "")) or (self.open[0] if self.open else None)
        if form is None:
            return
        name = given.get("name", "")
        if "formaction" in given:
            self.found[f"#{len(self.found)}"] = Filled(given["formaction"], form.fields, form.files, "post")
        if tag == "option" and self.select and ("selected" in given or self.select not in dict(form.fields)):
            form.fields[:] = [pair for pair in form.fields if pair[0] != self.select] + [
                (self.select, given.get("value", ""))
            ]
        elif tag == "select":
            self.select = name
        elif tag == "textarea":
            form.fields.append((name, "충분히 긴 내용을 적어 둡니다."))
        elif tag == "input" and given.get("type") == "file":
            form.files.append(name)
        elif name and tag in {"input", "button"}:
            form.fields.append((name, given.get("value", "")))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.open = []
        elif tag == "select":
            self.select = ""


def forms_of(html: str) -> list[Filled]:
    reader = Forms()
    reader.feed(html)
    return [form for form in reader.found.values() if form.method == "post"]


@dataclass
class Fuzzer:
    """Sends things and remembers what broke."""

    app: Flask
    connection: Connection
    tried: int = 0
    turn: int = 0
    broken: set[str] = field(default_factory=set)

    def due(self) -> bool:
        """Whether this combination is among the sampled ones."""
        self.turn += 1
        return self.turn % STRIDE == 0

    def send(self, client: FlaskClient, path: str, method: str = "GET", **kwargs: Any) -> tuple[int, str]:
        """Status and text; what the request changed is undone."""
        self.tried += 1
        undo = self.connection.begin_nested()
        shown = f"{method} {path[:80]} {str(kwargs)[:160]!r}"
        try:
            with client.open(path, method=method, **kwargs) as answer:
                status, text = answer.status_code, answer.get_data().decode(errors="replace")  # pictures too
        except Exception as error:  # noqa: BLE001 — this is what we look for
            status, text = 500, repr(error)
        with suppress(Exception):
            undo.rollback()
        if status >= 500:
            self.broken.add(f"{shown} → {status} {text[:200]}")
            print(f"{shown} → {status} {text[:200]}", flush=True)
        return status, text


@dataclass
class Scene:
    """A world with something to do for everybody, and where each page lies."""

    world: World
    paths: dict[str, list[str]]
    clients: dict[str, FlaskClient]


def _more(session: Session, keys: KeyStore, world: World) -> dict[str, list[dict[str, Any]]]:
    """Things in other states, so that more forms open: endpoint → values of its address."""
    author, unit = world.users["verified"], world.values["department_id"]
    staff = world.users["staff"]
    assert author is not None
    assert staff is not None
    project = session.get(Project, world.values["project_id"])
    assert project is not None
    pool = session.get(Pool, world.values["pool_id"])
    assert pool is not None
    cycle = factories.cycle(session, slug="fuzz")
    open_pool = factories.pool(session, cycle)
    draft = factories.project(session, open_pool, author, ProjectState.DRAFT)
    executing = factories.project(session, pool, author, ProjectState.EXECUTING, department_id=unit)
    submitted = factories.project(session, pool, author)
    refused = factories.project(session, pool, author, ProjectState.INELIGIBLE, department_id=unit)
    return {
        "project_id": [{"project_id": made.id} for made in (draft, executing, submitted, refused)],
        "slug": [{"slug": cycle.slug}],
    }


def scene_of(app: Flask, session: Session, keys: KeyStore) -> Scene:
    world = make_world(session, keys)
    more = _more(session, keys, world)
    adapter = app.url_map.bind("localhost")
    paths: dict[str, list[str]] = {}
    for rule in app.url_map.iter_rules():
        values = world.holes(rule)
        sets = [values]
        for name in sorted(rule.arguments & set(more)):
            sets += [values | other for other in more[name]]
        paths[rule.endpoint] = list(dict.fromkeys(adapter.build(rule.endpoint, one) for one in sets))
    clients = {role: browser(app, session, world.users[role]) for role in ROLES}
    return Scene(world, paths, clients)


@pytest.fixture
def scene(app: Flask, session: Session, settings: Settings) -> Scene:
    return scene_of(app, session, settings.keystore)


@pytest.fixture
def fuzzer(app: Flask, connection: Connection) -> Fuzzer:
    return Fuzzer(app, connection)


def rules(app: Flask, method: str) -> list[str]:
    return sorted({rule.endpoint for rule in app.url_map.iter_rules() if method in (rule.methods or set())})


@pytest.mark.parametrize("engine", KINDS, indirect=True)
def test_no_address_breaks_a_page(app: Flask, scene: Scene, fuzzer: Fuzzer) -> None:
    adapter = app.url_map.bind("localhost")
    for rule in sorted(app.url_map.iter_rules(), key=str):
        texts = [
            name for name in sorted(rule.arguments) if rule._converters[name].__class__.__name__ == "UnicodeConverter"
        ]
        values = scene.world.holes(rule)
        for name in texts:
            stem = adapter.build(rule.endpoint, values | {name: "~here~"})
            for raw in RAW:
                for role in ROLES:
                    for method in sorted({"GET", "POST"} & set(rule.methods or ())):
                        if fuzzer.due():
                            fuzzer.send(scene.clients[role], stem.replace("~here~", raw), method)
    assert fuzzer.broken == set()
    assert fuzzer.tried > 40


@pytest.mark.parametrize("engine", KINDS, indirect=True)
def test_no_query_breaks_a_page(app: Flask, scene: Scene, fuzzer: Fuzzer) -> None:
    values = (*map(quote, ODD[:-1]), *RAW)
    for endpoint in rules(app, "GET"):
        for path in scene.paths[endpoint]:
            for role in ROLES:
                for name in NAMES:
                    for odd in values:
                        if fuzzer.due() and fuzzer.turn % 43 == 0:
                            fuzzer.send(scene.clients[role], f"{path}?{name}={odd}")
    assert fuzzer.broken == set()
    assert fuzzer.tried > 100


@pytest.mark.parametrize("engine", KINDS, indirect=True)
def test_no_header_or_body_breaks_a_page(app: Flask, scene: Scene, fuzzer: Fuzzer) -> None:
    for endpoint in sorted(scene.paths):
        for path in scene.paths[endpoint]:
            for role in ROLES:
                for method in ("GET", "POST"):
                    for headers in HEADERS:
                        if fuzzer.due():
                            fuzzer.send(scene.clients[role], path, method, headers=headers)
                for media_type, body in BODIES:
                    if fuzzer.due():
                        fuzzer.send(scene.clients[role], path, "POST", data=body, content_type=media_type)
    assert fuzzer.broken == set()
    assert fuzzer.tried > 300


def _seen(app: Flask, scene: Scene, fuzzer: Fuzzer) -> Iterator[tuple[str, str, Filled]]:
    """(role, path, form) of every form that any role is shown."""
    known = set()
    for role in DESKS:
        for endpoint in rules(app, "GET"):
            for path in scene.paths[endpoint]:
                status, text = fuzzer.send(scene.clients[role], path)
                for form in forms_of(text) if status == 200 else ():
                    target = (form.action or path).split("#")[0]
                    mark = (target, tuple(name for name, _ in form.fields))
                    if mark not in known:
                        known.add(mark)
                        yield role, target, form


def _bend(fuzzer: Fuzzer, client: FlaskClient, path: str, form: Filled) -> None:
    names = sorted({name for name, _value in form.fields if name != "csrf_token"})
    for name in names:
        for odd in ODD:
            if fuzzer.due():
                data: dict[str, Any] = {}
                for key, value in form.fields:
                    data.setdefault(key, []).append(value)
                fuzzer.send(client, path, "POST", data=data | {name: [odd]})
    for name in form.files:
        for content in FILES:
            data = dict(form.fields)
            sent = data | {name: (BytesIO(content), "a.csv")}
            fuzzer.send(client, path, "POST", data=sent, content_type="multipart/form-data")


@pytest.mark.parametrize("engine", KINDS, indirect=True)
def test_no_form_breaks_a_page(app: Flask, scene: Scene, fuzzer: Fuzzer) -> None:
    forms = list(_seen(app, scene, fuzzer))
    assert len(forms) > 40
    for role, path, form in forms:
        _bend(fuzzer, scene.clients[role], path, form)
    assert fuzzer.broken == set()
