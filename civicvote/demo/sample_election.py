"""A closed election as a `.pb` file: 1,500 made-up voters on the 40 projects of 2025, the same on every run.

Voters live where Seoul's people live, like themes by age, prefer what is near, and know a few projects better than
the rest, as in real elections: a few leaders, a long tail, some ballots that are equal. The file goes through
`civicvote pb import`; like every published ballot file it tells nothing about a voter but the picks.
"""

import random
from collections import Counter
from dataclasses import dataclass
from functools import cache
from typing import Final

from civicvote.demo.content import CYCLE_2025, Project, projects
from civicvote.domain.districts import AGE_BANDS, DISTRICTS, SEOUL
from civicvote.domain.pabulib import dump, from_election, stated
from civicvote.domain.tally import Completion, Election, Method, Rule
from civicvote.domain.tally import Project as Candidate

SEED: Final = 2025
VOTERS: Final = 1_500
MAX_PICKS: Final = 10
#: The rule of 2025: Equal Shares with cost utility, completed by adding 1,000 won per voter.
RULE: Final = Rule(Method.EQUAL_SHARES, completion=Completion.ADD1, step=1000)

# How much an age group (first age, last age) likes a theme, 1.0 being everybody's average.
_TASTES: Final = (
    (14, 29, {"디지털": 1.1, "문화·여가": 1.5, "복지·돌봄": 0.9, "교통·보행": 1.0, "환경·안전": 1.0}),
    (30, 49, {"디지털": 0.8, "문화·여가": 1.2, "복지·돌봄": 1.1, "교통·보행": 1.2, "환경·안전": 1.0}),
    (50, 69, {"디지털": 1.0, "문화·여가": 0.9, "복지·돌봄": 1.0, "교통·보행": 1.0, "환경·안전": 1.2}),
    (70, 120, {"디지털": 1.2, "문화·여가": 0.8, "복지·돌봄": 1.5, "교통·보행": 1.1, "환경·안전": 0.8}),
)
# How willingly an age group votes online.
_TURNOUT: Final = (0.0, 0.5, 1.1, 1.4, 1.3, 1.0, 0.8, 0.45, 0.15, 0.03, 0.01)
_NEAR: Final = 9.0
_NEXT_DOOR: Final = 2.2
_FAR: Final = 0.25
#: Map units within which two districts count as next to each other.
_NEIGHBOURHOOD: Final = 170
#: Share of voters who follow a list that goes round, as happens in every election: their ballots are equal.
_FOLLOWERS: Final = 0.07


@dataclass(frozen=True, slots=True)
class Voter:
    """A made-up voter: district code, age in years, sex ("f", "m"), ids of the projects picked in ballot order."""

    district: str
    age: int
    sex: str
    picks: tuple[str, ...]


def candidates() -> dict[str, Project]:
    """The projects of the election by the id they have in the file: "2025-001" to "2025-040"."""
    listed = (project for project in projects() if project.cycle == CYCLE_2025.key)
    return {f"2025-{number:03d}": project for number, project in enumerate(listed, start=1)}


def _nearness(home: str, place: str | None) -> float:
    if place is None:
        return 1.0
    if home == place:
        return _NEAR
    spots = {district.code: district.label for district in DISTRICTS}
    (ax, ay), (bx, by) = spots[home], spots[place]
    return _NEXT_DOOR if (ax - bx) ** 2 + (ay - by) ** 2 < _NEIGHBOURHOOD**2 else _FAR


def _taste(age: int, category: str) -> float:
    return next(likes[category] for low, high, likes in _TASTES if low <= age <= high)


def _people(chance: random.Random) -> list[tuple[str, int, str]]:
    cells = [
        (district.code, low, people * _TURNOUT[number])
        for district in DISTRICTS
        for number, ((low, _), people) in enumerate(zip(AGE_BANDS, district.population, strict=True))
    ]
    drawn = chance.choices(cells, [weight for _, _, weight in cells], k=VOTERS)
    return [
        (code, max(14, low + chance.randrange(10)), "f" if chance.random() < 0.54 else "m") for code, low, _ in drawn
    ]


def _count_of_picks(chance: random.Random) -> int:
    return chance.choices(range(1, MAX_PICKS + 1), (6, 8, 14, 14, 18, 9, 7, 5, 4, 15))[0]


def _weights(district: str, age: int, listed: dict[str, Project]) -> list[float]:
    return [
        project.appeal**1.25 * _nearness(district, project.district) * _taste(age, project.category)
        for project in listed.values()
    ]


def _pick(chance: random.Random, ids: list[str], weights: list[float], count: int) -> tuple[str, ...]:
    """`count` different ids, likelier with more weight (Efraimidis, Spirakis 2006), in ballot order."""
    keys = [chance.random() ** (1.0 / weight) for weight in weights]
    best = sorted(range(len(ids)), key=keys.__getitem__, reverse=True)[:count]
    return tuple(ids[place] for place in sorted(best))


@cache
def voters() -> tuple[Voter, ...]:
    """All voters, in the order they were drawn."""
    chance = random.Random(SEED)  # noqa: S311 - the same election on every run is the point
    listed = candidates()
    ids = list(listed)
    tables: dict[tuple[str, int], list[float]] = {}
    leaflets = [_pick(chance, ids, [float(p.appeal) for p in listed.values()], size) for size in (3, 5, 5, 10)]
    result = []
    for district, age, sex in _people(chance):
        if chance.random() < _FOLLOWERS:
            result.append(Voter(district, age, sex, chance.choice(leaflets)))
            continue
        decade = min(age, 80) // 10 * 10 + (5 if age < 20 else 0)
        table = tables.setdefault((district, decade), _weights(district, decade, listed))
        result.append(Voter(district, age, sex, _pick(chance, ids, table, _count_of_picks(chance))))
    return tuple(result)


def turnout() -> dict[str, int]:
    """Voters per district code; with the voters' ages and sexes this is what a published turnout shows."""
    counts = Counter(voter.district for voter in voters())
    return {district.code: counts[district.code] for district in DISTRICTS}


@cache
def election() -> Election:
    """The contest: 40 projects, 15 billion won, one ballot per voter."""
    listed = [Candidate(number, project.cost_won or 0, project.title) for number, project in candidates().items()]
    return Election.of(listed, CYCLE_2025.budget_won, [voter.picks for voter in voters()])


@cache
def text() -> bytes:
    """The `.pb` file (UTF-8, LF)."""
    listed = candidates()
    file = from_election(
        election(),
        {
            "description": CYCLE_2025.title,
            "country": "South Korea",
            "unit": "서울특별시",
            "subunit": CYCLE_2025.pools[0].name,
            "instance": str(CYCLE_2025.year),
            "date_begin": "29.09.2025",
            "date_end": "26.10.2025",
            "min_length": "1",
            "max_length": str(MAX_PICKS),
            **stated(RULE),
        },
        columns={
            "category": {number: project.category for number, project in listed.items()},
            "district": {number: project.district or SEOUL for number, project in listed.items()},
        },
    )
    return dump(file)
