"""The public board of a vote: written by the sequencer and the count, read by everybody.

`chain` appends and seals, `turnout` keeps the figures beside it, `reading` shows and looks up.
"""

from civicvote.services.board.chain import (
    GRACE,
    Addition,
    add,
    append,
    counted,
    entries,
    heads,
    prepare,
    seal,
    sequence,
)
from civicvote.services.board.reading import (
    BoardRow,
    BoardView,
    Fate,
    Lookup,
    Place,
    detail,
    find,
    lines,
    listing,
    look_up,
    normalise_tracker,
    turnout_of,
)
from civicvote.services.board.turnout import LEAST, Span, Turnout, recompute, recount, turnout
from civicvote.services.board.turnout import document as turnout_document
from civicvote.services.board.waiting import unsequenced

__all__ = [
    "GRACE",
    "LEAST",
    "Addition",
    "BoardRow",
    "BoardView",
    "Fate",
    "Lookup",
    "Place",
    "Span",
    "Turnout",
    "add",
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
    "prepare",
    "recompute",
    "recount",
    "seal",
    "sequence",
    "turnout",
    "turnout_document",
    "turnout_of",
    "unsequenced",
]
