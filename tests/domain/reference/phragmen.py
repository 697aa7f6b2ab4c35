"""Sequential Phragmén: loads as fractions, all of them computed anew in every round."""

from fractions import Fraction

from tests.domain.reference.contest import Contest


def phragmen(contest: Contest, *, drop: bool) -> list[str]:
    """Ends when a project with the least load doesn't fit; with `drop` such projects are left out instead."""
    if contest.void:
        return []
    load = [Fraction(0)] * len(contest.ballots)
    chosen = list(contest.locked)
    rest = set(contest.open())
    while True:
        rest = {one for one in rest if one not in chosen and contest.allowed([*chosen, one])}
        left = contest.budget - contest.cost(chosen)
        if drop:
            rest = {one for one in rest if contest.costs[one] <= left}
        if not rest:
            return chosen
        new = {}
        for one in rest:
            backers = contest.supporters(one)
            new[one] = (contest.costs[one] + sum(load[voter] for voter in backers)) / len(backers)
        least = [one for one in rest if new[one] == min(new.values())]
        if any(contest.costs[one] > left for one in least):
            return chosen
        winner = contest.first(least)
        chosen.append(winner)
        for voter in contest.supporters(winner):
            load[voter] = new[winner]
