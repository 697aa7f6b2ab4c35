"""Counting a vote: seal the box, open and count, a second person counts again, publish everything; then the keys end.

Staff ask (`request_count`, `request_publication`), the worker does it (`tasks`, `queue`); `standing` is the page's view of
it. `custody` is the end of the keys, `news` what everybody is told when the ballot changes while people vote.
"""

from civicvote.services.counting import custody, news, queue, release, tasks
from civicvote.services.counting.ceremony import Ceremony, ceremony
from civicvote.services.counting.publication import discard, publish
from civicvote.services.counting.runs import DRAIN, count, export, notice_of, seal
from civicvote.services.counting.standing import Stand, stand, under_way
from civicvote.services.counting.tasks import request_count, request_publication

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
    "queue",
    "release",
    "request_count",
    "request_publication",
    "seal",
    "stand",
    "tasks",
    "under_way",
]
