"""Voting elsewhere than online: the desk, paper ballots, stations.

`desk` checks people in, `requests` and `documents` are what needs two clerks, `paper`, `keying`, `differences` and `boxing`
bring paper into the box, `stations` turns tablets into polling stations and `steps` notices copies of their cookies,
`letters` tells who was checked in, `reading`, `batches` and `clerks` are what the pages show.
"""

from civicvote.services.channels.batches import PublicBatch, public_batches
from civicvote.services.channels.boxing import confirm
from civicvote.services.channels.desk import Found, check_in, hand_out, look_up
from civicvote.services.channels.keying import Sheet, finish, key, remove_last, resume
from civicvote.services.channels.paper import correct, decide_drop, drop, open_batch
from civicvote.services.channels.people import Claim
from civicvote.services.channels.requests import ask, decide
from civicvote.services.channels.stations import (
    CODES,
    IDLE,
    StationFound,
    close_station,
    find,
    issue_code,
    leave,
    open_station,
    redeem,
    shown_code,
    touch,
)
from civicvote.services.channels.steps import advance

__all__ = [
    "CODES",
    "IDLE",
    "Claim",
    "Found",
    "PublicBatch",
    "Sheet",
    "StationFound",
    "advance",
    "ask",
    "check_in",
    "close_station",
    "confirm",
    "correct",
    "decide",
    "decide_drop",
    "drop",
    "find",
    "finish",
    "hand_out",
    "issue_code",
    "key",
    "leave",
    "look_up",
    "open_batch",
    "open_station",
    "public_batches",
    "redeem",
    "remove_last",
    "resume",
    "shown_code",
    "touch",
]
