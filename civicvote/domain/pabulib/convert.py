"""Between files and elections."""

from collections import Counter
from collections.abc import Iterable, Mapping
from fractions import Fraction
from math import lcm

from civicvote.domain.pabulib.model import PabulibFile, Table
from civicvote.domain.pabulib.numbers import amount, positive
from civicvote.domain.tally.election import Amount, Ballot, Election, Project

META_ORDER = (
    "description", "country", "unit", "district", "subunit", "instance", "num_projects", "num_votes", "budget",
    "vote_type", "rule", "date_begin", "date_end", "min_length", "max_length", "min_sum_cost", "max_sum_cost",
    "min_points", "max_points", "min_sum_points", "max_sum_points", "default_score", "min_project_cost",
    "max_project_cost", "min_project_score_threshold", "neighborhoods", "subdistricts", "categories", "edition",
    "language", "currency", "fully_funded", "experimental", "comment", "acknowledgments",
)  # fmt: skip
"""The order of META's keys in Pabulib."""


def election(file: PabulibFile) -> Election:
    """The contest of a file, ballots grouped.

    Every row of VOTES is a voter, an empty one too. Ids the file does not list are passed over (`report` names them),
    a project twice in one ballot counts once (its first points). Ordinal ballots without points give L … 1.
    """
    ids = file.projects.column("project_id") or []
    names = file.projects.column("name") or [""] * len(ids)
    costs = file.projects.column("cost") or []
    projects = tuple(
        Project(project, positive(cost, file.projects.line(number), "cost"), name)
        for number, (project, cost, name) in enumerate(zip(ids, costs, names, strict=True))
    )
    budget = positive(file.meta["budget"], file.meta_lines.get("budget", 0), "budget")
    index = {project: number for number, project in enumerate(ids)}
    voters = len(file.votes.rows)
    if not file.scored:
        return Election(projects, budget, _approvals(file, index), voters)
    ballots, unit = _scores(file, index)
    return Election(projects, budget, ballots, voters, scored=True, point_unit=unit)


def picks_of(text: str) -> list[str]:
    """The ids of a ballot as written."""
    return [pick for pick in map(str.strip, text.split(",")) if pick]


def _approvals(file: PabulibFile, index: Mapping[str, int]) -> tuple[Ballot, ...]:
    grouped: Counter[tuple[int, ...]] = Counter()
    for text, count in Counter(file.votes.column("vote") or []).items():
        grouped[tuple(sorted({index[pick] for pick in picks_of(text) if pick in index}))] += count
    return tuple(Ballot(picks, (), count) for picks, count in grouped.items())


def _scores(file: PabulibFile, index: Mapping[str, int]) -> tuple[tuple[Ballot, ...], int]:
    votes = file.votes.column("vote") or []
    points = file.votes.column("points")
    default = amount(file.meta["default_score"], 0, "default_score") if file.meta.get("default_score") else 0
    written = Counter(zip(votes, points if points is not None else [""] * len(votes), strict=True))
    grouped: Counter[tuple[tuple[int, Amount], ...]] = Counter()
    for (text, beside), count in written.items():
        row = dict.fromkeys(range(len(index)), default) if default and file.vote_type == "scoring" else {}
        row |= _row(picks_of(text), beside, index, listed=points is not None)
        grouped[tuple(sorted((pick, value) for pick, value in row.items() if value))] += count
    unit = lcm(1, *{Fraction(value).denominator for row in grouped for _, value in row})
    ballots = tuple(
        Ballot(tuple(pick for pick, _ in row), tuple(int(value * unit) for _, value in row), count)
        for row, count in grouped.items()
    )
    return ballots, unit


def _row(picks: list[str], beside: str, index: Mapping[str, int], *, listed: bool) -> dict[int, Amount]:
    given = [Fraction(cell) for cell in picks_of(beside)]
    values: Iterable[Amount] = given if listed else range(len(picks), 0, -1)
    row: dict[int, Amount] = {}
    for pick, value in zip(picks, values, strict=False):
        if pick in index:
            row.setdefault(index[pick], value)
    return row


def written(value: Amount) -> str:
    """An amount as `.pb` writes it, to at most 12 decimals (amounts come from decimals and have fewer)."""
    if value == int(value):
        return str(int(value))
    fraction = Fraction(value)
    digits = 0
    while digits < 12 and (fraction * 10**digits).denominator != 1:
        digits += 1
    whole = str(int(fraction * 10**digits)).rjust(digits + 1, "0")
    return f"{whole[:-digits]}.{whole[-digits:]}"


def from_election(
    contest: Election,
    meta: Mapping[str, str],
    *,
    selected: Iterable[str] | None = None,
    columns: Mapping[str, Mapping[str, str]] | None = None,
) -> PabulibFile:
    """A file of `contest`. `columns` adds columns of PROJECTS: name → project id → cell.

    Nothing in it tells ballots apart beyond what they say: picks in the order of PROJECTS, ballots in the order of
    their text, voters numbered. Counts, budget and vote type are the election's; Korean and won unless `meta` differs.
    """
    values = {"vote_type": "cumulative" if contest.scored else "approval", "language": "ko", "currency": "KRW"}
    values |= {key: value for key, value in meta.items() if value}
    values |= {
        "num_projects": str(len(contest.projects)),
        "num_votes": str(contest.voters),
        "budget": written(contest.budget),
    }
    order = {key: place for place, key in enumerate(META_ORDER)}
    keys = sorted(values, key=lambda key: (order.get(key, len(order)), key))
    projects = _projects(contest, frozenset(selected) if selected is not None else None, columns or {})
    return PabulibFile({key: _one_line(values[key]) for key in keys}, projects, _votes(contest))


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _projects(contest: Election, selected: frozenset[str] | None, columns: Mapping[str, Mapping[str, str]]) -> Table:
    titles = ["project_id", "cost", "votes", *(["score"] if contest.scored else []), "name"]
    extra = [name for name in columns if name not in {*titles, "selected"}]
    rows = []
    for number, project in enumerate(contest.projects):
        row = [project.id, written(project.cost), str(contest.votes[number])]
        row += [written(contest.scores[number])] if contest.scored else []
        row += [_one_line(project.name), *(_one_line(columns[name].get(project.id, "")) for name in extra)]
        row += [str(int(project.id in selected))] if selected is not None else []
        rows.append(tuple(row))
    return Table((*titles, *extra, *(["selected"] if selected is not None else [])), rows)


def _votes(contest: Election) -> Table:
    texts: list[tuple[str, ...]] = []
    for ballot in contest.ballots:
        picks = ",".join(contest.projects[pick].id for pick in ballot.picks)
        points = ",".join(written(Fraction(value, contest.point_unit)) for value in ballot.points)
        texts += [(picks, points) if contest.scored else (picks,)] * ballot.count
    texts += [("", "") if contest.scored else ("",)] * (contest.voters - len(texts))
    rows: list[tuple[str, ...]] = [(str(number), *text) for number, text in enumerate(sorted(texts), 1)]
    return Table(("voter_id", "vote", "points") if contest.scored else ("voter_id", "vote"), rows)
