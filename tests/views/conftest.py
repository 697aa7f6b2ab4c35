"""Whatever a view changes is recorded in the same transaction: every request of these tests is held to it."""

from collections.abc import Iterator

import pytest
from flask import Response, g, request
from sqlalchemy import event
from sqlalchemy.orm import ORMExecuteState, Session

from civicvote import db
from civicvote.models.audit import AuditEvent

RECORD = AuditEvent.__tablename__
#: What may be written without an event, and why.
UNRECORDED = {
    "personal_data_access": "it is the record of looks at personal data",
    "attempt": "counts tries",
    "passkey_challenge": "a question asked of an authenticator",
    "totp": "a secret that is offered; taking it is recorded",
    "notice": "what somebody has read is nobody's business; what they are told has a cause that is recorded",
    "email_token": "a letter's link, promised together with the letter",
    "outbox_message": "a promise; its cause is recorded",
    "ballot": "an event per ballot would link a person and a moment: the board is the record",
    "ballot_waiting": "see ballot",
    "cast_key": "see ballot",
    "participation": "see ballot",
    "station_seat": "who sits at a station when would link a person and a moment",
    "station_code": "used up by whoever sits down; its making is recorded",
    "paper_entry": "one sheet of a batch, whose beginning, finish and confirmation are recorded",
    "unfinished_ballot": "see ballot",
}
#: Tables an idempotent form asks in vain when it is sent twice.
SENT_TWICE = {
    "commitments.report": {"commitment_update"},
    "console.summarise": {"round_summary"},
    "projects.comment": {"comment"},
    "projects.endorse": {"endorsement"},
    "projects.status": {"status_update"},
    "statements.add": {"round_participant"},
    "themes.nominate": {"round_participant"},
}


def _note(session: Session, table: str) -> None:
    session.info.setdefault("written", set()).add(table)


def _flushing(session: Session, *_rest: object) -> None:
    for thing in [*session.new, *session.deleted, *(thing for thing in session.dirty if session.is_modified(thing))]:
        _note(session, type(thing).__tablename__)


def _executing(state: ORMExecuteState) -> None:
    if state.is_insert or state.is_update or state.is_delete:
        _note(state.session, getattr(getattr(state.statement, "table", None), "name", "?"))


@pytest.fixture(autouse=True)
def _everything_is_recorded(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    commit = db.finish

    def finish(response: Response) -> None:
        writer: Session | None = g.get("writer")
        if writer is not None and response.status_code < 400:
            writer.flush()
            written = writer.info.get("written", set()) - SENT_TWICE.get(request.endpoint or "", set())
            assert RECORD in written or written <= set(UNRECORDED), (request.endpoint, written)
        commit(response)

    monkeypatch.setattr(db, "finish", finish)
    event.listen(Session, "before_flush", _flushing)
    event.listen(Session, "do_orm_execute", _executing)
    yield
    event.remove(Session, "before_flush", _flushing)
    event.remove(Session, "do_orm_execute", _executing)
