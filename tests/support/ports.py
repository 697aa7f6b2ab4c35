"""Ports for servers that run as processes of their own and bind only after a while."""

import os
import socket
from pathlib import Path

_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
_LOWEST = 10_000
_given: set[int] = set()


def free_port() -> int:
    """One below those the system lends to whoever asks for any: nobody else takes it before the server does."""
    highest = int(_RANGE.read_text().split()[0]) if _RANGE.exists() else 32_768
    wide = highest - _LOWEST
    for step in range(wide):
        port = _LOWEST + (os.getpid() * 101 + step) % wide  # parallel workers begin at different places
        if port in _given:
            continue
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        _given.add(port)
        return port
    raise AssertionError
