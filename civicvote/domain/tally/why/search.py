"""Where an answer changes, found in few questions; and how much work the questions may be."""

from collections.abc import Callable
from dataclasses import dataclass

Holds = Callable[[int], bool]


class SpentError(Exception):
    """The work allowed is used up."""


@dataclass(slots=True)
class Purse:
    """Work in picks read (a pick takes some ten nanoseconds): the same everywhere, unlike seconds. None: no limit."""

    left: float | None = None

    def spend(self, picks: float) -> None:
        """Note what was done; `SpentError` at the first question after the last is used up."""
        if self.left is None:
            return
        if self.left <= 0:
            raise SpentError
        self.left -= picks


@dataclass(frozen=True, slots=True)
class Found:
    """`number`: where the answer changes; None where nothing in reach was found to change it. `runs`: questions it took.

    `proved`: the number and its neighbour were both asked. A whole count of Equal Shares with add1 is not monotone: a
    smaller change may also do, and a larger one not, so the sentences name both numbers.
    """

    number: int | None
    proved: bool
    runs: int


def turn(holds: Holds, low: int, high: int, guess: int | None = None, *, pace: int = 1, most: int = 40) -> Found:
    """A number in (low, high] that holds while the one before does not; `low` is taken as one that does not.

    From the guess outward, in steps that double from `pace` on, then by halving. With the guess right: two questions.
    """
    at, reach, runs = high if guess is None else min(max(guess, low + 1), high), 1, 1
    near = guess is not None
    while not holds(at):
        if at == high or runs >= most:
            return Found(None, proved=at == high, runs=runs)
        low, at, reach, near = at, min(at + reach, high), max(2 * reach, pace), False
        runs += 1
    reach = 1
    while at - low > 1 and runs < most:
        half = (low + at) // 2
        below = max(at - reach, half) if near else half
        runs += 1
        if holds(below):
            at, reach = below, max(2 * reach, pace)
        else:
            low, near = below, False
    return Found(at, proved=at - low == 1, runs=runs)
