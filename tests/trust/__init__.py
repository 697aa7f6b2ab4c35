"""What must hold (TRUST): small here; the sizes TRUST asks for with CIVICVOTE_TEST_FULL=1, in between with CIVICVOTE_TEST_SCALE=10."""

import os

SCALE = max(1, int(os.environ.get("CIVICVOTE_TEST_SCALE", "1")))
FULL = bool(os.environ.get("CIVICVOTE_TEST_FULL"))


def size(quick: int, full: int) -> int:
    """How often: `quick` in the suite (times the scale), `full` in the long run."""
    return full if FULL else min(full, quick * SCALE)
