"""The stand-alone verifier: accepts what is right, names what is not, and counts as `domain.tally` does."""

import ast
import contextlib
import dataclasses
import io
import json
import os
import random
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from civicvote.domain.ballots import board, bundle, counting, receipts, sealing
from tests.domain.ballot_factory import (
    BOARD_KEY,
    PROGRAMS,
    VOTE,
    VOTE_KEY,
    Vote,
    a_vote,
    published,
    recounter,
    two_pools,
)
from tests.domain.bundle_files import packed, resigned, unpacked
from tests.domain.random_votes import random_vote

HONEST = int(os.environ.get("CIVICVOTE_TEST_BUNDLES", "20"))
MUTATIONS = int(os.environ.get("CIVICVOTE_TEST_MUTATIONS", "240"))


RECOUNTER = recounter()
FILES = recounter("recount_files")
Verify = Callable[..., str]


@pytest.fixture
def verify(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Verify:
    """Runs the verifier on a bundle's bytes: an empty text when all holds, else what it names."""

    def run(data: bytes, *arguments: str) -> str:
        path = tmp_path / "bundle.zip"
        path.write_bytes(data)
        try:
            RECOUNTER.main([str(path), *arguments])
        except SystemExit as end:
            capsys.readouterr()
            return str(end.code)
        assert "모두 맞습니다" in capsys.readouterr().out
        return ""

    return run


def test_it_runs_alone_from_the_bundle_with_the_standard_library(tmp_path: Path) -> None:
    data, given = published()
    (tmp_path / "b.zip").write_bytes(data)
    for path in PROGRAMS:
        (tmp_path / path.name).write_bytes(unpacked(data)[path.name])
    for name, receipt in {"first": given[0], "last": given[-1]}.items():
        (tmp_path / name).write_text(json.dumps(receipt.document()))
    command = [sys.executable, "-I", "-S", "recount.py", "b.zip", "--receipt", "first", "last"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, encoding="utf-8", check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("맞음 OK") == 7
    assert "replaced by a later ballot" in done.stdout
    assert "집계함 · counted" in done.stdout
    assert BOARD_KEY.public.hex() in done.stdout


def test_it_is_short_and_imports_nothing_of_the_platform() -> None:
    for path in PROGRAMS:
        text = path.read_text("utf-8")
        assert len(text.splitlines()) < 250, path.name
        tree = ast.parse(text, feature_version=(3, 9))
        names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
        names |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        assert {name.split(".")[0] for name in names} <= sys.stdlib_module_names | {path.stem for path in PROGRAMS}


def test_it_compares_the_board_key_with_the_published_one(verify: Verify) -> None:
    data = published()[0]
    assert verify(data, "--board-key", BOARD_KEY.public.hex()) == ""
    assert "board key" in verify(data, "--board-key", VOTE_KEY.public.hex())


def _mutants(rng: random.Random, data: bytes) -> bytes:
    place = rng.randrange(len(data))
    kind = rng.randrange(4)
    if kind == 0:
        return data[:place] + bytes([data[place] ^ 1 << rng.randrange(8)]) + data[place + 1 :]
    if kind == 1:
        return data[:place] + data[place + 1 :]
    if kind == 2:
        return data[:place] + bytes([rng.randrange(256)]) + data[place:]
    other = rng.randrange(len(data))
    first, last = sorted((place, other))
    return data[:first] + data[last:] if rng.random() < 0.5 else data + data[first : last + 1]


def test_every_change_of_any_byte_of_any_file_is_found(verify: Verify) -> None:
    files, rng = unpacked(published()[0]), random.Random(11)
    names = sorted(files)
    tried = 0
    while tried < MUTATIONS:
        name = names[tried % len(names)]
        changed = _mutants(rng, files[name])
        if changed != files[name]:
            tried += 1
            assert verify(packed({**files, name: changed})).startswith("틀림 NO"), (name, tried)


def test_files_missing_added_or_twice_are_found(verify: Verify) -> None:
    files = unpacked(published()[0])
    assert verify(packed(files)) == ""
    for name in files:
        assert verify(packed({other: data for other, data in files.items() if other != name})), name
    assert "more.txt" in verify(packed({**files, "more.txt": b""}))
    out = io.BytesIO(packed(files))
    with zipfile.ZipFile(out, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("result.json", b"{}")
    assert "twice" in verify(out.getvalue())
    assert verify(b"no zip")


def test_changes_by_somebody_who_can_sign_the_list_of_files_are_found(verify: Verify) -> None:
    files, rng = unpacked(published()[0]), random.Random(5)
    names = [
        "notice.json",
        "board.jsonl",
        "heads.json",
        "counted.json",
        "plaintexts.json",
        "participants.json",
        "result.json",
    ]
    unnoticed = []
    for number in range(MUTATIONS // 4):
        name = names[number % len(names)]
        changed = _mutants(rng, files[name])
        if changed != files[name] and not verify(resigned({**files, name: changed})):
            unnoticed.append((name, changed))
    for name, changed in unnoticed:  # only the spelling may differ where no digest covers the bytes themselves
        assert name in {"heads.json", "counted.json", "participants.json"}, name
        assert json.loads(changed) == json.loads(files[name]) or name == "heads.json"


def _swapped(vote: Vote) -> dict[str, Any]:
    result = vote.result(vote.opened().ballots)
    result["contests"][0]["selected"].reverse()
    return {"result": result}


def _more(name: str, pool: int, value: Any) -> Callable[[Vote], dict[str, Any]]:
    def lie(vote: Vote) -> dict[str, Any]:
        result = vote.result(vote.opened().ballots)
        result["contests"][pool][name] = value
        return {"result": result}

    return lie


def _extra_ballot(vote: Vote) -> dict[str, Any]:
    sealed = vote.sealer.seal(sealing.make_ballot(["c7", "d0"]))
    return _counted(vote, [*vote.counted(), (sealed.tracker, sealed.sealed)])


def _replaced_ballot(vote: Vote) -> dict[str, Any]:
    sealed = vote.sealer.seal(sealing.make_ballot(["c7", "d0"]))
    return _counted(vote, [*vote.counted()[1:], (sealed.tracker, sealed.sealed)])


def _counted(vote: Vote, counted: list[tuple[str, bytes]]) -> dict[str, Any]:
    return {
        "counted": counted,
        "opened": counting.open_ballots([one for _, one in counted], VOTE_KEY.secret, vote.notice),
    }


def _fewer(vote: Vote) -> dict[str, Any]:
    return {**_counted(vote, vote.counted()[1:]), "participants": len(vote.counted()) + vote.voided}


def _against_the_rules(vote: Vote) -> dict[str, Any]:
    opened = vote.opened()
    bad = sealing.make_ballot([f"c{n}" for n in range(8)])
    ballots = sorted([bad, *opened.ballots[1:]], key=sealing.Ballot.own_hash)
    return {"opened": dataclasses.replace(opened, ballots=tuple(ballots))}


def _hidden(vote: Vote) -> dict[str, Any]:
    """A valid ballot put aside as spoiled."""
    opened = vote.opened()
    raw = sealing.pad(opened.ballots[0].plaintext(), vote.notice["ballot"]["length"])
    return {
        "opened": dataclasses.replace(opened, ballots=opened.ballots[1:], spoiled=(counting.Spoiled("too-many", raw),))
    }


def _invented_loss(vote: Vote) -> dict[str, Any]:
    opened = vote.opened()
    return {"opened": dataclasses.replace(opened, ballots=opened.ballots[1:], undecryptable=("A" * 24,))}


LIES: list[tuple[Callable[[Vote], dict[str, Any]], str]] = [
    (_swapped, "selected differs"),
    (_more("spent", 0, 1), "spent differs"),
    (_more("budget", 0, 1000), "budget differs"),
    (_more("void", 1, True), "void differs"),
    (_more("ballots", 1, 7), "ballots differs"),
    (_more("votes", 1, {}), "votes differs"),
    (_more("selected", 1, ["d0"]), "selected differs"),
    (_more("pool", 1, "x"), "contests differ"),
    (_extra_ballot, "not on the board"),
    (_replaced_ballot, "not on the board"),
    (_fewer, "participants and ballots differ"),
    (_against_the_rules, "not a valid ballot"),
    (_hidden, "reason is wrong"),
    (_invented_loss, "not as many plaintexts"),
]


@pytest.mark.parametrize(("lie", "named"), LIES, ids=lambda one: getattr(one, "__name__", ""))
def test_a_false_count_that_is_posted_and_signed_is_found(
    verify: Verify, lie: Callable[[Vote], dict[str, Any]], named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundle, "_check_parts", lambda *_: None)
    vote = a_vote(20)
    assert named in verify(vote.publish(**lie(vote)))


def test_a_board_written_out_of_order_or_not_signed_to_its_end_is_found(
    verify: Verify, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundle, "_check_parts", lambda *_: None)
    late = a_vote(12)
    parts = late.parts()
    late.append([("withdraw", {"project": "c0", "reason": "개표 뒤"})])
    assert "order" in verify(bundle.build(**parts))
    unsigned = a_vote(12).parts()
    assert "not signed" in verify(bundle.build(**{**unsigned, "heads": unsigned["heads"][:-1]}))
    assert "not signed" in verify(bundle.build(**{**unsigned, "heads": []}))
    renamed = a_vote(12).parts()
    assert "notice.json" in verify(bundle.build(**{**renamed, "notice": {**renamed["notice"], "title": "x"}}))
    noted = a_vote(12)
    noted.append([("note", "점검 안내")])
    assert verify(noted.publish()) == ""


def test_invalid_ballots_are_shown_and_hold(verify: Verify) -> None:
    vote = a_vote(12)
    twice = vote.sealer.seal(sealing.make_ballot(["c0"]))
    for person, sealed in {"a": twice, "b": vote.sealer.seal(sealing.make_ballot([]))}.items():
        vote.put(person, sealed)
    lost = bytes(len(twice.sealed))
    vote.put("lost", sealing.Sealed(lost, sealing.tracker(VOTE, lost)))
    vote.append(board.ballot_rows(receipt.tracker for receipt in vote.given[-3:]))
    assert vote.opened().reasons() == {"too-few": 1, "undecryptable": 1}
    assert verify(vote.publish()) == ""


@pytest.mark.parametrize("name", ["vote", "tracker", "minute", "signature"])
def test_a_changed_receipt_and_one_whose_ballot_vanished_are_found(verify: Verify, tmp_path: Path, name: str) -> None:
    data, given = published()
    path = tmp_path / "receipt.json"
    path.write_text(json.dumps(given[3].document()))
    assert verify(data, "--receipt", str(path)) == ""
    body = given[3].document()
    body[name] = body[name][:-2] + ("A" if body[name][-2] != "A" else "B") + body[name][-1]
    path.write_text(json.dumps(body))
    assert verify(data, "--receipt", str(path)).startswith("틀림 NO")
    vanished = receipts.sign(BOARD_KEY.secret, VOTE, "A" * 24, "2026-09-02T00:00Z")
    path.write_text(json.dumps(vanished.document()))
    assert "not on the board" in verify(data, "--receipt", str(path))


def test_its_signature_check_agrees_with_the_library() -> None:
    rng = random.Random(2)
    for size in (0, 1, 100):
        message = rng.randbytes(size)
        signature = receipts.ed25519_sign(BOARD_KEY.secret, message)
        assert FILES.signed(BOARD_KEY.public, signature, message)
        assert not FILES.signed(BOARD_KEY.public, signature, message + b"x")
        for place in range(0, 64, 5):
            changed = bytearray(signature)
            changed[place] ^= 1 << rng.randrange(8)
            assert not FILES.signed(BOARD_KEY.public, bytes(changed), message)
        s = int.from_bytes(signature[32:], "little") + FILES.ORDER
        assert not FILES.signed(BOARD_KEY.public, signature[:32] + s.to_bytes(32, "little"), message)


def test_honest_votes_of_every_rule_and_kind_hold_and_every_receipt_is_found(tmp_path: Path) -> None:
    told = []
    for seed in range(HONEST):
        vote = random_vote(seed)
        (tmp_path / "bundle.zip").write_bytes(vote.publish())
        for number, receipt in enumerate(vote.given):
            (tmp_path / str(number)).write_text(json.dumps(receipt.document()))
        paths = [str(tmp_path / str(number)) for number in range(len(vote.given))]
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            RECOUNTER.main([str(tmp_path / "bundle.zip"), "--receipt", *paths])
        told.append(out.getvalue())
        last = "All else holds" if vote.pooled else "All checks hold"
        assert told[-1].endswith(f"{last}\n"), seed
        assert told[-1].count("게시판에 있음") == len(vote.given), seed
        assert ("NOT CHECKED" in told[-1]) is vote.pooled, seed
    assert any("NOT CHECKED" in text for text in told)


def test_papers_that_do_not_add_up_are_found(verify: Verify, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle, "_check_parts", lambda *_: None)
    for change, named in (({"papers": 5}, "don't add up"), ({"trackers": []}, "don't add up")):
        vote = a_vote(12)
        vote.desk([["c1"], ["c2", "d0"]], blank=1)
        kind, item = vote.entries.pop().kind, board.desk_row(2, [], blank=1, void=0)[1]
        vote.heads.pop()
        batch = {**item, "papers": 3, "valid": 2, "trackers": sorted(one.decode() for one in [*vote.slots][-2:])}
        vote.append([(kind, {**batch, **change})])
        assert named in verify(vote.publish())
    vote = a_vote(12)
    vote.desk([["c1"], ["c2", "d0"]], blank=1)
    assert verify(vote.publish()) == ""
    lost = a_vote(12)
    lost.desk([["c1"], ["c2", "d0"]])
    assert "participants and ballots differ" in verify(lost.publish(**_counted(lost, lost.counted()[:-1])))


def test_a_pooled_bundle_says_what_it_cannot_show(tmp_path: Path) -> None:
    vote = a_vote(20)
    vote.pooled = True
    data = vote.publish()
    assert "plaintexts.json" not in unpacked(data)
    out = io.StringIO()
    (tmp_path / "b.zip").write_bytes(data)
    with contextlib.redirect_stdout(out):
        RECOUNTER.main([str(tmp_path / "b.zip")])
    missing = [line for line in out.getvalue().splitlines() if "NOT CHECKED" in line]
    assert len(missing) == 2
    assert "city" in missing[1]
    assert "All else holds" in out.getvalue()


def test_ballots_cannot_be_left_out_unless_the_board_says_so(verify: Verify, monkeypatch: pytest.MonkeyPatch) -> None:
    files = unpacked(published()[0])
    del files["plaintexts.json"]
    assert verify(resigned(files))
    monkeypatch.setattr(bundle, "_check_parts", lambda *_: None)
    vote = a_vote(20)
    vote.pooled = True
    result = vote.result(vote.opened().ballots)
    result["contests"][1]["selected"] = result["contests"][1]["selected"][::-1]
    assert "selected differs" in verify(vote.publish(result=result))


def test_whole_votes_of_both_rules_hold_whatever_is_chosen(verify: Verify) -> None:
    for empty in (0, 1):
        vote = Vote(two_pools())
        if not empty:
            vote.cast("one", ["c0", "d0"])
            vote.append(board.ballot_rows(one.tracker for one in vote.given))
        assert verify(vote.publish()) == ""
