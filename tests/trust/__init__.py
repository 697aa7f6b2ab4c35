"""What must hold (TRUST): small here, larger with CIVICVOTE_TEST_SCALE=10 and so on for the long run."""

import os

SCALE = max(1, int(os.environ.get("CIVICVOTE_TEST_SCALE", "1")))
