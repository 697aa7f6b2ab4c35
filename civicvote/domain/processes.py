"""Helper processes end with the process that started them, however that one ended."""

import os
import threading
from multiprocessing import parent_process


def end_with_parent() -> None:
    """Call first thing in a helper: once its parent is gone, killed or not, nobody waits for what it does."""
    parent = parent_process()
    if parent is None:
        return

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
