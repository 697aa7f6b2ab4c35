"""A virus scanner beside us, where the operator has one: clamd's INSTREAM. Without an answer nothing is kept."""

import socket
import struct

from civicvote.domain.errors import ConflictError
from civicvote.domain.files import refused
from civicvote.domain.messages import msg

TIMEOUT = 20.0
_PIECE = 64 * 1024


def _connect(address: str) -> socket.socket:
    if address.startswith("/"):
        opened = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        opened.settimeout(TIMEOUT)
        opened.connect(address)
        return opened
    host, _, port = address.rpartition(":")
    return socket.create_connection((host or "127.0.0.1", int(port)), TIMEOUT)


def _ask(address: str, content: bytes) -> bytes:
    with _connect(address) as clamd:
        clamd.sendall(b"zINSTREAM\0")
        for start in range(0, len(content), _PIECE):
            piece = content[start : start + _PIECE]
            clamd.sendall(struct.pack("!I", len(piece)) + piece)
        clamd.sendall(struct.pack("!I", 0))
        answer = b""
        while not answer.endswith(b"\0"):
            got = clamd.recv(4096)
            if not got:
                break
            answer += got
    return answer.rstrip(b"\0")


def scan(address: str, content: bytes) -> None:
    """Raise unless the scanner at `address` (a socket's path or host:port; empty: none) says the content is clean."""
    if not address:
        return
    try:
        answer = _ask(address, content)
    except (OSError, ValueError) as error:
        raise ConflictError(msg("지금은 파일을 검사할 수 없어 받지 못했습니다. 잠시 후 다시 올려 주십시오.")) from error
    if answer == b"stream: OK":
        return
    if answer.endswith(b"FOUND"):
        raise refused(msg("악성코드 검사를 통과하지 못한 파일입니다. 다른 파일을 올려 주십시오."))
    raise ConflictError(msg("지금은 파일을 검사할 수 없어 받지 못했습니다. 잠시 후 다시 올려 주십시오."))
