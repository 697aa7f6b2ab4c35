"""Around the count: the checklist, the changes of the ballot, the end of the keys."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from flask import Flask, render_template
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from civicvote.domain.lifecycles import CycleState
from civicvote.domain.permissions import Role
from civicvote.models.accounts import User
from civicvote.models.custody import BallotNews
from civicvote.models.outbox import OutboxMessage
from civicvote.services import board, clock, counting, votes, voting
from civicvote.services.counting import news
from civicvote.services.counting.ceremony import fingerprint
from civicvote.services.cycles.ballot_list import exclude
from civicvote.settings import Settings
from tests import factories
from tests.support.elections import closed_vote
from tests.support.voting import form_key, polls, voter

SignIn = Callable[[User], FlaskClient]


@pytest.fixture
def clerk(session: Session, signed_in: SignIn) -> FlaskClient:
    return signed_in(factories.user(session, Role.STAFF))


def test_the_checklist_is_there_before_the_key_is(session: Session, clerk: FlaskClient) -> None:
    cycle = factories.cycle(session, CycleState.ANNOUNCED, opened="review", slug="early")
    page = clerk.get("/budget/early/count/ceremony")
    assert page.status_code == 200
    assert f"civicvote keys make --vote {votes.vote_id(cycle.id)} --shares 3/5" in page.text
    for words in ("시민위원회 2", "소리 내어 읽을 확인값", "5. 없애기", "아직 없습니다"):
        assert words in page.text


def test_the_checklist_names_what_is_compared(session: Session, clerk: FlaskClient, settings: Settings) -> None:
    made = polls(session, settings.keystore)
    page = clerk.get(f"/budget/{made.slug}/count/ceremony").text
    for public in (made.vote.public_key, made.vote.board_key):
        found = fingerprint(public)
        assert found.figures in page
        assert all(f"<code>{word}</code>" in page for word in found.words)
    assert "2. 나누기" not in page, "one key file"


def test_a_correction_goes_to_the_board_and_stays(
    session: Session, clerk: FlaskClient, signed_in: SignIn, settings: Settings
) -> None:
    made = polls(session, settings.keystore)
    url = f"/budget/{made.slug}/count/changes"
    assert "바뀐 안건이 없습니다" in clerk.get(url).text
    text = "위치를 잘못 적었습니다. 혜화동이 아니라 명륜동입니다."
    assert clerk.post(url, data={"project": "A1", "text": "짧음"}).status_code == 422
    assert clerk.post(url, data={"project": "Z9", "text": text}).status_code == 422
    for _ in range(2):
        assert clerk.post(url, data={"project": "A1", "text": text}).status_code == 303
    exclude(session, factories.actor(factories.user(session, Role.STAFF), Role.STAFF), made.slug,
            made.projects["A2"].id, reason="다른 사업과 겹칩니다")  # fmt: skip
    board.sequence(session, settings.keystore)
    news.gather(session)
    public = clerk.get(f"/board/{made.slug}").text
    assert public.count(text) == 2, "among the changes, and as a line of the board"
    assert "제외: A2" in public
    user, _actor = voter(session)
    basket = signed_in(user).get(f"/budget/{made.slug}/vote").text
    assert text in basket
    assert "제외: A2" in basket
    shown = clerk.get(url).text
    assert "차례로 알리고 있습니다" in shown
    assert '<option value="A2"' not in shown


def test_two_people_end_a_key_on_the_page(session: Session, signed_in: SignIn, settings: Settings) -> None:
    keys = settings.keystore
    made = closed_vote(session, keys, people=4)
    url = f"/budget/{made.slug}/count/keys"
    with made.over:
        first = signed_in(made.users[0])
        assert "아직 폐기할 수 없습니다" in first.get(url).text
        counting.seal(session, made.first, made.slug, keys=keys)
        counting.count(session, made.first, made.slug, keys=keys)
        counting.release.choose(session, made.first, made.slug, only_totals=False)
        counting.publish(session, made.second, made.slug, keys=keys)
        assert first.post(f"{url}/roll", data={"how": "이의 없음, 파일을 지움"}).status_code == 409
    with time_machine.travel(made.polls.vote.closes_at + timedelta(days=31), tick=False):
        clerks = [signed_in(user) for user in made.users]
        assert clerks[0].post(f"{url}/roll", data={}).status_code == 422
        assert clerks[0].post(f"{url}/nothing", data={}).status_code == 404
        assert clerks[0].post(f"{url}/roll", data={"how": "이의 없음, 파일을 지움"}).status_code == 303
        assert "다른 담당자의 확인을 기다리고 있습니다" in clerks[0].get(url).text
        assert clerks[0].post(f"{url}/roll", data={"how": "이의 없음, 파일을 지움"}).status_code == 409
        assert keys.exists(f"roll-{made.polls.vote.id}")
        assert "두 번째 확인이면" in clerks[1].get(url).text
        assert clerks[1].post(f"{url}/roll", data={"how": "백업에서도 지움"}).status_code == 303
        assert not keys.exists(f"roll-{made.polls.vote.id}")
        assert "폐기함" in clerks[1].get(url).text
        public = clerks[1].get(f"/board/{made.slug}").text
    assert "명부 열쇠를 폐기했음을 담당자 두 사람이 확인했습니다." in public
    assert "이의 없음" not in public, "the words of the two stay with staff and auditors"


def test_the_letter_says_what_changed_and_what_may_be_done(
    app: Flask, session: Session, clerk: FlaskClient, settings: Settings
) -> None:
    made = polls(session, settings.keystore)
    _user, actor = voter(session)
    voting.cast(session, actor, made.slug, ["A1"], key=form_key(), arrived=clock.now(), keys=settings.keystore)
    text = "위치를 잘못 적었습니다. 혜화동이 아니라 명륜동입니다."
    clerk.post(f"/budget/{made.slug}/count/changes", data={"project": "A1", "text": text})
    staff = factories.actor(factories.user(session, Role.STAFF), Role.STAFF)
    exclude(session, staff, made.slug, made.projects["A2"].id, reason="다른 사업과 겹칩니다")
    board.sequence(session, settings.keystore)
    news.gather(session)
    with app.test_request_context():
        letters = []
        while news.tell(session):
            for message in session.scalars(select(OutboxMessage).where(OutboxMessage.kind == news.KIND)).all():
                if message.done_at is None:
                    letters.append(_letter(message))
                    message.done_at = clock.now()
            session.flush()
        with time_machine.travel(made.vote.closes_at, tick=False):
            session.add(BallotNews(vote_id=made.vote.id, about="late", kind="withdrawn", project="B1", body="늦음",
                                   at=clock.now(), told=0))  # fmt: skip
            session.flush()
            news.tell(session)
            late = session.scalars(
                select(OutboxMessage).where(OutboxMessage.kind == news.KIND, OutboxMessage.done_at.is_(None))
            ).one()
            assert "다시 투표하실 수 있습니다" not in _letter(late)
    corrected, withdrawn = letters
    assert text in corrected
    assert "바로잡았습니다" in corrected
    for words in (
        "A2 사업 (A2)",
        "제외되었습니다",
        "다른 사업과 겹칩니다",
        "다시 투표하실 수 있습니다",
        "아무도 알 수 없습니다",
    ):
        assert words in withdrawn


def _letter(message: OutboxMessage) -> str:
    return render_template(
        f"mail/{message.kind}.txt", base_url="http://localhost", recipient_name="김서울", **message.payload
    )
