"""Counting a vote: seal the box, open and count, a second person counts again, publish everything; then the keys end.

`custody` is the end of the keys, `news` what everybody is told when the ballot changes while people vote.
"""

from civicvote.services.counting import custody, news, release
from civicvote.services.counting.ceremony import Ceremony, ceremony
from civicvote.services.counting.publication import discard, publish
from civicvote.services.counting.runs import DRAIN, Stand, count, export, notice_of, receive, seal, stand

__all__ = [
    "DRAIN",
    "Ceremony",
    "Stand",
    "ceremony",
    "count",
    "custody",
    "discard",
    "export",
    "news",
    "notice_of",
    "publish",
    "receive",
    "release",
    "seal",
    "stand",
]
