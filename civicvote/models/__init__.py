"""Tables. One module per capability; importing the package registers them all."""

from civicvote.models import (
    accounts,
    audit,
    channels,
    counts,
    custody,
    cycles,
    departments,
    outbox,
    projects,
    reviews,
    search,
    verification,
    votes,
)
from civicvote.models.base import Base

__all__ = [
    "Base",
    "accounts",
    "audit",
    "channels",
    "counts",
    "custody",
    "cycles",
    "departments",
    "outbox",
    "projects",
    "reviews",
    "search",
    "verification",
    "votes",
]
