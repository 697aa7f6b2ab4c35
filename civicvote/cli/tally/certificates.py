"""Certificates on disk."""

import json
from collections.abc import Sequence
from pathlib import Path

from civicvote.cli.elections import read_bytes
from civicvote.domain.errors import InvalidError
from civicvote.domain.messages import msg
from civicvote.domain.tally import Election, Outcome
from civicvote.domain.tally.certificate import certificate, verify


def certified(path: Path, counts: Sequence[tuple[Election, Outcome]]) -> None:
    """Write the certificate of the one count there is. Raises `InvalidError` for several, `OSError`."""
    if len(counts) != 1:
        raise InvalidError(msg("증명서는 파일 하나, 규칙 하나의 집계로 만듭니다."))
    body = json.dumps(certificate(*counts[0]), ensure_ascii=False, indent=1)
    path.write_text(body + "\n", "utf-8")


def verified(path: Path, contest: Election) -> None:
    """Check a certificate against ballots. Raises `InvalidError` with what is wrong."""
    try:
        body = json.loads(read_bytes(path).decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise InvalidError(msg("JSON으로 읽을 수 없습니다.")) from None
    if not isinstance(body, dict):
        raise InvalidError(msg("JSON으로 읽을 수 없습니다."))
    verify(contest, body)
