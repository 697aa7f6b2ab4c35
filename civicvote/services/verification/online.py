"""Verification by oneself: against the city's register, and in the demo by saying so."""

from datetime import timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from civicvote.domain import districts, identity
from civicvote.domain.errors import InvalidError
from civicvote.domain.messages import msg
from civicvote.domain.permissions import Actor
from civicvote.models.accounts import User
from civicvote.models.verification import Person, RegisterEntry
from civicvote.services import sessions
from civicvote.services.attempts import Guard
from civicvote.services.verification.granting import (
    TO_THE_DESK,
    Facts,
    Namesake,
    grant,
    make_person,
    person_for,
    today,
    young,
)

#: Tries at the register per account.
IDENTITY: Final = Guard("identity", 10, timedelta(hours=1))

MISMATCH: Final = msg(
    "명부에서 찾을 수 없습니다. 이름, 생년월일, 전화번호를 주민등록과 같게 적었는지 확인해 주십시오. "
    "맞게 적었는데도 찾을 수 없으면 신분증을 가지고 본인확인 창구로 오십시오."
)
TOO_YOUNG: Final = msg(
    "만 14세가 되지 않은 분은 보호자의 동의가 필요하여 온라인으로 확인할 수 없습니다. "
    "보호자와 함께 신분증과 가족관계를 보여 주는 서류를 가지고 본인확인 창구로 오십시오."
)


def _fresh_token(session: Session, actor: Actor) -> str:
    """A new token for the session, because it may do more now; empty without a session (commands and tests)."""
    return sessions.rotate(session, actor.session_id) if actor.session_id else ""


def by_register(session: Session, actor: Actor, *, name: str, birth_date: str, phone: str, key: bytes) -> str:
    """Level 2 for whoever stands in the register so; returns the session's new token.

    InvalidError: one sentence for every mismatch, whichever of the three it is, after the same one look-up. The caller
    has counted the try (`IDENTITY`).
    """
    user = session.get_one(User, actor.account())
    who = identity.parse(name, birth_date, phone, today=today())
    if young(who.birth_date):
        raise InvalidError(TOO_YOUNG, field="birth_date")
    entry = session.scalars(
        select(RegisterEntry).where(RegisterEntry.match_key == identity.match_key(key, who))
    ).first()
    if entry is None:
        raise InvalidError(MISMATCH)
    person = person_for(session, user, who, key=key, namesake=Namesake.UNKNOWN, doubt=TO_THE_DESK)
    facts = Facts("register", 2, entry.birth_year, entry.sex, entry.district, "residence")
    grant(session, actor, user, person, facts)
    return _fresh_token(session, actor)


def by_demo(session: Session, actor: Actor, *, district: str, birth_year: int, sex: str | None, key: bytes) -> str:
    """Level 2 for whatever one says: demo only, its page exists in no other mode. Returns the session's new token."""
    user = session.get_one(User, actor.account())
    code = districts.district(district).code
    age = today().year - birth_year
    if not 0 <= age <= 130:
        raise InvalidError(msg("태어난 해를 확인해 주십시오."), field="birth_year")
    if age < identity.CONSENT_AGE:
        raise InvalidError(TOO_YOUNG, field="birth_year")
    person = _demo_person(session, user, key)
    grant(session, actor, user, person, Facts("demo", 2, birth_year, sex or None, code, "residence"))
    return _fresh_token(session, actor)


def _demo_person(session: Session, user: User, key: bytes) -> Person:
    if user.person_id is not None:
        return session.get_one(Person, user.person_id)
    person_key = identity.demo_person_key(key, str(user.id))
    found = session.scalars(select(Person).where(Person.person_key == person_key)).first()
    return found or make_person(session, person_key, None)
