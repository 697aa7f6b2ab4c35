"""Authenticator apps: time-based one-time passwords (RFC 6238), thirty seconds, six digits. A code works once."""

import hmac
from dataclasses import dataclass
from uuid import UUID

import pyotp
from cryptography.fernet import Fernet
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from civicvote.domain.errors import ConflictError, InvalidError, NotFoundError
from civicvote.domain.messages import msg
from civicvote.domain.permissions import Actor
from civicvote.models.accounts import Totp, User
from civicvote.services import clock, sessions
from civicvote.services.factors import codes
from civicvote.services.factors.state import added, note, recount, state
from civicvote.services.upsert import changes_one

STEP_SECONDS = 30
#: Steps before and after the present one that are taken too: phones' clocks are off by some seconds.
DRIFT = 1
WRONG = msg("인증 코드가 맞지 않습니다. 앱에 보이는 여섯 자리 숫자를 다시 확인해 주십시오.")


@dataclass(frozen=True, slots=True)
class Offer:
    """What an app needs: the secret to type, and the same as an address for a QR code."""

    secret: str
    uri: str


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A factor that stands. `codes`: ten recovery codes to show once, empty if the account had them; `token`: of this session."""

    token: str
    codes: list[str]


def begin(session: Session, actor: Actor, *, box: Fernet) -> None:
    """Make a secret that waits for its first code; one that waited before is replaced."""
    user_id = actor.account()
    found = session.get(Totp, user_id)
    if found is not None and found.confirmed_at is not None:
        raise ConflictError(msg("인증 앱이 이미 등록되어 있습니다. 바꾸려면 먼저 지워 주십시오."))
    sealed = box.encrypt(pyotp.random_base32(32).encode())
    if found is None:
        session.add(Totp(user_id=user_id, secret=sealed))
    else:
        found.secret = sealed
        found.last_step = 0
    session.flush()


def offer(session: Session, actor: Actor, *, box: Fernet, issuer: str) -> Offer:
    """The secret that waits. Once confirmed it is never shown again."""
    user_id = actor.account()
    row = session.execute(
        select(Totp.secret, User.email)
        .join(User, User.id == Totp.user_id)
        .where(Totp.user_id == user_id, Totp.confirmed_at.is_(None))
    ).first()
    if row is None:
        raise NotFoundError
    secret = box.decrypt(row.secret).decode()
    return Offer(secret, pyotp.TOTP(secret).provisioning_uri(name=row.email or "", issuer_name=issuer))


def _matching_step(secret: str, code: str, now: float) -> int | None:
    digits = "".join(char for char in code if char.isdigit())
    present = int(now) // STEP_SECONDS
    app = pyotp.TOTP(secret)
    found = None
    for step in range(present - DRIFT, present + DRIFT + 1):  # all are compared: time tells nothing
        if hmac.compare_digest(app.at(step * STEP_SECONDS).encode(), digits.encode()):
            found = step
    return found


def use(session: Session, user_id: UUID, code: str, *, box: Fernet, waiting: bool = False) -> bool:
    """Whether the code is right and newer than the last one taken; it is spent by that. `waiting`: of an app not yet confirmed."""
    row = session.execute(
        select(Totp.secret).where(
            Totp.user_id == user_id, Totp.confirmed_at.is_(None) if waiting else Totp.confirmed_at.is_not(None)
        )
    ).first()
    if row is None:
        return False
    step = _matching_step(box.decrypt(row.secret).decode(), code[:20], clock.now().timestamp())
    if step is None:
        return False
    earlier = Totp.user_id == user_id, Totp.last_step < step
    return changes_one(session, update(Totp).where(*earlier).values(last_step=step))


def show(session: Session, user_id: UUID, code: str, *, box: Fernet) -> None:
    """Take the code of a sign-in, else InvalidError."""
    if not use(session, user_id, code, box=box):
        raise InvalidError(WRONG, field="code")


def confirm(
    session: Session, actor: Actor, code: str, *, box: Fernet, codes_key: bytes, limits: sessions.Limits
) -> Enrolled:
    """The first code proves that the app has the secret: from now on it is asked for at every sign-in."""
    user_id = actor.account()
    if not use(session, user_id, code, box=box, waiting=True):
        raise InvalidError(WRONG, field="code")
    first = not state(session, user_id).any
    session.execute(
        update(Totp)
        .where(Totp.user_id == user_id)
        .values(confirmed_at=clock.now())
        .execution_options(synchronize_session=False)
    )
    note(session, actor, "factor:app-added", user_id)
    made = codes.issue(session, user_id, codes_key) if first else []
    return Enrolled(added(session, actor, limits=limits), made)


def remove(session: Session, actor: Actor) -> str:
    """Forget the app. Returns this session's new token."""
    user_id = actor.account()
    found = session.get(Totp, user_id)
    if found is None:
        raise NotFoundError
    session.delete(found)
    note(session, actor, "factor:app-removed", user_id)
    return recount(session, actor)
