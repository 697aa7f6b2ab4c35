"""A published result, and nothing of it before."""

import hashlib
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.http import parse_options_header

from civicvote.domain import pabulib
from civicvote.domain.cycles import BallotType, TallyRule
from civicvote.domain.permissions import SYSTEM, Role
from civicvote.models.accounts import User
from civicvote.models.channels import PaperBatch
from civicvote.models.counts import PublishedFile
from civicvote.models.projects import Project
from civicvote.services import board, clock, counting, voting
from civicvote.services import pabulib as elections
from civicvote.settings import Settings
from tests import factories
from tests.conftest import Queries
from tests.services.test_pabulib_import import SMALL
from tests.support.elections import Count, closed_vote
from tests.support.voting import voter

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
    files = [f"{url}/files/bundle.zip", f"{url}/files/projects.csv", f"{url}/log.json"]
    return [url, f"{url}/log", f"{url}/projects/{one}", *files]


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
    for words in (
        "24명",
        "마지막 계산의 한 사람당 몫",
        "지지자 한 사람이 낸 몫",
        "종로구",
        "python3 recount.py bundle.zip",
    ):
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
    assert len(files) == 8
    assert not all(file.name.isascii() for file in files)
    for file in files:
        given = client.get(f"/budget/{vote.slug}/result/files/{file.name}")
        assert given.data == file.content
        assert hashlib.sha256(given.data).hexdigest() == file.sha256
        assert file.sha256 in page
        kept_as = given.headers["Content-Disposition"]
        assert kept_as.isascii()  # the test client takes what no server sends
        assert parse_options_header(kept_as) == ("attachment", {"filename": file.name})
        assert given.headers["X-Content-Type-Options"] == "nosniff"
    for name in ("other.zip", "..%2Fbundle.zip", "BUNDLE.ZIP"):
        assert client.get(f"/budget/{vote.slug}/result/files/{name}").status_code == 404


def test_the_downloaded_bundle_recounts_itself(
    client: FlaskClient, session: Session, vote: Count, settings: Settings, tmp_path: Path
) -> None:
    publish(session, vote, settings)
    for name in ("bundle.zip", "recount.py", "recount_ballots.py", "recount_files.py", "recount_rules.py"):
        (tmp_path / name).write_bytes(client.get(f"/budget/{vote.slug}/result/files/{name}").data)
    command = [sys.executable, "-I", "recount.py", "bundle.zip"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "모두 맞습니다" in done.stdout
    spoiled = bytearray((tmp_path / "bundle.zip").read_bytes())
    spoiled[spoiled.index(b"plaintexts.json") + 40] ^= 1  # in the ballots, not in what a zip says of its times
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


RULES: dict[str, dict[str, Any]] = {
    "by-votes": {"tally_rule": TallyRule("greedy-poznan")},
    "per-won": {"tally_rule": TallyRule("greedy-per-cost"), "min_support": 3},
    "welfare": {"tally_rule": TallyRule("welfare")},
    "phragmen": {"tally_rule": TallyRule("phragmen")},
    "adopted": {"tally_rule": TallyRule("equal-shares"), "completion": "utilitarian", "comparison": True},
    "void": {"tally_rule": TallyRule("phragmen-skip"), "quorum": 100},
}


@pytest.mark.parametrize("name", RULES)
def test_every_rule_has_its_words(
    client: FlaskClient, session: Session, settings: Settings, name: str, queries: Queries
) -> None:
    vote = closed_vote(session, settings.keystore, people=12, **RULES[name])
    publish(session, vote, settings)
    url = f"/budget/{vote.slug}/result"
    page = client.get(url).get_data(as_text=True)
    wanted = {
        "by-votes": "80% 규칙으로 셌습니다",
        "per-won": "3표보다 적게 받은 사업은 빼고 셌습니다",
        "welfare": "최대 만족 방식으로 셌습니다",
        "phragmen": "지지자 한 사람이 맡은 금액",
        "adopted": "균등분배",
        "void": "투표가 성립하지 않았",
    }
    assert wanted[name] in page
    for project in vote.polls.projects.values():
        assert client.get(f"{url}/projects/{project.id}").status_code == 200
    log = client.get(f"{url}/log").get_data(as_text=True)
    assert "개표의 모든 단계" in log
    queries.clear()
    told = client.get(f"{url}/log.json")
    assert len(queries) <= MOST
    assert told.headers["Content-Disposition"].startswith("attachment")
    body = told.get_json()
    assert body["format"] == "civicvote-log/1"
    assert {contest["void"] for contest in body["contests"]} == {name == "void"}


def test_what_happened_during_the_vote_is_told(client: FlaskClient, session: Session, settings: Settings) -> None:
    vote = closed_vote(session, settings.keystore, people=12)
    items = [
        ("withdraw", {"project": "A1", "reason": "제안자가 거두어들였습니다."}),
        ("note", {"about": "correction", "project": "A2", "text": "위치를 바로잡았습니다."}),
        ("note", {"about": "something else"}),
    ]
    board.append(session, vote.polls.vote, items, settings.keystore)
    publish(session, vote, settings)
    page = client.get(f"/budget/{vote.slug}/result").get_data(as_text=True)
    assert "투표 기간에 바뀐 사업" in page
    assert "A1 사업</strong> — 투표안건에서 제외되었습니다. 제안자가 거두어들였습니다." in page
    assert "A2 사업</strong> — 내용이 바뀌었습니다. 위치를 바로잡았습니다." in page


def test_paper_ballots_balance_on_the_page(client: FlaskClient, session: Session, settings: Settings) -> None:
    vote = closed_vote(session, settings.keystore, people=12)
    clerk = vote.users[0].id
    values = {"place": "혜화동", "opened_by": clerk, "opened_at": clock.now(), "district": "11110"}
    done = {"confirmed_by": vote.users[1].id, "confirmed_at": clock.now()}
    session.add(PaperBatch(vote_id=vote.polls.vote.id, number=1, papers=10, valid=7, blank=2, void=1, **values, **done))
    dropped = {"drop_requested_by": clerk, "drop_reason": "같은 묶음", "dropped_by": vote.users[1].id}
    session.add(PaperBatch(vote_id=vote.polls.vote.id, number=2, papers=5, **values, **dropped))
    session.flush()
    publish(session, vote, settings)
    page = client.get(f"/budget/{vote.slug}/result").get_data(as_text=True)
    assert "종이 투표: 1개 묶음, 투표지 10장 = 유효 7 + 백지 2 + 무효 1." in page
    assert "모두 15명이 참여했습니다." in page  # 12 ballots, and the blank and void papers


def test_where_points_decide_they_stand_beside_each_project(
    client: FlaskClient, session: Session, settings: Settings
) -> None:
    rules = {"ballot_type": BallotType.POINTS, "point_sum": 10, "point_max": 6, "tally_rule": TallyRule.GREEDY}
    keys, vote = settings.keystore, closed_vote(session, settings.keystore, people=0, **rules)
    for given in ({"A1": 6}, {"A1": 3, "A2": 2}, {"A2": 1}):
        _user, actor = voter(session)
        voting.cast(session, actor, vote.slug, given, key=uuid4().hex, arrived=clock.now(), keys=keys)
    with vote.over:
        counting.seal(session, vote.first, vote.slug, keys=keys)
        counting.count(session, vote.first, vote.slug, keys=keys)
        counting.release.choose(session, vote.first, vote.slug, only_totals=True)
        counting.publish(session, vote.second, vote.slug, keys=keys, pooled=True)
        page = client.get(f"/budget/{vote.slug}/result").text
        one = client.get(f"/budget/{vote.slug}/result/projects/{vote.polls.projects['A1'].id}").text
    assert re.findall(r'data-label="점수" class="num">([^<]*)<', page)[:2] == ["9", "3"]
    assert re.findall(r'data-label="득표" class="num">([^<]*)<', page)[:2] == ["2", "2"]
    for words in ("점수 순위", "9점", "3점"):
        assert words in one
