"""Counts side by side: which projects each of them funds, and what that means to the voters."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from civicvote.cli.tally.data import as_data
from civicvote.cli.tally.show import padded, percent, title, wide
from civicvote.cli.words import Words
from civicvote.domain.messages import msg
from civicvote.domain.tally import Election, Outcome
from civicvote.domain.tally.explain import grouped
from civicvote.domain.tally.fairness import Fairness, fairness, preferences

_NAME = 44
_COLUMN = 8


@dataclass(frozen=True, slots=True)
class Column:
    """One count: `source` is the file's name."""

    source: str
    contest: Election
    outcome: Outcome

    @property
    def figures(self) -> Fairness:
        return fairness(self.contest, self.outcome)


def lines(columns: Sequence[Column], say: Words) -> Iterator[str]:
    """A legend, a row per project that any count funds, and the figures of each count."""
    letters = [chr(ord("A") + place) if place < 26 else str(place + 1) for place in range(len(columns))]
    several = len({column.source for column in columns}) > 1
    for letter, column in zip(letters, columns, strict=True):
        yield f"{letter}  {title(column.outcome)}" + (f" · {column.source}" if several else "")
    yield ""
    figures = list(_figures([column.figures for column in columns], say))
    names = [*(_name(columns, one) for one in _funded(columns)), *(name for name, _ in figures)]
    width = min(max(map(wide, names)), _NAME)
    yield _row(say(msg("사업")), width, letters)
    for one in _funded(columns):
        yield _row(_name(columns, one), width, [_place(column, one) for column in columns])
    listed = {project.id for column in columns for project in column.contest.projects}
    yield say(msg("어느 쪽에서도 선정되지 않음 %(n)s건", n=len(listed) - len(_funded(columns))))
    yield ""
    for name, cells in figures:
        yield _row(name, width, cells)
    yield from _preferences(columns, letters, say)


def as_table(columns: Sequence[Column]) -> dict[str, Any]:
    """The same as JSON values."""
    runs = []
    for column in columns:
        figures = column.figures
        told = {
            "with_one": figures.with_one,
            "mean_projects": float(figures.mean_projects),
            "mean_cost": float(figures.mean_cost),
            "cost_share": figures.cost_share,
            "gini": figures.gini,
        }
        runs.append({"file": column.source, **as_data(column.outcome), "fairness": told})
    places = {one: [_order(column).get(one) for column in columns] for one in _funded(columns)}
    table: dict[str, Any] = {"runs": runs, "projects": places}
    if _same(columns):
        table["prefer"] = [list(row) for row in preferences(columns[0].contest, [one.outcome for one in columns])]
    return table


def _row(name: str, width: int, cells: Sequence[str]) -> str:
    return (padded(name, width) + "".join("  " + padded(cell, _COLUMN, right=True) for cell in cells)).rstrip()


def _order(column: Column) -> dict[str, int]:
    return {one: place for place, one in enumerate(column.outcome.selected, 1)}


def _place(column: Column, one: str) -> str:
    if one not in column.contest.index:
        return ""
    return str(_order(column).get(one, "·"))


def _funded(columns: Sequence[Column]) -> list[str]:
    """Projects that any count funds: those of the first in its order, then what the next adds."""
    return list(dict.fromkeys(one for column in columns for one in column.outcome.selected))


def _name(columns: Sequence[Column], one: str) -> str:
    contest = next(column.contest for column in columns if one in column.contest.index)
    return f"[{one}] {contest.projects[contest.index[one]].name}".rstrip()


def _figures(figures: Sequence[Fairness], say: Words) -> Iterator[tuple[str, list[str]]]:
    yield say(msg("선정 사업 수")), [str(one.funded) for one in figures]
    yield say(msg("사업비 합")), [_short(one) for one in figures]
    yield say(msg("하나라도 선정된 투표자(%)")), [percent(one.with_one_share) for one in figures]
    yield say(msg("한 사람당 선정된 사업 수")), [f"{float(one.mean_projects):.2f}" for one in figures]
    yield say(msg("쓰인 돈의 지니계수")), [f"{one.gini:.3f}" for one in figures]


def _short(one: Fairness) -> str:
    """An amount that fits a column."""
    amount = one.spent
    for size, unit in ((10**12, "T"), (10**9, "G"), (10**6, "M")):
        if amount >= 100 * size // 10:
            return f"{float(amount) / size:,.1f}{unit}"
    return grouped(amount)


def _same(columns: Sequence[Column]) -> bool:
    return all(column.contest is columns[0].contest for column in columns)


def _preferences(columns: Sequence[Column], letters: Sequence[str], say: Words) -> Iterator[str]:
    """Who is better off where; only where all counts are of the same ballots."""
    if not _same(columns) or len(columns) < 2:
        return
    table = preferences(columns[0].contest, [column.outcome for column in columns])
    yield ""
    for here, row in enumerate(table):
        for there in range(here + 1, len(row)):
            if not row[there] and not table[there][here]:
                continue
            yield say(
                msg(
                    "%(a)s에서 더 많은 사업을 얻는 투표자 %(n)s명, %(b)s에서 %(m)s명",
                    a=letters[here],
                    b=letters[there],
                    n=f"{row[there]:,}",
                    m=f"{table[there][here]:,}",
                )
            )
