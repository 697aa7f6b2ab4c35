"""The moderators' pages: the queue, one post, appeals, threads."""

from civicvote.views.moderation import deciding, queue
from civicvote.views.moderation.blueprint import bp

__all__ = ["bp", "deciding", "queue"]
