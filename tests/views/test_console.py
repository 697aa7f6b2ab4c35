"""A round's moderators at work: who takes part, what waits, what they say, and more time."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from civicvote.domain.discussion import HideReason
from civicvote.domain.korean import in_seoul
from civicvote.domain.notices import NoticeKind
from civicvote.domain.permissions import Role
from civicvote.models.accounts import User
from civicvote.models.deliberation import Forum, Round, RoundExtension, RoundParticipant, RoundSummary
from civicvote.models.notices import Notice
from civicvote.models.verification import Person
from civicvote.services import clock
from civicvote.services.discussion import commenting, reporting
from tests import factories
from tests.conftest import Queries
from tests.support import forums as support
from tests.support import talk

SignIn = Callable[[User], FlaskClient]
DAY = factories.DAY
SUMMARY = "밤길이 어둡다는 말과 **비용**을 걱정하는 말이 고르게 나왔습니다."


@pytest.fixture
def here(session: Session) -> tuple[Forum, Round]:
    """An open debate with a round that is open now."""
    return support.debate(session)


@pytest.fixture
def runner(session: Session, here: tuple[Forum, Round], signed_in: SignIn) -> FlaskClient:
    """The browser of a moderator named for the forum."""
    return signed_in(session.get_one(User, support.moderator(session, here[0]).account()))


def at(moment: datetime) -> str:
    return in_seoul(moment).strftime("%Y-%m-%dT%H:%M")


def took_part(session: Session, one: Round, count: int, *, born: int = 1990, sex: str = "f") -> list[User]:
    """People of one group who took part."""
    made = []
    for _ in range(count):
        person = Person(person_key=uuid4().hex * 2, birth_year=born, sex=sex, district="11110", created_at=clock.now())
        session.add(person)
        session.flush()
        made.append(factories.user(session, level=1, person=person, name="참여한이"))
    session.add_all(RoundParticipant(round_id=one.id, user_id=who.id, at=clock.now()) for who in made)
    session.flush()
    return made


def say(session: Session, one: Round, body: str) -> None:
    commenting.comment(session, talk.member(session), one.id, body=body, form_key=uuid4())


def told(session: Session, kind: NoticeKind) -> set[object]:
    return set(session.scalars(select(Notice.recipient_id).where(Notice.kind == kind)))


def test_the_console_is_its_moderators_alone(
    signed_in: SignIn, client: FlaskClient, session: Session, here: tuple[Forum, Round], runner: FlaskClient
) -> None:
    path = f"/rounds/{here[1].id}/console"
    deeds = {
        f"{path}/summaries": {"summary-text": SUMMARY},
        f"{path}/announcements": {"word-text": "모레 마감합니다."},
        f"/rounds/{here[1].id}/extend": {"closes_at": at(here[1].closes_at + DAY), "reason": "말이 더 남았습니다."},
    }
    elsewhere = session.get_one(User, support.moderator(session, support.forum(session)).account())
    for who in (elsewhere, factories.user(session, Role.DEPARTMENT), factories.user(session, level=2)):
        browser = signed_in(who)
        assert browser.get(path).status_code == 403
        assert {url: browser.post(url, data=form).status_code for url, form in deeds.items()} == dict.fromkeys(
            deeds, 403
        )
        assert path not in browser.get(f"/rounds/{here[1].id}").text
    assert client.get(path).status_code == 303
    assert session.scalar(select(func.count()).select_from(RoundSummary)) == 0
    assert session.scalar(select(func.count()).select_from(RoundExtension)) == 0
    for browser in (runner, signed_in(factories.user(session, Role.STAFF))):
        assert path in browser.get(f"/rounds/{here[1].id}").text
        assert browser.get(path).status_code == 200
    assert runner.get(f"/rounds/{uuid4()}/console").status_code == 404


def test_groups_are_shown_without_names_and_never_small(
    session: Session, here: tuple[Forum, Round], runner: FlaskClient
) -> None:
    _held, one = here
    path = f"/rounds/{one.id}/console"
    assert "참여한 사람 0명" in runner.get(path).text
    took_part(session, one, 6, born=1990, sex="f")
    page = runner.get(path).text
    year = in_seoul(clock.now()).year
    assert "참여한 사람 6명" in page
    for words in (f"{(year - 1990) // 10 * 10}대", "여성", "종로구"):
        assert words in page, words
    assert "참여한이" not in page
    took_part(session, one, 2, born=1950, sex="m")
    page = runner.get(path).text
    assert "참여한 사람 8명" in page
    assert "5명보다 적은 묶음은 보이지 않습니다." in page
    assert "남성" not in page
    assert "70대" not in page
    assert "여성" not in page  # or the two would follow from the total


def test_what_waits_and_what_is_reported_stands_there(
    session: Session, here: tuple[Forum, Round], runner: FlaskClient
) -> None:
    _held, one = here
    _other, elsewhere = support.debate(session)
    path = f"/rounds/{one.id}/console"
    page = runner.get(path).text
    assert "확인을 기다리는 글 0건" in page
    assert "신고된 글이 없습니다." in page
    say(session, one, "여기를 보세요 https://example.com/a")
    say(session, elsewhere, "다른 토론의 글 https://example.com/b")
    reported = commenting.comment(session, talk.member(session), one.id, body="신고될 글입니다.", form_key=uuid4())
    reporting.report_post(session, talk.member(session), reported.id, code=HideReason.INSULT)
    page = runner.get(path).text
    assert "확인을 기다리는 글 1건" in page
    assert "https://example.com/a" in page
    assert "https://example.com/b" not in page
    assert "신고된 글 1건" in page
    assert "욕설·비방·혐오" in page
    assert f'href="/moderation/posts/{reported.id}"' in page


def test_a_summary_is_public_once(
    client: FlaskClient, session: Session, here: tuple[Forum, Round], runner: FlaskClient
) -> None:
    _held, one = here
    path, key = f"/rounds/{one.id}/console", str(uuid4())
    for text, words in (("", "내용을 써 주십시오."), ("제 번호는 900101-1234567입니다", "주민등록번호")):
        refused = runner.post(f"{path}/summaries", data={"summary-text": text, "summary-form_key": key})
        assert (refused.status_code, words in refused.text) == (422, True)
        assert f"{text}</textarea>" in refused.text
        assert f'name="summary-form_key" value="{key}"' in refused.text
        assert refused.text.count('aria-invalid="true"') == 1  # the other form is not refused
    for _ in range(2):
        sent = runner.post(f"{path}/summaries", data={"summary-text": SUMMARY, "summary-form_key": key})
        assert (sent.status_code, sent.location) == (303, path)
    assert session.scalar(select(func.count()).select_from(RoundSummary)) == 1
    assert "중간 정리를 공개했습니다." in runner.get(path).text
    assert "<strong>비용</strong>" in client.get(f"/rounds/{one.id}").text


def test_whoever_took_part_is_told_once(session: Session, here: tuple[Forum, Round], runner: FlaskClient) -> None:
    _held, one = here
    people = took_part(session, one, 3)
    path, key, text = f"/rounds/{one.id}/console", str(uuid4()), "모레 자정에 마감합니다."
    for wrong, words in (("", "내용을 써 주십시오."), ("가" * 301, "300자")):
        refused = runner.post(f"{path}/announcements", data={"word-text": wrong, "word-form_key": key})
        assert (refused.status_code, words in refused.text) == (422, True), wrong
        assert f"{wrong}</textarea>" in refused.text
    assert told(session, NoticeKind.ANNOUNCEMENT) == set()
    for _ in range(2):
        sent = runner.post(f"{path}/announcements", data={"word-text": text, "word-form_key": key})
        assert (sent.status_code, sent.location) == (303, path)
    assert told(session, NoticeKind.ANNOUNCEMENT) == {who.id for who in people}
    assert session.scalar(select(func.count()).where(Notice.kind == NoticeKind.ANNOUNCEMENT)) == 3


def test_the_announcement_stands_among_ones_notices(
    signed_in: SignIn, session: Session, here: tuple[Forum, Round], runner: FlaskClient
) -> None:
    _held, one = here
    (who,) = took_part(session, one, 1)
    runner.post(f"/rounds/{one.id}/console/announcements", data={"word-text": "모레 자정에 마감합니다."})
    assert "참여한 1명에게 알렸습니다." in runner.get(f"/rounds/{one.id}/console").text
    assert "모레 자정에 마감합니다." in signed_in(who).get("/notices").text


def test_more_time_keeps_the_old_end_in_sight(
    client: FlaskClient, session: Session, here: tuple[Forum, Round], runner: FlaskClient
) -> None:
    _held, one = here
    people, before = took_part(session, one, 2), one.closes_at
    path, later = f"/rounds/{one.id}/extend", one.closes_at + 3 * DAY
    assert f'value="{at(before)}"' in runner.get(path).text
    for form, words in (
        ({"closes_at": at(before - DAY), "reason": "말이 더 남았습니다."}, "지금의 마감보다 뒤의 때를 골라 주십시오."),
        ({"closes_at": at(later), "reason": ""}, ""),
        ({"closes_at": "", "reason": "말이 더 남았습니다."}, ""),
    ):
        refused = runner.post(path, data=form)
        assert (refused.status_code, words in refused.text) == (422, True)
        assert f"{form['reason']}</textarea>" in refused.text
    session.expire_all()
    assert session.get_one(Round, one.id).closes_at == before
    extended = runner.post(path, data={"closes_at": at(later), "reason": "말이 더 남았습니다."})
    assert (extended.status_code, extended.location) == (303, f"/rounds/{one.id}")
    page = client.get(f"/rounds/{one.id}").text
    assert "이유: 말이 더 남았습니다." in page
    assert f"{in_seoul(before).day}" in page
    session.expire_all()
    line = session.scalars(select(RoundExtension)).one()
    assert (line.old_closes_at, line.new_closes_at) == (before, session.get_one(Round, one.id).closes_at)
    assert told(session, NoticeKind.ROUND_EXTENDED) >= {who.id for who in people}


def test_a_round_that_is_over_is_not_extended(session: Session, here: tuple[Forum, Round], runner: FlaskClient) -> None:
    one = here[1]
    one.closes_at = clock.now() - timedelta(seconds=1)
    session.flush()
    refused = runner.post(
        f"/rounds/{one.id}/extend", data={"closes_at": at(clock.now() + DAY), "reason": "말이 더 남았습니다."}
    )
    assert (refused.status_code, "이미 끝난 순서입니다." in refused.text) == (409, True)
    assert session.scalar(select(func.count()).select_from(RoundExtension)) == 0


def test_a_busy_round_takes_the_statements_of_a_quiet_one(
    session: Session, here: tuple[Forum, Round], runner: FlaskClient, queries: Queries
) -> None:
    one, seen = here[1], []
    for rows in (1, 8):
        took_part(session, one, rows)
        for place in range(rows):
            say(session, one, f"여기를 보세요 https://example.com/{rows}/{place}")
        session.expire_all()
        queries.clear()
        assert runner.get(f"/rounds/{one.id}/console").status_code == 200
        seen.append(len(queries))
    assert seen[0] == seen[1]
