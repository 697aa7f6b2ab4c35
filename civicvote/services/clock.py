"""The one place that reads the clock, so that a test may move it."""

from datetime import UTC, datetime


def now() -> datetime:
    """The present moment, UTC-aware."""
    return datetime.now(UTC)
