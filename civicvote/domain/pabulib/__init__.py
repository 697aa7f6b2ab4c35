"""Pabulib's `.pb` format: elections of participatory budgeting as text (pabulib.org/format).

file = parse(data)                  # PabulibFile; PabulibError names the line
for notice in report(file): ...     # what is odd but can be counted
outcome = tally(election(file), declared_rule(file))
data = dump(file)                   # the same bytes again where the input is regular
"""

from civicvote.domain.pabulib.convert import election, from_election
from civicvote.domain.pabulib.declared import Declared, declared, declared_rule
from civicvote.domain.pabulib.model import Notice, PabulibError, PabulibFile, Table
from civicvote.domain.pabulib.parse import MAX_BYTES, parse
from civicvote.domain.pabulib.report import report
from civicvote.domain.pabulib.write import dump

__all__ = [
    "MAX_BYTES",
    "Declared",
    "Notice",
    "PabulibError",
    "PabulibFile",
    "Table",
    "declared",
    "declared_rule",
    "dump",
    "election",
    "from_election",
    "parse",
    "report",
]
