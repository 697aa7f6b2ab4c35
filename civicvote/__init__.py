"""civicvote: citizens propose, review, vote and follow what became of it."""

__version__ = "0.3.0"
