"""Mail about notices: merged, once, by day, in the reader's language, with a way to stop it."""

import email
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from email import policy

import pytest
import time_machine
from flask import Flask
from sqlalchemy import Engine, func, select, update
from sqlalchemy.orm import Session

from civicvote import db, jobs
from civicvote.domain.notices import MailMode, NoticeKind
from civicvote.models.notices import Notice
from civicvote.models.outbox import OutboxMessage
from civicvote.services import clock, mail, outbox
from civicvote.services.notices import posting, tell, wishes
from civicvote.settings import Settings
from tests import factories
from tests.conftest import DATABASES, Queries
from tests.support.notices import LATER, Box, at, letters, told
from tests.support.races import together

K = NoticeKind


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with time_machine.travel(at(12), tick=False):
        yield


def tick(session: Session, moment: datetime) -> int:
    with time_machine.travel(moment, tick=False):
        return posting.promise(session)


def test_each_notice_is_promised_once_and_what_waits_goes_together(session: Session) -> None:
    one, two = factories.user(session), factories.user(session)
    told(session, one)
    told(session, one, K.OVERDUE)  # gathered
    told(session, two, K.CONCLUDED)
    told(session, two, K.ANSWERED)
    assert [posting.promise(session) for _ in range(2)] == [2, 0]
    found = {letter.recipient_id: letter.payload for letter in letters(session)}
    assert [(payload["count"], payload["scope"]) for payload in (found[one.id], found[two.id])] == [
        (1, "answered"),
        (2, "all"),
    ]
    assert {line["kind"] for line in found[two.id]["notices"]} == {"concluded", "answered"}


def test_what_follows_a_letter_closely_waits_for_the_next(session: Session) -> None:
    user = factories.user(session)
    told(session, user)
    assert posting.promise(session) == 1
    for _ in range(3):
        told(session, user)
    assert posting.promise(session) == 0
    assert tick(session, clock.now() + LATER) == 1
    assert [letter.payload["count"] for letter in letters(session)] == [1, 3]


@pytest.mark.parametrize(("hour", "minute", "leaves"), [(20, 59, True), (21, 0, False), (7, 59, False), (8, 0, True)])
def test_nothing_leaves_at_night_but_what_was_asked_for(session: Session, hour: int, minute: int, leaves: bool) -> None:  # noqa: FBT001 — a case
    user, asking = factories.user(session), factories.user(session)
    with time_machine.travel(at(hour, minute), tick=False):
        told(session, user)
        told(session, asking, K.APPEAL_DECIDED)
        assert posting.promise(session) == 1 + leaves
    assert {letter.kind for letter in letters(session)} == (
        {"notices", "notices-asked"} if leaves else {"notices-asked"}
    )
    assert tick(session, at(8, 0, day=3)) == 1 - leaves


def test_what_the_night_overtakes_waits_for_the_morning(app: Flask, session: Session, settings: Settings) -> None:
    late, promised = factories.user(session), factories.user(session)
    with time_machine.travel(at(20, 59), tick=False):
        told(session, promised)
        posting.promise(session)
        told(session, late)
    assert tick(session, at(21)) == 0
    box = Box()
    for moment, sent in ((at(21), 0), (at(7, 59, day=3), 0), (at(8, day=3), 1)):
        with time_machine.travel(moment, tick=False), app.app_context():
            jobs.deliver(app, settings, box)
        assert len(box.letters) == sent
    assert letters(session)[0].attempts == 1, "the night was no try"
    assert tick(session, at(8, day=3)) == 1


def test_gathered_letters_leave_once_a_day_in_the_morning(session: Session) -> None:
    user = factories.user(session)
    for _ in range(2):
        told(session, user, K.COMMENTED)
    counts = [tick(session, moment) for moment in (at(13), at(8, 29, day=3), at(8, 30, day=3), at(8, 31, day=3))]
    assert counts == [0, 0, 1, 0]
    with time_machine.travel(at(9, day=3), tick=False):
        told(session, user, K.REPLIED)
    session.execute(
        update(Notice).where(Notice.kind == K.REPLIED).values(mail_at=at(8, 30, day=3))
    )  # it was written late
    assert [tick(session, moment) for moment in (at(9, 1, day=3), at(8, 30, day=4))] == [0, 1]
    assert [letter.payload["count"] for letter in letters(session)] == [2, 1]
    assert {letter.kind for letter in letters(session)} == {"notices-digest"}


def test_a_day_without_a_worker_makes_one_letter_and_none_at_night(session: Session) -> None:
    user = factories.user(session)
    told(session, user, K.COMMENTED)
    told(session, user)
    assert tick(session, at(22, day=3)) == 0
    assert tick(session, at(8, 30, day=4)) == 2
    assert sorted(letter.kind for letter in letters(session)) == ["notices", "notices-digest"]


def test_letters_never_stand_before_others(session: Session, monkeypatch: pytest.MonkeyPatch, queries: Queries) -> None:
    monkeypatch.setattr(posting, "BATCH", 4)
    monkeypatch.setattr(posting, "MOST_WAITING", 6)
    people = [factories.user(session).id for _ in range(11)]
    tell(session, K.ANSWERED, about="x", to=people, path="/x", title="가")
    queries.clear()
    assert [posting.promise(session) for _ in range(3)] == [4, 4, 0]
    assert len(queries) < 25
    session.execute(update(OutboxMessage).values(done_at=clock.now()))
    assert [posting.promise(session) for _ in range(2)] == [3, 0]
    assert {letter.recipient_id for letter in letters(session)} == set(people)


@pytest.fixture(params=DATABASES)
def base(request: pytest.FixtureRequest, make_database: Callable[[str], Engine]) -> db.Database:
    """A database whose transactions really commit."""
    return db.Database(make_database(request.param))


def test_workers_and_writers_at_once_lose_and_double_nothing(base: db.Database) -> None:
    with base.transaction() as session:
        people = [factories.user(session).id for _ in range(12)]
        tell(session, K.ANSWERED, about="before", to=people, path="/x", title="가")

    def work(number: int) -> str:
        if number >= 4:
            for about in (f"mine-{number}", "the same"):
                with base.transaction() as session:
                    tell(session, K.CONCLUDED, about=about, to=people, path="/x", title="가")
            return ""
        with base.transaction() as session:
            return str(posting.promise(session))

    together(8, work)
    with time_machine.travel(clock.now() + LATER, tick=False):
        for _ in range(3):
            together(2, lambda _number: work(0))
    with base.reading() as session:
        assert session.scalar(select(func.count()).where(Notice.mailed_at.is_(None))) == 0
        sent = list(session.scalars(select(OutboxMessage)))
        assert sum(letter.payload["count"] for letter in sent) == session.scalar(
            select(func.count()).select_from(Notice)
        )
        assert session.scalar(select(func.count()).select_from(Notice)) == 12 * (1 + 4 + 1)
        assert max(sum(letter.recipient_id == user for letter in sent) for user in people) <= 2


def _promise_and_die(base: db.Database) -> None:
    with base.transaction() as session:
        assert posting.promise(session) == 1
        raise KeyboardInterrupt


def test_a_worker_killed_between_two_steps_begins_again(base: db.Database) -> None:
    with base.transaction() as session:
        told(session, factories.user(session))
    with pytest.raises(KeyboardInterrupt):
        _promise_and_die(base)
    with base.transaction() as session:
        assert posting.promise(session) == 1
    with base.reading() as session:
        assert session.scalar(select(func.count()).select_from(OutboxMessage)) == 1


def delivered(app: Flask, settings: Settings) -> list[email.message.EmailMessage]:
    box = Box()
    with app.app_context():
        jobs.deliver(app, settings, box)
    return box.letters


def test_a_letter_says_what_happened_and_how_to_stop_it(app: Flask, session: Session, settings: Settings) -> None:
    user, speaker = factories.user(session, name="홍길동"), factories.user(session, name="이웃")
    wishes.choose(session, factories.actor(user), {K.REPLIED: MailMode.IMMEDIATE})
    told(session, user, K.REPLIED, but=speaker.id, name="x", path="/proposals/1", reason="좋은 생각입니다.")
    posting.promise(session)
    (letter,) = delivered(app, settings)
    token = wishes.token(settings.keystore.derived("unsubscribe"), user.id, "replied")
    url = f"http://localhost/notices/unsubscribe/{token}"
    assert letter["Subject"] == "[civicvote] 이웃 님이 「통학로 보행등」에 쓰신 글에 답글을 남겼습니다."
    body = letter.get_content()
    for words in (
        "홍길동 님",
        "http://localhost/proposals/1",
        "좋은 생각입니다.",
        url,
        "http://localhost/notices/settings",
    ):
        assert words in body
    raw = letter.as_bytes().decode()
    assert f"List-Unsubscribe: <{url}>\n" in raw
    assert "List-Unsubscribe-Post: List-Unsubscribe=One-Click\n" in raw
    again = email.message_from_bytes(letter.as_bytes(), policy=policy.default)
    assert again["List-Unsubscribe"] == f"<{url}>"
    (promise,) = letters(session)
    assert (promise.payload, promise.done_at is not None) == ({}, True)


def test_what_cannot_be_switched_off_offers_no_switch(app: Flask, session: Session, settings: Settings) -> None:
    told(session, factories.user(session), K.HIDDEN)
    posting.promise(session)
    outbox.put(
        session,
        "project-moved",
        about="1",
        address="a@example.org",
        title="가",
        state="selected",
        reason="",
        project="1",
    )
    for letter in delivered(app, settings):
        assert letter["List-Unsubscribe"] is None
        assert "/unsubscribe/" not in letter.get_content()


def test_many_are_told_in_short(app: Flask, session: Session, settings: Settings) -> None:
    user = factories.user(session)
    for number in range(posting.SPELT_OUT + 2):
        told(session, user, K.COMMENTED, title=f"제안{number}")
    tick(session, at(8, 30, day=3))
    with time_machine.travel(at(8, 31, day=3), tick=False):
        (letter,) = delivered(app, settings)
    assert letter["Subject"] == "[civicvote] 모아 보내는 알림 32건"
    assert letter.get_content().count("- 「제안") == posting.SPELT_OUT
    assert "이 밖에 2건" in letter.get_content()


def test_english_letters_hold_english_words(app: Flask, session: Session, settings: Settings) -> None:
    user = factories.user(session, name="Ann")
    user.locale = "en"
    session.flush()
    for kind in NoticeKind:
        told(
            session,
            user,
            kind,
            title="Lamps",
            due=clock.now() + timedelta(days=1),
            verdict="accepted",
            state="answered",
        )
    session.execute(update(Notice).values(mail=MailMode.IMMEDIATE, mail_at=clock.now()))
    posting.promise(session)
    (letter,) = delivered(app, settings)
    text = letter["Subject"] + letter.get_content()
    assert not [char for char in text if "가" <= char <= "힣"]
    assert "Lamps" in text


def test_no_address_is_encoded_on_the_way() -> None:
    url = "<https://a-rather-long-name-of-a-city.example.org/notices/unsubscribe/" + "x" * 80 + ">"
    letter = mail.compose(
        sender="a@b.kr", to="c@d.kr", subject="s", body="b", key="k", headers={"List-Unsubscribe": url}
    )
    assert f"List-Unsubscribe: {url}\n".encode() in letter.as_bytes()
