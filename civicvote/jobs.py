"""What happens without anybody asking: the clock's moves, the board's and the log's chaining, and letters from the outbox.

Counts are asked for, and done here too: beside everything else, in a process of their own.
"""

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing import get_context
from multiprocessing.context import SpawnProcess
from typing import Any
from uuid import UUID

import structlog
from flask import Flask, render_template
from flask_babel import force_locale
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from civicvote import db
from civicvote.domain.errors import DomainError
from civicvote.domain.processes import end_with_parent
from civicvote.keystore import KeyStore
from civicvote.models.accounts import User
from civicvote.services import accounts, audit, board, counting, files, health, mail, outbox, reviews, voting
from civicvote.services.channels import documents
from civicvote.services.counting import queue
from civicvote.services.deliberation import opinion_maps, telling, themes
from civicvote.services.notices import inbox, posting
from civicvote.services.proposals import authors, overdue, windows
from civicvote.services.proposals import counting as proposal_counting
from civicvote.settings import Settings
from civicvote.web import observe

log = structlog.get_logger()


def carrier(settings: Settings) -> mail.Carrier:
    """Where letters go."""
    if settings.mail == "console":
        return mail.Console()
    if settings.mail == "file":
        return mail.Folder(settings.instance / "mail")
    return mail.Smtp(
        settings.smtp_host,
        settings.smtp_port,
        settings.smtp_user,
        settings.smtp_password.get_secret_value(),
        settings.smtp_tls,
    )


@dataclass(frozen=True, slots=True)
class Letter:
    """A notice ready to be written, taken out of its transaction."""

    id: Any
    kind: str
    attempts: int
    address: str | None
    locale: str
    name: str
    payload: dict[str, Any]
    recipient_id: UUID | None = None


def _lease(session: Session) -> list[Letter]:
    letters = []
    for message in outbox.lease(session):
        user = session.get(User, message.recipient_id) if message.recipient_id else None
        address = message.address or (user.email if user else None)
        letters.append(
            Letter(
                message.id,
                message.kind,
                message.attempts,
                address,
                user.locale if user else str(message.payload.get("locale", "ko")),
                user.name if user else "",
                dict(message.payload),
                message.recipient_id,
            )
        )
    return letters


def _write(letter: Letter, settings: Settings, more: dict[str, str]) -> tuple[str, str]:
    with force_locale(letter.locale):
        text = render_template(
            f"mail/{letter.kind}.txt",
            base_url=settings.base_url,
            site_name=settings.called(letter.locale),
            recipient_name=letter.name,
            **more,
            **letter.payload,
        )
    subject, _, body = text.strip().partition("\n")
    return subject, body.strip() + "\n"


#: Seconds a worker spends on the letters of one lease; well within it, or another would send them too.
PATIENCE = outbox.LEASE.total_seconds() / 2


def deliver(app: Flask, settings: Settings, via: mail.Carrier | None = None) -> int:
    """Send what is due; returns how many left the house. A killed worker's lease runs out and another sends again."""
    via = via or carrier(settings)
    database = db.database()
    with database.transaction() as session:
        letters = _lease(session)
    sent, until = 0, time.monotonic() + PATIENCE
    for place, letter in enumerate(letters):
        if time.monotonic() > until:
            with database.transaction() as session:
                outbox.give_back(session, [late.id for late in letters[place:]])
            break
        if posting.waits_for_morning(letter.kind):
            with database.transaction() as session:
                posting.put_off(session, [letter.id])
            continue
        error = _send(app, via, letter, settings) if letter.address else ""
        with database.transaction() as session:
            if error:
                outbox.failed(session, letter.id, letter.attempts, error)
            else:
                outbox.done(session, letter.id)  # an erased account has no address: nothing is left to tell
                sent += 1
    return sent


def _envelope(letter: Letter, settings: Settings) -> posting.Envelope:
    key = settings.keystore.derived("unsubscribe")
    return posting.envelope(letter.kind, letter.recipient_id, letter.payload, key=key, base_url=settings.base_url)


def _send(app: Flask, via: mail.Carrier, letter: Letter, settings: Settings) -> str:
    """Write and hand over; returns the class of the error, if any. One bad letter never holds up the others."""
    assert letter.address is not None
    try:
        with app.test_request_context(base_url=settings.base_url):
            envelope = _envelope(letter, settings)
            subject, body = _write(letter, settings, envelope.words)
        via.send(
            mail.compose(
                sender=settings.mail_from,
                to=letter.address,
                subject=subject,
                body=body,
                key=str(letter.id),
                headers=envelope.headers,
            )
        )
    except Exception as error:  # noqa: BLE001 — whatever goes wrong, the letter must be tried again
        log.warning("mail", error=type(error).__name__, kind=letter.kind, attempts=letter.attempts)
        return type(error).__name__
    return ""


def _sweep(session: Session) -> None:
    """Once an hour: nothing waits for it, and every tick would be too often."""
    if health.due(session, "sweep", timedelta(hours=1)):
        accounts.sweep(session)
        documents.forget_old(session)
        authors.forget_addresses(session)


def _sweep_files(session: Session, settings: Settings) -> None:
    """Once an hour as well."""
    if health.due(session, "files", timedelta(hours=1)):
        files.sweep(session, settings.store)
        inbox.sweep(session)


def _remind(session: Session) -> None:
    """Once a minute: whoever has cast is forgotten soon enough, and a reminder is a day early."""
    if health.due(session, "reminders", timedelta(minutes=1)):
        voting.remind(session)


def steps(settings: Settings) -> list[tuple[str, Callable[[Session], object]]]:
    """What a tick does, each in a transaction of its own: one that fails holds up no other."""
    keys = settings.keystore
    return [
        ("supplements", reviews.lapse_supplements),
        ("proposal-windows", windows.close_windows),
        ("proposals-overdue", overdue.note_overdue),
        ("themes", themes.follow_up),
        ("board", lambda session: board.sequence(session, keys)),
        ("forums", telling.tick),
        ("news", counting.news.gather),
        ("letters", counting.news.tell),
        ("notices", posting.promise),
        ("audit", lambda session: audit.chain(session, keys.audit)),
        ("proposal-counts", proposal_counting.fold),
        ("reminders", _remind),
        ("sweep", _sweep),
        ("files", lambda session: _sweep_files(session, settings)),
        ("beat", health.beat),
    ]


#: Seconds a tick spends on letters before the board has its turn again.
LETTERS = 2.0


def _round(app: Flask, settings: Settings) -> dict[str, str]:
    """Every step and the letters. Returns the failed steps with the class of their error."""
    failures = {}
    with app.app_context():
        for name, step in steps(settings):
            try:
                with db.database().transaction() as session:
                    step(session)
            except Exception as error:
                failures[name] = type(error).__name__
                log.error("tick", kind=name, error=type(error).__name__, exc_info=error)
        try:
            until = time.monotonic() + LETTERS
            while deliver(app, settings) and time.monotonic() < until:
                pass
        except Exception as error:
            failures["mail"] = type(error).__name__
            log.error("tick", kind="mail", error=type(error).__name__, exc_info=error)
        db.database().forget()
    return failures


#: Seconds after which a worker says again that it still counts.
RENEWAL = queue.LEASE.total_seconds() / 4


@contextmanager
def _renewing(database: db.Database, held: queue.Lease) -> Iterator[None]:
    """Keep the lease while the block takes its time."""
    over = threading.Event()

    def renew() -> None:
        while not over.wait(RENEWAL):
            try:
                with database.transaction() as session:
                    queue.renew(session, held)
            except SQLAlchemyError as error:  # what was counted is kept only if the lease still holds
                log.warning("count", kind=held.kind.value, error=type(error).__name__)

    helper = threading.Thread(target=renew, daemon=True)
    helper.start()
    try:
        yield
    finally:
        over.set()
        helper.join()


def _count_one(database: db.Database, keys: KeyStore, held: queue.Lease) -> None:
    """Read and compute without a transaction, then write in a short one: all of it, or nothing."""
    try:
        with _renewing(database, held), database.reading() as session:
            made = counting.tasks.prepare(session, held, keys=keys)
        if made is not None:
            with database.transaction() as session:
                counting.tasks.keep(session, held, made)
    except DomainError as error:
        with database.transaction() as session:
            queue.refuse(session, held, error.message)
    except Exception as error:  # noqa: BLE001 — whatever goes wrong, the count must be tried again
        # No traceback: its values could be ballots.
        log.error("count", kind=held.kind.value, error=type(error).__name__, attempts=held.attempt)
        with database.transaction() as session:
            queue.failed(session, held)


def count(database: db.Database, keys: KeyStore) -> int:
    """Do every count and publication that was asked for; returns how many were begun."""
    begun = 0
    while True:
        with database.transaction() as session:
            held = queue.lease(session)
        if held is None:
            return begun
        begun += 1
        _count_one(database, keys, held)


def draw_maps(database: db.Database) -> int:
    """Compute the opinion maps whose votes have changed; returns how many."""
    with database.reading() as session:
        rounds = opinion_maps.due(session)
    for round_id in rounds:
        with database.reading() as session:
            made = opinion_maps.prepare(session, round_id)
        with database.transaction() as session:
            opinion_maps.keep(session, made)
    return len(rounds)


def _count_apart(settings: Settings) -> None:
    """The life of a counting process. The worker that started it ends it; Ctrl+C in a terminal reaches both."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent()
    observe.configure_logs(settings.log_level)
    with db.opened(settings.url) as database:
        count(database, settings.keystore)
        draw_maps(database)


#: Seconds a counting process has to end in before it is killed. It may be killed at any time: its lease runs out.
FAREWELL = 5.0


class Counter:
    """Starts a process when a count or an opinion map waits: it holds up neither board nor letters, and its memory goes with it."""

    def __init__(self, database: db.Database, settings: Settings) -> None:
        self._database, self._settings = database, settings
        self.process: SpawnProcess | None = None

    def look(self) -> None:
        """See whether there is something to count, unless the process is at it."""
        if self.process is not None and self.process.is_alive():
            return
        try:
            with self._database.reading() as session:
                waits = queue.waits(session) or bool(opinion_maps.due(session))
        except SQLAlchemyError as error:
            log.error("count", error=type(error).__name__)
            return
        if waits:
            self.process = get_context("spawn").Process(target=_count_apart, args=(self._settings,))
            self.process.start()

    def stop(self) -> None:
        """End what is under way; whoever takes the task next begins anew."""
        process = self.process
        if process is None:
            return
        process.terminate()
        process.join(FAREWELL)
        if process.is_alive():
            process.kill()
            process.join()


def tick(app: Flask, settings: Settings) -> dict[str, str]:
    """Do once what the worker does again and again, and count what waits. Returns the failed steps with their errors' class."""
    failures = _round(app, settings)
    try:
        with app.app_context():
            count(db.database(), settings.keystore)
            draw_maps(db.database())
    except SQLAlchemyError as error:
        failures["count"] = type(error).__name__
        log.error("tick", kind="count", error=type(error).__name__, exc_info=error)
    return failures


def run(app: Flask, settings: Settings, *, every: float = 3.0) -> None:
    """Tick every few seconds until told to stop (SIGTERM, SIGINT)."""
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    counter = Counter(app.extensions[db.EXTENSION], settings)
    try:
        while not stop.is_set():
            _round(app, settings)
            counter.look()
            stop.wait(every)
    finally:
        counter.stop()
