"""The Method of Equal Shares (Peters, Pierczyński, Skowron 2021), exact, for millions of ballots.

Everyone holds the same endowment. A project's supporters share its cost as evenly as their money allows: each pays
the same price per point, or all they have. ρ is that price, divided by the cost where a project is worth its cost.
The project with the least (ρ, ≺) is bought, until no project's supporters can pay for one.

`market` holds what every run shares, `supporters` find a price, `ledger` keeps what everyone holds in float64 with a
proven error, `books` the same exactly, `auction` makes the rounds. Floats decide only what lies further apart than
their error; everything else is settled with whole numbers. A run that counts is repeated exactly at its end.
"""

from civicvote.domain.tally.shares.auction import Purchase, Run, Trace, run, steady, trace
from civicvote.domain.tally.shares.market import Market

__all__ = ["Market", "Purchase", "Run", "Trace", "run", "steady", "trace"]
