"""Into the house: sign-up, confirmation of the address, a forgotten password.

Whether an address has an account is nobody's business: a page says the same, the same statements run, and only the
mail, which its owner reads, differs.
"""

from collections.abc import Callable
from contextlib import suppress
from uuid import UUID

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from civicvote.domain import districts
from civicvote.domain.errors import InvalidError
from civicvote.domain.messages import msg
from civicvote.domain.permissions import VISITOR, Actor
from civicvote.domain.text import clean_line, refuse_resident_number
from civicvote.models.accounts import User
from civicvote.models.base import new_id
from civicvote.services import audit, clock, outbox, sessions
from civicvote.services.accounts import passwords, tokens
from civicvote.services.upsert import insert_new

#: Makes a token into the address of a page; the view knows how.
Link = Callable[[str], str]
#: What the person agreed to at sign-up; a new text gets a new name.
CONSENT = "2026-11"
#: Names that would speak for the platform or for somebody who left.
RESERVED = frozenset(
    {
        "탈퇴한 시민",
        "관리자",
        "운영자",
        "운영팀",
        "서울시",
        "서울특별시",
        "admin",
        "administrator",
        "system",
        "civicvote",
    }
)


def normal_address(text: str) -> str:
    """An address as it is stored and compared: trimmed, lower case, its domain in one form."""
    plain = text.strip()
    with suppress(EmailNotValidError):  # then it is looked up as typed and finds nothing, like any unknown address
        plain = validate_email(plain, check_deliverability=False).normalized
    return plain.lower()[:254]


def check_address(text: str, *, field: str = "email") -> str:
    """The normal form of an address that can receive mail, else InvalidError."""
    try:
        return validate_email(text.strip(), check_deliverability=False).normalized.lower()
    except EmailNotValidError:
        raise InvalidError(msg("이메일 주소를 확인해 주십시오. 예: minju@example.org"), field=field) from None


def check_name(text: str, *, field: str = "name") -> str:
    """A nickname of 2 to 20 characters that claims to be nobody else, else InvalidError."""
    name = clean_line(text, minimum=2, maximum=20, field=field)
    refuse_resident_number(name, field=field)
    if "@" in name:
        raise InvalidError(msg("별명은 모두에게 보입니다. 이메일 주소 대신 다른 이름을 써 주십시오."), field=field)
    if name.casefold().replace(" ", "") in {word.replace(" ", "") for word in RESERVED}:
        raise InvalidError(msg("쓸 수 없는 별명입니다. 다른 이름을 써 주십시오."), field=field)
    return name


def check_district(code: str | None) -> str | None:
    """A district's code, or None where it is left open."""
    return districts.district(code).code if code else None


def sign_up(
    session: Session,
    *,
    email: str,
    name: str,
    password: str,
    district: str | None,
    locale: str,
    confirm: Link,
    sign_in: str,
) -> None:
    """Make an account that waits for its address to be confirmed, and send the link.

    For an address that has an account already its owner is told so by mail. One that was never confirmed is made anew:
    the last sign-up counts, and confirming asks for its password.
    """
    address = check_address(email)
    nickname = check_name(name)
    code = check_district(district)
    passwords.check_strength(password, email=address, name=nickname)
    stored = passwords.hashed(password)
    values = {"name": nickname, "password_hash": stored, "district": code, "locale": locale}
    fresh = insert_new(
        session, User, [{"id": new_id(), "email": address, "level": 0, "created_at": clock.now(), **values}]
    )
    waiting = (User.email == address, User.email_confirmed_at.is_(None))
    session.execute(update(User).where(*waiting).values(**values).execution_options(synchronize_session=False))
    user_id, confirmed = session.execute(select(User.id, User.email_confirmed_at).where(User.email == address)).one()
    token = tokens.new()
    tokens.issue(session, "confirm", token, *waiting, to=address)
    audit.record(
        session,
        Actor(id=user_id) if fresh else VISITOR,
        "account:sign-up",
        consent=CONSENT,
        account=user_id,
        known=bool(confirmed),
    )
    _write(session, user_id, address, confirmed=bool(confirmed), confirm=confirm(token), sign_in=sign_in)


def _write(session: Session, user_id: UUID, address: str, *, confirmed: bool, confirm: str, sign_in: str) -> None:
    kind = "already-registered" if confirmed else "confirm-email"
    outbox.put(
        session, kind, about=str(new_id()), recipient_id=user_id, address=address, url=sign_in if confirmed else confirm
    )


def send_confirmation(session: Session, user_id: UUID, address: str, *, confirm: Link) -> None:
    """Send the link again."""
    token = tokens.new()
    tokens.issue(session, "confirm", token, User.id == user_id, User.email_confirmed_at.is_(None), to=address)
    outbox.put(session, "confirm-email", about=str(new_id()), recipient_id=user_id, address=address, url=confirm(token))


def confirmable(session: Session, token: str) -> str:
    """The address a link would confirm; NotFoundError for one that is gone."""
    return tokens.look(session, "confirm", token).email


def confirm(session: Session, token: str, *, account_id: UUID) -> None:
    """Confirm the address of `account_id`, whose password was just shown.

    The password is asked for because anybody may sign up with somebody else's address: the owner of the mailbox, who
    does not know that password, must not open the door for them.
    """
    found = tokens.look(session, "confirm", token)
    if found.user_id != account_id:
        raise InvalidError(
            msg("비밀번호가 맞지 않습니다. 가입할 때 정한 비밀번호를 입력해 주십시오."), field="password"
        )
    tokens.use(session, found)
    user = session.get_one(User, found.user_id)
    user.email_confirmed_at = clock.now()
    audit.record(session, Actor(id=user.id), "account:confirm", user)


def ask_reset(session: Session, *, email: str, locale: str, reset: Link, sign_up: str) -> None:
    """Send a link for a new password; an address without an account is told by mail that it has none."""
    address = check_address(email)
    token = tokens.new()
    tokens.issue(session, "reset", token, User.email == address, to=address)
    user_id = session.scalar(select(User.id).where(User.email == address))
    audit.record(session, VISITOR, "account:reset-ask", account=user_id)
    kind = "reset-password" if user_id else "reset-unknown"
    url = reset(token) if user_id else sign_up
    outbox.put(session, kind, about=str(new_id()), recipient_id=user_id, address=address, url=url, locale=locale)


def resettable(session: Session, token: str) -> str:
    """The address whose password a link would set; NotFoundError for one that is gone."""
    return tokens.look(session, "reset", token).email


def reset(session: Session, token: str, *, password: str) -> None:
    """Set a new password by a link. Every session ends; the mailbox has shown itself, so it counts as confirmed.

    A second factor stays: the link does not replace it.
    """
    passwords.check_strength(password, email="")
    stored = passwords.hashed(password)  # before the first statement: no lock is held while a core hashes
    found = tokens.look(session, "reset", token)
    user = session.get_one(User, found.user_id)
    passwords.check_strength(password, email=found.email, name=user.name)
    tokens.use(session, found)
    user.password_hash = stored
    if user.email == found.email and user.email_confirmed_at is None:
        user.email_confirmed_at = clock.now()
    sessions.revoke_all(session, user.id)
    audit.record(session, Actor(id=user.id), "account:reset", user)
    outbox.put(session, "password-changed", about=str(new_id()), recipient_id=user.id, address=user.email)
