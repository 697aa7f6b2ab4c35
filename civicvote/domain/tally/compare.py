"""Two results side by side: who is better off, and how many voters got nothing."""

from collections.abc import Collection
from dataclasses import dataclass
from fractions import Fraction

from civicvote.domain.tally.election import Election
from civicvote.domain.tally.outcome import Outcome


@dataclass(frozen=True, slots=True)
class Comparison:
    """What one outcome means to the voters of an election.

    `with_one` voters supported at least one funded project; `mean` is the mean number of funded projects a voter
    supported. `prefer` are the voters who supported more funded projects here than in the other outcome.
    """

    with_one: int
    mean: Fraction
    prefer: int


def happier(election: Election, here: Collection[int], there: Collection[int]) -> int:
    """How many voters supported more of the projects `here` (indices) than of those `there`."""
    gain = [(number in here) - (number in there) for number in range(len(election.projects))]
    return sum(ballot.count for ballot in election.ballots if sum(gain[pick] for pick in ballot.picks) > 0)


def compare(election: Election, outcome: Outcome, other: Outcome) -> Comparison:
    """`outcome` seen by the voters, beside `other`."""
    here = {election.index[project] for project in outcome.selected}
    there = {election.index[project] for project in other.selected}
    reached = [(ballot.count, sum(pick in here for pick in ballot.picks)) for ballot in election.ballots]
    return Comparison(
        with_one=sum(count for count, funded in reached if funded),
        mean=Fraction(sum(count * funded for count, funded in reached), max(election.voters, 1)),
        prefer=happier(election, here, there),
    )
