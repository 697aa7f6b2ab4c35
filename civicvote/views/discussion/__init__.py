"""Talk: threads as parts of other pages, and what one does with a post."""

from civicvote.views.discussion import posts, threads
from civicvote.views.discussion.blueprint import bp

__all__ = ["bp", "posts", "threads"]
