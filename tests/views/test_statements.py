"""The pages of 의견수렴: one statement after the other, one's own, and the opinion map without persons."""

import csv
import io
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from civicvote.domain.deliberation import Audience, RoundKind
from civicvote.domain.discussion import PostKind
from civicvote.domain.lifecycles import PostState
from civicvote.domain.permissions import Actor
from civicvote.models.accounts import User
from civicvote.models.deliberation import Round, RoundParticipant
from civicvote.models.discussion import Post, StatementVote
from civicvote.services import clock
from civicvote.services.deliberation import opinion_maps, statements
from civicvote.services.discussion import posting
from tests import factories
from tests.support import forums as support
from tests.support import talk

SignIn = Callable[[User], FlaskClient]
HTMX = {"HX-Request": "true"}
WAITS = "의견을 받았습니다. 모더레이터가 확인한 뒤 공개합니다."


def asked(session: Session, **values: Any) -> Round:
    """A round of 의견수렴 that is open now."""
    return support.round_of(session, support.forum(session), RoundKind.STATEMENTS, title="의견수렴", **values)


def written(session: Session, one: Round, *bodies: str) -> list[Post]:
    """Statements of the round, each by somebody else."""
    return [
        posting.say(session, talk.member(session), one.id, body=body, form_key=uuid4(), kind=PostKind.STATEMENT)
        for body in bodies
    ]


def card(page: str) -> tuple[str, str]:
    """The statement that is asked, and where its answer goes."""
    text = re.search(r'class="statement__text"><p>([^<]+)</p>', page)
    url = re.search(r'action="(/statements/[^"]+/vote)"', page)
    assert text
    assert url
    return text[1], url[1]


def votes(session: Session, who: User) -> dict[str, int]:
    rows = session.execute(
        select(Post.body, StatementVote.value)
        .join(Post, Post.id == StatementVote.post_id)
        .where(StatementVote.user_id == who.id)
    )
    return {row.body: row.value for row in rows}


def counts(session: Session, post: Post) -> tuple[int, int, int]:
    session.refresh(post)
    return post.agree_count, post.disagree_count, post.pass_count


def test_one_is_answered_and_the_next_comes(signed_in: SignIn, session: Session) -> None:
    one = asked(session)
    bodies = {"차로를 줄입시다.", "버스를 늘립시다.", "주차장을 지읍시다."}
    written(session, one, *bodies)
    who = factories.user(session)
    browser, path, given = signed_in(who), f"/rounds/{one.id}", dict[str, int]()
    for done, value in enumerate((1, -1, 0)):
        page = browser.get(path).text
        assert f"3개 가운데 {done}개에 답하셨습니다." in page
        text, url = card(page)
        assert text not in given
        assert card(browser.get(path).text)[0] == text  # it stays the same until it is answered
        answer = browser.post(url, data={"value": str(value)})
        assert (answer.status_code, answer.location) == (303, path)
        given[text] = value
    end = browser.get(path).text
    assert "모든 의견에 답하셨습니다. 고맙습니다." in end
    assert "3개 가운데 3개에 답하셨습니다." in end
    assert votes(session, who) == given
    assert set(given) == bodies
    assert session.get(RoundParticipant, (one.id, who.id)) is not None


def test_the_next_comes_without_a_new_page_too(signed_in: SignIn, session: Session) -> None:
    one = asked(session)
    written(session, one, "차로를 줄입시다.", "버스를 늘립시다.")
    browser = signed_in(factories.user(session))
    text, url = card(browser.get(f"/rounds/{one.id}").text)
    part = browser.post(url, data={"value": "0"}, headers=HTMX)
    assert part.status_code == 200
    assert "<html" not in part.text
    assert "2개 가운데 1개에 답하셨습니다." in part.text
    assert card(part.text)[0] != text


def test_an_answer_is_changed_and_taken_back_from_ones_list(signed_in: SignIn, session: Session) -> None:
    one = asked(session)
    (post,) = written(session, one, "차로를 줄입시다.")
    who = factories.user(session)
    browser, mine = signed_in(who), f"/rounds/{one.id}/statements/mine"
    url = f"/statements/{post.id}/vote"
    assert "아직 답한 의견이 없습니다" in browser.get(mine).text
    browser.post(url, data={"value": "1"})
    assert (counts(session, post), "내 답: 찬성" in browser.get(mine).text) == ((1, 0, 0), True)
    moved = browser.post(url, data={"value": "-1", "back": mine})
    assert (moved.status_code, moved.location) == (303, mine)
    assert (counts(session, post), "내 답: 반대" in browser.get(mine).text) == ((0, 1, 0), True)
    browser.post(url, data={"value": "", "back": mine})
    assert (counts(session, post), votes(session, who)) == ((0, 0, 0), {})
    assert "아직 답한 의견이 없습니다" in browser.get(mine).text
    assert browser.post(url, data={"value": "1", "back": "//evil.example"}).location == f"/rounds/{one.id}"


@pytest.mark.parametrize("value", ["2", "-2", "찬성", "1.0", None])
def test_nothing_but_an_answer_is_taken(signed_in: SignIn, session: Session, value: str | None) -> None:
    (post,) = written(session, asked(session), "차로를 줄입시다.")
    who = factories.user(session)
    refused = signed_in(who).post(f"/statements/{post.id}/vote", data={} if value is None else {"value": value})
    assert refused.status_code == 422
    assert "찬성, 반대, 모르겠음 가운데 하나를 골라 주십시오." in refused.text
    assert (counts(session, post), votes(session, who)) == ((0, 0, 0), {})


def test_who_may_not_take_part_answers_nothing(signed_in: SignIn, client: FlaskClient, session: Session) -> None:
    moment = clock.now()
    over = asked(session, opens_at=moment - 2 * support.DAY, closes_at=moment - timedelta(seconds=1))
    early = asked(session, opens_at=moment + support.DAY, closes_at=moment + 2 * support.DAY)
    verified = asked(session, audience=Audience.VERIFIED)
    group = support.group(session, factories.user(session))
    closed = asked(session, audience=Audience.GROUP, group_id=group.id)
    browser = signed_in(factories.user(session))
    for one, status in ((over, 409), (early, 409), (verified, 409), (closed, 404)):
        (post,) = written(session, one, "차로를 줄입시다.")
        assert browser.post(f"/statements/{post.id}/vote", data={"value": "1"}).status_code == status, status
        added = browser.post(f"/rounds/{one.id}/statements", data={"body": "버스를 늘립시다."})
        assert added.status_code == status, status
        assert client.post(f"/statements/{post.id}/vote", data={"value": "1"}).status_code == 303
    assert session.scalar(select(func.count()).select_from(StatementVote)) == 0
    assert session.scalar(select(func.count()).where(Post.kind == PostKind.STATEMENT)) == 4
    comment = talk.talk(session).say()
    assert browser.post(f"/statements/{comment.id}/vote", data={"value": "1"}).status_code == 404


def test_a_visitor_reads_and_is_led_to_sign_in(client: FlaskClient, session: Session) -> None:
    one = asked(session)
    assert "아직 올라온 의견이 없습니다." in client.get(f"/rounds/{one.id}").text
    written(session, one, "차로를 줄입시다.")
    page = client.get(f"/rounds/{one.id}").text
    assert "로그인하고 답하기" in page
    assert "의견 보태기" not in page
    assert "차로를 줄입시다." in client.get(f"/rounds/{one.id}/statements").text
    assert client.get(f"/rounds/{one.id}/statements/mine").status_code == 303


def test_a_statement_is_added_and_asked_of_others(signed_in: SignIn, session: Session) -> None:
    one = asked(session)
    who = factories.user(session)
    browser, url = signed_in(who), f"/rounds/{one.id}/statements"
    form = {"body": "  걷는 길을\n 넓힙시다.  ", "form_key": str(uuid4())}
    for _ in range(2):  # sent twice is one statement
        added = browser.post(url, data=form)
        assert (added.status_code, added.location) == (303, f"/rounds/{one.id}")
    assert "의견을 올렸습니다." in browser.get(f"/rounds/{one.id}").text
    post = session.scalars(select(Post)).one()
    assert (post.body, post.kind, post.author_id) == ("걷는 길을 넓힙시다.", PostKind.STATEMENT, who.id)
    other = signed_in(factories.user(session)).get(f"/rounds/{one.id}").text
    assert card(other)[0] == "걷는 길을 넓힙시다."
    assert session.get(RoundParticipant, (one.id, who.id)) is not None


@pytest.mark.parametrize(("body", "words"), [
    ("", "의견을 써 주십시오."),
    ("가" * 141, "140자"),
    ("제 번호는 900101-1234567입니다", "주민등록번호"),
])  # fmt: skip
def test_a_refused_statement_stays_in_its_field(signed_in: SignIn, session: Session, body: str, words: str) -> None:
    one = asked(session)
    written(session, one, "차로를 줄입시다.")
    key = str(uuid4())
    refused = signed_in(factories.user(session)).post(
        f"/rounds/{one.id}/statements", data={"body": body, "form_key": key}
    )
    assert refused.status_code == 422
    assert words in refused.text
    assert f"{body}</textarea>" in refused.text
    assert f'name="form_key" value="{key}"' in refused.text
    assert card(refused.text)[0] == "차로를 줄입시다."
    assert session.scalar(select(func.count()).select_from(Post)) == 1


def test_where_moderators_look_first_a_statement_waits(signed_in: SignIn, session: Session) -> None:
    one = asked(session, premoderated=True)
    browser = signed_in(factories.user(session))
    assert "모더레이터가 확인한 뒤 공개합니다." in browser.get(f"/rounds/{one.id}").text
    browser.post(f"/rounds/{one.id}/statements", data={"body": "걷는 길을 넓힙시다."})
    assert WAITS in browser.get(f"/rounds/{one.id}").text
    post = session.scalars(select(Post)).one()
    assert post.state is PostState.HELD
    other = signed_in(factories.user(session))
    for path in (f"/rounds/{one.id}", f"/rounds/{one.id}/statements"):
        assert "걷는 길을 넓힙시다." not in other.get(path).text, path
    assert other.post(f"/statements/{post.id}/vote", data={"value": "1"}).status_code == 409


def test_counts_are_told_after_ones_own_answer(signed_in: SignIn, client: FlaskClient, session: Session) -> None:
    one = asked(session)
    (post,) = written(session, one, "차로를 줄입시다.")
    statements.vote(session, support.citizen(session), post.id, -1)
    browser, path = signed_in(factories.user(session)), f"/rounds/{one.id}/statements"
    for reader in (client, browser):
        assert "반대 1" not in reader.get(path).text
    browser.post(f"/statements/{post.id}/vote", data={"value": "0"})
    assert "찬성 0 · 반대 1 · 모르겠음 1" in browser.get(path).text
    assert "반대 1" not in client.get(path).text
    one.closes_at = clock.now()
    session.flush()
    assert "찬성 0 · 반대 1 · 모르겠음 1" in client.get(path).text
    for sort in ("voted", "agreed", "divisive", "newest", "nonsense"):
        assert client.get(f"{path}?sort={sort}").status_code == 200


def mapped(session: Session) -> tuple[Round, list[Actor]]:
    """A round whose two camps of eight are on the map."""
    one = asked(session)
    rows = written(session, one, "=차로를 줄입시다.", "버스를 늘립시다.", "주차장을 지읍시다.", "걷는 길을 넓힙시다.")
    people = [talk.member(session, name=f"참여자{place:02}") for place in range(16)]
    for place, who in enumerate(people):
        side = 1 if place % 2 else -1
        for post, value in zip(rows, (side, side, -side, 1), strict=True):
            statements.vote(session, who, post.id, value)
    session.flush()
    opinion_maps.keep(session, opinion_maps.prepare(session, one.id))
    session.flush()
    return one, people


def test_the_map_waits_for_enough_answers(client: FlaskClient, session: Session) -> None:
    one = asked(session)
    path = f"/rounds/{one.id}/opinion-map"
    assert "아직 지도를 그릴 만큼 답이 모이지 않았습니다" in client.get(path).text
    for file in ("json", "csv"):
        assert client.get(f"{path}.{file}").status_code == 404


def test_the_map_shows_groups_and_no_persons(client: FlaskClient, session: Session) -> None:
    one, people = mapped(session)
    path = f"/rounds/{one.id}/opinion-map"
    page = client.get(path)
    assert page.status_code == 200
    assert "의견 4개에 16명이 답했고" in page.text
    assert page.text.count("<ellipse") == 2
    assert "모든 모둠이 함께하는 의견" in page.text
    told = client.get(f"{path}.json")
    assert told.content_type == "application/json"
    figures = told.json
    assert figures
    assert (figures["people"], figures["voters"], figures["statements"]) == (16, 16, 4)
    assert [group["people"] for group in figures["groups"]] == [8, 8]
    assert [said["text"] for said in figures["uniting"]] == ["걷는 길을 넓힙시다."]
    file = client.get(f"{path}.csv")
    assert file.content_type == "text/csv; charset=utf-8"
    rows = list(csv.reader(io.StringIO(file.text.removeprefix("\ufeff"))))
    assert rows[0] == ["구분", "의견", "A 찬성 %", "B 찬성 %", "A 반대 %", "B 반대 %"]
    assert ["모두의 의견", "걷는 길을 넓힙시다.", "100.0", "100.0", "0.0", "0.0"] in rows
    texts = [row[1] for row in rows[1:]]
    assert "'=차로를 줄입시다." in texts  # no spreadsheet takes it for a formula
    assert not any(text.startswith("=") for text in texts)
    for answer in (page, told, file):
        for who in people:
            assert who.name not in answer.text
            assert str(who.id) not in answer.text


def test_a_groups_map_is_its_members_alone(signed_in: SignIn, client: FlaskClient, session: Session) -> None:
    one, _people = mapped(session)
    member = factories.user(session)
    one.audience, one.group_id = Audience.GROUP, support.group(session, member).id
    session.flush()
    paths = [f"/rounds/{one.id}/{end}" for end in ("opinion-map", "opinion-map.json", "opinion-map.csv", "statements")]
    for reader, status in ((client, 404), (signed_in(factories.user(session)), 404), (signed_in(member), 200)):
        assert [reader.get(path).status_code for path in paths] == [status] * 4


def test_other_rounds_have_no_statements(signed_in: SignIn, session: Session) -> None:
    _held, one = support.debate(session)
    browser = signed_in(factories.user(session))
    for end in ("opinion-map", "opinion-map.json", "opinion-map.csv", "statements", "statements/mine"):
        assert browser.get(f"/rounds/{one.id}/{end}").status_code == 404, end
    assert browser.post(f"/rounds/{one.id}/statements", data={"body": "버스를 늘립시다."}).status_code == 404
