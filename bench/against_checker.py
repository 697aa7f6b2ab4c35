"""`python -m bench.against_checker`: Pabulib's own checker accepts every file the platform writes.

Written anew from real elections, from the demo's, and from random ones counted by every rule. The checker
(PyPI `pabulib-checker`, MIT) is not a dependency: install it with numpy into an environment of its own and run this
from here with that interpreter. Its warnings are about the elections; its errors are ours. Exit status 1 on any.
"""

import contextlib
import io
import random
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from civicvote.demo import sample_election
from civicvote.domain.errors import InvalidError
from civicvote.domain.pabulib import PabulibFile, declared, dump, election, from_election, parse, stated
from civicvote.domain.tally import Completion, Election, Method, Project, Rule, Tie, TieKey, tally
from tests.shared_data import pabulib_files

META = {
    "description": "시험 투표", "country": "South Korea", "unit": "Seoul", "subunit": "서울 전체", "instance": "2026",
    "date_begin": "02.11.2026", "date_end": "30.11.2026", "min_length": "1", "max_length": "5",
}  # fmt: skip
OWN = {"project_id", "cost", "votes", "score", "name", "selected"}


def real() -> Iterator[tuple[str, bytes]]:
    """Real elections, written from what was counted; their winners are the official ones."""
    for path in pabulib_files():
        file = parse(path.read_bytes())
        columns = {name: _column(file, name) for name in file.projects.columns if name not in OWN}
        yield path.name, dump(from_election(election(file), file.meta, selected=file.winners, columns=columns))


def _column(file: PabulibFile, name: str) -> dict[str, str]:
    return dict(zip(file.projects.column("project_id") or [], file.projects.column(name) or [], strict=True))


def made() -> Iterator[tuple[str, bytes]]:
    """Elections of our own, counted by every rule, with what the platform says of it in META."""
    yield "demo", sample_election.text()
    chance = random.Random(2026)  # noqa: S311 - the same elections on every run
    for place in range(20):
        contest = _random(chance)
        for method in Method:
            for completion in Completion if method is Method.EQUAL_SHARES else [Completion.NONE]:
                rule = Rule(method, completion=completion, step=1000, tie=Tie((TieKey.COST, TieKey.VOTES)))
                outcome = tally(contest, rule)
                winners, partly = outcome.selected, [step.project for step in outcome.steps if step.paid < step.cost]
                tied = bool(outcome.ties) or len(set(contest.votes)) < len(contest.votes)
                said = META | stated(rule, tied=tied)
                data = dump(from_election(contest, said, selected=winners, partly=partly))
                yield f"{method} {completion} {place}", data
                read = parse(data)
                again = tally(election(read), declared(read).rule).selected
                if again != winners:
                    raise InvalidError(f"{method} {completion} {place}: not the same winners")  # type: ignore[arg-type]


def _random(chance: random.Random) -> Election:
    ids = [f"2026-{number:03d}" for number in range(1, 13)]
    projects = [Project(one, chance.randint(5, 60) * 1_000_000, f"사업 {one}") for one in ids]
    ballots = [chance.sample(ids, chance.randint(1, 5)) for _ in range(200)]
    return Election.of(projects, 150_000_000, ballots)


def errors(data: bytes) -> dict[str, Any]:
    """What the checker holds against a file."""
    from pabulib.checker import Checker  # type: ignore[import-not-found]

    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        path = Path(folder) / "election.pb"
        path.write_bytes(data)
        told = Checker().process_files([str(path)])
    results = next(value for key, value in told.items() if key not in {"metadata", "summary"})["results"]
    return dict(results.get("errors") or {}) if isinstance(results, dict) else {}


def main() -> None:
    """Check everything."""
    accepted, refused = 0, 0
    for source in (real(), made()):
        for title, data in source:
            found = errors(data)
            accepted, refused = accepted + (not found), refused + bool(found)
            for kind, details in found.items():
                print(f"{title}: {kind}: {str(details)[:200]}", flush=True)
    print(f"{accepted} files accepted, {refused} refused")
    sys.exit(1 if refused else 0)


if __name__ == "__main__":
    main()
