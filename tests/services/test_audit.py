"""The audit log: recorded with the change, chained afterwards, every tampering found."""

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from civicvote.domain.errors import ForbiddenError
from civicvote.domain.permissions import SYSTEM, Role
from civicvote.models.audit import AuditEvent, AuditHead, AuditLink
from civicvote.models.base import AppendOnlyError
from civicvote.services import audit
from tests import factories

KEY = bytes(range(32))
EVENTS = 12


@pytest.fixture
def chained(session: Session) -> Session:
    for number in range(EVENTS):
        audit.record(session, SYSTEM, "test:event", number=number)
    session.flush()
    audit.chain(session, KEY, limit=EVENTS // 2)
    audit.chain(session, KEY)
    return session


def test_an_untouched_chain_holds(chained: Session) -> None:
    verdict = audit.verify(chained, KEY)
    assert (verdict.linked, verdict.waiting, verdict.heads, verdict.problem) == (EVENTS, 0, 2, None)


def test_chaining_again_links_nothing(chained: Session) -> None:
    assert audit.chain(chained, KEY) == 0


def test_an_event_not_yet_linked_is_counted(chained: Session) -> None:
    audit.record(chained, SYSTEM, "test:late")
    chained.flush()
    assert audit.verify(chained, KEY).waiting == 1


def test_another_key_fits_no_head(chained: Session) -> None:
    assert audit.verify(chained, bytes(32)).problem is not None


def _without_triggers(session: Session) -> None:
    dialect = session.get_bind().dialect.name
    for table in ("audit_event", "audit_link", "audit_head"):
        if dialect == "sqlite":
            for verb in ("update", "delete"):
                session.execute(text(f"DROP TRIGGER tr_{table}_{verb}"))
        else:
            session.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))


MUTATIONS = [
    "UPDATE audit_event SET action = 'test:other' WHERE id = (SELECT event_id FROM audit_link WHERE seq = 3)",
    "UPDATE audit_event SET detail = '{\"number\": 99}' WHERE id = (SELECT event_id FROM audit_link WHERE seq = 12)",
    "UPDATE audit_event SET subject_kind = 'x' WHERE id = (SELECT event_id FROM audit_link WHERE seq = 1)",
    "UPDATE audit_link SET hash = prev WHERE seq = 5",
    "DELETE FROM audit_link WHERE seq = 4",
    "DELETE FROM audit_link WHERE seq > 9",
    "DELETE FROM audit_head WHERE seq < 0 OR seq = 12",
    "UPDATE audit_head SET hash = 'x' WHERE seq = 6",
]


@pytest.mark.parametrize("statement", [m for m in MUTATIONS if "audit_head WHERE" not in m])
def test_every_tampering_is_found(chained: Session, statement: str) -> None:
    _without_triggers(chained)
    chained.execute(text(statement))
    chained.expire_all()
    assert audit.verify(chained, KEY).problem is not None


@pytest.mark.parametrize("table", ["audit_event", "audit_link", "audit_head"])
@pytest.mark.parametrize("verb", ["UPDATE {t} SET {c} = {c}", "DELETE FROM {t}", "TRUNCATE {t} CASCADE"])
def test_the_database_refuses_rewriting(chained: Session, connection: Connection, table: str, verb: str) -> None:
    if verb.startswith("TRUNCATE") and connection.dialect.name == "sqlite":
        verb = "DELETE FROM {t} WHERE 1 = 1"
    column = {"audit_event": "action", "audit_link": "hash", "audit_head": "hash"}[table]
    with pytest.raises(DBAPIError, match="append-only"), connection.begin_nested():
        connection.execute(text(verb.format(t=table, c=column)))


def test_the_orm_refuses_rewriting(chained: Session) -> None:
    event = chained.query(AuditEvent).first()
    assert event is not None
    event.action = "test:other"
    with pytest.raises(AppendOnlyError):
        chained.flush()
    chained.expire(event)


def test_only_auditors_read(session: Session) -> None:
    citizen = factories.actor(factories.user(session))
    with pytest.raises(ForbiddenError):
        audit.listing(session, citizen, filters=audit.AuditFilters())
    auditor = factories.actor(factories.user(session, Role.AUDITOR), Role.AUDITOR)
    audit.record(session, auditor, "test:seen", count=1)
    session.flush()
    page = audit.listing(session, auditor, filters=audit.AuditFilters(action="test:seen"), size=10)
    assert [row.detail for row in page.rows] == [{"count": 1}]
    assert audit.actions(session, auditor) == ["test:seen"]


def test_pages_follow_each_other(chained: Session) -> None:
    auditor = factories.actor(factories.user(chained, Role.AUDITOR), Role.AUDITOR)
    seen: list[object] = []
    cursor = None
    while True:
        page = audit.listing(chained, auditor, filters=audit.AuditFilters(action="test:event"), cursor=cursor, size=5)
        seen += [row.detail["number"] for row in page.rows]
        cursor = page.next
        if cursor is None:
            break
    assert seen == list(reversed(range(EVENTS)))


def test_heads_are_signed_at_each_chaining(chained: Session) -> None:
    assert {head.seq for head in chained.query(AuditHead)} == {EVENTS // 2, EVENTS}
    assert chained.query(AuditLink).count() == EVENTS
