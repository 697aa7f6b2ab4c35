"""Elections made up for measuring: a city with districts, popular and unpopular projects, local preferences."""

from fractions import Fraction

import numpy as np

from civicvote.domain.tally import Election, Project

DISTRICTS = 25
LOCAL = 30.0
"""How much likelier a voter picks a project of the own district."""


def city(voters: int, projects: int, picks: int, *, funded: Fraction = Fraction(2, 5), seed: int = 1) -> Election:
    """`voters` different ballots of `picks` projects each; the budget is the share `funded` of all costs (won)."""
    dice = np.random.default_rng(seed)
    popularity, place = dice.normal(0, 1, projects), dice.integers(0, DISTRICTS, projects)
    home = dice.integers(0, DISTRICTS, voters)
    chosen = np.empty((voters, picks), dtype=np.int32)
    for start in range(0, voters, 50_000):
        block = home[start : start + 50_000]
        taste = dice.gumbel(size=(len(block), projects)) + popularity
        taste += np.where(place[None, :] == block[:, None], np.log(LOCAL), 0.0)
        chosen[start : start + 50_000] = np.argpartition(-taste, picks - 1, axis=1)[:, :picks]
    costs = np.maximum(np.round(np.exp(dice.normal(0, 1, projects)) * 500_000_000, -6), 10_000_000).astype(np.int64)
    return Election.from_rows(
        [Project(str(number), int(cost)) for number, cost in enumerate(costs.tolist(), 1)],
        int(int(costs.sum()) * funded) // 1_000_000 * 1_000_000,
        np.arange(0, voters * picks + 1, picks),
        chosen.ravel(),
        None,
        np.ones(voters, dtype=np.int64),
        voters=voters,
    )
