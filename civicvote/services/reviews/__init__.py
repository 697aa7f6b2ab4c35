"""Feasibility review: assignment to departments, criteria and cost, questions to the author, verdict, review again."""

from civicvote.services.reviews.assigning import (
    DEFAULT_DAYS,
    Assignable,
    Choices,
    assign,
    assignable,
    choices,
    reopen,
    to_reopen,
)
from civicvote.services.reviews.deciding import (
    answer_supplement,
    decide,
    lapse_supplements,
    request_supplement,
    save,
    start,
)
from civicvote.services.reviews.reading import (
    PublicReview,
    QueueFilters,
    QueueRow,
    ReviewView,
    departments,
    detail,
    open_supplement,
    published,
    queue,
)

__all__ = [
    "DEFAULT_DAYS",
    "Assignable",
    "Choices",
    "PublicReview",
    "QueueFilters",
    "QueueRow",
    "ReviewView",
    "answer_supplement",
    "assign",
    "assignable",
    "choices",
    "decide",
    "departments",
    "detail",
    "lapse_supplements",
    "open_supplement",
    "published",
    "queue",
    "reopen",
    "request_supplement",
    "save",
    "start",
    "to_reopen",
]
