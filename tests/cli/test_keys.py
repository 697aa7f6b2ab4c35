"""The ceremony on the command line."""

import stat
from itertools import combinations, pairwise
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from civicvote.cli.keys import keys
from civicvote.domain.ballots import keys as vote_keys

VOTE = "seoul-2026"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(keys, [str(one) for one in arguments])


def _no_secret(words: tuple[str, ...], done: Result, public: bytes) -> None:
    """No word of a share is printed; those of the public key, which are drawn from the same list, stand apart."""
    shown, own = " ".join(done.output.split()), " ".join(vote_keys.spoken(public))
    assert not {*words} & {*shown.replace(own, "").split()}


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
    made, public = set(), vote_keys.read_public_file((tmp_path / f"{VOTE}.public.json").read_text())[1]
    for number, some in enumerate(combinations(sheets, 3)):
        out = tmp_path / f"out{number}.json"
        done = run("combine", *some, "--out", out)
        assert done.exit_code == 0, done.output
        made.add(vote_keys.read_key_file(out.read_text())[1].secret)
    assert len(made) == 1
    _no_secret(vote_keys.read_share(sheets[0].read_text()), done, public)


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


def _sheets(folder: Path, vote: str = VOTE) -> list[Path]:
    assert run("make", "--vote", vote, "--shares", "3/5", "--out", folder).exit_code == 0
    return sorted(folder.glob(f"{vote}.share-*.txt"))


def _typed(*sheets: Path) -> str:
    """What holders type: their words by their first four letters, eleven a line."""
    lines = []
    for sheet in sheets:
        words = [word[:4] for word in vote_keys.read_share(sheet.read_text())]
        lines += [" ".join(words[at : at + 11]) for at in (0, 11, 22)]
    return "\n".join(lines) + "\n"


def test_shares_are_verified_one_by_one_and_together(tmp_path: Path) -> None:
    sheets = _sheets(tmp_path)
    alone = run("verify", sheets[1])
    assert alone.exit_code == 0, alone.output
    assert "조각 2번: 낱말이 모두 맞습니다" in alone.output
    assert "조각 3개가 필요합니다" in alone.output
    public = vote_keys.read_public_file((tmp_path / f"{VOTE}.public.json").read_text())[1]
    three = run("verify", *sheets[2:], "--public", tmp_path / f"{VOTE}.public.json")
    assert three.exit_code == 0, three.output
    assert vote_keys.fingerprint(public) in three.output
    assert " ".join(vote_keys.spoken(public)[:4]) in three.output
    assert {path.name for path in tmp_path.iterdir()} == {*(s.name for s in sheets), f"{VOTE}.public.json"}, "no trace"
    _no_secret(vote_keys.read_share(sheets[2].read_text()), three, public)


def test_what_is_wrong_with_a_share_is_said(tmp_path: Path) -> None:
    sheets, other = _sheets(tmp_path), _sheets(tmp_path, "other")
    again = tmp_path / "again"
    assert run("make", "--vote", VOTE, "--shares", "3/5", "--out", again).exit_code == 0
    text = sheets[0].read_text()
    words = vote_keys.read_share(text)
    bad, short, swapped = (tmp_path / name for name in ("bad.txt", "short.txt", "swapped.txt"))
    bad.write_text(" ".join(["zzzz", *words[1:]]))
    short.write_text(" ".join(words[:-1]))
    place = next(at for at, pair in enumerate(pairwise(words)) if pair[0] != pair[1])
    swapped.write_text(" ".join([*words[:place], words[place + 1], words[place], *words[place + 2 :]]))
    cases: list[tuple[list[object], str]] = [
        ([bad], "다음 번째를 확인해 주십시오: 1"),
        ([short], "33개여야 하는데 32개"),
        ([swapped], "검사값이 맞지 않습니다"),
        ([sheets[0], other[1]], "서로 다른 투표"),
        ([sheets[0], "--public", tmp_path / "other.public.json"], "other 투표의 것이 아닙니다"),
        ([], "--ask"),
    ]
    for arguments, told in cases:
        done = run("verify", *arguments)
        assert (done.exit_code, told in done.output) == (1, True), done.output


def test_shares_of_two_ceremonies_dont_mix(tmp_path: Path) -> None:
    key = tmp_path / f"{VOTE}.key.json"
    run("make", "--vote", VOTE, "--out", tmp_path)
    assert run("split", key, "--out", tmp_path / "a").exit_code == 0
    names = iter("bcdefg")
    while True:  # SLIP-39 tells splits apart by fifteen bits: two may be alike
        other = next(names)
        assert run("split", key, "--out", tmp_path / other).exit_code == 0
        mixed = [next((tmp_path / name).glob(f"*share-{n}.txt")) for name, n in (("a", 1), ("a", 2), (other, 3))]
        if len({vote_keys.check_share(vote_keys.read_share(sheet.read_text())).split for sheet in mixed}) == 2:
            break
    done = run("verify", *mixed)
    assert (done.exit_code, "따로 나눈 조각들이 섞였습니다" in done.output) == (1, True), done.output


def test_holders_type_their_words(tmp_path: Path) -> None:
    sheets = _sheets(tmp_path)
    wrong = "zebra " * 33 + "\ny\n"
    out = tmp_path / "again.json"
    command = ["combine", "--ask", "--vote", VOTE, "--out", str(out)]
    done = CliRunner().invoke(keys, command, input=wrong + _typed(sheets[4], sheets[4], sheets[0], sheets[2]))
    assert done.exit_code == 0, done.output
    assert "이미 적은 조각입니다" in done.output
    assert "목록에 없는" in done.output
    vote, pair = vote_keys.read_key_file(out.read_text())
    assert (vote, pair.public) == vote_keys.read_public_file((tmp_path / f"{VOTE}.public.json").read_text())
    given_up = CliRunner().invoke(keys, ["verify", "--ask"], input="zebra\n\nn\n")
    assert given_up.exit_code == 1


def test_keys_are_wiped_and_nothing_else_is(tmp_path: Path) -> None:
    sheets = _sheets(tmp_path)
    run("make", "--vote", "small", "--out", tmp_path)
    kept = tmp_path / "kept"
    kept.hardlink_to(sheets[0])
    letter = tmp_path / "letter.txt"
    letter.write_text("dear reader")
    refused = run("wipe", sheets[1], letter, "--yes")
    assert (refused.exit_code, "지우지 않습니다" in refused.output) == (1, True)
    assert sheets[1].exists()
    assert CliRunner().invoke(keys, ["wipe", str(sheets[1])], input="n\n").exit_code == 1
    assert sheets[1].exists()
    done = run("wipe", *sheets, tmp_path / "small.key.json", "--yes")
    assert done.exit_code == 0, done.output
    assert not [path for path in (*sheets, tmp_path / "small.key.json") if path.exists()]
    assert not kept.read_bytes().strip(b"\0"), "overwritten before it was removed"
    assert letter.exists()
