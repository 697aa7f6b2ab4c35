"""Files of a published result: names, Pabulib's keys, tables."""

import re
from collections import Counter
from collections.abc import Collection
from dataclasses import replace
from typing import Any

from civicvote.domain.ballots.rules import Notice
from civicvote.domain.tally import Ballot, Election
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


def meta(notice: Notice, pool: str, cycle: Cycle) -> dict[str, str]:
    """Pabulib's META of a contest; an imported one keeps what its own file said."""
    own: dict[str, str] = dict(notice.get("more", {}).get("pabulib", {}).get("meta", {}))
    contest = next(c for c in notice["contests"] if c["pool"] == pool)
    form = notice["ballot"]
    made = {
        "description": cycle.title,
        "country": "Korea",
        "unit": "Seoul",
        "subunit": contest["title"],
        "instance": str(cycle.year),
        "rule": contest["rule"] if contest["rule"] == "greedy" else "equalshares",
        "date_begin": notice["opens_at"][:10],
        "date_end": notice["closes_at"][:10],
    }
    if not own and form["max"]:
        made |= {"min_length": "1", "max_length": str(form["max"])}
    return made | own


def without(election: Election, gone: Collection[str]) -> Election:
    """The election without the projects `gone`; its voters stay."""
    if not any(project.id in gone for project in election.projects):
        return election
    kept = [number for number, project in enumerate(election.projects) if project.id not in gone]
    place = {old: new for new, old in enumerate(kept)}
    grouped: Counter[tuple[tuple[int, ...], tuple[int, ...]]] = Counter()
    for ballot in election.ballots:
        rows = [number for number, pick in enumerate(ballot.picks) if pick in place]
        points = tuple(ballot.points[row] for row in rows) if election.scored else ()
        grouped[tuple(place[ballot.picks[row]] for row in rows), points] += ballot.count
    return replace(
        election,
        projects=tuple(election.projects[number] for number in kept),
        ballots=tuple(Ballot(picks, points, count) for (picks, points), count in grouped.items()),
    )


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
