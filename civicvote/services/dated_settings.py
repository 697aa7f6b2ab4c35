"""Settings with an effective date: what holds now, and how staff change what will hold."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from civicvote.domain.dated_settings import SETTINGS
from civicvote.domain.errors import InvalidError, NotFoundError
from civicvote.domain.messages import msg
from civicvote.domain.permissions import Actor, Permission
from civicvote.domain.text import clean_line, refuse_resident_number
from civicvote.models.dated_settings import DatedSetting
from civicvote.services import audit, clock

REASON_MIN, REASON_MAX = 2, 300


def values(session: Session, *names: str, at: datetime | None = None) -> Mapping[str, int]:
    """What the named settings are at a moment (now); one statement."""
    moment = at or clock.now()
    ranked = (
        select(
            DatedSetting.name,
            DatedSetting.value,
            func.row_number()
            .over(partition_by=DatedSetting.name, order_by=(DatedSetting.effective_at.desc(), DatedSetting.id.desc()))
            .label("place"),
        )
        .where(DatedSetting.name.in_(names), DatedSetting.effective_at <= moment)
        .subquery()
    )
    rows = session.execute(select(ranked.c.name, ranked.c.value).where(ranked.c.place == 1))
    found = {row[0]: row[1] for row in rows}
    return {name: int(found.get(name, SETTINGS[name].default)) for name in names}


def value(session: Session, name: str, *, at: datetime | None = None) -> int:
    """What one setting is at a moment (now)."""
    return values(session, name, at=at)[name]


def history(session: Session) -> list[DatedSetting]:
    """Every change there was and will be, the newest first: the page is public."""
    return list(
        session.scalars(select(DatedSetting).order_by(DatedSetting.effective_at.desc(), DatedSetting.id.desc()))
    )


def change(session: Session, actor: Actor, name: str, new: int, *, effective_at: datetime, reason: str) -> DatedSetting:
    """Give a setting a new value from a moment on that has not passed. What began under the old one keeps it."""
    actor.require(Permission.SETTING_CHANGE)
    if name not in SETTINGS:
        raise NotFoundError
    checked = SETTINGS[name].checked(new)
    moment = clock.now()
    if effective_at < moment:
        raise InvalidError(
            msg("이미 지난 때부터 바꿀 수는 없습니다. 지금 이후의 때를 골라 주십시오."), field="effective_at"
        )
    text = clean_line(reason, minimum=REASON_MIN, maximum=REASON_MAX, field="reason")
    refuse_resident_number(text, field="reason")
    line = DatedSetting(name=name, value=checked, effective_at=effective_at, reason=text, by=actor.id, at=moment)
    session.add(line)
    audit.record(session, actor, "setting:change", line, name=name, value=checked, effective_at=effective_at)
    return line
