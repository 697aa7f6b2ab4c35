"""Budget cycles: read them, prepare and announce them, hold them. The ballot list is in `cycles.ballot_list`."""

from civicvote.services.cycles.editing import (
    add_pool,
    announce,
    create,
    edit,
    edit_pool,
    hold,
    is_editable,
    lift,
    remove_pool,
)
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
    "add_pool",
    "announce",
    "announced",
    "create",
    "detail",
    "edit",
    "edit_pool",
    "get",
    "hold",
    "is_editable",
    "is_held",
    "lift",
    "listing",
    "open_cycles",
    "remove_pool",
    "timetable",
]
