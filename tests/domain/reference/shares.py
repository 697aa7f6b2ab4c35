"""The Method of Equal Shares and its completions: every round begun anew, every endowment tried in turn."""

from fractions import Fraction

from tests.domain.reference.contest import Contest
from tests.domain.reference.greedy import greedy


def price(contest: Contest, project: str, held: list[Fraction]) -> Fraction | None:
    """The least q with Σ min(held, q · points) = cost, by trying every place where somebody's money ends."""
    backers = [(held[voter], contest.ballots[voter][project]) for voter in contest.supporters(project)]
    if sum(money for money, _ in backers) < contest.costs[project]:
        return None
    for end in sorted({money / points for money, points in backers}):
        if sum(min(money, end * points) for money, points in backers) >= contest.costs[project]:
            all_in = sum((money for money, points in backers if money < end * points), Fraction(0))
            return (contest.costs[project] - all_in) / sum(points for money, points in backers if money >= end * points)
    raise AssertionError


def mes(contest: Contest, endowment: Fraction, *, by_cost: bool) -> list[str]:
    held, chosen = [endowment] * len(contest.ballots), list(contest.locked)
    while True:
        offers = []
        for project in contest.open():
            if project not in chosen and contest.allowed([*chosen, project]):
                each = price(contest, project, held)
                if each is not None:
                    worth = contest.costs[project] if by_cost and contest.costs[project] else 1
                    offers.append((each / worth, contest.order.index(project), project, each))
        if not offers:
            return chosen
        _, _, project, each = min(offers)
        chosen.append(project)
        for voter, ballot in enumerate(contest.ballots):
            held[voter] -= min(held[voter], each * ballot.get(project, 0))


def add1(contest: Contest, step: Fraction, *, by_cost: bool, stop: bool) -> list[str]:
    """Round by round: too dear → the one before; nothing fits (if asked) → this one; all in → this one."""
    endowment = contest.pool / max(len(contest.ballots), 1)
    before: list[str] = []
    while True:
        now = mes(contest, endowment, by_cost=by_cost)
        left = contest.budget - contest.cost(now)
        if left < 0:
            return before
        rest = [one for one in contest.open() if one not in now and contest.allowed([*now, one])]
        if not rest or (stop and all(contest.costs[one] > left for one in rest)):
            return now
        before, endowment = now, endowment + step


def equal_shares(
    contest: Contest, completion: str, step: Fraction, *, by_cost: bool, stop: bool, comparison: bool = False
) -> list[str]:
    if contest.void:
        return []
    if completion in {"add1", "add1u"}:
        chosen = add1(contest, step, by_cost=by_cost, stop=stop)
    else:
        chosen = mes(contest, contest.pool / max(len(contest.ballots), 1), by_cost=by_cost)
    if completion in {"add1u", "utilitarian"}:
        chosen = greedy(contest, start=chosen)
    other = greedy(contest)
    gains = [sum(one in ballot for one in other) - sum(one in ballot for one in chosen) for ballot in contest.ballots]
    better = sum(gain > 0 for gain in gains) > sum(gain < 0 for gain in gains)
    return other if comparison and better else chosen
