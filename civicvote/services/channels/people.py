"""Whom a clerk has in front of them: an account's person, somebody the platform knows, or a new one with documents."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from civicvote.domain import districts, identity
from civicvote.domain.errors import ForbiddenError, InvalidError
from civicvote.domain.identity import Identity
from civicvote.domain.messages import msg
from civicvote.domain.permissions import Actor
from civicvote.models.accounts import User
from civicvote.models.verification import Person, RegisterEntry
from civicvote.services import access_log, clock
from civicvote.services.accounts import normal_address
from civicvote.services.verification.desk import UNKNOWN
from civicvote.services.verification.granting import ASK_CLERK, Namesake, known_person, person_of, today, young
from civicvote.services.verification.standing import BASES

_PURPOSE: Final = msg("현장투표 접수")
_UNVERIFIED: Final = msg("본인확인을 마치지 않은 계정입니다. 신분증의 이름, 생년월일, 전화번호로 찾아 주십시오.")
OWN: Final = msg("본인의 접수는 다른 담당자가 해야 합니다.")
NEEDS_DOCUMENTS: Final = msg("서류로 확인해야 하는 분입니다. 서류를 보고 서울과의 관계와 자치구를 골라 주십시오.")


@dataclass(frozen=True, slots=True)
class Claim:
    """What a clerk typed: an account's address, or a document's name, birth date and phone, as typed.

    `basis` and `district`: what other documents showed of somebody who isn't verified; both or neither.
    """

    email: str = ""
    name: str = ""
    birth_date: str = ""
    phone: str = ""
    basis: str = ""
    district: str = ""
    guardian_consents: bool = False
    namesake: Namesake = Namesake.UNKNOWN


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of them. `person` None: new, made at the check-in. `level` 0: nobody has verified them yet."""

    person: Person | None
    level: int
    birth_year: int | None
    district: str | None
    source: str
    who: Identity | None = None


def _level(session: Session, person: UUID) -> int:
    """The living level of the person's account; 0 without one."""
    row = session.execute(select(User.level, User.level_expires_at).where(User.person_id == person)).first()
    if row is None or (row.level_expires_at is not None and row.level_expires_at <= clock.now()):
        return 0
    return int(row.level)


def _by_address(session: Session, claim: Claim) -> Facts:
    user = session.scalars(select(User).where(User.email == normal_address(claim.email))).first()
    if user is None:
        raise InvalidError(UNKNOWN, field="email")
    if user.person_id is None:
        raise InvalidError(_UNVERIFIED, field="email")
    person = session.get_one(Person, user.person_id)
    return Facts(person, _level(session, person.id), person.birth_year, person.district, "account")


def _by_document(session: Session, claim: Claim, key: bytes) -> Facts:
    who = identity.parse(claim.name, claim.birth_date, claim.phone, today=today())
    person = known_person(session, None, who, key=key, namesake=claim.namesake, doubt=ASK_CLERK)
    if person is not None and (level := _level(session, person.id)):
        return Facts(person, level, person.birth_year, person.district, "account", who)
    entry = session.scalars(
        select(RegisterEntry).where(RegisterEntry.match_key == identity.match_key(key, who))
    ).first()
    if entry is not None:
        return Facts(person, 2, entry.birth_year, entry.district, "register", who)
    return Facts(person, 0, who.birth_date.year, person.district if person else None, "documents", who)


def _with_documents(claim: Claim, facts: Facts) -> Facts:
    """What documents add; InvalidError beside the field that is missing."""
    if not (claim.basis or claim.district):
        return facts
    if claim.basis not in BASES:
        raise InvalidError(msg("서울에서 무엇을 하는 분인지(거주, 직장, 학교, 사업장) 골라 주십시오."), field="basis")
    if not districts.is_district(claim.district):
        raise InvalidError(msg("서류에 적힌 자치구를 골라 주십시오."), field="district")
    if facts.who is not None and young(facts.who.birth_date) and not claim.guardian_consents:
        raise InvalidError(
            msg("만 14세가 되지 않은 분입니다. 보호자의 동의를 서류로 확인한 뒤 표시해 주십시오."), field="guardian"
        )
    return Facts(facts.person, 2, facts.birth_year, claim.district, "documents", facts.who)


def find(session: Session, actor: Actor, claim: Claim, *, key: bytes, address: str) -> Facts:
    """Who it is, on record as a look at personal data. InvalidError beside the field that is wrong."""
    if actor.id is None:
        raise ForbiddenError
    found = _by_address(session, claim) if claim.email.strip() else _by_document(session, claim, key)
    facts = _with_documents(claim, found)
    user = None if facts.person is None else session.scalar(select(User.id).where(User.person_id == facts.person.id))
    access_log.note(session, actor, user, what="desk:check-in", purpose=str(_PURPOSE), address=address)
    if facts.person is not None and facts.person.id == actor.person_id:
        raise InvalidError(OWN)
    return facts


def lacks_documents(facts: Facts, least: int) -> bool:
    """Whether documents are to be seen first: a vote asks for level `least`, and nobody votes unknown."""
    return facts.level < max(least, 1)


def settle(session: Session, facts: Facts, *, least: int, key: bytes) -> Person:
    """The person of these facts, made if new, with what documents or the register say. InvalidError while those lack."""
    if lacks_documents(facts, least):
        raise InvalidError(NEEDS_DOCUMENTS, field="basis")
    person = facts.person
    if person is None:
        assert facts.who is not None  # an account always has a person
        person = person_of(session, facts.who, key=key)
    if facts.source != "account":
        person.birth_year = facts.birth_year
        person.district = facts.district
    return person
