"""Bundles forged by somebody who holds the board's key and posts and signs every lie: the verifier names each."""

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from civicvote.domain.ballots import board, bundle, counting, sealing
from civicvote.domain.ballots.encoding import canonical
from tests.domain.ballot_factory import Vote, a_contest, a_notice, a_vote, recounter

RECOUNTER = recounter()
Verify = Callable[[bytes], str]


@pytest.fixture
def verify(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Verify:
    """Runs the verifier on a forger's bundle: what it names, or an empty text."""
    monkeypatch.setattr(bundle, "_check_parts", lambda *_: None)

    def run(data: bytes) -> str:
        path = tmp_path / "bundle.zip"
        path.write_bytes(data)
        try:
            RECOUNTER.main([str(path)])
        except SystemExit as end:
            capsys.readouterr()
            return str(end.code)
        capsys.readouterr()
        return ""

    return run


@pytest.mark.parametrize("reason", ["valid", "", None, 0, False])
def test_a_valid_ballot_is_not_put_aside_for_no_reason(verify: Verify, reason: Any) -> None:
    vote = a_vote(20)
    opened = vote.opened()
    raw = sealing.pad(opened.ballots[0].plaintext(), vote.notice["ballot"]["length"])
    spoiled = (counting.Spoiled(reason, raw),)
    lie = dataclasses.replace(opened, ballots=opened.ballots[1:], spoiled=spoiled)
    assert "reason is wrong" in verify(vote.publish(opened=lie))


def test_ballots_dropped_behind_voided_trackers_nobody_ever_cast_are_found(verify: Verify) -> None:
    vote = a_vote(20)
    vote.append([("void", {"tracker": "A" * 24, "reason": "현장 투표"})])
    vote.slots.pop(next(iter(vote.slots)))
    vote.voided += 1
    assert "never cast" in verify(vote.publish())


def _desk(vote: Vote, trackers: list[str], **changes: Any) -> None:
    row = board.desk_row(9, trackers[:1], blank=0, void=0)[1]
    item = {**row, "papers": len(trackers), "valid": len(trackers), "trackers": trackers, **changes}
    vote.append([("desk", item)])
    vote.papers += len(trackers)


def test_papers_that_are_online_ballots_or_stand_twice_are_found(verify: Verify) -> None:
    online = a_vote(20)
    _desk(online, [next(reversed(online.slots.values())).tracker])
    assert "a tracker twice" in verify(online.publish())
    twice = a_vote(20)
    sealed = twice.sealer.seal(sealing.make_ballot(["c1"]))
    twice.slots[b"paper"] = sealed
    _desk(twice, [sealed.tracker, sealed.tracker])
    assert "a tracker twice" in verify(twice.publish())
    less = a_vote(20)
    _desk(less, [], valid=0, papers=0, blank=-1, void=1)
    assert "don't add up" in verify(less.publish())


def test_entries_of_an_unknown_kind_and_more_fields_than_the_chain_covers_are_found(
    verify: Verify, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(board, "KINDS", (*board.KINDS, "bonus"))
    vote = a_vote(12)
    vote.append([("bonus", "A" * 24)])
    assert "order" in verify(vote.publish())
    document = board.Entry.document
    monkeypatch.setattr(board.Entry, "document", lambda entry: {**document(entry), "time": "09:00"})
    assert "chain" in verify(a_vote(12).publish())


def test_a_file_that_two_readers_read_differently_is_found(verify: Verify, monkeypatch: pytest.MonkeyPatch) -> None:
    parts = a_vote(12).parts()
    first = {**parts["result"], "contests": []}
    two = canonical(first)[:-1] + b"," + canonical(parts["result"])[1:]
    assert json.loads(two) == parts["result"]
    monkeypatch.setattr(bundle, "canonical", lambda value: two if value is parts["result"] else canonical(value))
    assert "result.json" in verify(bundle.build(**parts))


def _pooled(**changes: Any) -> Vote:
    ids = ["c0", "c1", "c2", "c3"]
    contest = a_contest("city", ids, **{"rule": "equal-shares", "completion": "add1", "budget": 500, **changes})
    vote = Vote(a_notice([contest], {"city": dict.fromkeys(ids, 200)}), pooled=True)
    for person in range(12):
        vote.cast(f"person {person}", [ids[person % 2], ids[person % 3]] if person % 2 != person % 3 else ["c0"])
    vote.append(board.ballot_rows(one.tracker for one in vote.given))
    return vote


LIES: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({}, {"selected": ["c0", "c1", "c2"], "spent": 500}, "against the rules"),
    ({}, {"selected": ["c0", "c0"], "spent": 400}, "against the rules"),
    ({}, {"selected": ["c3"], "spent": 200}, "against the rules"),
    ({"exclusive": [["c0", "c1"]]}, {"selected": ["c0", "c1"], "spent": 400}, "against the rules"),
    ({"locked": ["c3"]}, {"selected": ["c0"], "spent": 200}, "against the rules"),
    ({"quorum": 99}, {"selected": ["c0"], "spent": 200}, "against the rules"),
    ({"threshold": 99, "rule": "phragmen"}, {"selected": ["c0"], "spent": 200}, "against the rules"),
    ({"rule": "greedy"}, {"points": {"c0": 0, "c1": 0, "c2": 9, "c3": 9}, "selected": ["c2", "c3"]}, "differs"),
    ({}, {"votes": {"c0": 13, "c1": 1, "c2": 1, "c3": 0}}, "these totals"),
    ({}, {"votes": {"c0": 9, "c1": 9, "c2": 9, "c3": -1}}, "these totals"),
    ({}, {"votes": {"c0": 9, "c1": 9, "c2": 9, "c3": True}}, "these totals"),
    ({}, {"votes": {"c0": 9, "c1": 9, "c2": 9, "c3": 0, "c4": 3}}, "these totals"),
    ({"quorum": 13}, {"ballots": 13, "void": False}, "these totals"),
]


@pytest.mark.parametrize(("changes", "lie", "named"), LIES)
def test_a_pooled_result_that_no_ballots_can_have_is_found(
    verify: Verify, changes: dict[str, Any], lie: dict[str, Any], named: str
) -> None:
    vote = _pooled(**changes)
    result = vote.result(vote.opened().ballots)
    result["contests"][0].update(lie)
    assert named in verify(vote.publish(result=result))


@pytest.mark.parametrize("changes", [{}, {"locked": ["c3"], "exclusive": [["c0", "c1"]]}, {"quorum": 99}])
def test_an_honest_pooled_result_holds(verify: Verify, changes: dict[str, Any]) -> None:
    assert verify(_pooled(**changes).publish()) == ""
