"""Accounts: the door, and one's own pages."""

from civicvote.views.accounts import door, own
from civicvote.views.accounts.blueprint import bp

__all__ = ["bp", "door", "own"]
