"""The public board of a vote: written by the sequencer and the count, read by everybody.

`chain` appends and seals, `turnout` keeps the figures beside it, `reading` shows and looks up.
"""

from civicvote.services.board.chain import GRACE, append, counted, entries, heads, seal, sequence
from civicvote.services.board.reading import (
    BoardRow,
    BoardView,
    Lookup,
    Place,
    detail,
    find,
    lines,
    listing,
    look_up,
    normalise_tracker,
)
from civicvote.services.board.turnout import LEAST, Turnout, recompute, recount, turnout
from civicvote.services.board.waiting import unsequenced

__all__ = [
    "GRACE",
    "LEAST",
    "BoardRow",
    "BoardView",
    "Lookup",
    "Place",
    "Turnout",
    "append",
    "counted",
    "detail",
    "entries",
    "find",
    "heads",
    "lines",
    "listing",
    "look_up",
    "normalise_tracker",
    "recompute",
    "recount",
    "seal",
    "sequence",
    "turnout",
    "unsequenced",
]
