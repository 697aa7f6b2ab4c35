"""A worker that dies over a count: `python -m tests.trust.counter URL KEYS computing|keeping`.

"computing": with the ballots in its hands; "keeping": everything is written, and nothing committed.
"""

import os
import signal
import sys
from pathlib import Path

from civicvote import db, jobs
from civicvote.keystore import KeyStore
from civicvote.services.counting import queue, runs


def _die(*_args: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    url, keys, when = sys.argv[1:]
    if when == "computing":
        runs.open_by_file = _die  # type: ignore[assignment]
    else:
        queue.done = _die  # type: ignore[assignment]
    with db.opened(url) as database:
        jobs.count(database, KeyStore(Path(keys)))


if __name__ == "__main__":
    main()
