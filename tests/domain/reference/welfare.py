"""Maximum welfare: every set of projects, tried."""

from itertools import product

from tests.domain.reference.contest import Contest


def welfare(contest: Contest) -> set[str]:
    """Of all sets that fit, the one with the most votes; among those the one with the first project of ≺ they differ in."""
    if contest.void:
        return set()
    candidates = sorted(contest.open(), key=contest.order.index)
    best, most = list(contest.locked), -1
    for taken in product((True, False), repeat=len(candidates)):  # the first in ≺ taken first
        chosen = [*contest.locked, *(one for one, taking in zip(candidates, taken, strict=True) if taking)]
        votes = sum(contest.score(one) for one in chosen if one not in contest.locked)
        if contest.cost(chosen) <= contest.budget and contest.allowed(chosen) and votes > most:
            best, most = chosen, votes
    return set(best)
