"""What changed between two versions of a text, so that a person can read it: whole words, line by line.

Korean is written in words with their particles (어절); marking whole words reads better than marking syllables.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from itertools import groupby
from typing import Final


class Kind(StrEnum):
    """What became of a piece of text."""

    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text that stayed, came or went."""

    kind: Kind
    text: str


#: A word with the blanks behind it; a line's end is a word of its own.
_WORD: Final = re.compile(r"\n|[^\s]+[^\S\n]*|[^\S\n]+")
#: Lines that share less than this share of their words are shown as one gone and one new.
_ALIKE: Final = 0.25


def _trimmed(old: Sequence[str], new: Sequence[str]) -> tuple[int, int]:
    """How many items the two share at their beginnings, and then at their ends."""
    least = min(len(old), len(new))
    start = next((i for i in range(least) if old[i] != new[i]), least)
    rest = least - start
    end = next((i for i in range(rest) if old[-1 - i] != new[-1 - i]), rest)
    return start, end


def _steps(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[str, Sequence[str], Sequence[str]]]:
    """(equal, replace, delete or insert; the old items; the new items), in order. Common ends are cut off first."""
    start, end = _trimmed(old, new)
    if start:
        yield "equal", old[:start], new[:start]
    before, after = old[start : len(old) - end], new[start : len(new) - end]
    # The matcher leaves out what comes very often in long texts: hostile repetition stays cheap.
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, before, after).get_opcodes():
        yield tag, before[i1:i2], after[j1:j2]
    if end:
        yield "equal", old[len(old) - end :], new[len(new) - end :]


def _words(old: str, new: str) -> Iterator[Piece]:
    before, after = _WORD.findall(old), _WORD.findall(new)
    steps = list(_steps(before, after))
    same = sum(len(kept) for tag, kept, _new in steps if tag == "equal")
    if 2 * same < _ALIKE * (len(before) + len(after)):
        yield Piece(Kind.REMOVED, old)
        yield Piece(Kind.ADDED, new)
        return
    for tag, gone, come in steps:
        if tag == "equal":
            yield Piece(Kind.SAME, "".join(come))
            continue
        yield Piece(Kind.REMOVED, "".join(gone))
        yield Piece(Kind.ADDED, "".join(come))


def _lines(old: str, new: str) -> Iterator[Piece]:
    for tag, gone, come in _steps(old.splitlines(keepends=True), new.splitlines(keepends=True)):
        if tag == "equal":
            yield Piece(Kind.SAME, "".join(come))
        else:
            yield from _words("".join(gone), "".join(come))


def changes(old: str, new: str) -> list[Piece]:
    """The way from `old` to `new` as pieces: without the added ones they join to `old`, without the removed ones to `new`."""
    pieces = [piece for piece in _lines(old, new) if piece.text]
    return [Piece(kind, "".join(p.text for p in run)) for kind, run in groupby(pieces, key=lambda piece: piece.kind)]
