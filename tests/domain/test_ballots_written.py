"""What is written piece by piece, for speed, is `canonical` to the byte."""

import hashlib

import pytest

from civicvote.domain.ballots import board, counting
from civicvote.domain.ballots.encoding import canonical
from civicvote.domain.ballots.sealing import Ballot
from civicvote.domain.errors import InvalidError

IDS = ("A1", '"', "\\", "\n", "\u2028", "\x7f", "\x00", "가", "😀", "a/b")


@pytest.mark.parametrize("points", [None, tuple(range(1, len(IDS) + 1))])
def test_a_ballot(points: tuple[int, ...] | None) -> None:
    for ballot in (Ballot(IDS, bytes(16), points), Ballot((), bytes(range(16)))):
        assert ballot.plaintext() == canonical(ballot.document())


@pytest.mark.parametrize("item", [*IDS, {"a": ["가", 1]}, None, 7, []])
def test_a_line_of_the_board_and_its_hash(item: object) -> None:
    for seq, kind in ((0, "ballot"), (10**7, "note")):
        entry = board.Entry(seq, kind, item, bytes(32), bytes(range(32)))
        assert entry.line() == canonical(entry.document())
        whole = canonical({"item": item, "kind": kind, "seq": seq})
        assert board.entry_hash(bytes(32), seq, kind, item) == hashlib.sha256(bytes(32) + whole).digest()


def test_the_counted_list() -> None:
    counted = [("B" * 24, b"\xff\x00?"), ("A" * 24, b""), ('가"', bytes(range(256)))]
    assert counting.counted_data(counted) == canonical(counting.counted_rows(counted))
    assert counting.counted_data([]) == b"[]"


def test_half_a_sign_is_refused() -> None:
    with pytest.raises(InvalidError):
        Ballot(("\ud800",), bytes(16)).plaintext()
    with pytest.raises(InvalidError):
        board.entry_hash(bytes(32), 0, "note", "\udfff")
