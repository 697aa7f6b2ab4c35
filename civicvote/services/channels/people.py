"""Whom a clerk has in front of them: an account's person, somebody the platform knows, or a new one with documents."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from civicvote.domain import districts, identity
from civicvote.domain.errors import ConflictError, ForbiddenError, InvalidError
from civicvote.domain.identity import Identity
from civicvote.domain.messages import Message, msg
from civicvote.domain.permissions import Actor
from civicvote.models.accounts import User
from civicvote.models.channels import CheckIn
from civicvote.models.verification import Person, RegisterEntry
from civicvote.models.votes import Vote
from civicvote.services import access_log, clock
from civicvote.services.accounts import normal_address
from civicvote.services.verification.desk import UNKNOWN
from civicvote.services.verification.granting import ASK_CLERK, Namesake, known_person, person_of, today, young
from civicvote.services.verification.standing import BASES

_PURPOSE: Final = msg("현장투표 접수")
_UNVERIFIED: Final = msg("본인확인을 마치지 않은 계정입니다. 신분증의 이름, 생년월일, 전화번호로 찾아 주십시오.")
OWN: Final = msg("본인의 접수는 다른 담당자가 해야 합니다.")
NEEDS_DOCUMENTS: Final = msg("서류로 확인해야 하는 분입니다. 서류를 보고 서울과의 관계와 자치구를 골라 주십시오.")
_NAME_NEEDED: Final = msg("다른 담당자가 신분증과 견줄 수 있도록 신분증에 적힌 이름과 생년월일을 함께 적어 주십시오.")
_OTHER_YEAR: Final = msg(
    "이 계정에 확인된 태어난 해와 다릅니다. 이메일을 다시 확인하고, 맞다면 본인확인 창구에서 먼저 고치도록 안내해 주십시오."
)


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
class Shown:
    """What another clerk compares with the documents. `basis` and `district`: codes the first one chose."""

    name: str
    birth_date: date
    basis: str
    district: str
    namesake: bool


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of them. `person` None: new, made at the check-in. `level` 0: nobody has verified them yet.

    `shown`: documents that a second clerk confirms, for somebody nobody had verified enough.
    """

    person: Person | None
    level: int
    birth_year: int | None
    district: str | None
    source: str
    who: Identity | None = None
    shown: Shown | None = None


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


def _with_documents(session: Session, claim: Claim, facts: Facts, vote: UUID) -> Facts:
    """What documents add; InvalidError beside the field that is missing, or says otherwise than what is known."""
    if claim.basis not in BASES:
        raise InvalidError(msg("서울에서 무엇을 하는 분인지(거주, 직장, 학교, 사업장) 골라 주십시오."), field="basis")
    if not districts.is_district(claim.district):
        raise InvalidError(msg("서류에 적힌 자치구를 골라 주십시오."), field="district")
    name, born = _on_document(claim, facts)
    if young(born) and not claim.guardian_consents:
        raise InvalidError(
            msg("만 14세가 되지 않은 분입니다. 보호자의 동의를 서류로 확인한 뒤 표시해 주십시오."), field="guardian"
        )
    if not may_move(session, facts.person, claim.district, vote):
        raise InvalidError(other_district(facts.district or ""), field="district")
    shown = Shown(name, born, claim.basis, claim.district, claim.namesake is Namesake.OTHER)
    return replace(facts, level=2, birth_year=born.year, district=claim.district, source="documents", shown=shown)


def _on_document(claim: Claim, facts: Facts) -> tuple[str, date]:
    """Name and birth date as the document has them; an account says neither."""
    if facts.who is not None:
        return " ".join(claim.name.split()), facts.who.birth_date
    for field in ("name", "birth_date"):
        if not getattr(claim, field).strip():
            raise InvalidError(_NAME_NEEDED, field=field)
    identity.parse_name(claim.name)
    born = identity.parse_birth_date(claim.birth_date, today=today())
    if facts.birth_year not in {None, born.year}:
        raise InvalidError(_OTHER_YEAR, field="birth_date")
    return " ".join(claim.name.split()), born


def other_district(known: str) -> Message:
    """A known person's district is the verification desk's to change, with its own record."""
    return msg(
        "이분은 %(district)s로 확인된 분입니다. 서류와 다르면 접수하지 말고 본인확인 창구에서 먼저 고치도록 안내해 주십시오. "
        "서류를 잘못 보았다면 자치구를 다시 골라 주십시오.",
        district=districts.district(known),
    )


def may_move(session: Session, person: Person | None, district: str, vote: UUID) -> bool:
    """Whether documents may say `district` of somebody: it is theirs, nobody knows another one, or only a former desk does.

    Who has an account is corrected at the verification desk. Who hasn't and was checked in for an earlier vote may have
    moved since; while another vote than `vote` has them checked in, it stays as it is.
    """
    if person is None or person.district in {None, district}:
        return True
    account = exists().where(User.person_id == person.id)
    elsewhere = (
        exists()
        .where(CheckIn.person_id == person.id, CheckIn.taken_back_at.is_(None), CheckIn.vote_id != vote)
        .where(Vote.id == CheckIn.vote_id, Vote.sealed_at.is_(None))
    )
    return not session.scalar(select(account | elsewhere))


def find(session: Session, actor: Actor, claim: Claim, *, vote: UUID, least: int, key: bytes, address: str) -> Facts:
    """Who it is, on record as a look at personal data. InvalidError beside the field that is wrong.

    `least`: the level `vote` asks for; documents count for those who have less, and change nothing of others.
    """
    if actor.id is None:
        raise ForbiddenError
    facts = _by_address(session, claim) if claim.email.strip() else _by_document(session, claim, key)
    note(session, actor, facts.person.id if facts.person else None, address)
    if facts.person is not None and facts.person.id == actor.person_id:
        raise InvalidError(OWN)
    if not (claim.basis or claim.district):
        return facts
    if lacks_documents(facts, least):
        return _with_documents(session, claim, facts, vote)
    if facts.district and claim.district not in {"", facts.district}:
        raise InvalidError(other_district(facts.district), field="district")
    return facts


def note(session: Session, actor: Actor, person: UUID | None, address: str) -> None:
    """A clerk saw whose documents these are."""
    user = None if person is None else session.scalar(select(User.id).where(User.person_id == person))
    access_log.note(session, actor, user, what="desk:check-in", purpose=str(_PURPOSE), address=address)


def lacks_documents(facts: Facts, least: int) -> bool:
    """Whether documents are to be seen first: a vote asks for level `least`, and nobody votes unknown."""
    return facts.level < max(least, 1)


def settle(session: Session, facts: Facts, *, least: int, key: bytes) -> Person:
    """The person of these facts, made if new. InvalidError while documents lack.

    What the register says is kept; what documents say only once a second clerk has seen them (`believe`).
    """
    if lacks_documents(facts, least):
        raise InvalidError(NEEDS_DOCUMENTS, field="basis")
    person = facts.person
    if person is None:
        assert facts.who is not None  # an account always has a person
        person = person_of(session, facts.who, key=key)
    if facts.source == "register":
        person.birth_year = facts.birth_year
        person.district = facts.district
    return person


def believe(session: Session, person: UUID, *, vote: UUID, born: date, district: str) -> bool:
    """Two clerks have seen the documents. Returns whether a district known from an earlier vote changed.

    ConflictError when the person has come to be known otherwise since the first clerk looked.
    """
    found = session.get_one(Person, person, populate_existing=True)
    known = found.district
    if not may_move(session, found, district, vote):
        raise ConflictError(other_district(known or ""))
    found.birth_year = found.birth_year or born.year
    found.district = district
    return known not in {None, district}
