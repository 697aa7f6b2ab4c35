"""Voting elsewhere than online: the clerk's desk, batches of paper, and tablets as polling stations."""

from civicvote.views.channels import desk, paper, station
from civicvote.views.channels.blueprint import bp

__all__ = ["bp", "desk", "paper", "station"]
