"""`python -m bench.tally [words …]`: the count against its targets; only the lines that contain all the words.

Each line is a process of its own: CPU seconds (the best of several, all threads), and the peak of its memory with the
interpreter and the election. Where `pabutools` can be imported it counts the same file, and must find the same winners.
"""

import os
import resource
import sys
import time
from collections.abc import Callable, Collection
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from multiprocessing import get_context
from pathlib import Path

from bench.cities import city
from civicvote.domain.pabulib import election, parse
from civicvote.domain.tally import Completion, Election, Method, Outcome, Rule, tally
from civicvote.domain.tally.why import anew, proved, why

FILES = Path(os.environ.get("CIVICVOTE_TEST_SHARED", "../shared")) / "data" / "pabulib"
WARSZAWA = "Poland_Warszawa_2026.pb"
SHARES, PHRAGMEN = Rule(Method.EQUAL_SHARES), Rule(Method.PHRAGMEN)
ADD1 = Rule(Method.EQUAL_SHARES, completion=Completion.ADD1, step=1000)


def add1u(step: int) -> Rule:
    """Equal Shares completed, `step` per round."""
    return Rule(Method.EQUAL_SHARES, completion=Completion.ADD1U, step=step)


@cache
def warszawa() -> Election:
    return election(parse((FILES / WARSZAWA).read_bytes()))


@cache
def million() -> Election:
    return city(1_000_000, 100, 10)


@cache
def town() -> Election:
    return city(29_000, 80, 5, funded=Fraction(99, 100))


@dataclass(frozen=True)
class Line:
    """What is measured: `work` on an `election` that stands ready, `times` over; `beside` is pabutools' rule."""

    title: str
    target: float | None
    election: Callable[[], Election]
    work: Callable[[Election], Outcome | object]
    times: int = 3
    beside: str = ""


@dataclass(frozen=True)
class Figure:
    """`seconds` of CPU, `peak` in MB, what was found, and pabutools' seconds (None: not asked)."""

    seconds: float
    peak: float
    found: str
    beside: float | None = None


def count(rule: Rule) -> Callable[[Election], Outcome]:
    return lambda contest: tally(contest, rule)


def transpose(contest: Election) -> object:
    """What the first count of an election needs once: the ballots by project, and their sums."""
    fresh = Election(contest.projects, contest.budget, contest.rows, contest.voters)
    return fresh.votes


def explain(step: int) -> Callable[[Election], object]:
    """Every project's reason and figures, of a count that stands ready."""
    return lambda contest: why(contest, _counted(contest, step))


def prove(step: int) -> Callable[[Election], object]:
    """The same with every figure proved for the final endowment."""
    return lambda contest: proved(contest, _counted(contest, step), most_work=10**15)


def count_anew(step: int) -> Callable[[Election], object]:
    """What a whole new count says of the project that came nearest."""

    def work(contest: Election) -> object:
        outcome = _counted(contest, step)
        lost = [one for one in why(contest, outcome).values() if one.code is not None]
        return anew(contest, outcome, max(lost, key=lambda one: one.support or 0))

    return work


@cache
def _counted(contest: Election, step: int) -> Outcome:
    return tally(contest, add1u(step))


def read(_: Election) -> object:
    return election(parse((FILES / WARSZAWA).read_bytes()))


LINES = [
    Line("Warszawa 2026: read the file", 61_668 / 200_000, warszawa, read),
    Line("Warszawa 2026: ballots by project", None, warszawa, transpose),
    Line("Warszawa 2026: greedy", None, warszawa, count(Rule()), 9, "greedy"),
    Line("Warszawa 2026: Equal Shares, one run", 0.010, warszawa, count(SHARES), 9, "mes"),
    Line("Warszawa 2026: Equal Shares, add1u", 1.5, warszawa, count(add1u(1))),
    Line("Warszawa 2026: Phragmén", 0.025, warszawa, count(PHRAGMEN), 9, "phragmen"),
    Line("Warszawa 2026: explain all", 0.2, warszawa, explain(1)),
    Line("Warszawa 2026: explain and prove all", None, warszawa, prove(1), 1),
    Line("Warszawa 2026: one project by new counts", None, warszawa, count_anew(1), 1),
    Line("1,000,000 × 100 × 10: ballots by project", None, million, transpose),
    Line("1,000,000 × 100 × 10: greedy", None, million, count(Rule())),
    Line("1,000,000 × 100 × 10: Equal Shares, one run", 0.35, million, count(SHARES)),
    Line("1,000,000 × 100 × 10: add1u, 1,000 won a step", 12, million, count(add1u(1000)), 1),
    Line("1,000,000 × 100 × 10: add1u, 100 won a step", 12, million, count(add1u(100)), 1),
    Line("1,000,000 × 100 × 10: add1, 1,000 won a step", 12, million, count(ADD1), 1),
    Line("1,000,000 × 100 × 10: explain all", None, million, explain(1000), 1),
    Line("1,000,000 × 100 × 10: explain and prove all", None, million, prove(1000), 1),
    Line("1,000,000 × 100 × 10: one project by new counts", None, million, count_anew(1000), 1),
    Line("1,000,000 × 100 × 10: Phragmén", 2, million, count(PHRAGMEN)),
    Line("29,000 × 80 × 5: add1u, over 22,001 steps", 60, town, count(add1u(100)), 1),
]


def measure(number: int) -> Figure:
    """One line, in this process."""
    line = LINES[number]
    contest = line.election()
    _ = contest.votes
    line.work(contest)
    spent: list[float] = []
    result: object = None
    for _ in range(line.times):
        start = time.process_time()
        result = line.work(contest)
        spent.append(time.process_time() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    beside = None
    if line.beside and find_spec("pabutools"):
        beside, winners = pabutools(line.beside)
        if isinstance(result, Outcome) and set(result.selected) != set(winners):
            raise SystemExit(f"{line.title}: pabutools finds other winners")
    return Figure(min(spent), peak, _found(result), beside)


def _found(result: object) -> str:
    if not isinstance(result, Outcome):
        return ""
    return f"{len(result.selected)} projects" + (f", {result.rounds:,} steps" if result.rounds else "")


def pabutools(rule: str) -> tuple[float, Collection[str]]:
    """CPU seconds and winners of pabutools on the file, once."""
    rules, elections = import_module("pabutools.rules"), import_module("pabutools.election")
    instance, profile = elections.parse_pabulib(str(FILES / WARSZAWA))
    start = time.process_time()
    if rule == "mes":
        chosen = rules.method_of_equal_shares(instance, profile.as_multiprofile(), sat_class=elections.Cost_Sat)
    elif rule == "phragmen":
        chosen = rules.sequential_phragmen(instance, profile.as_multiprofile())
    else:
        chosen = rules.greedy_utilitarian_welfare(instance, profile, sat_class=elections.Cost_Sat)
    return time.process_time() - start, [project.name for project in chosen]


def main(words: Collection[str]) -> None:
    """Measure and print."""
    print(f"{'what':48} {'target':>8} {'CPU s':>9} {'peak MB':>8} {'pabutools':>10} {'ratio':>8}  found")
    for number, line in enumerate(LINES):
        if not all(word in line.title for word in words) or (line.election is warszawa and not FILES.is_dir()):
            continue
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            figure = pool.submit(measure, number).result()
        target = f"{line.target:.3g}" if line.target else ""
        beside = f"{figure.beside:.2f}" if figure.beside else ""
        ratio = f"{figure.beside / figure.seconds:,.0f}" if figure.beside else ""
        missed = " MISSED" if line.target and figure.seconds > line.target else ""
        print(
            f"{line.title:48} {target:>8} {figure.seconds:9.4f} {figure.peak:8.0f} {beside:>10} {ratio:>8}  "
            f"{figure.found}{missed}",
            flush=True,
        )


if __name__ == "__main__":
    main(sys.argv[1:])
