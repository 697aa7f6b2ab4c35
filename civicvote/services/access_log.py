"""Officials who looked at somebody's personal data: who, when, whose, what, for which purpose, from where."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from civicvote.domain.errors import ForbiddenError
from civicvote.domain.messages import Message, msg
from civicvote.domain.paging import Cursor, Page
from civicvote.domain.permissions import Actor, Permission
from civicvote.domain.text import clean_line, refuse_resident_number
from civicvote.models.accounts import User
from civicvote.models.verification import PersonalDataAccess
from civicvote.services import clock

#: What can be looked at, in words.
WORDS = {
    "desk:look-up": msg("창구에서 계정 찾기"),
    "desk:verify": msg("창구 본인확인"),
    "desk:check-in": msg("현장투표 접수"),
    "account:find": msg("이메일로 계정 찾기"),
    "account:data": msg("계정의 개인정보 열람"),
}


def check_purpose(text: str, *, field: str = "purpose") -> str:
    """Why somebody looks, 4 to 200 characters without a resident number, else InvalidError."""
    purpose = clean_line(text, minimum=4, maximum=200, field=field)
    refuse_resident_number(purpose, field=field)
    return purpose


def note(session: Session, actor: Actor, user_id: UUID | None, *, what: str, purpose: str, address: str) -> None:
    """Write that `actor` looked at the data of `user_id` (None: nobody was found). `address`: of the official's network."""
    if actor.id is None:
        raise ForbiddenError
    session.add(
        PersonalDataAccess(
            at=clock.now(), actor_id=actor.id, user_id=user_id, what=what, purpose=purpose, address=address[:45]
        )
    )
    session.flush()


@dataclass(frozen=True, slots=True)
class AccessRow:
    """A line of the auditors' page. Names are nicknames."""

    id: UUID
    at: datetime
    actor_id: UUID
    actor: str
    user_id: UUID | None
    user: str
    what: Message | str
    purpose: str
    address: str


@dataclass(frozen=True, slots=True)
class AccessFilters:
    """What an auditor looks for; empty fields match everything."""

    actor_id: UUID | None = None
    user_id: UUID | None = None


def listing(
    session: Session, actor: Actor, *, filters: AccessFilters, cursor: Cursor | None = None, size: int = 50
) -> Page[AccessRow]:
    """Newest first; for auditors."""
    actor.require(Permission.AUDIT_READ)
    official, person = aliased(User), aliased(User)
    query = (
        select(PersonalDataAccess, official.name, person.name)
        .join(official, official.id == PersonalDataAccess.actor_id)
        .outerjoin(person, person.id == PersonalDataAccess.user_id)
        .order_by(PersonalDataAccess.id.desc())
        .limit(size + 1)
    )
    if filters.actor_id:
        query = query.where(PersonalDataAccess.actor_id == filters.actor_id)
    if filters.user_id:
        query = query.where(PersonalDataAccess.user_id == filters.user_id)
    if cursor:
        query = query.where(PersonalDataAccess.id < cursor.key)
    rows = [
        AccessRow(a.id, a.at, a.actor_id, by, a.user_id, whose or "", WORDS.get(a.what, a.what), a.purpose, a.address)
        for a, by, whose in session.execute(query)
    ]
    return Page.cut(rows, size, lambda row: Cursor(row.id))
