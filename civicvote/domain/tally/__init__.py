"""Counting a budget vote: pure, exact, the same everywhere it runs.

    election = Election.of(projects, budget, ballots)
    outcome = tally(election, Rule(Method.EQUAL_SHARES, completion=Completion.ADD1, step=1000))
    outcome.selected; outcome.rejected; outcome.steps; explain(outcome.rejected[0])

Every comparison that decides is made between whole numbers or fractions. Floating point only proposes which
project to look at next (see `shares`).
"""

from civicvote.domain.tally.compare import Comparison, compare
from civicvote.domain.tally.count import tally
from civicvote.domain.tally.election import Amount, Ballot, Election, Project
from civicvote.domain.tally.explain import explain, explain_step
from civicvote.domain.tally.outcome import Code, Outcome, Reason, Step
from civicvote.domain.tally.rules import Completion, Method, Rule, Tie, TieKey, Utility

__all__ = [
    "Amount",
    "Ballot",
    "Code",
    "Comparison",
    "Completion",
    "Election",
    "Method",
    "Outcome",
    "Project",
    "Reason",
    "Rule",
    "Step",
    "Tie",
    "TieKey",
    "Utility",
    "compare",
    "explain",
    "explain_step",
    "tally",
]
