"""Opening the ballots offline."""

import json
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from civicvote.cli.count import count
from civicvote.domain.ballots import counting, keys
from civicvote.domain.ballots.encoding import canonical
from tests.domain.ballot_factory import VOTE, VOTE_KEY, Vote, a_vote


@pytest.fixture
def vote(tmp_path: Path) -> Vote:
    """A closed vote whose export and key lie in the folder."""
    made = a_vote(12)
    made.cast("bad", ["c0", "c1", "c2", "c3", "c4"])
    (tmp_path / "export.json").write_bytes(canonical(counting.export_document(made.notice, made.counted())))
    (tmp_path / "key.json").write_text(keys.key_file(VOTE_KEY.secret, VOTE))
    for share in keys.split(VOTE_KEY.secret, VOTE):
        (tmp_path / f"{share.number}.txt").write_text(keys.share_file(share))
    return made


def run(folder: Path, *arguments: str) -> Result:
    paths = [str(folder / one) if "." in one else one for one in arguments]
    return CliRunner().invoke(count, [*paths, "--out", str(folder / "opened.json")])


KEY, SHARES = ["--key", "key.json"], ["--share", "1.txt", "--share", "3.txt", "--share", "5.txt"]


@pytest.mark.parametrize("arguments", [KEY, SHARES], ids=["key", "shares"])
def test_ballots_are_opened_with_the_key_or_three_shares(tmp_path: Path, vote: Vote, arguments: list[str]) -> None:
    done = run(tmp_path, "export.json", *arguments)
    assert done.exit_code == 0, done.output
    body = json.loads((tmp_path / "opened.json").read_bytes())
    assert counting.read_opened(body, vote.notice, [one for one, _ in vote.counted()]) == vote.opened()
    assert stat.S_IMODE((tmp_path / "opened.json").stat().st_mode) == 0o600
    for words in (
        counting.counted_digest(vote.counted()),
        counting.plaintexts_digest(vote.opened()),
        "유효 11표, 무효 1표",
        "고른 사업이 너무 많음: 1표",
    ):
        assert words in done.output
    assert run(tmp_path, "export.json", *arguments).exit_code == 1, "an opened file is not overwritten"


def test_a_wrong_key_or_file_gets_plain_words_and_writes_nothing(tmp_path: Path, vote: Vote) -> None:
    (tmp_path / "other.json").write_text(keys.key_file(keys.new_vote_key().secret, VOTE))
    (tmp_path / "elsewhere.json").write_text(keys.key_file(VOTE_KEY.secret, "elsewhere"))
    for share in keys.split(bytes(32), VOTE):
        (tmp_path / f"foreign{share.number}.txt").write_text(keys.share_file(share))
    body: Any = counting.export_document(vote.notice, vote.counted())
    body["counted"][0]["tracker"] = "A" * 24
    (tmp_path / "changed.json").write_bytes(canonical(body))
    foreign = ["--share" if word == "--share" else f"foreign{word}" for word in SHARES]
    cases = [
        (["export.json"], "한 가지"),
        (["export.json", *KEY, *SHARES], "한 가지"),
        (["export.json", *SHARES[:4]], "모자랍니다"),
        (["export.json", *foreign], "이 투표의 열쇠가 아닙니다"),
        (["export.json", "--key", "other.json"], "이 열쇠 파일은"),
        (["export.json", "--key", "elsewhere.json"], "투표 elsewhere의 것"),
        (["export.json", "--key", "1.txt"], "읽을 수 없습니다"),
        (["key.json", *KEY], "형식이 올바르지"),
        (["1.txt", *KEY], "읽을 수 없습니다"),
        (["changed.json", *KEY], "게시된 것과 다릅니다"),
    ]
    for arguments, words in cases:
        done = run(tmp_path, *arguments)
        assert (done.exit_code, words in done.output) == (1, True), (arguments, done.output)
        assert not (tmp_path / "opened.json").exists()


def test_it_loads_neither_the_database_nor_the_web(tmp_path: Path, vote: Vote) -> None:
    program = (
        "import sys\n"
        "from civicvote.cli import main\n"
        "main(sys.argv[1:], standalone_mode=False)\n"
        "print(sorted({'flask', 'sqlalchemy', 'werkzeug', 'numpy'} & set(sys.modules)))\n"
    )
    arguments = ["count", "export.json", "--key", "key.json", "--out", "opened.json"]
    command = [sys.executable, "-c", program, *arguments]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "[]"
