"""How to read a bundle: what a file may look like, in how much memory, and who signed it. Part of recount.py.

Whoever made the bundle may be hostile: whatever has another form than the platform writes
is refused by name. A vote of ten million ballots stays within all limits.
"""

import hashlib
import json
import re
import sys
import zipfile
from base64 import b64decode, b64encode
from collections.abc import Iterator
from functools import lru_cache
from io import TextIOWrapper
from pathlib import Path
from typing import Any, NoReturn

WHOLE = 2**26  # bytes of a file that is read at once, and of a line of the board
PIECE = 2**20  # characters of one ballot, counted row or signature
TOTAL = 2**36  # bytes of all files together: ten million ballots have some 10**10
DENSE = 100  # a file above WHOLE is at most so many times larger than its packed form
NAME = re.compile("[A-Za-z0-9가-힣][A-Za-z0-9가-힣._-]{0,99}")
TELL = """투표 공고에 적힌 이의 신청 기간 안에, 파일과 이 화면을 남겨 감사 담당에게 알려 주십시오.
keep the files and this text, and tell the auditors within the days of objection that the notice of the vote names."""


def clean(text: Any) -> str:
    """`text` without characters that could change what a terminal shows, and not endless."""
    return "".join(one if one.isprintable() else "?" for one in str(text)[:300])


def need(holds: Any, text: str) -> None:
    """End with `text` at the first thing that does not hold."""
    if not holds:
        again = "다시 내려받아 검증해도 틀리면, If it fails again after another download:"
        sys.exit(f"틀림 NO  {clean(text)}\n\n{again}\n{TELL}")


def stop(text: str) -> NoReturn:
    """End because nothing could be checked: that says nothing about the vote."""
    print(f"확인하지 못했습니다 COULD NOT BE CHECKED  {clean(text)}", file=sys.stderr)
    sys.exit(2)


def sha(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


# ---- JSON: one value has one spelling, so that nobody reads the same file in two ways ----
def refuse(text: str) -> Any:
    raise ValueError(f"number {text[:20]}")


def whole(text: str) -> int:
    return int(text) if len(text) < 20 else refuse(text)


JSON = json.JSONDecoder(parse_int=whole, parse_float=refuse, parse_constant=refuse)
canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode


def read(text: str, name: str) -> Any:
    """The value of a JSON text in its canonical spelling."""
    try:
        value = JSON.decode(text)
        good = canonical(value) == text
    except (ValueError, RecursionError):
        good = False
    need(good, f"{name}: 표준 형식이 아닙니다 · not canonical JSON")
    return value


def shape(value: Any, **kinds: type) -> bool:
    """Whether `value` is an object with exactly these fields of these types (True is no int)."""
    return type(value) is dict and {name: type(one) for name, one in value.items()} == kinds


def unb64(text: str) -> bytes:
    data = b64decode(text, validate=True)
    need(b64encode(data).decode() == text, f"base64: {text}")
    return data


# ---- the zip ----
class Files:
    """The files of a bundle. `reading`: the one opened last. `used`: those read. `tail`: what followed the list that `each` read last."""

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            stop(f"{path}: 파일이 없습니다 · no such file")
        with path.open("rb") as file:  # the directory of the zip stands at its end, and is read at once
            file.seek(max(0, file.seek(0, 2) - 98))
            end = file.read().rjust(98, b"\0")
        sizes = [end[88:92], end[40:48] if end[56:60] == b"PK\6\7" else b""]
        if end[76:80] != b"PK\5\6" or any(int.from_bytes(size, "little") > PIECE for size in sizes):
            stop(f"{path}: 검증 묶음(zip)이 아니거나 덜 받은 파일입니다 · not a bundle (zip), or only a part of it")
        self.zip, self.tail, self.reading, self.used = zipfile.ZipFile(path), "", path.name, set[str]()
        found = self.zip.infolist()
        self.names = [one.orig_filename for one in found]
        need(len(set(self.names)) == len(found), "한 이름의 파일이 둘입니다 · a file stands twice")
        for one in found:
            good = NAME.fullmatch(one.orig_filename) and not one.flag_bits & 1 and one.compress_type in {0, 8}
            need(good, f"{one.orig_filename}: 묶음에 둘 수 없는 파일입니다 · a file that a bundle may not hold")
            need(one.file_size <= max(WHOLE, DENSE * one.compress_size), f"{one.filename}: 압축 폭탄 · a zip bomb")
        need(sum(one.file_size for one in found) <= TOTAL, "묶음이 너무 큽니다 · the bundle is too large")

    def open(self, name: str, *, use: bool = True) -> Any:
        self.reading = name
        self.used.update([name] if use else [])
        need(name in self.names, f"{name}: 묶음에 없습니다 · missing")
        return self.zip.open(name)

    def document(self, name: str) -> Any:
        """A JSON file that is read at once."""
        with self.open(name) as file:
            data = file.read(WHOLE + 1)
        need(len(data) <= WHOLE, f"{name}: 너무 큽니다 · too large")
        return read(data.decode(), name)

    def hashes(self, name: str) -> tuple[str, str]:
        """SHA-256 of the file for the manifest, and as the board posts it."""
        first, second = hashlib.sha256(), hashlib.sha256(f"cv-{Path(name).stem}|".encode())
        with self.open(name, use=False) as file:
            for data in iter(lambda: file.read(PIECE), b""):
                first.update(data)
                second.update(data)
        return first.hexdigest(), second.hexdigest()

    def lines(self, name: str) -> Iterator[str]:
        with self.open(name) as file:
            for line in iter(lambda: file.readline(WHOLE), b""):
                need(line.endswith(b"\n"), f"{name}: 줄이 끝나지 않습니다 · a line without an end")
                yield line[:-1].decode()

    def each(self, name: str, start: str = "[") -> Iterator[Any]:
        """The values of the JSON list that follows `start`, one by one: so no list is too long for the memory."""
        with TextIOWrapper(self.open(name), "utf-8", newline="") as file:
            need(file.read(len(start)) == start, f"{name}: 표준 형식이 아닙니다 · not canonical JSON")
            text, at, comma = file.read(8 * PIECE), 0, ""
            while text[at : at + 1] != "]":
                good = text.startswith(comma, at)
                value, end = JSON.raw_decode(text, at + len(comma))
                good = good and canonical(value) == text[at + len(comma) : end]
                need(good, f"{name}: 표준 형식이 아닙니다 · not canonical JSON")
                yield value
                at, comma = end, ","
                if len(text) - at < PIECE:
                    text, at = text[at:] + file.read(8 * PIECE), 0
            self.tail = text[at:] + file.read(WHOLE)
            need(start != "[" or self.tail == "]", f"{name}: 목록 뒤에 무엇이 더 있습니다 · more follows the list")
            need(len(self.tail) < WHOLE, f"{name}: 너무 큽니다 · too large")


# ---- Ed25519 (RFC 8032), verification only; a point is (X, Y, Z, T) in extended coordinates ----
P, ORDER = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ZERO, BASE = (0, 1, 1, 0), b"\x58" + b"\x66" * 31


def add(p: Any, q: Any) -> Any:
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    return (b - a) * (d - c) % P, (d + c) * (b + a) % P, (d - c) * (d + c) % P, (b - a) * (b + a) % P


@lru_cache(maxsize=None)
def multiples(data: bytes, sign: int) -> Any:
    """`sign` (1 or -1) times the point with this encoding, times b·256^i, in row i and column b."""
    y, odd = int.from_bytes(data, "little") & (2**255 - 1), data[31] >> 7
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if x * x % P == square else x * pow(2, (P - 1) // 4, P) % P
    need(y < P and x * x % P == square, "공개키가 곡선 위의 점이 아닙니다 · a public key is not a point")
    x = (x if x & 1 == odd else P - x) * sign % P
    point, rows = (x, y, 1, x * y % P), []
    for _ in range(32):
        row = [ZERO]
        for _ in range(256):
            row.append(add(row[-1], point))
        point = row.pop()
        rows.append(row)
    return rows


def signed(public: bytes, signature: bytes, message: bytes) -> bool:
    """Whether `signature` over `message` is that of the holder of `public`."""
    k = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % ORDER
    if len(signature) != 64 or int.from_bytes(signature[32:], "little") >= ORDER:
        return False
    r = ZERO  # becomes s·base - k·key, which has to be the signature's first half
    for place, (a, b) in enumerate(zip(signature[32:], k.to_bytes(32, "little"))):
        r = add(add(r, multiples(BASE, 1)[place][a]), multiples(public, -1)[place][b])
    x, y = (part * pow(r[2], P - 2, P) % P for part in r[:2])
    return (y | (x & 1) << 255).to_bytes(32, "little") == signature[:32]
