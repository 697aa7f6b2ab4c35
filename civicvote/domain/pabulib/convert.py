"""Between files and elections."""

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from itertools import pairwise
from math import lcm

import numpy as np
from numpy.typing import NDArray

from civicvote.domain.pabulib.marks import UNKNOWN, Marks, again
from civicvote.domain.pabulib.model import PabulibFile, Table
from civicvote.domain.pabulib.numbers import amount, positive, written
from civicvote.domain.pabulib.rows import rows_of
from civicvote.domain.tally.election import Amount, Election, Project

Arrays = tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int64] | None]
"""Starts of the ballots, their projects, the points beside them."""

META_ORDER = (
    "description", "country", "unit", "district", "subunit", "instance", "num_projects", "num_votes", "budget",
    "vote_type", "rule", "date_begin", "date_end", "min_length", "max_length", "min_sum_cost", "max_sum_cost",
    "min_points", "max_points", "min_sum_points", "max_sum_points", "default_score", "min_project_cost",
    "max_project_cost", "min_project_score_threshold", "neighborhoods", "subdistricts", "categories", "edition",
    "language", "currency", "fully_funded", "experimental", "comment", "acknowledgments",
)  # fmt: skip
"""The order of META's keys in Pabulib."""
PROJECTS_ORDER = (
    "project_id", "cost", "votes", "score", "name", "category", "beneficiaries", "selected", "neighborhood", "subunit",
    "district", "description", "proposer", "public_id", "latitude", "longitude",
)  # fmt: skip
"""The order of the columns of PROJECTS in Pabulib."""
RENAMED = {"target": "beneficiaries"}
"""Columns of PROJECTS that Pabulib called otherwise until April 2026."""


def election(file: PabulibFile) -> Election:
    """The contest of a file, ballots grouped where that pays.

    Every row of VOTES is a voter, an empty one too. Ids the file does not list are passed over (`report` names them),
    a project twice in one ballot counts once (its first points). Ordinal ballots without points give L … 1, L being
    what the ballot lists. In scoring, projects a ballot does not list get META's `default_score`.
    """
    ids = file.projects.column("project_id") or []
    names = file.projects.column("name") or [""] * len(ids)
    costs = file.projects.column("cost") or []
    projects = tuple(
        Project(project, positive(cost, file.projects.line(number), "cost"), name)
        for number, (project, cost, name) in enumerate(zip(ids, costs, names, strict=True))
    )
    budget = positive(file.meta["budget"], file.meta_lines.get("budget", 0), "budget")
    marks = file.marks
    points, unit = points_of(file) if file.scored else (None, 1)
    start, picks, points = _known(marks, points, len(ids))
    default = int(_default(file) * unit)
    if default and points is not None:
        start, picks, points = _filled(start, picks, points, len(projects), default)
    people = np.ones(len(file.votes.rows), np.int64)
    return Election.from_rows(projects, budget, start, picks, points, people, voters=len(people), point_unit=unit)


def picks_of(text: str) -> list[str]:
    """The ids of a ballot as written."""
    return [pick for pick in map(str.strip, text.split(",")) if pick]


def _default(file: PabulibFile) -> Amount:
    """The points of a project that a ballot does not list."""
    text = file.meta.get("default_score") if file.vote_type == "scoring" else None
    return amount(text, file.meta_lines.get("default_score", 0), "default_score") if text else 0


def points_of(file: PabulibFile) -> tuple[NDArray[np.int64], int]:
    """The points beside every mark as whole numbers, and their unit."""
    marks = file.marks
    if marks.points is None:  # ordinal: the first of L gets L, the last 1
        length = np.repeat(marks.lengths, marks.lengths)
        return length - (np.arange(len(length)) - np.repeat(marks.start[:-1], marks.lengths)), 1
    unit = lcm(1, Fraction(_default(file)).denominator, *{Fraction(value).denominator for value in marks.values})
    worth = np.array([int(value * unit) for value in marks.values], np.int64)
    return worth[marks.points], unit


def _known(marks: Marks, points: NDArray[np.int64] | None, projects: int) -> Arrays:
    """The marks without the ids nobody listed; where a project's first points are 0, its later ones do not count."""
    known = marks.picks != UNKNOWN
    if points is not None and not points.all():
        known &= ~again(marks, projects)
    if known.all():
        return marks.start, marks.picks, points
    before = np.concatenate([[0], np.cumsum(known)])
    return before[marks.start], marks.picks[known], None if points is None else points[known]


def _filled(
    start: NDArray[np.int64], picks: NDArray[np.int32], points: NDArray[np.int64], projects: int, default: int
) -> Arrays:
    """Ballots that say something of every project. A project's first points stay."""
    voters = len(start) - 1
    table = np.full(voters * projects, default, np.int64)
    places, first = np.unique(np.repeat(np.arange(voters), np.diff(start)) * projects + picks, return_index=True)
    table[places] = points[first]
    every = np.tile(np.arange(projects, dtype=np.int32), voters)
    return np.arange(voters + 1) * projects, every, table


def from_election(
    contest: Election,
    meta: Mapping[str, str],
    *,
    selected: Iterable[str] | None = None,
    partly: Iterable[str] = (),
    columns: Mapping[str, Mapping[str, str]] | None = None,
) -> PabulibFile:
    """A file of `contest`. `columns` adds columns of PROJECTS: name → project id → cell (`target`, an old name, becomes
    `beneficiaries`). `partly`: those of `selected` that got less than they cost.

    Nothing in it tells ballots apart beyond what they say: picks in the order of PROJECTS, ballots in the order of
    their text, voters numbered. Counts, budget and vote type are the election's; Korean and won unless `meta` differs.
    """
    values = {"vote_type": "cumulative" if contest.scored else "approval", "language": "ko", "currency": "KRW"}
    values |= {key: value for key, value in meta.items() if value}
    if values["vote_type"].lower() == "knapsack":  # Pabulib's current name for it
        values = {"max_sum_cost": written(contest.budget)} | values | {"vote_type": "approval"}
    values |= {
        "num_projects": str(len(contest.projects)),
        "num_votes": str(contest.voters),
        "budget": written(contest.budget),
    }
    if sum(project.cost for project in contest.projects) <= contest.budget:
        values["fully_funded"] = "1"
    order = {key: place for place, key in enumerate(META_ORDER)}
    keys = sorted(values, key=lambda key: (order.get(key, len(order)), key))
    named = {RENAMED.get(name, name): cells for name, cells in (columns or {}).items()}
    marks = None if selected is None else dict.fromkeys(selected, "1") | dict.fromkeys(partly, "2")
    projects = _projects(contest, marks, named)
    return PabulibFile({key: _one_line(values[key]) for key in keys}, projects, _votes(contest))


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _projects(contest: Election, selected: Mapping[str, str] | None, columns: Mapping[str, Mapping[str, str]]) -> Table:
    """Columns in Pabulib's order, unknown ones last; names only where there are any, then for every project."""
    ids = [project.id for project in contest.projects]
    table = {name: [_one_line(cells.get(one, "")) for one in ids] for name, cells in columns.items()}
    table |= {
        "project_id": ids,
        "cost": [written(project.cost) for project in contest.projects],
        "votes": [str(count) for count in contest.votes],
    }
    if any(project.name for project in contest.projects):
        table["name"] = [_one_line(project.name) or project.id for project in contest.projects]
    if contest.scored:
        table["score"] = [written(score) for score in contest.scores]
    if selected is not None:
        table["selected"] = [selected.get(one, "0") for one in ids]
    order = {name: place for place, name in enumerate(PROJECTS_ORDER)}
    titles = sorted(table, key=lambda name: order.get(name, len(order)))
    return Table(tuple(titles), list(zip(*(table[name] for name in titles), strict=True)))


def _votes(contest: Election) -> Table:
    """The ballots in the order of their text; a ballot's projects from most points down, equals as in PROJECTS."""
    cast: list[tuple[str, ...]] = []
    for cells, count in zip(_ballots(contest), contest.rows.people.tolist(), strict=True):
        cast += [cells] * count
    cast += [("", "") if contest.scored else ("",)] * (contest.voters - len(cast))
    titles = ("voter_id", "vote", "points") if contest.scored else ("voter_id", "vote")
    return Table(titles, rows_of((str(number), *cells) for number, cells in enumerate(sorted(cast), 1)))


def _ballots(contest: Election) -> Iterator[tuple[str, ...]]:
    rows, ids = contest.rows, [project.id for project in contest.projects]
    picks = rows.picks.tolist()
    points = None if rows.points is None else rows.points.tolist()
    shown = {value: written(Fraction(value, contest.point_unit)) for value in set(points or ())}
    for start, end in pairwise(rows.indptr.tolist()):
        if points is None:
            yield (",".join([ids[pick] for pick in picks[start:end]]),)
            continue
        order = sorted(range(start, end), key=lambda place: (-points[place], picks[place]))
        yield ",".join([ids[picks[place]] for place in order]), ",".join([shown[points[place]] for place in order])
