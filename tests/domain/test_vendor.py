"""Vendored files are the ones that were packed, nothing else lies beside them, and a first view stays small."""

import gzip
import hashlib
import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
STATIC = ROOT / "static"
VENDOR = STATIC / "vendor"
MANIFEST = json.loads((VENDOR / "VENDOR.json").read_text("utf-8"))
FILES = {target: digest for package in MANIFEST for target, digest in package["files"].items()}
OWN = (STATIC / "css" / "civicvote.css").read_text("utf-8")
KRDS = (VENDOR / "krds" / "krds.css").read_text("utf-8")
BASE = (ROOT / "templates" / "base.html").read_text("utf-8")
#: Written by us: the script that fetches, its manifest, and licences that packages leave out.
OURS = {"static/vendor/vendor.py", "static/vendor/VENDOR.json", "static/vendor/krds/fonts/OFL.txt"}
FIRST_VIEW = 60 * 1024


def test_every_vendored_file_is_the_one_that_was_packed() -> None:
    changed = [
        target for target, digest in FILES.items() if hashlib.sha256((ROOT / target).read_bytes()).hexdigest() != digest
    ]
    assert changed == []


def test_nothing_lies_in_the_vendor_folder_unlisted() -> None:
    found = {
        path.relative_to(ROOT).as_posix()
        for path in VENDOR.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert found - OURS == {target for target in FILES if target.startswith("static/")}


def test_the_manifest_says_what_a_reader_needs() -> None:
    for package in MANIFEST:
        assert package["name"]
        assert re.fullmatch(r"\d+\.\d+\.\d+", package["version"])
        assert package["licence"]
        assert package["integrity"].startswith("sha512-")


def test_no_registry_stands_in_a_file() -> None:
    for path in (VENDOR / "vendor.py", VENDOR / "VENDOR.json"):
        assert not re.search(r"https?://|registry", path.read_text("utf-8").replace("Bring third-party", ""))


@pytest.mark.parametrize("sheet", [OWN, KRDS], ids=["civicvote.css", "krds.css"])
def test_style_sheets_ask_no_other_host_and_run_nothing(sheet: str) -> None:
    assert not re.search(r"https?://|//[a-z]|@import|expression\(", sheet.replace("http://www.w3.org", ""))


def test_addresses_in_our_style_sheet_lead_to_files() -> None:
    addresses = re.findall(r'url\("([^"]+)"\)', OWN)
    assert addresses
    assert [address for address in addresses if not (STATIC / "css" / address).resolve().is_file()] == []


def test_every_token_our_style_sheet_reads_is_vendored() -> None:
    read = set(re.findall(r"var\(\s*(--krds-[\w-]+)", OWN))
    assert read - set(re.findall(r"(--krds-[\w-]+)\s*:", KRDS)) == set(), "run static/vendor/vendor.py"


def test_every_token_krds_reads_is_there_too() -> None:
    read = set(re.findall(r"var\(\s*(--krds-[\w-]+)\s*\)", KRDS))
    assert read - set(re.findall(r"(--krds-[\w-]+)\s*:", KRDS)) == set()


def test_a_first_view_is_small() -> None:
    names = [name for name in re.findall(r"static_url\('([^']+)'\)", BASE) if name.endswith((".css", ".js"))]
    assert len(names) >= 5
    total = sum(len(gzip.compress((STATIC / name).read_bytes(), 9, mtime=0)) for name in names)
    assert total <= FIRST_VIEW, f"{total} bytes of CSS and JS, gzipped"


def test_files_the_frame_names_exist() -> None:
    names = re.findall(r"static_url\('([^']+)'\)", BASE)
    assert [name for name in names if not (STATIC / name).is_file()] == []


def test_the_page_script_writes_no_html_and_runs_no_text() -> None:
    script = (STATIC / "js" / "civicvote.js").read_text("utf-8")
    sinks = (
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|createContextualFragment|srcdoc"
    )
    assert not re.search(sinks, script)


def _templates() -> list[Path]:
    return sorted((ROOT / "templates").rglob("*.html"))


def test_templates_carry_nothing_the_policy_refuses() -> None:
    refused = re.compile(r"""\sstyle\s*=\s*["']|\son[a-z]+\s*=\s*["']|javascript:|<style\b|\bhx-on\b""", re.IGNORECASE)
    bad = [path.name for path in _templates() if refused.search(path.read_text("utf-8"))]
    assert bad == []


def test_every_script_and_htmx_element_carries_the_nonce() -> None:
    asks = re.compile(r"\s(?:data-)?hx-(?:get|post|put|patch|delete|boost)[\s=]")
    for path in _templates():
        text = re.sub(r"\{#.*?#\}", "", path.read_text("utf-8"), flags=re.DOTALL)
        for tag in re.findall(r"<(?:[^<>{}]|\{\{.*?\}\}|\{%.*?%\})+>", text, flags=re.DOTALL):
            if asks.search(tag):
                assert "hx-nonce" in tag, f"{path.name}: {tag}"
            if tag.startswith("<script"):
                assert 'nonce="{{ csp_nonce() }}"' in tag, f"{path.name}: {tag}"
