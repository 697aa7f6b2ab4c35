"""What is odd in a file that can be counted: for the person who imports it, with line numbers."""

from collections import Counter
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from civicvote.domain.errors import InvalidError
from civicvote.domain.messages import msg
from civicvote.domain.pabulib.convert import election, picks_of
from civicvote.domain.pabulib.declared import declared
from civicvote.domain.pabulib.limits import Broken, Measures, limits, number
from civicvote.domain.pabulib.marks import UNKNOWN, again, ballots_of
from civicvote.domain.pabulib.model import PabulibFile
from civicvote.domain.pabulib.numbers import shorten, written
from civicvote.domain.pabulib.problems import Notice
from civicvote.domain.tally.count import tally
from civicvote.domain.tally.election import Amount, Election

MOST = 20
"""Notices of one kind that are listed; the rest is one line that says how many there are."""


def report(file: PabulibFile, *, recount: bool = True, contest: Election | None = None) -> list[Notice]:
    """Notices in the order of the checks.

    Unknown ids, projects twice in a ballot, voters twice, ballots outside the limits of META, preferences whose points
    do not fall, counts that differ from `num_*`, `votes` and `score`, costs above the budget; with `recount`, winners
    that differ from the declared rule. `contest` is `election(file)` where somebody has it already.
    """
    contest = contest or election(file)
    found = list(file.warnings)
    for check in (_ballots, _voters, _limits, _counts, _projects):
        found += check(file, contest)
    return found + (list(_winners(file, contest)) if recount else [])


def _listed(ballots: NDArray[np.int64], told: Callable[[int], Notice]) -> list[Notice]:
    """The first of them, and how many more there are. `told` takes a place in `ballots`."""
    found = [told(place) for place in range(min(len(ballots), MOST))]
    return [*found, _more(len(ballots) - MOST)] if len(ballots) > MOST else found


def _more(number: int) -> Notice:
    return Notice(0, msg("같은 내용이 %(n)s건 더 있습니다.", n=f"{number:,}"))


def _capped(notices: list[Notice]) -> list[Notice]:
    return [*notices[:MOST], _more(len(notices) - MOST)] if len(notices) > MOST else notices


def _ballots(file: PabulibFile, contest: Election) -> list[Notice]:
    marks = file.marks
    unknown = ballots_of(marks, marks.picks == UNKNOWN)
    twice = ballots_of(marks, again(marks, len(contest.projects)))

    def strange(place: int) -> Notice:
        row = int(unknown[place])
        pick = next(pick for pick in _vote(file, row) if pick not in contest.index)
        message = msg("PROJECTS에 없는 사업('%(id)s')을 골랐습니다. 세지 않습니다.", id=shorten(pick))
        return Notice(file.votes.line(row), message)

    def repeated(place: int) -> Notice:
        row = int(twice[place])
        counts = Counter(pick for pick in _vote(file, row) if pick in contest.index)
        pick = next(pick for pick, count in counts.items() if count > 1)
        message = msg("한 투표지에서 같은 사업('%(id)s')을 두 번 골랐습니다. 한 번만 셉니다.", id=shorten(pick))
        return Notice(file.votes.line(row), message)

    return _listed(unknown, strange) + _listed(twice, repeated)


def _vote(file: PabulibFile, row: int) -> list[str]:
    return picks_of(file.votes.cells("vote", row, row + 1)[0])


def _voters(file: PabulibFile, contest: Election) -> list[Notice]:
    if not contest.voters:
        return [Notice(0, msg("투표지가 없습니다."))]
    voters = file.votes.column("voter_id") or []
    if len(set(voters)) == len(voters):
        return []
    seen: set[str] = set()
    twice = []
    for place, voter in enumerate(voters):
        if voter in seen:
            text = msg("같은 voter_id가 두 번 나옵니다: '%(id)s'", id=shorten(voter))
            twice.append(Notice(file.votes.line(place), text))
        seen.add(voter)
    return _capped(twice)


def _limits(file: PabulibFile, contest: Election) -> list[Notice]:
    """Ballots outside of what META allows, and preferences whose points are none."""
    measures = Measures(file, contest)
    found: list[Notice] = []
    for limit in limits(file):
        found += _broken(file, measures.broken(limit))
    return found + _ranks(file, measures)


def _broken(file: PabulibFile, broken: Broken) -> list[Notice]:
    return _listed(
        broken.ballots, lambda place: Notice(file.votes.line(int(broken.ballots[place])), broken.message(place))
    )


def _ranks(file: PabulibFile, measures: Measures) -> list[Notice]:
    """Ordinal ballots go from the first preference down, so do their points."""
    marks = file.marks
    if file.vote_type != "ordinal" or marks.points is None:
        return []
    worth, _ = measures.worth
    rising = np.zeros(len(worth), np.bool_)
    rising[1:] = worth[1:] >= worth[:-1]
    rising[marks.start[:-1][marks.lengths > 0]] = False
    rows = ballots_of(marks, rising)
    text = msg("순위 투표의 점수는 앞 순위부터 낮아져야 합니다.")
    return _listed(rows, lambda place: Notice(file.votes.line(int(rows[place])), text))


def _counts(file: PabulibFile, contest: Election) -> Iterator[Notice]:
    for key, counted in (("num_projects", len(contest.projects)), ("num_votes", contest.voters)):
        if key in file.meta and number(file.meta[key]) != counted:
            text = msg(
                "%(key)s 값(%(said)s)이 세어 본 값(%(n)s)과 다릅니다.", key=key, said=shorten(file.meta[key]), n=counted
            )
            yield Notice(file.meta_lines.get(key, 0), text)
    for name, counts in (("votes", _named(file, contest)), ("score", list(contest.scores))):
        different = []
        for place, cell in enumerate(file.projects.column(name) or []):
            if cell != str(counts[place]) and number(cell) != counts[place]:
                text = msg(
                    "사업 '%(id)s'의 %(name)s 값(%(said)s)이 세어 본 값(%(n)s)과 다릅니다.",
                    id=shorten(contest.projects[place].id),
                    name=name,
                    said=shorten(cell) or "-",
                    n=written(counts[place]),
                )
                different.append(Notice(file.projects.line(place), text))
        yield from _capped(different)


def _named(file: PabulibFile, contest: Election) -> list[Amount]:
    """How many ballots name each project: with 0 points, too."""
    if not file.scored:
        return list(contest.votes)
    marks = file.marks
    once = (marks.picks != UNKNOWN) & ~again(marks, len(contest.projects))
    return [*np.bincount(marks.picks[once], minlength=len(contest.projects)).tolist()]


def _projects(file: PabulibFile, contest: Election) -> Iterator[Notice]:
    marks = file.projects.column("selected") or [""] * len(contest.projects)
    for place, (project, mark) in enumerate(zip(contest.projects, marks, strict=True)):
        if project.cost > contest.budget:
            text = msg("사업 '%(id)s'의 사업비가 전체 예산보다 큽니다.", id=shorten(project.id))
            yield Notice(file.projects.line(place), text)
        if mark not in {"", "0", "1", "2", "3"}:
            yield Notice(file.projects.line(place), msg("알 수 없는 selected 값입니다: '%(text)s'", text=shorten(mark)))


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
