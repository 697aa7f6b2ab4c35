"""What the demo shows: a bureau, its citizens, three budget cycles and what people proposed. Frozen values, no database.

    for project in projects(): ...        # 108 proposals in every state
    for cycle in CYCLES: window(cycle.voting, today)
    register_csv()

Prose stands in the TOML files beside this module; `projects()` reads them once.
"""

import random
import tomllib
from functools import cache
from importlib import resources
from typing import Any, Final

from civicvote.demo.content.cycles import (
    CYCLE_2025,
    CYCLE_2026,
    CYCLE_2027,
    CYCLES,
    PROGRAMMED_WON,
    TARGET_WON,
    window,
)
from civicvote.demo.content.model import (
    Account,
    Comment,
    CostLine,
    Cycle,
    Department,
    Person,
    Pool,
    Project,
    StatusLine,
)
from civicvote.demo.content.people import (
    ACCOUNTS,
    DEPARTMENT_OF_CATEGORY,
    DEPARTMENTS,
    PEOPLE,
    PERSON,
    REGISTER_COLUMNS,
    register_csv,
    register_rows,
)
from civicvote.domain.lifecycles import ProjectState

__all__ = [
    "ACCOUNTS",
    "CATEGORIES",
    "CYCLES",
    "CYCLE_2025",
    "CYCLE_2026",
    "CYCLE_2027",
    "DEPARTMENTS",
    "DEPARTMENT_OF_CATEGORY",
    "PEOPLE",
    "PERSON",
    "PROGRAMMED_WON",
    "REGISTER_COLUMNS",
    "TARGET_WON",
    "Account",
    "Comment",
    "CostLine",
    "Cycle",
    "Department",
    "Person",
    "Pool",
    "Project",
    "StatusLine",
    "endorsers",
    "projects",
    "register_csv",
    "register_rows",
    "window",
]

#: Themes of proposals.
CATEGORIES: Final = tuple(DEPARTMENT_OF_CATEGORY)

_FILES: Final = {
    "2025": ("cycle_2025",),
    "2026": (
        "cycle_2026_environment",
        "cycle_2026_care",
        "cycle_2026_culture",
        "cycle_2026_traffic",
        "cycle_2026_digital",
        "cycle_2026_districts",
    ),
    "2027": ("cycle_2027",),
}
_DISTRICT_CATEGORY: Final = {
    "gangbuk-hill-rail": "교통·보행",
    "gangbuk-forest": "문화·여가",
    "gangbuk-market-toilet": "복지·돌봄",
    "gwanak-safe-home": "환경·안전",
    "gwanak-stream-light": "환경·안전",
    "gwanak-books": "문화·여가",
    "jungnang-wall": "환경·안전",
    "jungnang-rose": "교통·보행",
    "jungnang-sewing": "복지·돌봄",
    "jungnang-parking": "교통·보행",
}
#: States before a department has the case.
_UNASSIGNED: Final = frozenset({ProjectState.DRAFT, ProjectState.SUBMITTED, ProjectState.WITHDRAWN})


def _prose(text: str) -> str:
    return "\n".join(" ".join(line.split()) for line in text.strip().splitlines())


def _comment(row: list[Any]) -> Comment:
    author, hours, text = row[:3]
    parent = row[3] - 1 if len(row) > 3 and row[3] else None
    return Comment(author, hours, text, parent, row[4] if len(row) > 4 else "")


def _project(entry: dict[str, Any], cycle: Cycle) -> Project:
    pool = next(pool for pool in cycle.pools if pool.key == entry["pool"])
    category = entry.get("category") or (_DISTRICT_CATEGORY[entry["key"]] if pool.district else pool.theme)
    state = ProjectState(entry["state"])
    department = entry.get("department") or DEPARTMENT_OF_CATEGORY[category]
    appeal = entry.get("appeal", 0)
    plain = ("key", "pool", "author", "title", "place", "requested_won", "reason", "verdict")
    return Project(
        cycle=cycle.key,
        category=category,
        state=state,
        department=None if state in _UNASSIGNED else department,
        district=entry.get("district"),
        problem=_prose(entry["problem"]),
        idea=_prose(entry["idea"]),
        costs=tuple(CostLine(*row) for row in entry.get("costs", ())),
        supplement=entry.get("supplement", ""),
        supplement_answer=entry.get("supplement_answer", ""),
        comments=tuple(map(_comment, entry.get("comments", ()))),
        updates=tuple(StatusLine(*row) for row in entry.get("updates", ())),
        # the days of a closed window differ, for no other reason than that they would
        days_ago=entry.get("days_ago", 3 - cycle.proposals[1] + len(entry["title"])),
        appeal=appeal,
        endorsements=entry.get("endorsements", appeal * 2 // 5),
        **{name: entry[name] for name in plain if name in entry},
    )


@cache
def projects() -> tuple[Project, ...]:
    """Every proposal of the demo, by cycle (2025, 2026, 2027), in the order of the files."""
    folder = resources.files(__name__)
    return tuple(
        _project(entry, cycle)
        for cycle in CYCLES
        for name in _FILES[cycle.key]
        for entry in tomllib.loads((folder / f"{name}.toml").read_text(encoding="utf-8"))["project"]
    )


def endorsers(project: Project) -> list[Person]:
    """Who endorsed a project: `project.endorsements` people, the same on every call, never its author."""
    others = [person for person in PEOPLE if person.key != project.author]
    # a fixed choice for a demo, nothing that must be hard to guess
    chooser = random.Random(project.key)  # noqa: S311
    return chooser.sample(others, min(project.endorsements, len(others)))
