"""Pages of 공론장: the hub and the lists, one forum, its rounds, and how they are made and brought to an end."""

from civicvote.views.forums import (
    ending,
    forum,
    groups,
    lists,
    making,
    questions,
    rounds,
    schedule,
    synthesis,
    talk,
    team,
)
from civicvote.views.forums.blueprint import bp

__all__ = [
    "bp",
    "ending",
    "forum",
    "groups",
    "lists",
    "making",
    "questions",
    "rounds",
    "schedule",
    "synthesis",
    "talk",
    "team",
]
