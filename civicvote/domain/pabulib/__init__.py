"""Pabulib's `.pb` format: elections of participatory budgeting as text (pabulib.org/format).

file = parse(data)                  # PabulibFile; PabulibError names the line
for notice in report(file): ...     # what is odd but can be counted
outcome = tally(election(file), declared_rule(file))
data = dump(file)                   # the same bytes again where the input is regular

The same as CSV or JSON: see `tables`.
"""

from civicvote.domain.pabulib.convert import election, from_election
from civicvote.domain.pabulib.declared import Declared, declared, declared_rule
from civicvote.domain.pabulib.model import PabulibFile, Table
from civicvote.domain.pabulib.parse import MAX_BYTES, parse
from civicvote.domain.pabulib.problems import Notice, PabulibError
from civicvote.domain.pabulib.report import report
from civicvote.domain.pabulib.stated import stated
from civicvote.domain.pabulib.tables import CSV_FILES, dump_csv, dump_json, parse_csv, parse_json
from civicvote.domain.pabulib.write import dump

__all__ = [
    "CSV_FILES",
    "MAX_BYTES",
    "Declared",
    "Notice",
    "PabulibError",
    "PabulibFile",
    "Table",
    "declared",
    "declared_rule",
    "dump",
    "dump_csv",
    "dump_json",
    "election",
    "from_election",
    "parse",
    "parse_csv",
    "parse_json",
    "report",
    "stated",
]
