"""What is odd in a file that can be counted: for the person who imports it, with line numbers."""

from collections import Counter
from collections.abc import Iterator
from fractions import Fraction

from civicvote.domain.errors import InvalidError
from civicvote.domain.messages import Message, msg
from civicvote.domain.pabulib.convert import election, picks_of, written
from civicvote.domain.pabulib.declared import declared
from civicvote.domain.pabulib.model import Notice, PabulibFile
from civicvote.domain.pabulib.numbers import shorten
from civicvote.domain.tally.count import tally
from civicvote.domain.tally.election import Amount, Election

MOST = 20
"""Notices of one kind that are listed; the rest is one line that says how many there are."""


def report(file: PabulibFile, *, recount: bool = True) -> list[Notice]:
    """Notices in the order of the checks.

    Unknown ids, projects twice in a ballot, voters twice, ballots outside the limits of META, counts that differ from
    `num_*`, `votes` and `score`, costs above the budget; with `recount`, winners that differ from the declared rule.
    """
    contest = election(file)
    found = list(file.warnings)
    for check in (_ballots, _voters, _limits, _counts, _projects):
        found += check(file, contest)
    return found + (list(_winners(file, contest)) if recount else [])


def _capped(notices: list[Notice]) -> list[Notice]:
    if len(notices) <= MOST:
        return notices
    more = msg("같은 내용이 %(n)s건 더 있습니다.", n=f"{len(notices) - MOST:,}")
    return [*notices[:MOST], Notice(0, more)]


def _ballots(file: PabulibFile, contest: Election) -> list[Notice]:
    unknown, twice = [], []
    for number, text in enumerate(file.votes.column("vote") or []):
        picks = picks_of(text)
        strange = [pick for pick in picks if pick not in contest.index]
        if strange:
            message = msg("PROJECTS에 없는 사업('%(id)s')을 골랐습니다. 세지 않습니다.", id=shorten(strange[0]))
            unknown.append(Notice(file.votes.line(number), message))
        if len(set(picks)) < len(picks):
            again = next(pick for pick, count in Counter(picks).items() if count > 1)
            message = msg("한 투표지에서 같은 사업('%(id)s')을 두 번 골랐습니다. 한 번만 셉니다.", id=shorten(again))
            twice.append(Notice(file.votes.line(number), message))
    return _capped(unknown) + _capped(twice)


def _voters(file: PabulibFile, contest: Election) -> list[Notice]:
    seen: set[str] = set()
    again = []
    for number, voter in enumerate(file.votes.column("voter_id") or []):
        if voter in seen:
            again.append(
                Notice(file.votes.line(number), msg("같은 voter_id가 두 번 나옵니다: '%(id)s'", id=shorten(voter)))
            )
        seen.add(voter)
    if not contest.voters:
        again.append(Notice(0, msg("투표지가 없습니다.")))
    return _capped(again)


def _number(file: PabulibFile, key: str) -> Fraction | None:
    """A number of META, None when it is missing or none."""
    try:
        return Fraction(file.meta[key].replace(",", ".")) if len(file.meta.get(key, "")) in range(1, 20) else None
    except (ValueError, ZeroDivisionError):
        return None


def _limits(file: PabulibFile, contest: Election) -> list[Notice]:
    """Ballots outside of what META allows."""
    measures: list[tuple[str, str, Message]] = [
        ("length", "min_length", msg("고른 사업이 %(n)s개로, 최소 %(limit)s개보다 적습니다.")),
        ("length", "max_length", msg("고른 사업이 %(n)s개로, 최대 %(limit)s개보다 많습니다.")),
        ("cost", "min_sum_cost", msg("고른 사업비의 합(%(n)s)이 최소(%(limit)s)보다 적습니다.")),
        ("cost", "max_sum_cost", msg("고른 사업비의 합(%(n)s)이 최대(%(limit)s)보다 많습니다.")),
        ("points", "min_sum_points", msg("점수의 합이 %(n)s점으로, 최소 %(limit)s점보다 적습니다.")),
        ("points", "max_sum_points", msg("점수의 합이 %(n)s점으로, 최대 %(limit)s점보다 많습니다.")),
        ("most", "max_points", msg("한 사업에 %(n)s점을 주어, 최대 %(limit)s점보다 많습니다.")),
    ]
    limits = {key: _number(file, key) for _, key, _ in measures}
    if file.vote_type == "choose-1" and limits["max_length"] is None:
        limits["max_length"] = Fraction(1)
    active = [(kind, key, limit, text) for kind, key, text in measures if (limit := limits[key]) is not None]
    if not active:
        return []
    votes = file.votes.column("vote") or []
    points = (file.votes.column("points") if file.scored else None) or [""] * len(votes)
    found: dict[str, list[Notice]] = {key: [] for _, key, _, _ in active}
    for number, (vote, beside) in enumerate(zip(votes, points, strict=True)):
        measured = _measured(vote, beside, contest)
        for kind, key, limit, text in active:
            value = measured.get(kind)
            if value is None or (value >= limit if key.startswith("min") else value <= limit):
                continue
            message = Message(text.text, {"n": written(value), "limit": written(limit)})
            found[key].append(Notice(file.votes.line(number), message))
    return [notice for notices in found.values() for notice in _capped(notices)]


def _measured(vote: str, points: str, contest: Election) -> dict[str, Amount]:
    picks = picks_of(vote)
    known = [contest.projects[contest.index[pick]].cost for pick in picks if pick in contest.index]
    measured: dict[str, Amount] = {"length": len(picks), "cost": sum(known, 0)}
    given = [Fraction(cell) for cell in picks_of(points)]
    if given:
        measured |= {"points": sum(given, Fraction(0)), "most": max(given)}
    return measured


def _counts(file: PabulibFile, contest: Election) -> Iterator[Notice]:
    for key, counted in (("num_projects", len(contest.projects)), ("num_votes", contest.voters)):
        if key in file.meta and _number(file, key) != counted:
            text = msg(
                "%(key)s 값(%(said)s)이 세어 본 값(%(n)s)과 다릅니다.", key=key, said=shorten(file.meta[key]), n=counted
            )
            yield Notice(file.meta_lines.get(key, 0), text)
    named = Counter(pick for text in file.votes.column("vote") or [] for pick in set(picks_of(text)))
    listed: list[Amount] = [named[project.id] for project in contest.projects]  # with 0 points, too
    for name, counts in (("votes", listed), ("score", list(contest.scores))):
        different = []
        for number, cell in enumerate(file.projects.column(name) or []):
            if cell != str(counts[number]) and _cell(cell) != counts[number]:
                text = msg(
                    "사업 '%(id)s'의 %(name)s 값(%(said)s)이 세어 본 값(%(n)s)과 다릅니다.",
                    id=shorten(contest.projects[number].id),
                    name=name,
                    said=shorten(cell) or "-",
                    n=written(counts[number]),
                )
                different.append(Notice(file.projects.line(number), text))
        yield from _capped(different)


def _cell(text: str) -> Fraction | None:
    try:
        return Fraction(text.replace(",", ".")) if 0 < len(text) < 20 else None
    except (ValueError, ZeroDivisionError):
        return None


def _projects(file: PabulibFile, contest: Election) -> Iterator[Notice]:
    marks = file.projects.column("selected") or [""] * len(contest.projects)
    for number, (project, mark) in enumerate(zip(contest.projects, marks, strict=True)):
        if project.cost > contest.budget:
            text = msg("사업 '%(id)s'의 사업비가 전체 예산보다 큽니다.", id=shorten(project.id))
            yield Notice(file.projects.line(number), text)
        if mark not in {"", "0", "1", "2", "3"}:
            yield Notice(
                file.projects.line(number), msg("알 수 없는 selected 값입니다: '%(text)s'", text=shorten(mark))
            )


def _winners(file: PabulibFile, contest: Election) -> Iterator[Notice]:
    if file.winners is None:
        return
    try:
        said = declared(file)
        outcome = tally(contest, said.rule)
    except InvalidError:
        return  # no rule that could be applied
    yield from said.notices
    official, counted = set(file.winners), set(outcome.selected)
    if official != counted:
        text = msg(
            "밝힌 규칙대로 세면 당선이 다릅니다. 빠진 사업: %(missing)s / 더해진 사업: %(extra)s",
            missing=shorten(", ".join(sorted(official - counted)), 200) or "-",
            extra=shorten(", ".join(sorted(counted - official)), 200) or "-",
        )
        yield Notice(file.meta_lines.get("rule", 0), text)
