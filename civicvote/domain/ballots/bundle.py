"""The published bundle of a vote: one zip from which anybody recounts everything. Equal input gives equal bytes
(where zlib is the same).

| file | holds |
| --- | --- |
| `notice.json` | `rules.Notice`: windows, rules, projects, public keys; its digest is the board's entry 0 |
| `board.jsonl` | one `board.Entry.document()` per line: seq, kind, item, prev, hash (hex) |
| `heads.json` | list of `board.Head.document()`, ascending; the last one covers the whole board |
| `counted.json` | list of `{"tracker", "sealed": base64}` by tracker: the last version of each slot not voided |
| `plaintexts.json` | `counting.Opened.document()`: valid ballots by own hash, spoiled, undecryptable; not in a pooled bundle |
| `participants.json` | `{"participants": n}`: people who voted online = counted ballots not on paper + voided ones |
| `result.json` | `contests.result_document()`: per contest ballots, votes, selected in order, spent |
| `README.txt` | how to check, in Korean and English |
| `recount.py`, `recount_….py` | the stand-alone verifier (standard library only) |
| others | added by the caller: one `.pb` per pool, CSV tables |
| `manifest.json` | `{"format", "vote", "files": {name: SHA-256 hex}, "signature": base64}`, signed by the board's key |

JSON files are canonical (`encoding.canonical`), so digests are taken of their bytes:
notice, plaintexts, result: SHA-256("cv-" kind "|" file bytes); counted: see `counting.counted_digest`.
The manifest's signature covers "cv-manifest|" canonical{format, vote, files}.
What the signatures of receipts and heads cover stands in `receipts` and `board`.

Single ballots can give people away where most of them are unique. A *pooled* bundle leaves them out; the board's
`plaintexts` entry then says `"withheld": true`. From it anybody checks the board, receipts, the counted list, the balance
and, for greedy rules and maximum welfare, that the winners follow from the totals in result.json. Not that the totals
follow from the ballots, nor the winners of Equal Shares and Phragmén, which depend on who supported what together:
that is for those who may see the whole bundle, whose plaintexts have the digest on the board.
"""

import hashlib
import io
import json
import re
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from civicvote.domain.ballots import board as boards
from civicvote.domain.ballots import counting
from civicvote.domain.ballots.encoding import b64, canonical, unb64, unhex
from civicvote.domain.ballots.receipts import ed25519_sign, ed25519_verify
from civicvote.domain.ballots.rules import Notice, check_notice, notice_digest
from civicvote.domain.errors import ConflictError, InvalidError
from civicvote.domain.messages import msg

FORMAT = "civicvote-bundle/1"
OWN_FILES = (
    "notice.json",
    "board.jsonl",
    "heads.json",
    "counted.json",
    "plaintexts.json",
    "participants.json",
    "result.json",
    "README.txt",
    "recount.py",
    "recount_ballots.py",
    "recount_files.py",
    "recount_rules.py",
)
PLAINTEXTS = "plaintexts.json"
MANIFEST = "manifest.json"
_EXTRA = re.compile(r"[A-Za-z0-9가-힣][A-Za-z0-9가-힣._-]{0,99}")
#: Sealed ballots and hashes hardly shrink: level 9 would take twice the time for a thousandth of the size.
LEVEL = 6
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest a zip can say; the vote's times stand in the notice

README = """\
civicvote 검증 묶음
===================

이 묶음만 있으면 누구나 개표 결과를 다시 계산할 수 있습니다. 인터넷 연결도, 다른 프로그램도 필요하지 않습니다.

1. Python 3.9 이상을 준비합니다. (https://www.python.org)
2. 이름이 recount로 시작하는 파일 네 개를 꺼내 묶음 파일과 같은 폴더에 두고 실행합니다.
       python3 recount.py 묶음파일.zip
3. 모든 줄에 "맞음"이 나오고 마지막에 "모두 맞습니다"가 나오면 결과가 맞습니다.
   하나라도 다르면 처음으로 다른 곳을 알리고 멈춥니다. 이 프로그램으로 알 수 없는 것도 함께 알려 줍니다.
4. 내 접수증을 확인하려면 접수증 파일을 함께 적습니다.
       python3 recount.py 묶음파일.zip --receipt 접수증.json
5. 화면에 나오는 게시판 공개키가 투표 공고에 실린 것과 같은지 꼭 비교해 주십시오.
       python3 recount.py 묶음파일.zip --board-key 공고의공개키

네 파일은 저마다 250줄이 되지 않습니다. recount.py는 게시판과 결과를, recount_ballots.py는 공고와 표를, recount_rules.py는 집계
규칙을, recount_files.py는 파일과 서명을 다룹니다.
직접 읽어 보거나, 같은 규칙으로 새로 만들어 검증할 수 있습니다.

파일
  notice.json        투표 공고: 기간, 사업, 투표와 집계 규칙, 공개키
  board.jsonl        공개 게시판: 앞줄의 해시로 이어진 기록
  heads.json         게시판의 서명
  counted.json       집계한 봉인 투표지와 추적번호
  plaintexts.json    열어 본 투표지(누구의 것인지 알 수 없는 순서), 무효표와 그 사유
  participants.json  참여자 수
  result.json        사업별 득표와 선정 결과
  manifest.json      모든 파일의 해시와 서명


civicvote count bundle
======================

With this bundle alone anybody can recompute the result, without a network and without other software.

1. Get Python 3.9 or later (https://www.python.org).
2. Put the four files whose names begin with recount beside the bundle and run:   python3 recount.py BUNDLE.zip
3. Every line must say OK, the last one "All checks hold". Otherwise the first thing that differs is named.
4. To check your receipt:                      python3 recount.py BUNDLE.zip --receipt RECEIPT.json
5. Compare the board key shown with the one in the notice of the vote, or pass it with --board-key.

Each has fewer than 250 lines: recount.py is about board and result, recount_ballots.py about notice and ballots,
recount_rules.py about the rules of the count, recount_files.py about files and signatures.
Read them, or write your own from the same rules.
"""

POOLED = """\

투표지를 공개하지 않은 묶음
--------------------------
하나뿐인 투표지가 많거나 투표지가 적어 누구의 것인지 짐작할 수 있으므로, 한 장씩의 투표지는 공개하지 않고 사업별 합계만 공개합니다.
  확인할 수 있는 것    게시판과 서명, 접수증, 집계한 표의 목록과 수, 득표순으로 뽑는 규칙에서 합계에 따른 선정
  확인할 수 없는 것    합계가 투표지와 같은지, 균등분배·프라그멘 규칙의 선정 결과
투표지 전체의 해시는 게시판에 있고, 감사 담당은 투표지가 든 묶음 전체를 확인합니다.

A bundle without single ballots
-------------------------------
Ballots are few, or many are unlike any other, and could give their voters away: only totals per project are published.
  You can check      board and signatures, receipts, list and number of counted ballots, and, for rules that go by
                     totals, that the winners follow from them
  You cannot check   that the totals follow from the ballots, and the winners of Equal Shares and Phragmén
The digest of all ballots stands on the board, and auditors check the whole bundle.
"""


@dataclass(frozen=True, slots=True)
class Bundle:
    """What `load` gives back. `files` holds every file's bytes, the manifest's included; `opened` is None if pooled."""

    notice: Notice
    board: tuple[boards.Entry, ...]
    heads: tuple[boards.Head, ...]
    counted: tuple[tuple[str, bytes], ...]
    opened: counting.Opened | None
    participants: int
    result: dict[str, Any]
    extra: dict[str, bytes]
    files: dict[str, bytes]


def build(  # noqa: PLR0913 — the parts of a bundle, each by its name
    *,
    notice: Notice,
    board: Sequence[boards.Entry],
    heads: Sequence[boards.Head],
    counted: Sequence[tuple[str, bytes]],
    opened: counting.Opened,
    participants: int,
    result: Mapping[str, Any],
    recount: Mapping[str, bytes],
    board_key: bytes,
    extra: Mapping[str, bytes] | None = None,
    pooled: bool = False,
) -> bytes:
    """The zip's bytes.

    `counted`: (tracker, sealed). `result`: of `contests.result_document`. `recount`: the files of
    `civicvote/standalone`. `board_key`: the board's 32 secret bytes, to sign the manifest. `extra`: file name → bytes.
    `pooled` leaves the single ballots out, if the board says that they are withheld. ConflictError when the parts
    contradict each other, so that nothing is published that the verifier would refuse; the rules are not run again here.
    """
    check_notice(notice)
    counting.check_counted(notice, counted)
    _check_parts(notice, board, heads, counted, opened, participants, result)
    if pooled and not withheld(board):
        raise ConflictError(msg("묶음의 내용이 서로 맞지 않습니다: %(name)s", name="plaintexts"))
    files = {
        "notice.json": canonical(notice),
        "board.jsonl": b"".join(entry.line() + b"\n" for entry in board),
        "heads.json": canonical([head.document() for head in heads]),
        "counted.json": counting.counted_data(counted),
        **({} if pooled else {PLAINTEXTS: opened.data()}),
        "participants.json": canonical({"participants": participants}),
        "result.json": canonical(result),
        "README.txt": (README + POOLED if pooled else README).encode(),
        **recount,
    }
    for name, data in (extra or {}).items():
        if not _EXTRA.fullmatch(name) or name in files or name == MANIFEST:
            raise InvalidError(msg("묶음에 넣을 수 없는 파일 이름입니다: %(name)s", name=name))
        files[name] = data
    return _zip({**files, MANIFEST: manifest(files, notice["vote"], board_key)})


def manifest(files: Mapping[str, bytes], vote: str, board_key: bytes) -> bytes:
    """manifest.json of `files`, signed."""
    body = {"format": FORMAT, "vote": vote, "files": {n: hashlib.sha256(files[n]).hexdigest() for n in sorted(files)}}
    signature = ed25519_sign(board_key, b"cv-manifest|" + canonical(body))
    return canonical({**body, "signature": b64(signature)})


def load(data: bytes) -> Bundle:
    """Read a bundle; InvalidError when it is damaged.

    Checks the zip, the manifest with its signature, the chain and the formats. That the result follows from the
    ballots is `recount.py`'s to show.
    """
    files = _unzip(data)
    notice: Notice = _json(files, "notice.json")
    check_notice(notice)
    _check_manifest(files, notice)
    try:
        entries = tuple(_entry(line) for line in files["board.jsonl"].splitlines())
        heads = tuple(boards.Head.from_document(one) for one in _json(files, "heads.json"))
        counted = tuple((row["tracker"], unb64(row["sealed"])) for row in _json(files, "counted.json"))
        participants = int(_json(files, "participants.json")["participants"])
        opened = None
        if PLAINTEXTS in files or not withheld(entries):
            opened = counting.read_opened(_json(files, PLAINTEXTS), notice, (one for one, _ in counted))
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidError(msg("묶음 파일의 내용이 올바르지 않습니다.")) from error
    result = _json(files, "result.json")
    _check_parts(notice, entries, heads, counted, opened, participants, result)
    extra = {name: body for name, body in files.items() if name not in {*OWN_FILES, MANIFEST}}
    return Bundle(notice, entries, heads, counted, opened, participants, result, extra, files)


def withheld(board: Sequence[boards.Entry]) -> bool:
    """Whether the board says that single ballots are not published."""
    return any(entry.kind == "plaintexts" and entry.item.get("withheld") is True for entry in board)


def _check_parts(  # noqa: PLR0917 — see build
    notice: Notice,
    board: Sequence[boards.Entry],
    heads: Sequence[boards.Head],
    counted: Sequence[tuple[str, bytes]],
    opened: counting.Opened | None,
    participants: int,
    result: Mapping[str, Any],
) -> None:
    vote, public = notice["vote"], unhex(notice["keys"]["board"], 32)
    rows = _by_kind(board)
    voided = {entry.item["tracker"] for entry in rows["void"] if entry.item["tracker"] is not None}
    paper = set(boards.desk_trackers(_items(rows["desk"])))
    cast = {entry.item for entry in rows["ballot"]} | paper
    counted_item = {
        "digest": counting.counted_digest(counted),
        "count": len(counted),
        "participants": participants,
    }
    last, shown = board[-1].hash.hex() if board else "", not withheld(board)
    checks: tuple[tuple[str, Callable[[], bool]], ...] = (
        ("board", lambda: boards.first_fault(vote, board) is None),
        ("notice", lambda: _items(rows["notice"]) == [{"digest": notice_digest(notice)}]),
        ("heads", lambda: all(boards.verify_head(public, head) for head in heads)),
        ("heads", lambda: bool(heads) and heads[-1].hash == last),
        ("counted", lambda: {one for one, _ in counted} <= cast - voided),
        ("counted", lambda: _items(rows["counted"]) == [counted_item]),
        ("participants", lambda: boards.balance(participants, [one for one, _ in counted], paper, voided)),
        ("plaintexts", lambda: opened is None or (opened.vote == vote and opened.total == len(counted))),
        ("plaintexts", lambda: opened is None or _items(rows["plaintexts"]) == [counting.posted(opened, shown)]),
        ("result", lambda: _items(rows["result"]) == [{"digest": counting.result_digest(result)}]),
    )
    for name, holds in checks:
        if not holds():
            raise ConflictError(msg("묶음의 내용이 서로 맞지 않습니다: %(name)s", name=name))


def _by_kind(board: Sequence[boards.Entry]) -> dict[str, list[boards.Entry]]:
    rows: dict[str, list[boards.Entry]] = {kind: [] for kind in boards.KINDS}
    for entry in board:
        rows[entry.kind].append(entry)
    return rows


def _items(entries: Sequence[boards.Entry]) -> list[Any]:
    return [entry.item for entry in entries]


def _check_manifest(files: Mapping[str, bytes], notice: Notice) -> None:
    body = _json(files, MANIFEST)
    try:
        signature = unb64(body.pop("signature"))
        hashes = {name: hashlib.sha256(data).hexdigest() for name, data in files.items() if name != MANIFEST}
        message = b"cv-manifest|" + canonical(body)
        spelled = canonical({**body, "signature": b64(signature)}) == files[MANIFEST]
        good = spelled and body == {"format": FORMAT, "vote": notice["vote"], "files": hashes}
    except (AttributeError, KeyError, TypeError) as error:
        raise InvalidError(msg("묶음의 목록이 올바르지 않습니다.")) from error
    if not good or not ed25519_verify(unhex(notice["keys"]["board"], 32), signature, message):
        raise InvalidError(msg("묶음의 파일이 목록의 해시나 서명과 다릅니다."))


def _entry(line: bytes) -> boards.Entry:
    row = json.loads(line)
    if row.keys() != {"seq", "kind", "item", "prev", "hash"} or canonical(row) != line:
        raise InvalidError(msg("게시판 기록의 형식이 올바르지 않습니다."))
    if row["kind"] not in boards.KINDS:
        raise InvalidError(msg("게시판에 올릴 수 없는 항목입니다: %(kind)s", kind=row["kind"]))
    return boards.Entry(row["seq"], row["kind"], row["item"], unhex(row["prev"], 32), unhex(row["hash"], 32))


def _json(files: Mapping[str, bytes], name: str) -> Any:
    try:
        return json.loads(files[name])
    except (KeyError, ValueError, RecursionError) as error:
        raise InvalidError(msg("묶음에서 %(name)s 파일을 읽을 수 없습니다.", name=name)) from error


def _zip(files: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, files[name], compresslevel=LEVEL)
    return out.getvalue()


def _unzip(data: bytes) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
            if len(set(names)) != len(names) or not {*OWN_FILES, MANIFEST} - {PLAINTEXTS} <= set(names):
                raise InvalidError(msg("묶음에 빠지거나 겹치는 파일이 있습니다."))
            return {name: archive.read(name) for name in names}
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise InvalidError(msg("묶음 파일(zip)이 손상되었습니다.")) from error
