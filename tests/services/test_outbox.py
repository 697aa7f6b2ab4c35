"""Promises of letters: once each, tried again, given up at the end, and by SMTP."""

import socket
import threading
from collections.abc import Iterator
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import pytest
import time_machine
from aiosmtpd.controller import Controller
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from civicvote import jobs
from civicvote.models.base import new_id
from civicvote.models.outbox import OutboxMessage
from civicvote.services import clock, mail, outbox
from civicvote.settings import Settings
from tests import factories


def put(session: Session, about: str = "1", address: str | None = "a@example.org", **values: Any) -> OutboxMessage:
    payload = {"project": "x", "title": "보행등", "state": "selected", "reason": ""} | values.pop("payload", {})
    outbox.put(session, values.pop("kind", "project-moved"), about=about, address=address, **values, **payload)
    return session.scalars(select(OutboxMessage).order_by(OutboxMessage.id.desc()).limit(1)).one()


def test_a_promise_is_made_once_per_recipient(session: Session) -> None:
    first, second = factories.user(session), factories.user(session)
    for user in (first, second, first):
        put(session, address=None, recipient_id=user.id)
    assert len(session.scalars(select(OutboxMessage)).all()) == 2
    for address in ("a@example.org", "b@example.org", "a@example.org"):
        put(session, about="x" * 200, address=address)
    assert len(session.scalars(select(OutboxMessage)).all()) == 4, "long names of things hide no recipient"


def test_a_lease_is_for_one_worker_and_runs_out(session: Session) -> None:
    for number in range(3):
        put(session, str(number))
    assert len(outbox.lease(session, limit=2)) == 2
    session.flush()
    assert len(outbox.lease(session)) == 1
    session.flush()
    assert not outbox.lease(session)
    with time_machine.travel(clock.now() + outbox.LEASE + timedelta(seconds=1), tick=False):
        again = outbox.lease(session)
        assert sorted(message.attempts for message in again) == [2, 2, 2]


def test_what_a_worker_had_no_time_for_is_free_again_and_was_no_try(session: Session) -> None:
    put(session)
    (message,) = outbox.lease(session)
    session.flush()
    outbox.give_back(session, [message.id])
    session.expire_all()
    (again,) = outbox.lease(session)
    assert (again.id, again.attempts) == (message.id, 1)


def test_failures_wait_longer_each_time_and_end(session: Session) -> None:
    put(session)
    waits, moment = [], clock.now()
    for _ in range(outbox.MAX_ATTEMPTS):
        with time_machine.travel(moment, tick=False):
            (message,) = outbox.lease(session)
            session.flush()
            outbox.failed(session, message.id, message.attempts, "SMTPServerDisconnected")
            session.expire_all()
            waits.append((message.available_at - moment).total_seconds())
            assert not outbox.lease(session)
            moment = max(message.available_at, moment)
    assert waits[:-1] == sorted(waits[:-1])
    assert waits[:3] == [10, 20, 40]
    assert max(waits) <= 3600
    assert message.failed_at is not None
    state = outbox.backlog(session)
    assert (state.waiting, state.given_up) == (0, 1)


def test_secrets_leave_the_house_with_the_letter(session: Session) -> None:
    message = put(session, payload={"reason": "geheim"})
    outbox.done(session, message.id)
    session.refresh(message)
    assert (message.payload, message.address) == ({}, None)
    assert message.done_at is not None
    assert outbox.backlog(session).waiting == 0


class Box:
    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []

    def send(self, letter: EmailMessage) -> None:
        self.letters.append(letter)


def test_one_bad_letter_holds_up_no_other(app: Flask, session: Session, settings: Settings) -> None:
    bad = put(session, "bad", kind="no-such-letter")
    good = put(session, "good")
    box = Box()
    with app.app_context():
        assert jobs.deliver(app, settings, box) == 1
    session.expire_all()
    assert [letter["To"] for letter in box.letters] == ["a@example.org"]
    assert good.done_at is not None
    assert (bad.error, bad.done_at, bad.leased_until) == ("TemplateNotFound", None, None)


def test_letters_speak_the_recipients_language(app: Flask, session: Session, settings: Settings) -> None:
    for locale in ("ko", "en"):
        user = factories.user(session)
        user.locale = locale
        session.flush()
        put(session, address=None, recipient_id=user.id)
    box = Box()
    with app.app_context():
        assert jobs.deliver(app, settings, box) == 2
    subjects = sorted(letter["Subject"] for letter in box.letters)
    assert any("사업제안" in subject for subject in subjects)
    assert all(letter["Auto-Submitted"] == "auto-generated" for letter in box.letters)


def test_an_erased_account_is_told_nothing(app: Flask, session: Session, settings: Settings) -> None:
    user = factories.user(session)
    message = put(session, address=None, recipient_id=user.id)
    user.email, user.erased_at = None, clock.now()
    session.flush()
    box = Box()
    with app.app_context():
        jobs.deliver(app, settings, box)
    session.expire_all()
    assert not box.letters
    assert message.done_at is not None


def test_a_slow_server_does_not_outlive_the_lease(
    app: Flask, session: Session, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(4):
        put(session, str(number))
    monkeypatch.setattr(jobs, "PATIENCE", -1.0)
    with app.app_context():
        assert jobs.deliver(app, settings, Box()) == 0
    session.expire_all()
    states = {(one.leased_until, one.attempts) for one in session.scalars(select(OutboxMessage))}
    assert states == {(None, 0)}


class Catch:
    """An SMTP server's memory; it may refuse."""

    def __init__(self) -> None:
        self.got: list[Any] = []
        self.answer = "250 OK"
        self.lock = threading.Lock()

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 — aiosmtpd's name
        with self.lock:
            if self.answer.startswith("250"):
                self.got.append(envelope)
            return self.answer


class AnyPort(Controller):
    """A server on whatever port is free."""

    def _trigger_server(self) -> None:
        """Wait for its greeting, however long a busy machine takes: the library's own wait is a second."""
        server: Any = self.server
        self.port = server.sockets[0].getsockname()[1]
        with socket.create_connection(("127.0.0.1", self.port), 60) as first:
            first.recv(1024)


@pytest.fixture
def smtp() -> Iterator[tuple[Catch, Controller]]:
    catch = Catch()
    controller = AnyPort(catch, hostname="127.0.0.1", port=0, ready_timeout=60)
    controller.start()
    yield catch, controller
    controller.stop()


def test_letters_go_by_smtp_when_the_server_is_back(
    app: Flask, session: Session, settings: Settings, smtp: tuple[Catch, Controller]
) -> None:
    catch, controller = smtp
    message = put(session, payload={"title": "한글 제목\r\nBcc: evil@example.org"})
    with app.app_context():
        assert jobs.deliver(app, settings, mail.Smtp("127.0.0.1", 9, "", "", "none")) == 0
        session.expire_all()
        assert message.error == "ConnectionRefusedError"
        for answer, error in (("451 busy", "SMTPDataError"), ("554 no", "SMTPDataError"), ("250 OK", "")):
            catch.answer = answer
            session.execute(update(OutboxMessage).values(available_at=clock.now(), leased_until=None))
            jobs.deliver(app, settings, mail.Smtp("127.0.0.1", controller.port, "", "", "none"))
            session.expire_all()
            assert message.error == error
    (envelope,) = catch.got
    assert envelope.rcpt_tos == ["a@example.org"], "a line end in a title adds no recipient"
    assert f"<{message.id}@".encode() in envelope.content
    assert message.done_at is not None


def test_a_server_without_tls_gets_no_letter_when_tls_is_asked_for(smtp: tuple[Catch, Controller]) -> None:
    catch, controller = smtp
    letter = mail.compose(sender="a@b.kr", to="c@d.kr", subject="s", body="b", key=str(new_id()))
    with pytest.raises(Exception, match="STARTTLS"):
        mail.Smtp("127.0.0.1", controller.port, "", "", "starttls").send(letter)
    assert not catch.got
    mail.Smtp("127.0.0.1", controller.port, "", "", "none").probe()
