"""Published results, for everybody: read from the document of the run, nothing is counted here."""

from civicvote.services.results.reading import Why, chosen, file, log, log_document, published, why
from civicvote.services.results.shapes import Contest, Desk, FileRow, Loser, Note, Papers, Reached, Result, Side, Winner

__all__ = [
    "Contest",
    "Desk",
    "FileRow",
    "Loser",
    "Note",
    "Papers",
    "Reached",
    "Result",
    "Side",
    "Why",
    "Winner",
    "chosen",
    "file",
    "log",
    "log_document",
    "published",
    "why",
]
