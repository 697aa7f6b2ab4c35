"""Real data beside the repository: read by tests, never shipped."""

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

_BESIDE = Path(__file__).resolve().parents[2] / "shared"
_GIVEN = os.environ.get("CIVICVOTE_TEST_SHARED")


def _find() -> Path | None:
    """`../shared`, or the directory named by CIVICVOTE_TEST_SHARED. In CI it must be there: nothing may go untested."""
    place = Path(_GIVEN) if _GIVEN else _BESIDE
    if (place / "data").is_dir():
        return place
    if os.environ.get("CI", "").lower() in {"1", "true"}:
        raise RuntimeError(f"{place}/data is missing; in CI the tests on real data must run")
    return None


SHARED = _find()
"""None on a machine without the data: then the tests on it are not defined at all."""


def pabulib_files() -> list[Path]:
    """The real elections, by name."""
    return sorted((SHARED / "data" / "pabulib").glob("*.pb")) if SHARED else []


@cache
def pabulib_expected() -> dict[str, Any]:
    """Winners by file and rule."""
    assert SHARED is not None
    loaded: dict[str, Any] = json.loads((SHARED / "data" / "pabulib" / "expected.json").read_text("utf-8"))
    return loaded
