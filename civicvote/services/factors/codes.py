"""Ten recovery codes, each usable once. Only a keyed hash of them is stored."""

import hashlib
import hmac
import secrets
from uuid import UUID

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from civicvote.domain.errors import ConflictError, InvalidError
from civicvote.domain.messages import msg
from civicvote.domain.permissions import Actor
from civicvote.models.accounts import RecoveryCode
from civicvote.services import clock
from civicvote.services.factors.state import note, state
from civicvote.services.upsert import changes_one

COUNT = 10
#: Letters and digits nobody confuses on paper; ten of them are 49 bits.
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


def _hash(key: bytes, user_id: UUID, code: str) -> str:
    plain = "".join(char for char in code.casefold() if char in ALPHABET)
    return hmac.digest(key, f"{user_id}|{plain}".encode(), hashlib.sha256).hex()


def issue(session: Session, user_id: UUID, key: bytes) -> list[str]:
    """Make ten new codes; those of before end. They are shown once and never again."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    raw = ["".join(secrets.choice(ALPHABET) for _ in range(10)) for _ in range(COUNT)]
    made = [f"{text[:5]}-{text[5:]}" for text in raw]
    session.add_all(RecoveryCode(user_id=user_id, code_hash=_hash(key, user_id, code)) for code in made)
    session.flush()
    return made


def renew(session: Session, actor: Actor, key: bytes) -> list[str]:
    """New codes for an account that has a factor."""
    user_id = actor.account()
    if not state(session, user_id).any:
        raise ConflictError(msg("인증 앱이나 패스키를 먼저 등록해 주십시오."))
    note(session, actor, "factor:codes", user_id)
    return issue(session, user_id, key)


def use(session: Session, user_id: UUID, key: bytes, code: str) -> bool:
    """Spend a code; of two at once one wins."""
    unused = (
        RecoveryCode.user_id == user_id,
        RecoveryCode.code_hash == _hash(key, user_id, code[:40]),
        RecoveryCode.used_at.is_(None),
    )
    return changes_one(session, update(RecoveryCode).where(*unused).values(used_at=clock.now()))


def show(session: Session, user_id: UUID, key: bytes, code: str) -> None:
    """Take a code at a sign-in, else InvalidError; the owner is told by mail."""
    if not use(session, user_id, key, code):
        raise InvalidError(msg("복구 코드가 맞지 않거나 이미 쓴 코드입니다."), field="recovery")
    note(session, Actor(id=user_id), "factor:code-used", user_id)
