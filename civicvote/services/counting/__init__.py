"""Counting a vote: seal the box, open and count, a second person counts again, publish everything."""

from civicvote.services.counting.publication import discard, publish
from civicvote.services.counting.runs import DRAIN, Stand, count, export, notice_of, receive, seal, stand

__all__ = ["DRAIN", "Stand", "count", "discard", "export", "notice_of", "publish", "receive", "seal", "stand"]
