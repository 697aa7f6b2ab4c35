"""One way to write a value as bytes, so that hashes and signatures mean the same on every machine."""

import base64
import binascii
import hashlib
import json
import re
from json.encoder import encode_basestring
from typing import Any

from civicvote.domain.errors import InvalidError
from civicvote.domain.messages import msg

_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode
_VOTE = re.compile(r"[A-Za-z0-9._:-]{1,64}")


def canonical(value: Any) -> bytes:
    """`value` as JSON in UTF-8: keys sorted, no blanks, nothing escaped that need not be.

    Takes str, int, bool, None, lists, tuples and dicts with str keys. Floats are refused (two machines may write
    them differently), as are lone surrogates: InvalidError.
    """
    _refuse_floats(value)
    try:
        return _encode(value).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidError(msg("표준 형식(JSON)으로 적을 수 없는 값입니다.")) from error


def quoted(text: str) -> str:
    """A string as `canonical` writes it: for documents of a million pieces, written piece by piece (`written`)."""
    return encode_basestring(text)


def written(text: str) -> bytes:
    """Bytes of a document put together from `quoted` strings; InvalidError for what `canonical` refuses too."""
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise InvalidError(msg("표준 형식(JSON)으로 적을 수 없는 값입니다.")) from error


def digest(kind: str, value: Any) -> str:
    """SHA-256 of `"cv-" kind "|" canonical(value)` in hexadecimal."""
    return digest_bytes(kind, canonical(value))


def digest_bytes(kind: str, data: bytes) -> str:
    """`digest` of a document that is already in canonical bytes."""
    return hashlib.sha256(f"cv-{kind}|".encode() + data).hexdigest()


def b64(data: bytes) -> str:
    """Standard base64 with padding."""
    return base64.b64encode(data).decode()


def unb64(text: str) -> bytes:
    """The inverse of `b64`; anything but its exact output is an InvalidError."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError, TypeError) as error:
        raise InvalidError(msg("base64 형식이 아닙니다.")) from error
    if b64(data) != text:
        raise InvalidError(msg("base64 형식이 아닙니다."))
    return data


def unhex(text: str, size: int) -> bytes:
    """`size` bytes from lower-case hexadecimal; else InvalidError."""
    if not isinstance(text, str) or not re.fullmatch(rf"[0-9a-f]{{{2 * size}}}", text):
        raise InvalidError(msg("16진수 %(size)s바이트가 아닙니다.", size=size))
    return bytes.fromhex(text)


def vote_label(vote: str) -> bytes:
    """The id of a vote as it enters formulas: 1 to 64 ASCII letters, digits, `. _ : -`, so never a separator."""
    if not _VOTE.fullmatch(vote):
        raise InvalidError(msg("투표 번호는 영문자, 숫자, 점, 밑줄, 쌍점, 붙임표 1~64자여야 합니다."))
    return vote.encode()


def _refuse_floats(value: Any) -> None:
    if isinstance(value, float):
        raise InvalidError(msg("표준 형식(JSON)으로 적을 수 없는 값입니다."))
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            raise InvalidError(msg("표준 형식(JSON)으로 적을 수 없는 값입니다."))
        value = value.values()
    elif not isinstance(value, list | tuple):
        return
    for part in value:
        if not isinstance(part, str | int):
            _refuse_floats(part)
