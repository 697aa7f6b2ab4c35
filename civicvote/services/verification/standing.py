"""Where one stands: level, how it was shown, until when."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from civicvote.domain.messages import Message, msg
from civicvote.domain.permissions import Actor
from civicvote.models.accounts import User
from civicvote.models.verification import Person, Verification
from civicvote.services import clock

METHODS: Final[dict[str, Message]] = {
    "register": msg("서울시 명부"),
    "desk": msg("창구에서 신분증 확인"),
    "demo": msg("체험용 본인확인"),
}
#: Why somebody counts as a citizen of Seoul.
BASES: Final[dict[str, Message]] = {
    "residence": msg("거주"),
    "work": msg("직장"),
    "school": msg("학교"),
    "business": msg("사업장"),
}


@dataclass(frozen=True, slots=True)
class Standing:
    """`level` counts what has run out as 0; the rest tells of the last verification, if there was one."""

    level: int
    expired: bool
    method: Message | None = None
    basis: Message | None = None
    district: str | None = None
    birth_year: int | None = None
    granted_at: datetime | None = None
    expires_at: datetime | None = None


def standing(session: Session, actor: Actor) -> Standing:
    """The actor's own, in one statement."""
    row = session.execute(
        select(User.level, User.level_expires_at, Person.district, Person.birth_year, Verification)
        .outerjoin(Person, Person.id == User.person_id)
        .outerjoin(Verification, (Verification.user_id == User.id) & (Verification.person_id == User.person_id))
        .where(User.id == actor.account())
        .order_by(Verification.granted_at.desc(), Verification.id.desc())
        .limit(1)
    ).one()
    expired = bool(row.level) and row.level_expires_at is not None and row.level_expires_at <= clock.now()
    act: Verification | None = row.Verification
    return Standing(
        level=0 if expired else row.level,
        expired=expired,
        method=METHODS[act.method] if act else None,
        basis=BASES[act.basis] if act and act.basis else None,
        district=row.district,
        birth_year=row.birth_year,
        granted_at=act.granted_at if act else None,
        expires_at=row.level_expires_at,
    )
