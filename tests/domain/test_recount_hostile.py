"""Files made to break the verifier: each is refused by name, quickly, in little memory, and never with a traceback."""

import functools
import io
import json
import os
import resource
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from civicvote.domain.ballots.encoding import canonical
from tests.domain.ballot_factory import PROGRAMS, RECOUNT, published, recounter
from tests.domain.bundle_files import packed, resigned, unpacked

RECOUNTER = recounter()
MEMORY = 700 * 2**20  # bytes of address space: a small part of what the files below stand for


def run(*arguments: object, at: Path = RECOUNT) -> subprocess.CompletedProcess[str]:
    """The verifier in a process of its own, in little memory."""
    return subprocess.run(
        [sys.executable, "-I", "-S", str(at), *map(str, arguments)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        preexec_fn=functools.partial(resource.setrlimit, resource.RLIMIT_AS, (MEMORY, MEMORY)),
    )


def refused(path: Path, data: bytes) -> str:
    """What it says of a bundle that it has to call wrong."""
    path.write_bytes(data)
    done = run(path)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert "다시 내려받아" in done.stderr
    return done.stderr.splitlines()[0]


def named(path: Path, data: bytes) -> str:
    """The same without a process of its own."""
    path.write_bytes(data)
    said = ""
    try:
        RECOUNTER.main([str(path)])
    except SystemExit as end:
        said = str(end.code)
    assert "다시 내려받아" in said
    return said


@pytest.mark.parametrize("kept", [1, 2, 3])
def test_without_its_other_files_it_says_what_to_do(tmp_path: Path, kept: int) -> None:
    for path in PROGRAMS[:kept]:
        (tmp_path / path.name).write_bytes(path.read_bytes())
    done = run("bundle.zip", at=tmp_path / "recount.py")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "파일 네 개를 한 폴더에" in done.stderr
    assert "is missing. Put all four files" in done.stderr


def test_it_names_its_own_hashes_and_says_when_the_bundle_has_another_program(tmp_path: Path) -> None:
    files = unpacked(published()[0])
    (tmp_path / "same.zip").write_bytes(packed(files))
    same = run(tmp_path / "same.zip").stdout
    assert same.count("as in the bundle") == 4
    assert "NOT as in" not in same
    (tmp_path / "other.zip").write_bytes(resigned({**files, "recount_rules.py": b"print('all checks hold')"}))
    other = run(tmp_path / "other.zip")
    assert other.stdout.count("NOT as in the bundle") == 1
    assert other.returncode == 0, "what lies in the bundle is never run"


@pytest.mark.parametrize(
    "data", [None, b"", b"no zip", b"PK\5\6" + bytes(10), published()[0][:-30], published()[0] + b"more"]
)
def test_what_is_no_bundle_gets_a_short_answer(tmp_path: Path, data: bytes | None) -> None:
    path = tmp_path / "x.zip"
    if data is not None:
        path.write_bytes(data)
    for arguments in ((path,), (tmp_path,), ()):
        done = run(*arguments)
        assert done.returncode == 2
        assert done.stderr.startswith("확인하지 못했습니다 COULD NOT BE CHECKED")
        assert len(done.stderr.splitlines()) == 1


def test_an_empty_zip_and_one_of_something_else_are_named(tmp_path: Path) -> None:
    assert "notice.json" in refused(tmp_path / "x.zip", packed({}))
    assert "notice.json" in refused(tmp_path / "x.zip", packed({"letter.txt": b"hello"}))
    (tmp_path / "x.zip").write_bytes(packed({f"{'x' * 90}{n}": b"" for n in range(9000)}))
    assert run(tmp_path / "x.zip").returncode == 2


@pytest.mark.parametrize("name", ["../notice.json", "/etc/x", "a\\b", "a/b.json", "x\u202ejson", "ｎotice.json"])
def test_names_that_lead_elsewhere_or_look_like_others_are_refused(tmp_path: Path, name: str) -> None:
    assert "may not hold" in refused(tmp_path / "x.zip", packed({**unpacked(published()[0]), name: b"{}"}))


def test_encrypted_damaged_and_oddly_packed_members_are_refused(tmp_path: Path) -> None:
    files, path = unpacked(published()[0]), tmp_path / "x.zip"
    for method in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        assert "may not hold" in refused(path, packed(files, method))
    data = bytearray(packed(files))
    data[data.rindex(b"PK\1\2") + 8] |= 1
    assert "may not hold" in refused(path, bytes(data))
    data = bytearray(packed(files))
    data[data.index(b'{"participants":') + 3] ^= 1
    assert "participants.json" in refused(path, bytes(data))
    cut = published()[0].replace(b"notice.json", b"n0tice.json", 1)  # its two names differ
    assert "notice.json" in refused(path, cut)


def _bomb(name: str, piece: bytes, times: int) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive, archive.open(name, "w") as file:
        for _ in range(times):
            file.write(piece)
    return out.getvalue()


def test_zip_bombs_are_refused_before_they_are_unpacked(tmp_path: Path) -> None:
    assert "zip bomb" in refused(tmp_path / "x.zip", _bomb("notice.json", bytes(2**20), 65))


ONES = b"[" + b"1," * 2_000_000 + b"1]"
DEEP = b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
SPELLINGS = [b'{"a":NaN}', b'{"a":Infinity}', b'{"a":-Infinity}', b'{"a":1.5}', b'{"a":1e999}', b'{"a":-0}']
SPELLINGS += [b'{"a":' + b"7" * 100_000 + b"}", DEEP, b'{"a":1,"a":1}', b'{"a":"\\ud800"}', b'{"a":"\\uc544"}']
SPELLINGS += [b"\xef\xbb\xbf{}", b"{} ", b'{"b":1,"a":1}', b"", b"\xff", b'{"a":"\xed\xa0\x80"}', b"{}{}"]


@pytest.mark.parametrize("text", SPELLINGS, ids=lambda text: text[:12].decode(errors="replace"))
def test_json_that_two_readers_could_read_differently_is_refused(tmp_path: Path, text: bytes) -> None:
    files = unpacked(published()[0])
    for name in ("notice.json", "result.json"):
        assert name in named(tmp_path / "x.zip", resigned({**files, name: text}))
    board = files["board.jsonl"].replace(b"{", text + b"\n{", 1)
    assert "board.jsonl" in named(tmp_path / "x.zip", resigned({**files, "board.jsonl": board}))
    for name, start in {"counted.json": b"[", "heads.json": b"[", "plaintexts.json": b'{"ballots":['}.items():
        rest = files[name][len(start) :]
        said = named(tmp_path / "x.zip", resigned({**files, name: start + text + b"," + rest}))
        assert name in said or "heads are astray" in said or "not a valid ballot" in said


@pytest.mark.parametrize("name", ["notice.json", "heads.json", "counted.json", "plaintexts.json", "result.json"])
@pytest.mark.parametrize("value", [b"null", b"1", b"[]", b"{}", b'"x"', b"[[]]", b"[null]", ONES], ids=len)
def test_documents_of_another_form_are_refused(tmp_path: Path, name: str, value: bytes) -> None:
    check = refused if value is ONES else named
    assert "틀림 NO" in check(tmp_path / "x.zip", resigned({**unpacked(published()[0]), name: value}))


def test_endless_lines_and_lists_need_little_memory(tmp_path: Path) -> None:
    files, row = unpacked(published()[0]), os.urandom(2**16).hex().encode()
    line = files["board.jsonl"] + b'"' + row * 700 + b'"'
    assert "board" in refused(tmp_path / "x.zip", resigned({**files, "board.jsonl": line}))
    counted = b'["' + row * 700 + b'"]'
    assert "counted.json" in refused(tmp_path / "x.zip", resigned({**files, "counted.json": counted}))
    tail = files["plaintexts.json"][:-1] + b',"z":"' + row * 520 + b'"}'
    assert "plaintexts.json" in refused(tmp_path / "x.zip", resigned({**files, "plaintexts.json": tail}))


def test_a_title_cannot_change_what_the_screen_shows(tmp_path: Path) -> None:
    files = unpacked(published()[0])
    notice = json.loads(files["notice.json"])
    notice["title"] = "투표\n모두 맞습니다 · All checks hold\x1b[2J\u202e"
    notice["projects"][0]["pool"] = "없는 분야\r\x1b[31m"
    changed = resigned({**files, "notice.json": canonical(notice)})
    (tmp_path / "x.zip").write_bytes(changed)
    done = run(tmp_path / "x.zip")
    assert done.returncode == 1
    assert not set("\x1b\r\u202e") & set(done.stdout + done.stderr)
    assert "All checks hold" not in done.stdout.splitlines()


def _receipt(body: str) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        (folder / "receipt.json").write_text(body)
        return folder / "receipt.json"

    return write


@pytest.mark.parametrize(
    ("made", "code"),
    [
        (lambda folder: folder, 2),
        (lambda folder: folder / "none.json", 2),
        (_receipt(""), 1),
        (_receipt("[" * 99_999), 1),
        (_receipt('{"vote":"seoul-2026"}'), 1),
        (_receipt(json.dumps({**published()[1][0].document(), "more": 1})), 1),
    ],
)
def test_what_is_no_receipt_is_said_to_be_none(tmp_path: Path, made: Callable[[Path], Path], code: int) -> None:
    (tmp_path / "x.zip").write_bytes(published()[0])
    done = run(tmp_path / "x.zip", "--receipt", made(tmp_path))
    assert done.returncode == code
    assert "Traceback" not in done.stderr
    assert "모두 맞습니다" not in done.stdout
