"""The demo's people: accounts of every role, citizens, departments, and the register they stand in."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.orm import Session

from civicvote.demo import content
from civicvote.demo.accounts import PASSWORD
from civicvote.domain import identity
from civicvote.domain.permissions import SYSTEM, Role
from civicvote.keystore import KeyStore
from civicvote.models.accounts import User, UserRole
from civicvote.models.departments import Department
from civicvote.services import clock, verification
from civicvote.services.accounts import passwords
from civicvote.services.verification import granting


@dataclass(frozen=True, slots=True)
class Cast:
    """Everybody by key, and the departments by theirs."""

    users: dict[str, User]
    departments: dict[str, Department]


def settle(session: Session, keys: KeyStore) -> Cast:
    """Make departments, accounts and citizens; everybody with a birth date stands in the register."""
    moment = clock.now()
    departments = {
        planned.key: Department(name=planned.name, name_en=planned.name_en, created_at=moment)
        for planned in content.DEPARTMENTS
    }
    session.add_all(departments.values())
    session.flush()
    verification.import_register(session, SYSTEM, content.register_csv().encode(), key=keys.person)
    password = passwords.hashed(PASSWORD)
    users: dict[str, User] = {}
    for account in content.ACCOUNTS:
        user = _user(account.email, account.name, password, account.district)
        user.department_id = departments[account.department].id if account.department else None
        session.add(user)
        session.flush()
        if account.role is not Role.CITIZEN:
            session.add(UserRole(user_id=user.id, role=account.role))
        if account.level and account.birth:
            _verify(session, keys, user, account, account.level)
        users[account.key] = user
    for person in content.PEOPLE:
        user = _user(person.email, person.name, password, person.district)
        session.add(user)
        session.flush()
        if person.level:
            _verify(session, keys, user, person, person.level)
        users[person.key] = user
    session.flush()
    return Cast(users, departments)


def _user(email: str, name: str, password: str, district: str | None) -> User:
    joined = clock.now() - timedelta(days=600)
    return User(
        email=email,
        email_confirmed_at=joined,
        password_hash=password,
        name=name,
        district=district,
        locale="ko",
        created_at=joined,
    )


def _verify(session: Session, keys: KeyStore, user: User, who: content.Account | content.Person, level: int) -> None:
    """What the register (level 2) or a clerk's desk (level 1) made of them."""
    assert who.birth is not None
    found = identity.parse(who.name, who.birth.isoformat(), who.phone, today=granting.today())
    person = granting.person_for(
        session, user, found, key=keys.person, namesake=granting.Namesake.OTHER, doubt=granting.ASK_CLERK
    )
    method, district, basis = ("register", who.district, "residence") if level == 2 else ("desk", None, None)
    facts = granting.Facts(method, level, who.birth.year, who.sex, district, basis)
    granting.grant(session, SYSTEM, user, person, facts)
