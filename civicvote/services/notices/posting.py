"""From the inbox to the mailbox: what waits becomes letters in the outbox, merged by person, and nothing leaves at night."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import and_, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from civicvote.domain.notices import ASKED_FOR, SORTS, MailMode, hours
from civicvote.models.accounts import User
from civicvote.models.base import new_id
from civicvote.models.notices import Notice, NoticeMail
from civicvote.models.outbox import OutboxMessage
from civicvote.services import clock, outbox
from civicvote.services.locks import exclusive
from civicvote.services.notices import wishes
from civicvote.services.notices.inbox import worded
from civicvote.services.upsert import insert_new

#: Letters by their names in the outbox. What was asked for may leave at night.
LETTERS, ASKED, DIGEST = "notices", "notices-asked", "notices-digest"
KINDS: Final = frozenset({LETTERS, ASKED, DIGEST})
#: People written to in one round, and letters that may wait at most: a new password never stands behind a thousand of them.
BATCH = 100
MOST_WAITING = 300
#: What is told within this time of a letter goes together in the next.
GAP = timedelta(minutes=5)
#: Notices that a letter spells out; of more it says how many.
SPELT_OUT = 30
#: Notices put off at a time when the night begins.
_PUT_OFF = 5000


@dataclass(frozen=True, slots=True)
class Envelope:
    """`words`: what the letter's text needs beyond its payload; `headers`: RFC 8058's, where it can be unsubscribed."""

    words: dict[str, str]
    headers: dict[str, str]


def promise(session: Session) -> int:
    """Promise the next letters; returns how many. Idempotent: a notice that is in a letter is marked in the same transaction."""
    exclusive(session, LETTERS)
    moment = clock.now()
    night = hours.quiet(moment)
    if night:
        _put_off(session)
    waiting = session.scalar(
        select(func.count()).where(
            OutboxMessage.done_at.is_(None),
            OutboxMessage.failed_at.is_(None),
            OutboxMessage.available_at <= moment,
            OutboxMessage.kind.in_(KINDS),
        )
    )
    if (waiting or 0) >= MOST_WAITING:
        return 0
    made = _round(session, MailMode.IMMEDIATE, night=night)
    return made if night else made + _round(session, MailMode.DIGEST)


def _put_off(session: Session) -> None:
    """What wasn't promised by nine waits for the morning."""
    moment = clock.now()
    for mode, then in ((MailMode.IMMEDIATE, hours.awake(moment)), (MailMode.DIGEST, hours.next_digest(moment))):
        late = (
            select(Notice.id)
            .where(
                Notice.mailed_at.is_(None),
                Notice.mail_at <= moment,
                Notice.mail == mode,
                Notice.kind.not_in(ASKED_FOR),
            )
            .limit(_PUT_OFF)
        )
        _update(session, Notice.id.in_(late), mail_at=then)


def _update(session: Session, *which: Any, **values: Any) -> None:
    session.execute(update(Notice).where(*which).values(**values).execution_options(synchronize_session=False))


def _due(mode: MailMode, *, night: bool) -> Any:
    due = and_(Notice.mailed_at.is_(None), Notice.mail_at <= clock.now(), Notice.mail == mode)
    return and_(due, Notice.kind.in_(ASKED_FOR)) if night else due


def _round(session: Session, mode: MailMode, *, night: bool = False) -> int:
    """One letter to each of the next people whose notices are due; who had one just now waits."""
    due = _due(mode, night=night)
    first = select(Notice.recipient_id).where(due).order_by(Notice.mail_at, Notice.id).limit(BATCH)
    people = set(session.scalars(first))
    if people and not night:
        people -= _make_wait(session, mode, people, due)
    if not people:
        return 0
    taken = session.execute(
        update(Notice)
        .where(due, Notice.recipient_id.in_(people))
        .values(mailed_at=clock.now())
        .returning(Notice.id, Notice.recipient_id, Notice.kind, Notice.payload, Notice.path, Notice.by_id)
        .execution_options(synchronize_session=False)
    ).all()
    names = _names(session, {row.by_id for row in taken if row.by_id})
    letters = [_letter(mode, key, rows, names) for key, rows in _by_person(taken).items()]
    insert_new(session, OutboxMessage, letters)
    _remember(session, mode, [letter["recipient_id"] for letter in letters])
    return len(letters)


def _make_wait(session: Session, mode: MailMode, people: set[UUID], due: Any) -> set[UUID]:
    """Those who have had their letter: what is due for them waits for the next."""
    moment = clock.now()
    digest = mode is MailMode.DIGEST
    had = NoticeMail.digest_on >= hours.day(moment) if digest else NoticeMail.letter_at > moment - GAP
    waiting = set(session.scalars(select(NoticeMail.user_id).where(NoticeMail.user_id.in_(people), had)))
    if waiting:
        then = hours.next_digest(moment) if digest else moment + GAP
        _update(session, due, Notice.recipient_id.in_(waiting), mail_at=then)
    return waiting


def _names(session: Session, ids: set[UUID]) -> Mapping[UUID, str]:
    if not ids:
        return {}
    return {row.id: row.name for row in session.execute(select(User.id, User.name).where(User.id.in_(ids)))}


def _by_person(taken: Sequence[Any]) -> dict[UUID, list[Any]]:
    found: dict[UUID, list[Any]] = {}
    for row in sorted(taken, key=lambda row: row.id):
        found.setdefault(row.recipient_id, []).append(row)
    return found


def _letter(mode: MailMode, user_id: UUID, rows: Sequence[Any], names: Mapping[UUID, str]) -> dict[str, Any]:
    """A promise. Its name is the day of a gathered letter, else its first notice: neither comes twice."""
    moment = clock.now()
    digest = mode is MailMode.DIGEST
    kinds = {row.kind for row in rows}
    kind = DIGEST if digest else ASKED if kinds <= ASKED_FOR else LETTERS
    about = hours.day(moment).isoformat() if digest else str(rows[0].id)
    shown = [
        {"kind": row.kind.value, "payload": worded(row.payload, names.get(row.by_id)), "path": row.path}
        for row in rows[:SPELT_OUT]
    ]
    return {
        "id": new_id(),
        "kind": kind,
        "dedupe_key": outbox.name(kind, about, str(user_id)),
        "recipient_id": user_id,
        "address": None,
        "payload": {"notices": shown, "count": len(rows), "scope": _scope(kinds, digest=digest)},
        "created_at": moment,
        "available_at": moment,
        "attempts": 0,
        "error": "",
    }


def _scope(kinds: set[Any], *, digest: bool) -> str:
    """What the letter's link switches off; nothing where all of it is needed."""
    optional = {kind for kind in kinds if not SORTS[kind].needed}
    if not optional:
        return ""
    if digest:
        return wishes.DIGEST
    return next(iter(optional)).value if len(optional) == 1 else wishes.ALL


def _remember(session: Session, mode: MailMode, people: Sequence[UUID]) -> None:
    moment = clock.now()
    last: dict[str, Any] = {"digest_on": hours.day(moment)} if mode is MailMode.DIGEST else {"letter_at": moment}
    insert: Any = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    made = insert(NoticeMail).values([{"user_id": user_id, **last} for user_id in people])
    session.execute(made.on_conflict_do_update(index_elements=["user_id"], set_=last))


def waits_for_morning(kind: str) -> bool:
    """Whether a letter of this kind may not leave now."""
    return kind in KINDS - {ASKED} and hours.quiet(clock.now())


def put_off(session: Session, message_ids: Sequence[UUID]) -> None:
    """What a worker took in the evening and the night overtook: it leaves in the morning, and this was no try."""
    outbox.give_back(session, message_ids, until=hours.awake(clock.now()))


def envelope(kind: str, user_id: UUID | None, payload: Mapping[str, Any], *, key: bytes, base_url: str) -> Envelope:
    """What a letter about notices has besides its words: the links that stop it, and the header mail programs read."""
    if kind not in KINDS or user_id is None:
        return Envelope({}, {})
    scope = payload.get("scope")
    if not scope:
        return Envelope({"unsubscribe_url": ""}, {})
    url = f"{base_url.rstrip('/')}/notices/unsubscribe/{wishes.token(key, user_id, scope)}"
    headers = {"List-Unsubscribe": f"<{url}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    return Envelope({"unsubscribe_url": url}, headers)
