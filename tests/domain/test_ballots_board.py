"""The board: a chain, and heads that pin it."""

import dataclasses
import random
from typing import Any

import pytest

from civicvote.domain.ballots import board
from civicvote.domain.errors import InvalidError
from tests.domain.ballot_factory import BOARD_KEY, VOTE, VOTE_KEY

AT = "2026-11-22T16:05Z"


def a_board() -> list[board.Entry]:
    entries = board.extend(VOTE, None, [("notice", {"digest": "0" * 64})])
    for batch in (["C", "A"], ["B"], ["F", "D", "E"]):
        entries += board.extend(VOTE, entries[-1], board.ballot_rows(batch))
    return entries + board.extend(VOTE, entries[-1], [("note", "점검 안내")])


def test_the_board_is_a_chain_and_a_batch_is_in_the_order_of_its_trackers() -> None:
    entries = a_board()
    assert [entry.item for entry in entries if entry.kind == "ballot"] == ["A", "C", "B", "D", "E", "F"]
    assert [entry.seq for entry in entries] == list(range(len(entries)))
    assert board.first_fault(VOTE, entries) is None
    assert board.first_fault("other", entries) == 0
    assert board.first_fault(VOTE, []) is None


def test_any_change_removal_or_exchange_breaks_the_chain() -> None:
    entries, rng = a_board(), random.Random(3)
    for place, entry in enumerate(entries):
        changes: dict[str, Any] = {
            "seq": entry.seq + 1,
            "kind": "void",
            "item": "Z",
            "prev": bytes(32),
            "hash": bytes(32),
        }
        for name, value in changes.items():
            changed = [*entries[:place], dataclasses.replace(entry, **{name: value}), *entries[place + 1 :]]
            assert board.first_fault(VOTE, changed) == place
    for _ in range(50):
        mixed = rng.sample(entries, len(entries))
        assert mixed == entries or board.first_fault(VOTE, mixed) is not None
    assert board.first_fault(VOTE, entries[:3] + entries[4:]) == 3
    assert board.first_fault(VOTE, entries[1:]) == 0


def test_a_shortened_board_is_whole_but_not_what_the_head_says() -> None:
    entries = a_board()
    head = board.sign_head(BOARD_KEY.secret, VOTE, entries[-1], AT)
    assert board.verify_head(BOARD_KEY.public, head)
    assert board.first_fault(VOTE, entries[:-1]) is None
    assert head.hash != entries[-2].hash.hex()


def test_a_head_is_signed_over_all_it_says() -> None:
    head = board.sign_head(BOARD_KEY.secret, VOTE, a_board()[-1], AT)
    assert board.Head.from_document(head.document()) == head
    for name, value in {"vote": "x", "seq": 1, "hash": "0" * 64, "at": "x", "signature": "AA=="}.items():
        assert not board.verify_head(BOARD_KEY.public, dataclasses.replace(head, **{name: value}))  # type: ignore[arg-type]
    assert not board.verify_head(VOTE_KEY.public, head)
    with pytest.raises(InvalidError):
        board.Head.from_document({**head.document(), "seq": True})
    with pytest.raises(InvalidError):
        board.Head.from_document([])


def test_only_known_kinds_and_exact_values_stand_on_a_board() -> None:
    with pytest.raises(InvalidError):
        board.extend(VOTE, None, [("rumour", "x")])
    with pytest.raises(InvalidError):
        board.extend(VOTE, None, [("note", 1.5)])
