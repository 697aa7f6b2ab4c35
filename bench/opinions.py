"""The opinion map of a large round: `python -m bench.opinions [people] [statements]`. Target: 10,000 × 200 under 2 s."""

import sys
import time

import numpy as np

from civicvote.domain import opinions


def votes(people: int, statements: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Three ways of thinking with noise, a tenth passed, half not seen; the same in every run."""
    rng = np.random.default_rng(1)
    minds = rng.normal(size=(3, statements))
    found = np.sign(minds[rng.integers(0, 3, people)] + 0.8 * rng.normal(size=(people, statements)))
    found[rng.random(found.shape) < 0.1] = 0
    found[rng.random(found.shape) < 0.5] = np.nan
    return found


def main() -> None:
    """Print wall-clock and CPU seconds of five runs."""
    people, statements = (int(text) for text in (*sys.argv[1:3], *("10000", "200")[len(sys.argv) - 1 :]))
    matrix = votes(people, statements)
    for _ in range(5):
        wall, cpu = time.perf_counter(), time.process_time()
        found = opinions.chart(matrix)
        print(
            f"{people:,} × {statements}: {time.perf_counter() - wall:.2f} s, CPU {time.process_time() - cpu:.2f} s,"
            f" groups {[group.people for group in found.groups]}"
        )


if __name__ == "__main__":
    main()
