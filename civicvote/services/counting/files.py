"""Files of a published result: names, Pabulib's keys, tables."""

import re
from dataclasses import replace
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

from civicvote.domain.ballots import contests
from civicvote.domain.ballots.rules import Contest, Notice
from civicvote.domain.korean import ZONE
from civicvote.domain.pabulib import stated
from civicvote.domain.tally import Rule, Tie, TieKey
from civicvote.models.cycles import Cycle
from civicvote.services.counting.outcomes import read_reason
from civicvote.services.exports import csv_bytes

#: ISO 4217 for "none": a file that does not say in what it counts.
NO_CURRENCY = "XXX"


def pb_name(notice: Notice, pool: str) -> str:
    """A file name people can tell apart: the pool's place and title."""
    place = [c["pool"] for c in notice["contests"]].index(pool) + 1
    title = next(c["title"] for c in notice["contests"] if c["pool"] == pool)
    words = re.sub(r"[^A-Za-z0-9가-힣]+", "-", title).strip("-")[:40]
    return f"pool-{place:02d}-{words}.pb" if words else f"pool-{place:02d}.pb"


def meta(notice: Notice, pool: str, cycle: Cycle, *, tied: bool = False) -> dict[str, str]:
    """Pabulib's META of a contest; an imported one keeps what its own file said, its rule where it was counted by it.

    `tied`: the order of ties decided something.
    """
    kept = notice.get("more", {}).get("pabulib", {})
    own: dict[str, str] = dict(kept.get("meta", {}))
    contest = _contest(notice, pool)
    form = notice["ballot"]
    made = {
        "description": cycle.title,
        "country": "South Korea",
        "unit": "Seoul",
        "subunit": contest["title"],
        "instance": str(cycle.year),
        "date_begin": _day(datetime.fromisoformat(notice["opens_at"])),
        "date_end": _day(datetime.fromisoformat(notice["closes_at"]) - timedelta(seconds=1)),
    }
    if not own and form["max"]:
        made |= {"min_length": str(max(form["min"], 1)), "max_length": str(form["max"])}
    made |= own
    return (
        made if kept.get("declared") else made | stated(_rule(notice, pool, kept), made.get("comment", ""), tied=tied)
    )


def _rule(notice: Notice, pool: str, kept: dict[str, Any]) -> Rule:
    """The contest's rule in the file's own units; ties by number need no list."""
    rule = contests.rule(notice, pool)
    keys, lot = rule.tie.keys, rule.tie.lot
    if list(lot) == sorted(lot):
        keys, lot = tuple(TieKey.ID if key is TieKey.LOT else key for key in keys), ()
    unit = kept.get("point_unit", 1) if _contest(notice, pool)["measure"] == "points" else 1
    threshold = Fraction(rule.threshold) / unit
    return replace(rule, tie=Tie(keys, lot), threshold=threshold)


def _contest(notice: Notice, pool: str) -> Contest:
    return next(c for c in notice["contests"] if c["pool"] == pool)


def _day(moment: datetime) -> str:
    """The day in Seoul, as Pabulib writes days."""
    return moment.astimezone(ZONE).strftime("%d.%m.%Y")


def columns(notice: Notice) -> dict[str, dict[str, str]]:
    """Further columns of PROJECTS that an imported file had."""
    found: dict[str, dict[str, str]] = notice.get("more", {}).get("pabulib", {}).get("columns", {})
    return found


def projects_csv(notice: Notice, result: dict[str, Any], currency: str) -> bytes:
    """Every project with pool, cost, votes, outcome and reason. Amounts in `currency`, which the header names."""
    titles = {p["id"]: p for p in notice["projects"]}
    rows: list[list[object]] = []
    for contest in result["contests"]:
        chosen = {step["project"]: place for place, step in enumerate(contest["steps"], 1)}
        reasons = {reason["project"]: str(read_reason(reason)) for reason in contest["rejected"]}
        for project, votes in contest["votes"].items():
            place = chosen.get(project)
            rows.append(
                [
                    contest["title"],
                    project,
                    titles[project]["title"],
                    titles[project]["cost"],
                    votes,
                    "선정" if place else "미선정",
                    place or "",
                    reasons.get(project, ""),
                ]
            )
    unit = {"KRW": "(원)", NO_CURRENCY: ""}.get(currency, f"({currency})")
    return csv_bytes(["분야", "번호", "사업", f"사업비{unit}", "득표", "결과", "선정 순서", "이유"], rows)
