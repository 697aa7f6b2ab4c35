"""Pages of citizens' proposals: the list, the map, what is shared."""

from civicvote.views.proposals import lists, sharing
from civicvote.views.proposals.blueprint import bp

__all__ = ["bp", "lists", "sharing"]
