"""A period in an address: a preset, or two days in Seoul."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from civicvote.domain.korean import seoul_date
from civicvote.services import clock

SEOUL = ZoneInfo("Asia/Seoul")
FIRST = date(2020, 1, 1)


@dataclass(frozen=True, slots=True)
class Period:
    """From a moment to a moment, as an address says it: `key` of a preset, or "" with the two days (the last one included)."""

    key: str
    first: date
    last: date

    @property
    def since(self) -> datetime:
        """Beginning of the first day in Seoul, UTC."""
        return datetime.combine(self.first, time(), SEOUL).astimezone(UTC)

    @property
    def until(self) -> datetime:
        """End of the last day in Seoul, UTC."""
        return datetime.combine(self.last + timedelta(days=1), time(), SEOUL).astimezone(UTC)

    def args(self) -> dict[str, str]:
        """As it stands in the address."""
        if self.key:
            return {"period": self.key}
        return {"from": self.first.isoformat(), "to": self.last.isoformat()}


def presets() -> list[tuple[str, str]]:
    """Key and words of the presets."""
    return [("12-months", _("최근 12개월")), ("this-year", _("올해")), ("last-year", _("작년")), ("all", _("전체"))]


def _preset(key: str, today: date) -> Period:
    this = date(today.year, 1, 1)
    spans = {
        "this-year": (this, today),
        "last-year": (date(today.year - 1, 1, 1), this - timedelta(days=1)),
        "all": (FIRST, today),
    }
    first, last = spans.get(key, (today - timedelta(days=365), today))
    return Period(key if key in spans else "12-months", first, last)


def _day(text: str | None) -> date | None:
    try:
        found = date.fromisoformat((text or "")[:10])
    except ValueError:
        return None
    return found if FIRST <= found <= date(2100, 1, 1) else None


def chosen(args: MultiDict[str, str]) -> Period:
    """The period an address asks for; the last twelve months where it asks for none or a broken one."""
    today = seoul_date(clock.now())
    first, last = _day(args.get("from")), _day(args.get("to"))
    if first and last and first <= last:
        return Period("", first, last)
    return _preset(args.get("period", ""), today)
