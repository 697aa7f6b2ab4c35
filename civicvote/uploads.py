"""Where attached files lie: a folder outside the web root, random names, written whole or not at all."""

import os
import re
import secrets
import time
from collections.abc import Iterator
from pathlib import Path

#: Seconds after which a file without a row is somebody's transaction that failed.
ORPHAN = 86_400
_NAME = re.compile(r"^[0-9a-f]{48}$")
SMALL = ".small"


class Store:
    """The folder of attached files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def _path(self, name: str) -> Path:
        if not _NAME.match(name):
            raise ValueError(name)
        return self.folder / name[:2] / name

    def write(self, content: bytes, small: bytes | None) -> str:
        """Keep a file and, for a picture, its smaller copy; returns its name."""
        name = secrets.token_hex(24)
        path = self._path(name)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        for target, data in ((path, content), (path.with_suffix(SMALL), small)):
            if data is None:
                continue
            part = target.with_suffix(f".{os.getpid()}.part")
            with part.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            part.rename(target)
        return name

    def read(self, name: str, *, small: bool = False) -> bytes:
        """A stored file; FileNotFoundError where it has gone."""
        path = self._path(name)
        return (path.with_suffix(SMALL) if small else path).read_bytes()

    def forget(self, name: str) -> None:
        """Delete a file and its smaller copy."""
        path = self._path(name)
        path.unlink(missing_ok=True)
        path.with_suffix(SMALL).unlink(missing_ok=True)

    def old(self) -> Iterator[str]:
        """Names of files written more than a day ago, to be compared with the rows."""
        before = time.time() - ORPHAN
        for path in self.folder.glob("??/*"):
            if _NAME.match(path.name) and path.stat().st_mtime < before:
                yield path.name
