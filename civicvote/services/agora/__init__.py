"""오늘의공론장: everything one can take part in today, here and elsewhere."""

from civicvote.services.agora.links import LinkDraft, add_link, change_link, link, outside, remove_link
from civicvote.services.agora.today import Filters, OpenRow, today

__all__ = [
    "Filters",
    "LinkDraft",
    "OpenRow",
    "add_link",
    "change_link",
    "link",
    "outside",
    "remove_link",
    "today",
]
