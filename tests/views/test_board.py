"""The public board's pages and files."""

import json
from datetime import timedelta

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from civicvote.domain.ballots import board as chains
from civicvote.domain.ballots import bundle
from civicvote.domain.lifecycles import CycleState
from civicvote.domain.permissions import SYSTEM
from civicvote.services import board, clock, voting
from civicvote.settings import Settings
from tests.conftest import Queries
from tests.support.voting import Polls, form_key, polls, voter


@pytest.fixture
def made(session: Session, settings: Settings) -> Polls:
    return polls(session, settings.keystore)


def _cast(session: Session, made: Polls, settings: Settings, *, district: str = "11110") -> str:
    _user, actor = voter(session, district=district)
    return voting.cast(
        session, actor, made.slug, ["A1"], key=form_key(), arrived=clock.now(), keys=settings.keystore
    ).tracker


def test_list_and_page_are_public(client: FlaskClient, session: Session, made: Polls, settings: Settings) -> None:
    for _ in range(12):
        _cast(session, made, settings)
    _cast(session, made, settings, district="11680")
    board.sequence(session, settings.keystore)
    assert made.cycle.title in client.get("/board/").text
    page = client.get(f"/board/{made.slug}")
    assert page.status_code == 200
    assert "13명" in page.text
    assert "강남구" not in page.text, "one person is not shown"
    assert "득표" not in page.text.replace("득표수는 개표 전에 어디에도 없습니다", "")
    assert client.get("/board/no-such").status_code == 404
    assert client.get("/how-it-works").status_code == 200


def test_lookup_is_tolerant(client: FlaskClient, session: Session, made: Polls, settings: Settings) -> None:
    tracker = _cast(session, made, settings)
    url = f"/board/{made.slug}"
    assert "몇 초 안에 게시판에 오릅니다" in client.get(url, query_string={"tracker": tracker}).text
    board.sequence(session, settings.keystore)
    typed = " " + " ".join(tracker[n : n + 4] for n in range(0, 24, 4)).lower() + " "
    assert "내 표가 투표함에 잘 들어 있습니다" in client.get(url, query_string={"tracker": typed}).text
    part = client.get(url, query_string={"tracker": tracker}, headers={"HX-Request": "true"})
    assert part.text.lstrip().startswith('<div id="lookup"')
    assert "게시판에 없는 번호" in client.get(url, query_string={"tracker": "A" * 24}).text
    for odd in ("짧음", "A" * 25, "<script>", "\x00", "😀" * 30, "A" * 100_000):
        answer = client.get(url, query_string={"tracker": odd})
        assert answer.status_code == 200
        assert "추적번호의 모양이 아닙니다" in answer.text


def test_a_published_vote_says_what_was_counted(
    client: FlaskClient, session: Session, made: Polls, settings: Settings
) -> None:
    _user, actor = voter(session)
    keys = settings.keystore
    first, second = (
        voting.cast(session, actor, made.slug, ["A1"], key=form_key(), arrived=clock.now(), keys=keys).tracker
        for _ in range(2)
    )
    with time_machine.travel(made.vote.closes_at + timedelta(seconds=61), tick=False):
        board.seal(session, SYSTEM, made.vote, keys)
    url = f"/board/{made.slug}"
    for tracker in (first, second):  # whoever bought a vote would like to know whether it was cast again
        assert "내 표가 투표함에 잘 들어 있습니다" in client.get(url, query_string={"tracker": tracker}).text
    made.cycle.state = CycleState.PUBLISHED
    session.flush()
    assert "내 표가 집계되었습니다" in client.get(url, query_string={"tracker": second}).text
    assert "나중 표를 집계했습니다" in client.get(url, query_string={"tracker": first}).text


def test_a_voided_ballot_says_so_at_once(
    client: FlaskClient, session: Session, made: Polls, settings: Settings
) -> None:
    tracker = _cast(session, made, settings)
    board.sequence(session, settings.keystore)
    board.append(session, made.vote, [("void", {"tracker": tracker, "reason": "현장"})], settings.keystore)
    assert "이 표는 세지 않습니다" in client.get(f"/board/{made.slug}", query_string={"tracker": tracker}).text


def test_turnout_as_a_page_and_for_machines(
    client: FlaskClient, session: Session, made: Polls, settings: Settings
) -> None:
    url = f"/board/{made.slug}/turnout"
    assert "아직 보여 드릴 시간대가 없습니다" in client.get(url).text
    for _ in range(12):
        _cast(session, made, settings)
    _cast(session, made, settings, district="11680")
    board.sequence(session, settings.keystore)
    with time_machine.travel(clock.now() + timedelta(hours=2), tick=False):
        page = client.get(url)
        answer = client.get(f"{url}.json")
    assert "13건" in page.text
    assert "<svg" in page.text
    assert "강남구" not in page.text
    body = answer.json
    assert body is not None
    assert (body["people"], body["other_people"], body["districts"]) == (13, 13, [])
    assert [hour["ballots"] for hour in body["hours"]] == [13]
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "득표" not in answer.text
    assert client.get("/board/no-such/turnout.json").status_code == 404


def test_files_give_the_whole_board(client: FlaskClient, session: Session, made: Polls, settings: Settings) -> None:
    for _ in range(3):
        _cast(session, made, settings)
    board.sequence(session, settings.keystore)
    lines = client.get(f"/board/{made.slug}/board.jsonl").data.splitlines()
    entries = [bundle._entry(line) for line in lines]
    assert chains.first_fault(str(made.vote.id), entries) is None
    assert [entry.kind for entry in entries] == ["notice", "ballot", "ballot", "ballot"]
    heads = [chains.Head.from_document(one) for one in json.loads(client.get(f"/board/{made.slug}/heads.json").data)]
    assert all(chains.verify_head(made.vote.board_key, head) for head in heads)
    assert heads[-1].hash == entries[-1].hash.hex()
    notice = client.get(f"/board/{made.slug}/notice.json")
    assert json.loads(notice.data) == made.vote.notice
    assert notice.headers["Content-Disposition"].startswith("attachment")


def test_anonymous_pages_take_few_statements(
    client: FlaskClient, session: Session, made: Polls, settings: Settings, queries: Queries
) -> None:
    tracker = _cast(session, made, settings)
    board.sequence(session, settings.keystore)
    for url, most in (
        ("/board/", 1),
        (f"/board/{made.slug}", 6),
        (f"/board/{made.slug}?tracker={tracker}", 9),
        (f"/board/{made.slug}/turnout", 3),
    ):
        session.expire_all()
        queries.clear()
        assert client.get(url).status_code == 200
        assert len(queries) <= most, url


@pytest.mark.parametrize(
    "url",
    ["/board/%00", "/board/?after=%00", "/board/?after=WyJhIl0", "/board/" + "a" * 3000, "/board/😀", "/board/%FF"],
)
def test_odd_addresses_get_a_page_and_no_error(client: FlaskClient, url: str) -> None:
    assert 400 <= client.get(url).status_code < 500
