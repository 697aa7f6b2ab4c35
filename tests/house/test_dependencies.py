"""Every dependency has a reason, a use, and a lock."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
TEXT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
PROJECT = tomllib.loads(TEXT)["project"]
RUNTIME: list[str] = PROJECT["dependencies"]
DEV: list[str] = PROJECT["optional-dependencies"]["dev"]

#: Packages whose module is called otherwise.
MODULES = {
    "argon2-cffi": "argon2",
    "markdown-it-py": "markdown_it",
    "pillow": "PIL",
}
#: Used without being imported by us.
UNIMPORTED = {
    "psycopg[binary]": "SQLAlchemy loads it by the database's address",
    "gunicorn": "the server process",
    "tzdata": "zoneinfo reads it",
    "flit_core": "builds the package",
}


def _name(requirement: str) -> str:
    return re.split(r"[<>=!~; ]", requirement, maxsplit=1)[0]


def _imported() -> set[str]:
    found: set[str] = set()
    for path in (ROOT / "civicvote").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                found.add((node.module or "").split(".")[0])
    return found


@pytest.mark.parametrize("requirement", RUNTIME + DEV)
def test_a_dependency_stands_with_its_reason(requirement: str) -> None:
    line = next(line for line in TEXT.splitlines() if line.startswith(f'  "{requirement}"'))
    assert re.search(r'",\s+# \S', line), line


def test_every_dependency_is_used() -> None:
    imported = _imported()
    names = {_name(requirement) for requirement in RUNTIME}
    assert set(UNIMPORTED) <= names
    assert {n for n in names - set(UNIMPORTED) if MODULES.get(n, n.replace("-", "_")) not in imported} == set()


@pytest.mark.parametrize(("lock", "wanted"), [("runtime", RUNTIME), ("dev", RUNTIME + DEV)])
def test_the_locks_hold_every_dependency_with_hashes(lock: str, wanted: list[str]) -> None:
    text = (ROOT / "requirements" / f"{lock}.txt").read_text(encoding="utf-8")
    locked = dict(re.findall(r"^([a-z0-9.-]+)(?:\[[a-z]+\])?==(\S+)", text, re.MULTILINE))
    assert {_name(r).split("[")[0].replace("_", "-").lower() for r in wanted} <= set(locked)
    for block in re.split(r"\n(?=[a-z0-9])", text)[1:]:
        assert "--hash=sha256:" in block, block[:60]


def test_both_locks_name_the_same_versions() -> None:
    versions = [
        dict(
            re.findall(
                r"^([a-z0-9.-]+)(?:\[[a-z]+\])?==([^\s;]+)", (ROOT / "requirements" / name).read_text(), re.MULTILINE
            )
        )
        for name in ("runtime.txt", "dev.txt")
    ]
    assert {name: version for name, version in versions[0].items() if versions[1].get(name) != version} == {}
