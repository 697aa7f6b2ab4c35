"""The house's rules that a machine can hold."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGE = ROOT / "civicvote"
MODULES = sorted(path for path in PACKAGE.rglob("*.py"))
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_a_module_stays_under_400_lines(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400


def _length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of the body, docstring left out."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_a_function_stays_under_40_lines(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    long = [f"{f.name}: {_length(f)}" for f in _functions(tree) if _length(f) > 40]
    assert long == []


def test_only_the_database_layer_jobs_and_commands_commit() -> None:
    """Tests, jobs and commands use `Database.transaction`; a request's commit is `db.finish`."""
    committing = {
        _name(path)
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "commit"
    }
    assert committing <= {"civicvote/db.py", "civicvote/jobs.py"}


def test_a_state_changes_only_in_move() -> None:
    changing = []
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            targets = (
                node.targets
                if isinstance(node, ast.Assign)
                else [node.target]
                if isinstance(node, ast.AugAssign)
                else []
            )
            changing += [_name(path) for t in targets if isinstance(t, ast.Attribute) and t.attr == "state"]
            named = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "values"
            if named and isinstance(node, ast.Call) and any(k.arg == "state" for k in node.keywords):
                changing.append(_name(path))
    assert changing == ["civicvote/services/workflow.py"]


VIEWS = [path for path in MODULES if path.is_relative_to(PACKAGE / "views")]


@pytest.mark.parametrize("path", VIEWS, ids=_name)
def test_a_view_holds_no_try_and_no_query(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.Try)]
    imported = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert not {name for name in imported if name.startswith("sqlalchemy")}


def test_only_markup_imports_bleach_and_only_render_imports_htmx() -> None:
    owners: dict[str, set[str]] = {"bleach": set(), "nh3": set(), "flask_htmx": set()}
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                if name.split(".")[0] in owners:
                    owners[name.split(".")[0]].add(_name(path))
    assert owners == {
        "bleach": {"civicvote/web/markup.py"},
        "nh3": {"civicvote/web/markup.py"},
        "flask_htmx": {"civicvote/web/render.py"},
    }


@pytest.mark.parametrize("path", TEMPLATES, ids=_name)
def test_a_template_has_no_inline_style_script_or_remote_host(path: Path) -> None:
    text = re.sub(r"\{#.*?#\}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert not re.search(r"""<[^>]*\sstyle\s*=""", text)
    assert not re.search(r"""<[^>]*\son[a-z]+\s*=\s*["']""", text)
    assert not re.search(r"<script(?![^>]*\ssrc=)", text)
    assert not re.search(r"""(?:src|href|action)=["'](?:https?:)?//""", text)


@pytest.mark.parametrize("path", TEMPLATES, ids=_name)
def test_an_htmx_element_carries_the_nonce(path: Path) -> None:
    """hx-csp drops hx-… attributes of elements without this response's nonce."""
    text = re.sub(r"\{#.*?#\}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    elements = re.findall(r"<[a-z]+\b[^<]*?\shx-(?:get|post|put|delete|patch)=[^<]*?>", text)
    assert not [element for element in elements if "hx-nonce" not in element]


def test_no_registry_address_stands_in_a_file() -> None:
    hosts = ("pypi" + ".org", "files.python" + "hosted", "registry.npm" + "js")
    for path in [
        *ROOT.glob("requirements/*"),
        ROOT / "pyproject.toml",
        ROOT / "Makefile",
        *ROOT.glob("static/vendor/*.json"),
    ]:
        if path.is_file():
            text = path.read_text(encoding="utf-8")
            assert not any(host in text for host in hosts), path
