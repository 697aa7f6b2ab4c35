"""The account moderators give in public: how much was hidden, why, and how often they were wrong."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from civicvote.domain.discussion import HideReason
from civicvote.models.discussion import Appeal, ModerationDecision, Report
from civicvote.services import clock

#: Rows looked at for the median; more recent ones first.
_SAMPLE = 10_000


@dataclass(frozen=True, slots=True)
class Account:
    """Figures of a period [since, until). `hours_to_decide`: median hours from an appeal to its decision, None without one."""

    since: datetime
    until: datetime
    as_of: datetime
    hidden: int
    by_reason: Sequence[tuple[HideReason, int]]
    shown_again: int
    reports: int
    reports_upheld: int
    reports_open: int
    appeals: int
    appeals_upheld: int
    appeals_open: int
    hours_to_decide: float | None

    @property
    def success(self) -> float | None:
        """Which share of the decided appeals was upheld, 0–1."""
        decided = self.appeals - self.appeals_open
        return self.appeals_upheld / decided if decided else None


def account(session: Session, *, since: datetime, until: datetime) -> Account:
    """What was hidden, reported and appealed in a period; four statements."""
    within = (ModerationDecision.at >= since, ModerationDecision.at < until)
    reasons: Counter[HideReason] = Counter()
    for code, number in session.execute(
        select(ModerationDecision.code, func.count())
        .where(ModerationDecision.name == "hide", *within)
        .group_by(ModerationDecision.code)
    ):
        if code is not None:
            reasons[code] += number
    again = session.scalar(select(func.count()).where(ModerationDecision.name == "restore", *within)) or 0
    reported = session.execute(
        select(
            func.count(),
            func.count().filter(Report.upheld.is_(True)),
            func.count().filter(Report.settled_at.is_(None)),
        ).where(Report.created_at >= since, Report.created_at < until)
    ).one()
    appeals = session.execute(
        select(Appeal.created_at, Appeal.decided_at, Appeal.upheld)
        .where(Appeal.created_at >= since, Appeal.created_at < until)
        .order_by(Appeal.id.desc())
        .limit(_SAMPLE)
    ).all()
    waits = [(decided - asked) / timedelta(hours=1) for asked, decided, _ in appeals if decided is not None]
    return Account(
        since=since,
        until=until,
        as_of=clock.now(),
        hidden=sum(reasons.values()),
        by_reason=[(reason, reasons[reason]) for reason in HideReason],
        shown_again=again,
        reports=reported[0],
        reports_upheld=reported[1],
        reports_open=reported[2],
        appeals=len(appeals),
        appeals_upheld=sum(1 for a in appeals if a.upheld),
        appeals_open=sum(1 for a in appeals if a.decided_at is None),
        hours_to_decide=median(waits) if waits else None,
    )
