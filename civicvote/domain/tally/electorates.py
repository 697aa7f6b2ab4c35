"""Several electorates decide together by published weights, as Korean cities do: say, committee 45, online 45, survey 10.

Within each electorate a project gets its share of all votes (points) cast there; the shares are weighted and added up,
and then projects are funded from the top down. A small committee so weighs as much as the city, exactly.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import lcm

import numpy as np

from civicvote.domain.errors import InvalidError
from civicvote.domain.messages import msg
from civicvote.domain.tally.election import Election
from civicvote.domain.tally.rows import Rows


@dataclass(frozen=True, slots=True)
class Electorate:
    """One group of voters; `weight` counts in proportion to the others' (45, 45, 10 or 0.45, 0.45, 0.1)."""

    name: str
    weight: Fraction
    election: Election


@dataclass(frozen=True)
class Combined(Election):
    """All ballots together, as approvals; `scores` are the weighted shares (0 to 1), `votes` the supporters."""

    shares: tuple[Fraction, ...] = ()

    @cached_property
    def raw_scores(self) -> tuple[int, ...]:
        """Shares in units of 1 / `point_unit`."""
        return tuple(int(share * self.point_unit) for share in self.shares)


def shares(election: Election) -> tuple[Fraction, ...]:
    """Each project's share of all votes (points) cast; nobody has one where nothing was cast."""
    total = sum(election.raw_scores)
    return tuple(Fraction(score, total) if total else Fraction(0) for score in election.raw_scores)


def combine(parts: Sequence[Electorate]) -> Combined:
    """One election out of the parts, for the greedy rules: `tally(combine(parts), Rule())`.

    Every part must have the same projects and budget. An electorate without a vote adds nothing to any project.
    """
    if not parts or any(part.weight <= 0 for part in parts):
        raise InvalidError(msg("선거인단마다 0보다 큰 비중이 있어야 합니다."), field="weight")
    first = parts[0].election
    if any(part.election.projects != first.projects or part.election.budget != first.budget for part in parts):
        raise InvalidError(msg("모든 선거인단의 사업과 예산이 같아야 합니다."))
    whole = sum((Fraction(part.weight) for part in parts), Fraction(0))
    weighted = [[Fraction(part.weight) / whole * share for share in shares(part.election)] for part in parts]
    total = tuple(sum(column, Fraction(0)) for column in zip(*weighted, strict=True))
    return Combined(
        first.projects,
        first.budget,
        _together([part.election.rows for part in parts]),
        sum(part.election.voters for part in parts),
        lcm(1, *(share.denominator for share in total)),
        shares=total,
    )


def _together(rows: Sequence[Rows]) -> Rows:
    lengths = np.concatenate([one.lengths for one in rows])
    picks = np.concatenate([one.picks for one in rows])
    people = np.concatenate([one.people for one in rows])
    return Rows.of(np.concatenate([[0], np.cumsum(lengths)]), picks, None, people)
