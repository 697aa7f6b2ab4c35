"""Budget cycles: read them, prepare and announce them, hold them. The ballot list is in `cycles.ballot_list`."""

from civicvote.services.cycles.reading import (
    CycleRow,
    CycleView,
    PoolView,
    announced,
    detail,
    get,
    is_held,
    listing,
    open_cycles,
    timetable,
)

__all__ = [
    "CycleRow",
    "CycleView",
    "PoolView",
    "announced",
    "detail",
    "get",
    "is_held",
    "listing",
    "open_cycles",
    "timetable",
]
