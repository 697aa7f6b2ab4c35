"""What every way of verification ends in: one person behind one account, an act on record, and word to the person."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from civicvote.domain import districts, identity, korean
from civicvote.domain.errors import InvalidError
from civicvote.domain.identity import Identity
from civicvote.domain.messages import Message, msg
from civicvote.domain.permissions import Actor
from civicvote.models.accounts import User
from civicvote.models.verification import Person, Verification
from civicvote.services import audit, clock, outbox
from civicvote.services.conflicts import settled
from civicvote.services.locks import exclusive
from civicvote.services.proposals import endorsing

#: How long a verification lasts.
VALID_FOR: Final = timedelta(days=365)

TAKEN: Final = msg(
    "이미 다른 계정에서 본인확인을 마친 분입니다. 한 사람은 한 계정만 쓸 수 있습니다. 그 계정으로 로그인하시고, "
    "어느 계정인지 모르시면 신분증을 가지고 본인확인 창구로 오십시오."
)
OTHER_PERSON: Final = msg(
    "이 계정은 이미 다른 분으로 본인확인을 마쳤습니다. 본인의 계정으로 로그인해 주십시오. 개명하셨거나 잘못되었다면 "
    "신분증을 가지고 본인확인 창구로 오십시오."
)
TO_THE_DESK: Final = msg(
    "전화번호가 바뀌셨거나 이름과 생년월일이 같은 분이 이미 있어 온라인으로는 확인할 수 없습니다. 신분증을 가지고 본인확인 창구로 오십시오."
)
ASK_CLERK: Final = msg(
    "이름과 생년월일이 같고 전화번호가 다른 분이 이미 있습니다. 같은 분인지 신분증으로 가려 고른 뒤 다시 저장해 주십시오."
)
SEVERAL: Final = msg(
    "이름과 생년월일이 같은 분이 여러 명입니다. 예전에 확인할 때 쓴 전화번호를 물어 그 번호로 다시 저장해 주십시오."
)


class Namesake(StrEnum):
    """What is known of somebody with the same name and birth date but another phone number."""

    UNKNOWN = ""
    SAME = "same"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Facts:
    """What a verification says. `district` is a code, `basis` why the person belongs to Seoul; both None at level 1."""

    method: str
    level: int
    birth_year: int
    sex: str | None
    district: str | None = None
    basis: str | None = None


def today() -> date:
    """The date in Seoul."""
    return korean.in_seoul(clock.now()).date()


def young(born: date) -> bool:
    """Whether a guardian's consent is needed today."""
    return identity.age_on(born, today()) < identity.CONSENT_AGE


def known_person(
    session: Session, own: UUID | None, who: Identity, *, key: bytes, namesake: Namesake, doubt: Message
) -> Person | None:
    """The person of an identity, None if nobody was it before; InvalidError saying `doubt` when a clerk must decide.

    `own`: the person of the account at hand, which keeps it with a new phone number.
    """
    alike = identity.namesake_key(key, who)
    exclusive(session, f"person|{alike}")
    own_key = identity.person_key(key, who)
    known = session.scalars(
        select(Person).where(or_(Person.person_key == own_key, Person.namesake_key == alike)).order_by(Person.id)
    ).all()
    for person in known:
        if person.person_key == own_key or person.id == own:
            return person
    if known and namesake is not Namesake.OTHER:
        return _same(known, namesake, doubt)
    return None


def person_of(session: Session, who: Identity, *, key: bytes) -> Person:
    """A new person of an identity nobody was before."""
    return make_person(session, identity.person_key(key, who), identity.namesake_key(key, who))


def person_for(
    session: Session, user: User, who: Identity, *, key: bytes, namesake: Namesake, doubt: Message
) -> Person:
    """`known_person`, made if new."""
    known = known_person(session, user.person_id, who, key=key, namesake=namesake, doubt=doubt)
    return known or person_of(session, who, key=key)


def _same(people: Sequence[Person], namesake: Namesake, doubt: Message) -> Person:
    if namesake is Namesake.UNKNOWN:
        raise InvalidError(doubt, field="namesake")
    if len(people) > 1:
        raise InvalidError(SEVERAL, field="phone")
    return people[0]


def make_person(session: Session, person_key: str, namesake_key: str | None) -> Person:
    """A person nobody was before."""
    made = Person(person_key=person_key, namesake_key=namesake_key, created_at=clock.now())
    with settled(session, TAKEN):
        session.add(made)
    return made


def _check_free(session: Session, user: User, person: Person) -> None:
    if user.person_id is not None and user.person_id != person.id:
        raise InvalidError(OTHER_PERSON)
    holder = session.scalar(select(User.id).where(User.person_id == person.id, User.id != user.id))
    if holder is not None:
        raise InvalidError(TAKEN)


def grant(session: Session, actor: Actor, user: User, person: Person, facts: Facts) -> Verification:
    """Tie the person to the account, note the act and tell the person. InvalidError if either is taken already."""
    _check_free(session, user, person)
    moment = clock.now()
    person.birth_year = facts.birth_year
    person.sex = facts.sex or person.sex
    person.district = facts.district
    user.person_id = person.id
    user.level = facts.level
    user.level_expires_at = moment + VALID_FOR
    act = Verification(
        user_id=user.id,
        person_id=person.id,
        method=facts.method,
        level=facts.level,
        basis=facts.basis,
        granted_at=moment,
        expires_at=user.level_expires_at,
        granted_by=actor.id if actor.id != user.id else None,
    )
    with settled(session, TAKEN):
        session.add(act)
    endorsing.unite(session, user.id, person.id)
    audit.record(
        session, actor, "verification:grant", user, verification=act.id, method=facts.method, level=facts.level
    )
    outbox.put(
        session,
        "verified",
        about=str(act.id),
        recipient_id=user.id,
        level=facts.level,
        district=districts.name_of(facts.district, user.locale) if facts.district else "",
        until=korean.format_date(user.level_expires_at, user.locale),
    )
    return act
