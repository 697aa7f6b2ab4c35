"""Counting a budget vote: pure, exact, the same everywhere it runs.

    election = Election.of(projects, budget, ballots)
    outcome = tally(election, Rule(Method.EQUAL_SHARES, completion=Completion.ADD1, step=1000))
    outcome.selected; outcome.rejected; outcome.steps; explain(outcome.rejected[0])

Every comparison that decides is exact: between whole numbers or fractions, or between floats that lie further apart
than their proven error (see `shares`), in which case the numbers they stand for lie the same way round.
"""

from civicvote.domain.tally.compare import Comparison, compare
from civicvote.domain.tally.count import tally
from civicvote.domain.tally.election import Amount, Election, Project
from civicvote.domain.tally.electorates import Combined, Electorate, combine
from civicvote.domain.tally.explain import explain, explain_step
from civicvote.domain.tally.outcome import Code, Outcome, Reason, Step
from civicvote.domain.tally.pools import Pool, tally_all
from civicvote.domain.tally.rows import Ballot
from civicvote.domain.tally.rules import Cap, Completion, Method, Rule, Tie, TieKey, Utility

__all__ = [
    "Amount",
    "Ballot",
    "Cap",
    "Code",
    "Combined",
    "Comparison",
    "Completion",
    "Election",
    "Electorate",
    "Method",
    "Outcome",
    "Pool",
    "Project",
    "Reason",
    "Rule",
    "Step",
    "Tie",
    "TieKey",
    "Utility",
    "combine",
    "compare",
    "explain",
    "explain_step",
    "tally",
    "tally_all",
]
