"""`python -m bench.against_pabutools [N]`: the same winners as `pabutools`, on real files and on N random elections.

pabutools is GPL and brings a proprietary solver with it: it is never installed beside the product, nor used by its
tests. In an environment of its own (`python -m venv /tmp/oracle; /tmp/oracle/bin/pip install pabutools`), run from
this directory with that interpreter. Exit status 1 if anything differs.
"""

import random
import sys
from collections.abc import Callable, Iterator
from typing import Any

from civicvote.domain.pabulib import election, parse
from civicvote.domain.tally import Completion, Election, Method, Project, Rule, Utility, tally
from tests.shared_data import pabulib_files

#: Real elections with more voters than this take pabutools minutes to hours.
MOST_VOTERS = 3_000
ADD1_VOTERS = 600
SHARES = Method.EQUAL_SHARES

RULES: dict[str, Rule] = {
    "greedy": Rule(),
    "greedy per cost": Rule(Method.GREEDY_PER_COST),
    "equal shares": Rule(SHARES),
    "equal shares, cardinality": Rule(SHARES, Utility.CARDINALITY),
    "equal shares, add1": Rule(SHARES, completion=Completion.ADD1),
    "phragmen": Rule(Method.PHRAGMEN),
    "welfare": Rule(Method.WELFARE),
}


def theirs(contest: Election) -> tuple[Any, Any]:
    """The election as pabutools takes it: an instance and a profile, a ballot per voter."""
    from pabutools import election as pe  # type: ignore[import-not-found]

    projects = [pe.Project(project.id, cost=project.cost) for project in contest.projects]
    instance = pe.Instance(projects, budget_limit=contest.budget)
    profile = pe.ApprovalProfile(instance=instance)
    cast = 0
    for ballot in contest.ballots:
        for _ in range(ballot.count):
            profile.append(pe.ApprovalBallot([projects[pick] for pick in ballot.picks]))
        cast += ballot.count
    for _ in range(contest.voters - cast):
        profile.append(pe.ApprovalBallot())
    return instance, profile


def counted(name: str, instance: Any, profile: Any) -> list[str]:
    """The winners by pabutools' rule of that name."""
    from pabutools import rules
    from pabutools.election import Cardinality_Sat, Cost_Sat  # type: ignore[import-not-found]

    calls: dict[str, Callable[[], Any]] = {
        "greedy": lambda: rules.greedy_utilitarian_welfare(instance, profile, sat_class=Cost_Sat),
        "greedy per cost": lambda: rules.greedy_utilitarian_welfare(instance, profile, sat_class=Cardinality_Sat),
        "equal shares": lambda: rules.method_of_equal_shares(instance, profile, sat_class=Cost_Sat),
        "equal shares, cardinality": lambda: rules.method_of_equal_shares(instance, profile, sat_class=Cardinality_Sat),
        "equal shares, add1": lambda: rules.method_of_equal_shares(
            instance, profile, sat_class=Cost_Sat, voter_budget_increment=1
        ),
        "phragmen": lambda: rules.sequential_phragmen(instance, profile),
        "welfare": lambda: rules.max_additive_utilitarian_welfare(instance, profile, sat_class=Cardinality_Sat),
    }
    return [str(project) for project in calls[name]()]


def agrees(name: str, contest: Election, instance: Any, profile: Any) -> bool:
    """Whether both fund the same. pabutools leaves its ties in welfare to chance: there only the votes must be equal."""
    ours, other = tally(contest, RULES[name]).selected, counted(name, instance, profile)
    if name == "welfare":
        return total(contest, ours) == total(contest, other)
    return set(ours) == {one for one in other if contest.votes[contest.index[one]]}


def total(contest: Election, ids: Any) -> int:
    return sum(contest.votes[contest.index[one]] for one in ids)


def random_election(chance: random.Random) -> Election:
    """Up to eight projects and twelve voters, with many equals.

    No project is dearer than the budget: such ones are out before any rule here, while in pabutools' add1 they end the
    count as soon as their supporters could pay them.
    """
    ids = [f"p{number}" for number in range(chance.randint(1, 8))]
    high = chance.choice([4, 10, 100])
    projects = [Project(one, chance.randint(1, high)) for one in ids]
    ballots = [chance.sample(ids, chance.randint(0, len(ids))) for _ in range(chance.randint(1, 12))]
    return Election.of(projects, chance.randint(high, 2 * high), ballots)


def elections(number: int) -> Iterator[tuple[str, Election]]:
    """Real ones, then random ones."""
    for path in pabulib_files():
        contest = election(parse(path.read_bytes()))
        if not contest.scored and contest.voters <= MOST_VOTERS:
            yield path.name, contest
    chance = random.Random(2026)  # noqa: S311 - the same elections on every run
    for place in range(number):
        yield f"random {place}", random_election(chance)


def main() -> None:
    """Count everything twice."""
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    same, different = 0, 0
    for title, contest in elections(number):
        instance, profile = theirs(contest)
        for name in RULES:
            if name == "equal shares, add1" and contest.voters > ADD1_VOTERS:
                continue
            if agrees(name, contest, instance, profile):
                same += 1
            else:
                different += 1
                print(f"{title}: {name} differs", flush=True)
    print(f"{same} counts agree, {different} differ")
    sys.exit(1 if different else 0)


if __name__ == "__main__":
    main()
