"""Static files under one versioned path, compressed once, cached for a year.

The version is a digest of the whole folder and stands in the path, so relative addresses inside style sheets and modules
lead to files of the same version and nothing has to be rewritten.
"""

import gzip
import hashlib
import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

from flask import Flask
from whitenoise import WhiteNoise

COMPRESSED = {".css", ".js", ".svg", ".json", ".txt", ".webmanifest"}
LEFT_OUT = {".py", ".pyc"}
#: Seconds an older version is kept: processes started before an update still serve it, and another may be building.
KEPT = 7 * 86_400


def _files(folder: Path) -> list[Path]:
    return sorted(
        p for p in folder.rglob("*") if p.is_file() and p.suffix not in LEFT_OUT and "__pycache__" not in p.parts
    )


def version(folder: Path) -> str:
    """Digest of every served file's path and content."""
    total = hashlib.sha256()
    for path in _files(folder):
        total.update(path.relative_to(folder).as_posix().encode() + b"\0")
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()[:12]


def build(source: Path, target: Path) -> None:
    """Copy `source` to `target` with a .gz beside what compresses. Two processes at once: the first to finish wins."""
    target.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(dir=target.parent))
    for path in _files(source):
        copy = work / path.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
        if path.suffix in COMPRESSED:
            copy.with_name(copy.name + ".gz").write_bytes(gzip.compress(path.read_bytes(), 9, mtime=0))
    work.chmod(0o755)
    try:
        work.rename(target)
    except OSError:
        shutil.rmtree(work)
        if not target.is_dir():
            raise
    for old in target.parent.iterdir():
        if old != target and old.is_dir() and old.stat().st_mtime < time.time() - KEPT:
            shutil.rmtree(old, ignore_errors=True)


def init_app(app: Flask, source: Path, built: Path) -> None:
    """Serve `source` by WhiteNoise, and give templates `static_url(name)`."""
    number = version(source)
    target = built / number
    if not target.is_dir():
        build(source, target)
    prefix = f"static/{number}/"
    names = frozenset(path.relative_to(target).as_posix() for path in _files(target))

    def harden(headers: Any, _path: str, _url: str) -> None:
        headers["X-Content-Type-Options"] = "nosniff"
        headers["Cross-Origin-Resource-Policy"] = "same-origin"
        headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; sandbox"

    noise = WhiteNoise(
        app.wsgi_app, max_age=31_536_000, add_headers_function=harden, immutable_file_test=lambda *_: True
    )
    noise.add_files(os.fspath(target), prefix=prefix)
    for name in ("favicon.ico", "apple-touch-icon.png"):
        if (target / "img" / name).is_file():
            noise.files[f"/{name}"] = noise.get_static_file(os.fspath(target / "img" / name), f"/{name}")
    app.wsgi_app = noise  # type: ignore[method-assign]  # the documented way to wrap an application

    def static_url(name: str) -> str:
        if name not in names:
            raise FileNotFoundError(name)
        return f"/{prefix}{name}"

    app.jinja_env.globals["static_url"] = static_url
