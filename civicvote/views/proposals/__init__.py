"""Pages of 시민제안."""

from civicvote.views.proposals import authors, detail, funnel, lists, sharing, writing
from civicvote.views.proposals.blueprint import bp

__all__ = ["authors", "bp", "detail", "funnel", "lists", "sharing", "writing"]
