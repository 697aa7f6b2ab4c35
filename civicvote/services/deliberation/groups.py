"""Participant groups: the people a season's or a table's round is for, entered as a list of addresses."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from civicvote.domain.errors import InvalidError, NotFoundError
from civicvote.domain.messages import Message, msg
from civicvote.domain.permissions import Actor, Permission
from civicvote.models.accounts import User
from civicvote.models.deliberation import GroupMember, ParticipantGroup
from civicvote.services import audit, clock
from civicvote.services.deliberation import words
from civicvote.services.upsert import insert_new

NAME_MAX, LIST_MAX, LINES_MAX = 80, 100_000, 2000
KINDS = {"season": msg("시민회의 한 기수"), "table": msg("한 모둠(테이블)")}


class Result(StrEnum):
    """What became of a line of the list."""

    ADDED = "added"
    ALREADY = "already"
    UNKNOWN = "unknown"
    UNREADABLE = "unreadable"


RESULTS: dict[Result, Message] = {
    Result.ADDED: msg("추가했습니다"),
    Result.ALREADY: msg("이미 있습니다"),
    Result.UNKNOWN: msg("가입한 계정이 없습니다"),
    Result.UNREADABLE: msg("이메일 주소로 읽을 수 없습니다"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the pasted list. `text` is what stood there; it is shown once and kept nowhere."""

    number: int
    text: str
    result: Result


@dataclass(frozen=True, slots=True)
class Row:
    """A group in the list."""

    id: UUID
    name: str
    kind: str
    people: int


def create(session: Session, actor: Actor, *, name: str, kind: str) -> ParticipantGroup:
    """Make an empty group."""
    actor.require(Permission.FORUM_APPROVE)
    if kind not in KINDS:
        raise InvalidError(msg("모둠의 종류를 골라 주십시오."), field="kind")
    made = ParticipantGroup(
        name=words.line(name, "name", minimum=2, maximum=NAME_MAX),
        kind=kind,
        created_by=actor.id,
        created_at=clock.now(),
    )
    session.add(made)
    session.flush()
    audit.record(session, actor, "group:create", made, kind=kind)
    return made


def listing(session: Session, actor: Actor) -> list[Row]:
    """Every group with its size, the newest first."""
    actor.require(Permission.FORUM_DRAFT)
    query = (
        select(ParticipantGroup.id, ParticipantGroup.name, ParticipantGroup.kind, func.count(GroupMember.user_id))
        .outerjoin(GroupMember, GroupMember.group_id == ParticipantGroup.id)
        .group_by(ParticipantGroup.id, ParticipantGroup.name, ParticipantGroup.kind)
        .order_by(ParticipantGroup.id.desc())
        .limit(500)
    )
    return [Row(*found) for found in session.execute(query)]


def get(session: Session, actor: Actor, group_id: UUID, *, lock: bool = False) -> ParticipantGroup:
    """One group, for staff."""
    actor.require(Permission.FORUM_APPROVE)
    found = session.get(ParticipantGroup, group_id, with_for_update=True if lock else None)
    if found is None:
        raise NotFoundError
    return found


def members(session: Session, actor: Actor, group_id: UUID) -> Sequence[tuple[UUID, str]]:
    """Keys and nicknames of a group's people, for staff alone."""
    get(session, actor, group_id)
    query = (
        select(User.id, User.name)
        .join(GroupMember, GroupMember.user_id == User.id)
        .where(GroupMember.group_id == group_id)
        .order_by(User.name, User.id)
        .limit(LINES_MAX)
    )
    return [(key, name) for key, name in session.execute(query)]


_ADDRESS = re.compile(r"[^\s<>,;@]{1,64}@[^\s<>,;@]{1,190}")


def _addresses(text: str) -> list[tuple[int, str, str]]:
    """(line number, the line, its address or "") of every line with something in it."""
    rows = []
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            found = _ADDRESS.search(line)
            rows.append((number, line.strip()[:120], found[0].lower() if found else ""))
    return rows


def add(session: Session, actor: Actor, group_id: UUID, text: str) -> list[Line]:
    """Add the people of a pasted list, one address a line; says of each line what became of it."""
    group = get(session, actor, group_id, lock=True)
    if len(text) > LIST_MAX:
        raise InvalidError(msg("목록이 너무 깁니다. 나누어 넣어 주십시오."), field="emails")
    rows = _addresses(text)
    if not rows:
        raise InvalidError(msg("이메일 주소를 한 줄에 하나씩 넣어 주십시오."), field="emails")
    if len(rows) > LINES_MAX:
        raise InvalidError(msg("한 번에 %(most)s줄까지 넣을 수 있습니다.", most=f"{LINES_MAX:,}"), field="emails")
    wanted = sorted({address for _n, _t, address in rows if address})
    known: dict[str, UUID] = {}
    for start in range(0, len(wanted), 500):
        query = select(User.email, User.id).where(User.email.in_(wanted[start : start + 500]))
        known |= {str(email): key for email, key in session.execute(query)}
    held = set(session.scalars(select(GroupMember.user_id).where(GroupMember.group_id == group_id)))
    report = []
    for number, line, address in rows:
        key = known.get(address)
        if not address:
            result = Result.UNREADABLE
        elif key is None:
            result = Result.UNKNOWN
        else:
            result = Result.ALREADY if key in held else Result.ADDED
            held.add(key)
        report.append(Line(number, line, result))
    new = {known[a] for (_n, _t, a), line in zip(rows, report, strict=True) if line.result is Result.ADDED}
    insert_new(session, GroupMember, [{"group_id": group_id, "user_id": key} for key in sorted(new)])
    audit.record(session, actor, "group:add", group, count=len(new))
    return report


def remove(session: Session, actor: Actor, group_id: UUID, user_id: UUID) -> None:
    """Take somebody out of a group; what they said stays."""
    group = get(session, actor, group_id)
    gone = session.scalars(
        delete(GroupMember)
        .where(GroupMember.group_id == group_id, GroupMember.user_id == user_id)
        .returning(GroupMember.user_id)
        .execution_options(synchronize_session=False)
    ).all()
    if not gone:
        raise NotFoundError
    audit.record(session, actor, "group:remove", group, user=user_id)
