"""The desk: a clerk who has seen a document verifies somebody else's account."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from civicvote.domain import districts, identity
from civicvote.domain.errors import InvalidError
from civicvote.domain.messages import msg
from civicvote.domain.permissions import Actor, Permission
from civicvote.models.accounts import User
from civicvote.models.verification import Verification
from civicvote.services import access_log
from civicvote.services.accounts import normal_address
from civicvote.services.verification.granting import ASK_CLERK, Facts, Namesake, grant, person_for, today, young
from civicvote.services.verification.standing import BASES

_PURPOSE: Final = msg("대면 본인확인")
UNKNOWN: Final = msg("이 이메일로 가입한 계정이 없습니다. 주소를 확인하거나 먼저 회원가입을 안내해 주십시오.")


@dataclass(frozen=True, slots=True)
class DeskAccount:
    """What a clerk sees of an account: enough to know it is the right one."""

    id: UUID
    name: str
    confirmed: bool
    level: int
    level_expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class DeskCase:
    """What a clerk read from documents. `basis` and `district` belong to level 2; texts are as typed."""

    email: str
    name: str
    birth_date: str
    phone: str
    level: int
    sex: str | None = None
    basis: str | None = None
    district: str | None = None
    guardian_consents: bool = False
    namesake: Namesake = Namesake.UNKNOWN


def _account(session: Session, email: str) -> User | None:
    return session.scalars(select(User).where(User.email == normal_address(email))).first()


def look_up(session: Session, actor: Actor, *, email: str, purpose: str, address: str) -> DeskAccount | None:
    """The account of an e-mail address, or None; either way the look is on record with its purpose."""
    actor.require(Permission.IDENTITY_DESK)
    reason = access_log.check_purpose(purpose)
    user = _account(session, email)
    access_log.note(session, actor, user.id if user else None, what="desk:look-up", purpose=reason, address=address)
    if user is None:
        return None
    return DeskAccount(user.id, user.name, user.email_confirmed_at is not None, user.level, user.level_expires_at)


def _facts(case: DeskCase, birth_year: int) -> Facts:
    if case.level == 1:
        return Facts("desk", 1, birth_year, case.sex or None)
    if case.basis not in BASES:
        raise InvalidError(msg("서울에서 무엇을 하는 분인지(거주, 직장, 학교, 사업장) 골라 주십시오."), field="basis")
    if not districts.is_district(case.district or ""):
        raise InvalidError(msg("서류에 적힌 자치구를 골라 주십시오."), field="district")
    return Facts("desk", 2, birth_year, case.sex or None, case.district, case.basis)


def at_desk(session: Session, actor: Actor, case: DeskCase, *, key: bytes, address: str) -> Verification:
    """Verify the account of `case.email`. InvalidError beside the field that is wrong; never the clerk's own account."""
    actor.require(Permission.IDENTITY_DESK)
    who = identity.parse(case.name, case.birth_date, case.phone, today=today())
    facts = _facts(case, who.birth_date.year)
    if young(who.birth_date) and not case.guardian_consents:
        raise InvalidError(
            msg("만 14세가 되지 않은 분입니다. 보호자의 동의를 서류로 확인한 뒤 표시해 주십시오."), field="guardian"
        )
    user = _account(session, case.email)
    if user is None:
        raise InvalidError(UNKNOWN, field="email")
    if user.id == actor.id:
        raise InvalidError(msg("본인의 계정은 다른 담당자가 확인해야 합니다."), field="email")
    if user.email_confirmed_at is None:
        raise InvalidError(
            msg("이메일 확인을 아직 마치지 않은 계정입니다. 먼저 메일의 링크로 가입을 마치도록 안내해 주십시오."),
            field="email",
        )
    access_log.note(session, actor, user.id, what="desk:verify", purpose=str(_PURPOSE), address=address)
    person = person_for(session, user, who, key=key, namesake=case.namesake, doubt=ASK_CLERK)
    return grant(session, actor, user, person, facts)
