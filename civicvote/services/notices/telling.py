"""Telling people: one line in the inbox per kind, object and person, in the transaction of its cause."""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, String, and_, case, func, literal, literal_column, null, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from civicvote.domain.messages import Message
from civicvote.domain.notices import SORTS, MailMode, NoticeKind, hours
from civicvote.domain.text import excerpt
from civicvote.models.accounts import User
from civicvote.models.base import Base
from civicvote.models.notices import Notice, NoticeMail, NoticePreference
from civicvote.services import clock

#: Accounts named in one statement: well below what SQLite binds.
_CHUNK = 5000
#: Longest words a notice carries.
_QUOTED = 600
_TABLE = Base.metadata.tables[Notice.__tablename__]


def tell(
    session: Session,
    kind: NoticeKind,
    *,
    about: object,
    to: Iterable[UUID | None] | Select[UUID],
    path: str,
    but: UUID | None = None,
    by: UUID | None = None,
    **payload: Any,
) -> int:
    """Tell each of `to` (accounts, or a select of them) once per kind and `about`; returns how many were new.

    `about`: the object's key, with a part for the occasion where there are several ("<id>|due-2"). `path` leads to the thing.
    `but`: whoever caused it isn't told. `by`: whoever the sentence names as its speaker, by the nickname their account has when
    it is read; a `name` instead means `but`, and is not kept. `payload` holds what else the sentence needs: `title` first of
    all, never personal data.
    A select is one statement however many it finds; accounts by name are one for each 5,000.
    """
    session.flush()  # what `to` asks for may have been written a moment ago
    named = by or (but if payload.get("name") else None)
    values = {
        name: _plain(value) for name, value in payload.items() if name != "name" and value is not None and value != ""
    }
    made = 0
    for chosen in _chosen(to):
        others = chosen if but is None else and_(chosen, User.id != but)
        what = {"kind": kind.value, "about": _about(about), "payload": values, "by_id": named, "path": path}
        made += _insert(session, kind, others, what)
    return made


def _chosen(to: Iterable[UUID | None] | Select[UUID]) -> list[ColumnElement[bool]]:
    """Who is told, one condition for each statement."""
    if isinstance(to, Select):
        return [User.id.in_(to)]
    people: Sequence[UUID] = sorted({user_id for user_id in to if user_id is not None})
    return [User.id.in_(people[start : start + _CHUNK]) for start in range(0, len(people), _CHUNK)]


def _plain(value: Any) -> Any:
    """As JSON keeps it; long words are cut."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Message | UUID):
        value = str(value)
    return excerpt(str(value), _QUOTED) if isinstance(value, str) else value


def _about(about: object) -> str:
    """The object's name; a long one by its digest."""
    name = str(about)
    return name if len(name) <= 100 else hashlib.sha256(name.encode()).hexdigest()


def _key(moment: datetime, *, on_sqlite: bool) -> ColumnElement[Any]:
    """A new key for each row, growing with time to the microsecond (UUIDv7 of RFC 9562): an inbox goes by it."""
    milliseconds, rest = divmod(int(moment.timestamp() * 1_000_000), 1000)
    began = f"{milliseconds:012x}7{rest:03x}"
    if on_sqlite:
        return literal_column(f"'{began}8' || lower(substr(hex(randomblob(8)), 2))")
    began = f"{began[:8]}-{began[8:12]}-{began[12:]}"
    return literal_column(f"CAST(overlay(CAST(gen_random_uuid() AS text) placing '{began}' from 1 for 18) AS uuid)")


def _word(value: StrEnum) -> ColumnElement[Any]:
    """A value as text: PostgreSQL must be told its type where several meet."""
    return literal(value.value, String)


def _mail(kind: NoticeKind) -> ColumnElement[Any]:
    """How it goes by mail to this person: their choice, else the kind's; nothing to an address nobody has confirmed."""
    sort = SORTS[kind]
    off, usual = _word(MailMode.OFF), _word(sort.default)
    mode: ColumnElement[Any] = func.coalesce(NoticePreference.mode, usual)
    if sort.needed:
        mode = case((mode == off, usual), else_=mode)
    unwanted: list[ColumnElement[bool]] = [User.email.is_(None), User.email_confirmed_at.is_(None)]
    if not sort.needed:
        gathered = and_(mode == _word(MailMode.DIGEST), NoticeMail.digest_off_at.is_not(None))
        unwanted += [NoticeMail.off_at.is_not(None), gathered]
    return case((or_(*unwanted), off), else_=mode)


def _insert(session: Session, kind: NoticeKind, chosen: ColumnElement[bool], what: dict[str, Any]) -> int:
    """One INSERT … SELECT: whoever is told already, or has left, is passed over."""
    on_sqlite = session.get_bind().dialect.name == "sqlite"
    moment, types = clock.now(), {column.name: column.type for column in _TABLE.columns}
    people = (
        select(User.id, _mail(kind).label("mail"))
        .outerjoin(NoticePreference, and_(NoticePreference.user_id == User.id, NoticePreference.kind == kind))
        .outerjoin(NoticeMail, NoticeMail.user_id == User.id)
        .where(chosen, User.erased_at.is_(None))
        .subquery()
    )
    at_once = moment if SORTS[kind].asked else hours.awake(moment)
    times = {MailMode.IMMEDIATE: at_once, MailMode.DIGEST: hours.next_digest(moment)}
    columns: dict[str, Any] = {
        "id": _key(moment, on_sqlite=on_sqlite),
        "recipient_id": people.c.id,
        **{
            name: null() if value is None else literal(value, String if name == "kind" else types[name])
            for name, value in what.items()
        },
        "created_at": literal(moment, types["created_at"]),
        "mail": people.c.mail,
        "mail_at": case(
            *((people.c.mail == _word(mode), literal(at, types["mail_at"])) for mode, at in times.items()),
            else_=null(),
        ),
    }
    rows = select(*columns.values()).where(people.c.id.is_not(None))  # SQLite wants a WHERE before ON CONFLICT
    made = sqlite.insert(_TABLE) if on_sqlite else postgresql.insert(_TABLE)
    result = session.execute(
        made.from_select(list(columns), rows).on_conflict_do_nothing(), execution_options={"preserve_rowcount": True}
    )
    return max(0, int(getattr(result, "rowcount", 0)))
