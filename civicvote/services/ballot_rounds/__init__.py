"""투표 rounds: a secret ballot in a forum. Casting, board, count and result are every vote's (`voting`, `board`, `counting`)."""

from civicvote.domain.ballot_rounds import slug_of
from civicvote.services.ballot_rounds.announcing import announce, ask, send_back
from civicvote.services.ballot_rounds.preparing import add, edit, plan, remove, take
from civicvote.services.ballot_rounds.reading import (
    BallotView,
    DeskView,
    Line,
    Outcome,
    cast,
    desk,
    lines,
    option,
    outcome,
    overview,
    show,
    winners,
)

__all__ = [
    "BallotView",
    "DeskView",
    "Line",
    "Outcome",
    "add",
    "announce",
    "ask",
    "cast",
    "desk",
    "edit",
    "lines",
    "option",
    "outcome",
    "overview",
    "plan",
    "remove",
    "send_back",
    "show",
    "slug_of",
    "take",
    "winners",
]
