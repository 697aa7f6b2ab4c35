"""A bundle's files, taken out and put back as somebody would who holds the board's key."""

import io
import zipfile

from civicvote.domain.ballots import bundle
from tests.domain.ballot_factory import BOARD_KEY, VOTE


def unpacked(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(files: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def resigned(files: dict[str, bytes]) -> bytes:
    """As somebody who holds the board's key would publish changed files."""
    rest = {name: data for name, data in files.items() if name != bundle.MANIFEST}
    return packed({**rest, bundle.MANIFEST: bundle.manifest(rest, VOTE, BOARD_KEY.secret)})
