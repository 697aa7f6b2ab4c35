"""A published result, and nothing of it before."""

import hashlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from civicvote.domain import pabulib
from civicvote.domain.permissions import SYSTEM, Role
from civicvote.models.accounts import User
from civicvote.models.counts import PublishedFile
from civicvote.models.projects import Project
from civicvote.services import counting
from civicvote.services import pabulib as elections
from civicvote.settings import Settings
from tests import factories
from tests.conftest import Queries
from tests.services.test_pabulib_import import SMALL
from tests.support.elections import Count, closed_vote

SignIn = Callable[[User], FlaskClient]
MOST = 6


@pytest.fixture
def vote(session: Session, settings: Settings) -> Count:
    return closed_vote(session, settings.keystore)


def publish(session: Session, vote: Count, settings: Settings) -> None:
    with vote.over:
        counting.seal(session, vote.first, vote.slug, keys=settings.keystore)
        counting.count(session, vote.first, vote.slug, keys=settings.keystore)
        counting.publish(session, vote.second, vote.slug, keys=settings.keystore)


def pages(vote: Count) -> list[str]:
    url = f"/budget/{vote.slug}/result"
    one = vote.polls.projects["A1"].id
    return [url, f"{url}/projects/{one}", f"{url}/files/bundle.zip", f"{url}/files/projects.csv"]


def test_before_publication_there_is_nothing_for_anybody(
    client: FlaskClient, signed_in: SignIn, session: Session, vote: Count, settings: Settings
) -> None:
    with vote.over:
        people = [
            client,
            signed_in(factories.user(session)),
            *(signed_in(user) for user in vote.users),
            signed_in(factories.user(session, Role.AUDITOR)),
            signed_in(factories.user(session, Role.ADMIN)),
        ]
        for step in (counting.seal, counting.count):
            step(session, vote.first, vote.slug, keys=settings.keystore)
            assert {who.get(url).status_code for who in people for url in pages(vote)} == {404}


def test_everybody_sees_winners_reasons_and_turnout(
    client: FlaskClient, session: Session, vote: Count, settings: Settings
) -> None:
    publish(session, vote, settings)
    shown = client.get(f"/budget/{vote.slug}/result")
    text = shown.get_data(as_text=True)
    assert shown.status_code == 200
    for words in ("24명", "한 사람당 처음 몫", "지지자 한 사람이 낸 몫", "종로구", "python3 recount.py bundle.zip"):
        assert words in text
    assert "40,000,000원" in text
    for project in vote.polls.projects.values():
        assert project.title in text
        why = client.get(f"/budget/{vote.slug}/result/projects/{project.id}").get_data(as_text=True)
        chosen = project.state == "selected"
        assert ("왜 선정되었나요?" in why) is chosen
        assert ("왜 선정되지 않았나요?" in why) is not chosen
    assert client.get(f"/budget/{vote.slug}/result/projects/{vote.polls.vote.id}").status_code == 404


def test_pages_take_few_statements(
    client: FlaskClient, session: Session, vote: Count, settings: Settings, queries: Queries
) -> None:
    publish(session, vote, settings)
    client.get("/")
    for url in pages(vote):
        queries.clear()
        assert client.get(url).status_code == 200
        assert len(queries) <= MOST, (url, queries.statements)


def test_files_are_the_published_bytes(client: FlaskClient, session: Session, vote: Count, settings: Settings) -> None:
    publish(session, vote, settings)
    page = client.get(f"/budget/{vote.slug}/result").get_data(as_text=True)
    files = session.scalars(select(PublishedFile)).all()
    assert len(files) == 5
    for file in files:
        given = client.get(f"/budget/{vote.slug}/result/files/{file.name}")
        assert given.data == file.content
        assert hashlib.sha256(given.data).hexdigest() == file.sha256
        assert file.sha256 in page
        assert given.headers["Content-Disposition"].startswith("attachment")
        assert given.headers["X-Content-Type-Options"] == "nosniff"
    for name in ("other.zip", "..%2Fbundle.zip", "BUNDLE.ZIP"):
        assert client.get(f"/budget/{vote.slug}/result/files/{name}").status_code == 404


def test_the_downloaded_bundle_recounts_itself(
    client: FlaskClient, session: Session, vote: Count, settings: Settings, tmp_path: Path
) -> None:
    publish(session, vote, settings)
    for name in ("bundle.zip", "recount.py"):
        (tmp_path / name).write_bytes(client.get(f"/budget/{vote.slug}/result/files/{name}").data)
    command = [sys.executable, "-I", "recount.py", "bundle.zip"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "모두 맞습니다" in done.stdout
    spoiled = bytearray((tmp_path / "bundle.zip").read_bytes())
    spoiled[len(spoiled) // 2] ^= 1
    (tmp_path / "bundle.zip").write_bytes(spoiled)
    bad = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, encoding="utf-8", check=False)
    assert bad.returncode != 0


def test_foreign_money_is_never_called_won(client: FlaskClient, session: Session, settings: Settings) -> None:
    for n, line in enumerate(("currency;EUR\n", "")):
        text = SMALL.replace("currency;EUR\n", line)
        file = pabulib.parse(text)
        terms = elections.Terms(slug=f"abroad-{n}")
        elections.import_file(session, SYSTEM, file, terms, keys=settings.keystore)
    page = client.get("/budget/abroad-0/result").get_data(as_text=True)
    assert "EUR 60.25" in page
    assert "EUR 100.50" in page
    assert "가져와" in page
    bare = client.get("/budget/abroad-1/result").get_data(as_text=True)
    assert "60.25" in bare
    one = session.scalars(select(Project.id).order_by(Project.id).limit(1)).one()
    reason = client.get(f"/budget/abroad-0/result/projects/{one}").get_data(as_text=True)
    for body in (page, bare, reason, client.get("/").get_data(as_text=True)):
        main = body[body.index("<main") : body.index("</main>")]
        assert not [word for word in main.split() if word.rstrip(".,)<").endswith("원") and word[0].isdigit()]
    table = client.get("/budget/abroad-0/result/files/projects.csv").data.decode("utf-8-sig")
    assert "사업비(EUR)" in table
    assert "60.25" in table


def test_english_readers_get_english_reasons(
    client: FlaskClient, session: Session, vote: Count, settings: Settings
) -> None:
    publish(session, vote, settings)
    page = client.get(f"/budget/{vote.slug}/result", headers={"Accept-Language": "en"}).get_data(as_text=True)
    assert 'lang="en"' in page
    assert "₩40,000,000" in page
