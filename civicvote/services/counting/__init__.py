"""Counting a vote: seal the box, open and count, a second person counts again, publish everything."""

from civicvote.services.counting.publication import discard, publish
from civicvote.services.counting.runs import Stand, count, export, receive, seal, stand

__all__ = ["Stand", "count", "discard", "export", "publish", "receive", "seal", "stand"]
