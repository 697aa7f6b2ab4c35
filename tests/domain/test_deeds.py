"""Whatever the audit log records has words."""

import ast
from pathlib import Path

from civicvote.domain import deeds
from civicvote.domain.lifecycles import WORKFLOWS

ROOT = Path(__file__).resolve().parents[2] / "civicvote"


def _texts(node: ast.expr) -> set[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return {node.value}
    if isinstance(node, ast.IfExp):
        return _texts(node.body) | _texts(node.orelse)
    return set()


def recorded() -> set[str]:
    found: set[str] = set()
    for file in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and len(node.args) > 2:
                name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                if name in {"record", "note"}:
                    found |= {text for text in _texts(node.args[2]) if ":" in text}
    return found


def test_every_recorded_deed_has_words() -> None:
    assert recorded() - set(deeds.DEEDS) == set()
    assert {f"{flow.name}:{move.name}" for flow in WORKFLOWS for move in flow.moves} <= set(deeds.DEEDS)


def test_what_is_unknown_is_shown_as_it_is() -> None:
    assert deeds.deed("a:b") == "a:b"
    assert deeds.subject("table") == "table"
