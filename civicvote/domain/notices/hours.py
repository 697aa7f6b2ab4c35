"""When mail may leave: by day at once, the gathered letter in the morning; at night only what somebody asked for.

All hours are Seoul's. Promotional or not, nobody's telephone should ring between 21:00 and 08:00 for a comment.
"""

from datetime import date, datetime, time, timedelta
from typing import Final

from civicvote.domain.korean import from_seoul, in_seoul, seoul_date

#: The night is the half-open [NIGHT, MORNING).
NIGHT: Final = time(21)
MORNING: Final = time(8)
#: When the day's gathered letter leaves.
DIGEST: Final = time(8, 30)


def quiet(moment: datetime) -> bool:
    """Whether people sleep."""
    clock = in_seoul(moment).time()
    return clock >= NIGHT or clock < MORNING


def _next(moment: datetime, at: time) -> datetime:
    """The next time the clock shows `at`, strictly after `moment`; UTC."""
    here = in_seoul(moment)
    day = here.date() if here.time() < at else here.date() + timedelta(days=1)
    return from_seoul(day, at.hour, at.minute)


def awake(moment: datetime) -> datetime:
    """The first moment from `moment` on at which mail may leave."""
    return _next(moment, MORNING) if quiet(moment) else moment


def next_digest(moment: datetime) -> datetime:
    """When the gathered letter leaves that holds what happens at `moment`."""
    return _next(moment, DIGEST)


def day(moment: datetime) -> date:
    """The day of a gathered letter: there is one a day."""
    return seoul_date(moment)
