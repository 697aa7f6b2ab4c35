"""Pages of budget projects: the list, one project, writing, talking, and what follows a decision."""

from civicvote.views.projects import detail, lists, steps, writing
from civicvote.views.projects.blueprint import bp

__all__ = ["bp", "detail", "lists", "steps", "writing"]
