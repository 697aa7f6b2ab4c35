"""The ceremony on the command line."""

import stat
from itertools import combinations
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from civicvote.cli.keys import keys
from civicvote.domain.ballots import keys as vote_keys

VOTE = "seoul-2026"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(keys, [str(one) for one in arguments])


def test_one_key_file_is_made_for_a_small_vote(tmp_path: Path) -> None:
    done = run("make", "--vote", VOTE, "--out", tmp_path / "ceremony")
    assert done.exit_code == 0, done.output
    folder = tmp_path / "ceremony"
    assert {path.name for path in folder.iterdir()} == {f"{VOTE}.key.json", f"{VOTE}.public.json"}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    vote, pair = vote_keys.read_key_file((folder / f"{VOTE}.key.json").read_text())
    assert vote_keys.read_public_file((folder / f"{VOTE}.public.json").read_text()) == (vote, pair.public)
    assert vote_keys.fingerprint(pair.public) in done.output
    assert pair.secret.hex() not in done.output


def test_three_of_five_shares_are_made_and_any_three_give_the_key(tmp_path: Path) -> None:
    done = run("make", "--vote", VOTE, "--shares", "3/5", "--out", tmp_path)
    assert done.exit_code == 0, done.output
    assert "봉인" in done.output
    sheets = sorted(tmp_path.glob("*.txt"))
    assert len(sheets) == 5
    assert not list(tmp_path.glob("*.key.json")), "the whole key is never written when it is split"
    assert {stat.S_IMODE(path.stat().st_mode) for path in sheets} == {0o600}
    assert "보관자: 감사위원회" in sheets[4].read_text()
    made = set()
    for number, some in enumerate(combinations(sheets, 3)):
        out = tmp_path / f"out{number}.json"
        done = run("combine", *some, "--out", out)
        assert done.exit_code == 0, done.output
        made.add(vote_keys.read_key_file(out.read_text())[1].secret)
    assert len(made) == 1
    words = vote_keys.read_share(sheets[0].read_text())
    assert not set(words) & set(done.output.split())


def test_a_key_file_is_split_and_combined_again(tmp_path: Path) -> None:
    run("make", "--vote", VOTE, "--out", tmp_path)
    key = tmp_path / f"{VOTE}.key.json"
    done = run(
        "split", key, "--shares", "2/3", "--holder", "가", "--holder", "나", "--holder", "다", "--out", tmp_path / "s"
    )
    assert done.exit_code == 0, done.output
    assert "지우십시오" in done.output
    sheets = sorted((tmp_path / "s").iterdir())
    bare = tmp_path / "typed.txt"
    bare.write_text(" ".join(vote_keys.read_share(sheets[0].read_text())))
    out = tmp_path / "again.json"
    assert run("combine", bare, sheets[2], "--out", out).exit_code == 0
    assert out.read_text() == key.read_text()


def test_nothing_is_overwritten_and_nothing_is_half_written(tmp_path: Path) -> None:
    run("make", "--vote", VOTE, "--out", tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    again = run("make", "--vote", VOTE, "--out", tmp_path)
    assert again.exit_code == 1
    assert "덮어쓰지 않습니다" in again.output
    split = run("make", "--vote", VOTE, "--shares", "3/5", "--out", tmp_path)
    assert split.exit_code == 1
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--vote", "a|b"], "투표 번호"),
        (["--vote", VOTE, "--shares", "five"], "3/5처럼"),
        (["--vote", VOTE, "--shares", "2/3"], "3명의 이름"),
        (["--vote", VOTE, "--shares", "1/5"], "2 이상"),
        (["--vote", VOTE, "--shares", "6/5"], "2 이상"),
    ],
)
def test_a_wrong_wish_gets_plain_words(tmp_path: Path, arguments: list[str], words: str) -> None:
    done = run("make", *arguments, "--out", tmp_path / "new")
    assert done.exit_code == 1
    assert words in done.output
    assert not (tmp_path / "new").exists()


def test_wrong_shares_get_plain_words(tmp_path: Path) -> None:
    for vote in ("one", "two"):
        run("make", "--vote", vote, "--shares", "3/5", "--out", tmp_path)
    first, other = sorted(tmp_path.glob("one.share*")), sorted(tmp_path.glob("two.share*"))
    out = tmp_path / "out.json"
    binary, bare = tmp_path / "binary", tmp_path / "bare"
    binary.write_bytes(b"\xff\xfe")
    bare.write_text(" ".join(vote_keys.read_share(first[2].read_text())))
    cases: list[tuple[list[object], str]] = [
        ([*first[:2]], "모자랍니다"),
        ([*first[:2], other[2]], "서로 다른 투표"),
        ([*first[:2], binary], "글자로 된 파일"),
        ([*first[:3], "--vote", "two"], "--vote"),
        ([bare], "--vote"),
    ]
    for arguments, words in cases:
        done = run("combine", *arguments, "--out", out)
        assert (done.exit_code, words in done.output) == (1, True), done.output
        assert not out.exists()
    assert run("combine", *first[:3], "--out", "/proc/none/out.json").exit_code == 1
