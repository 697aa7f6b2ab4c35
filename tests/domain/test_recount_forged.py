"""Bundles forged by somebody who holds the board's key and posts and signs every lie: the verifier names each."""

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from civicvote.domain.ballots import board, bundle, counting, sealing
from civicvote.domain.ballots.encoding import canonical
from tests.domain.ballot_factory import BOARD_KEY, VOTE, Vote, a_contest, a_notice, a_vote, recounter, two_pools
from tests.domain.bundle_files import packed, resigned, unpacked

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


def _noticed(change: Callable[[dict[str, Any]], Any]) -> bytes:
    """A bundle whose notice says something else; the verifier has to stumble over it before it compares digests."""
    files = unpacked(a_vote(12).publish())
    notice = json.loads(files["notice.json"])
    change(notice)
    return resigned({**files, "notice.json": canonical(notice)})


def _set(*path: Any) -> Callable[[dict[str, Any]], None]:
    *way, last, value = path

    def change(notice: Any) -> None:
        for step in way:
            notice = notice[step]
        notice[last] = value

    return change


NOTICES: list[tuple[Callable[[dict[str, Any]], Any], str]] = [
    (_set("contests", 1, "rule", "lottery"), "doesn't know"),  # was counted as greedy
    (_set("contests", 0, "completion", "add2"), "doesn't know"),
    (_set("contests", 0, "utility", "ＣＯＳＴ"), "doesn't know"),
    (_set("contests", 0, "measure", "points "), "doesn't know"),
    (_set("contests", 0, "tie_by", ["age"]), "doesn't know"),
    (_set("contests", 0, "bonus", {"c1": 100}), "doesn't know"),
    (_set("contests", 0, "exhaustive_stop", "false"), "doesn't know"),
    (_set("contests", 0, "quorum", True), "doesn't know"),
    (_set("contests", 0, "ties", ["c0"] * 8), "doesn't know"),
    (_set("contests", 1, "leftover_to", "city"), "doesn't know"),
    (_set("contests", 0, "leftover_to", "moon"), "doesn't know"),
    (_set("contests", 0, "exclusive", [["c0", "с1"]]), "caps, alternatives"),
    (_set("contests", 0, "caps", [{"title": "", "projects": ["c0"], "max": 1, "max_cost": None, "x": 1}]), "caps"),
    (_set("contests", 0, "locked", ["c0", "c0"]), "settled"),
    (_set("contests", 1, "locked", ["d0", "d1", "d2", "d3"]), "own limits"),
    (_set("contests", 0, "budget", "-5"), "not a number"),
    (_set("contests", 0, "budget", "9e9"), "not a number"),
    (_set("contests", 0, "budget", "９００"), "not a number"),
    (_set("contests", 0, "budget", None), "missing"),
    (_set("projects", 0, "cost", "1/3"), "not a number"),
    (_set("projects", 0, "cost", True), "not a number"),
    (_set("projects", 1, "id", "c0"), "a project twice"),
    (_set("projects", 0, "title", 7), "project c0"),
    (_set("projects", 0, "hidden", 1), "project c0"),
    (_set("projects", 0, "withdrawn", 0), "project c0"),
    (_set("contests", 1, "pool", "city"), "project d0"),
    (_set("vote", "seoul|2026"), "format, vote, keys"),
    (_set("format", "civicvote-notice/9"), "format, vote, keys"),
    (_set("keys", "board", "A" * 64), "format, vote, keys"),
    (_set("keys", "other", ""), "format, vote, keys"),
    (_set("footnote", "the mayor decides"), "something unknown"),
    (_set("ballot", "secret", 1), "form of the ballots"),
    (_set("ballot", "groups", 0, "projects", ["c9"]), "group of the ballots"),
    (_set("ballot", "max", "x"), "not a number"),
    (_set("ballot", "ranking", True), "points"),
    (_set("title", "다른 투표"), "differs from what the board says"),
    (_set("closes_at", "2027-01-01T00:00:00Z"), "differs from what the board says"),
    (_set("more", {"note": "x"}), "differs from what the board says"),
]


@pytest.mark.parametrize(("change", "named"), NOTICES)
def test_a_notice_with_unknown_or_contradicting_words_is_found(
    verify: Verify, change: Callable[[dict[str, Any]], Any], named: str
) -> None:
    assert named in verify(_noticed(change))


def _result(**lie: Any) -> bytes:
    vote = a_vote(20)
    result = vote.result(vote.opened().ballots)
    result["contests"][0].update(lie)
    return vote.publish(result=result)


@pytest.mark.parametrize(
    "lie",
    [{"title": "x"}, {"ties": ["c0"]}, {"left": 0}, {"points": {}}, {"void": 0}, {"spent": "900"}, {"budget": "900.0"}],
    ids=str,
)
def test_no_field_of_a_result_goes_uncompared(verify: Verify, lie: dict[str, Any]) -> None:
    assert f"{next(iter(lie))} differs" in verify(_result(**lie))


def test_results_and_plaintexts_of_another_vote_or_form_are_found(verify: Verify) -> None:
    for lie in ({"vote": "busan-2026"}, {"format": "civicvote-result/1"}, {"more": 1}):
        vote = a_vote(12)
        assert "another form" in verify(vote.publish(result=vote.result(vote.opened().ballots) | lie))
    other = a_vote(12)
    assert "another vote" in verify(other.publish(opened=dataclasses.replace(other.opened(), vote="busan-2026")))


@pytest.mark.parametrize(
    ("name", "old", "new", "named"),
    [
        ("participants.json", b"}", b',"x":1}', "participants"),
        ("participants.json", b"12", b'"12"', "participants"),
        ("counted.json", b'"tracker"', b'"a":1,"tracker"', "counted.json"),
        ("counted.json", b"}]", b"}]]", "more follows"),
        ("counted.json", b"}]", b'}],"x"', "more follows"),
        ("heads.json", b'"seq":0', b'"seq":false', "wrong signature"),
        ("heads.json", b'"vote"', b'"u":1,"vote"', "wrong signature"),
        ("heads.json", b"}]", b"}] ", "more follows"),
        ("plaintexts.json", b'"format"', b'"extra":1,"format"', "another form"),
        ("plaintexts.json", b'{"ballots"', b'{"a":1,"ballots"', "canonical"),
    ],
)
def test_files_that_no_digest_covers_byte_by_byte_are_read_strictly(
    verify: Verify, name: str, old: bytes, new: bytes, named: str
) -> None:
    files = unpacked(a_vote(12).publish())
    changed = resigned({**files, name: files[name].replace(old, new, 1)})
    assert old in files[name]
    assert named in verify(changed)


BOARDS: list[tuple[tuple[str, Any], str]] = [
    (("withdraw", {"project": "с7", "reason": "x"}), "no project"),
    (("withdraw", {"project": "c7", "reason": "x", "by": "y"}), "no project"),
    (("ballot", "a" * 24), "a tracker twice, or none"),
    (("ballot", "A" * 23 + "Ａ"), "a tracker twice, or none"),
    (("ballot", ["A" * 24]), "a tracker twice, or none"),
    (("ballot", None), "a tracker twice, or none"),
    (("void", {"tracker": None}), "void entry"),
    (("notice", {"digest": "0" * 64}), "out of order"),
    (("plaintexts", {"digest": "0" * 64}), "out of order"),
    (("desk", {"batch": 1, "papers": 1, "valid": 0, "blank": True, "void": 0, "trackers": []}), "add up"),
    (("desk", {"batch": 1, "papers": 0, "valid": 0, "blank": 0, "void": 0, "trackers": [], "x": 1}), "add up"),
]


@pytest.mark.parametrize(("row", "named"), BOARDS)
def test_an_entry_that_the_platform_never_writes_is_found(verify: Verify, row: tuple[str, Any], named: str) -> None:
    vote = a_vote(12)
    vote.append([row])
    if row[0] == "withdraw":
        vote.result = lambda ballots: {}  # type: ignore[method-assign]  # noqa: ARG005 — named as the method it stands for
    assert named in verify(vote.publish())


def test_one_paper_batch_twice_and_a_note_before_the_notice_are_found(verify: Verify) -> None:
    vote = a_vote(12)
    empty = board.desk_row(1, [], blank=1, void=0)
    vote.append([empty, empty])
    assert "add up" in verify(vote.publish())
    early = a_vote(12)
    rows = [(entry.kind, entry.item) for entry in early.entries]
    early.entries, early.heads = [], []
    early.append([("note", "x"), *rows])
    assert "out of order" in verify(early.publish())


def test_heads_out_of_order_or_of_no_entry_are_found(verify: Verify) -> None:
    vote = a_vote(12)
    parts = vote.parts()
    assert "astray" in verify(bundle.build(**{**parts, "heads": parts["heads"][::-1]}))
    beyond = board.sign_head(BOARD_KEY.secret, VOTE, board.extend(VOTE, vote.entries[-1], [("note", "")])[0], "x")
    assert "astray" in verify(bundle.build(**{**parts, "heads": [*parts["heads"], beyond]}))


def test_a_signature_spelled_in_another_way_is_found(verify: Verify) -> None:
    files = unpacked(a_vote(12).publish())
    body = json.loads(files["manifest.json"])
    mark = body["signature"]
    body["signature"] = mark[:-3] + chr(ord(mark[-3]) + 1) + "=="
    assert "base64" in verify(packed({**files, "manifest.json": canonical(body)}))


def test_a_plaintext_of_nothing_is_malformed_whatever_stands_before_it(verify: Verify) -> None:
    vote = a_vote(20)
    opened, length = vote.opened(), vote.notice["ballot"]["length"]
    again = counting.Spoiled("duplicate", sealing.pad(opened.ballots[0].plaintext(), length))
    for reason, named in (("duplicate", "reason is wrong: malformed"), ("malformed", "")):
        nothing = counting.Spoiled(reason, sealing.pad(b"?", length))
        lie = dataclasses.replace(opened, ballots=opened.ballots[:-2], spoiled=(again, nothing))
        said = verify(vote.publish(opened=lie))
        assert (named in said) if named else (said == "")
        vote = a_vote(20)
        opened = vote.opened()
        again = counting.Spoiled("duplicate", sealing.pad(opened.ballots[0].plaintext(), length))


def test_a_board_that_was_made_anew_is_found_by_whoever_noted_a_hash(tmp_path: Path) -> None:
    vote, path = a_vote(12), tmp_path / "b.zip"
    seen = vote.heads[2].hash
    path.write_bytes(vote.publish())
    RECOUNTER.main([str(path), "--head", seen, vote.heads[0].hash])
    path.write_bytes(a_vote(12).publish())  # other ballots, all of it signed by the board's key
    with pytest.raises(SystemExit, match="not on this board"):
        RECOUNTER.main([str(path), "--head", seen])


def test_what_was_not_compared_and_what_is_unusual_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    vote, path = Vote(two_pools() | {"closes_at": "2026-09-01T09:00:00Z"}), tmp_path / "b.zip"
    vote.cast("late", ["c0", "d0"])
    vote.append(board.ballot_rows(one.tracker for one in vote.given))
    path.write_bytes(vote.publish())
    RECOUNTER.main([str(path)])
    told = capsys.readouterr().out
    assert "1 ballots were posted outside the hours" in told
    assert "files nobody compared: README.txt, city.pb, 결과.csv" in told
    assert "that what was opened is what was sealed" in told


def test_a_mark_of_withheld_ballots_has_to_be_the_boards(verify: Verify, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = a_vote(12)
    whole.pooled = True
    parts = whole.parts()
    assert verify(bundle.build(**parts | {"pooled": False})) == "", "the bundle for auditors"
    posted = counting.posted
    for mark in (False, 1, "true"):
        monkeypatch.setattr(counting, "posted", lambda opened, _, mark=mark: posted(opened, True) | {"withheld": mark})
        assert "plaintexts.json" in verify(a_vote(12).publish())


def test_totals_that_the_ballot_form_cannot_give_are_found(verify: Verify) -> None:
    ids = ["c0", "c1", "c2", "c3"]
    vote = Vote(a_notice([a_contest("city", ids)], {"city": dict.fromkeys(ids, 200)}, max=2), pooled=True)
    for person in range(12):
        vote.cast(f"person {person}", ["c0", "c1"])
    vote.append(board.ballot_rows(one.tracker for one in vote.given))
    result = vote.result(vote.opened().ballots)
    result["contests"][0]["votes"] = dict.fromkeys(ids, 12)
    assert "these totals" in verify(vote.publish(result=result))
