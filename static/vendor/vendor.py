"""Bring third-party front-end files into the tree: `python static/vendor/vendor.py` (needs npm), `--check` re-hashes what is there.

Each package is packed at its pinned version by the developer's own npm client, its archive compared with the pinned
SHA-512, and only the files our pages use are kept. `VENDOR.json` lists them: name, version, licence, SHA-256 of each.
KRDS comes as 584 KB of rules for every component; `krds_css` keeps the components named in `CLASSES`, and of the
design tokens those that these rules and `static/css/civicvote.css` use. Run this again after using a new token there.
"""

import argparse
import base64
import hashlib
import json
import re
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
MANIFEST = HERE / "VENDOR.json"
OWN_CSS = ROOT / "static" / "css" / "civicvote.css"

#: A rule of KRDS is kept when every class in its selector is one of these (and there is at least one).
CLASSES = frozenset(
    {
        *("krds-btn", "primary", "secondary", "tertiary", "text", "small", "medium", "large", "disabled"),
        *("krds-badge", "krds-input", "krds-form-select", "is-error"),
    }
)

Files = Mapping[str, bytes]
Rule = tuple[str, str]  # selector or at-rule, body


@dataclass(frozen=True, slots=True)
class Package:
    """One npm package: pinned, with `take` mapping repository paths to paths or makers of content in the archive."""

    name: str
    version: str
    integrity: str
    licence: str
    take: Mapping[str, str | Callable[[Files], bytes]]


def rules(css: str) -> Iterator[Rule]:
    """Top-level rules of a stylesheet without comments; a nested at-rule's body is its text."""
    position = 0
    while (opening := css.find("{", position)) >= 0:
        head = css[position:opening].rsplit(";", 1)[-1]  # drops @charset and @import before it
        depth, end = 1, opening + 1
        while depth:
            depth += {"{": 1, "}": -1}.get(css[end], 0)
            end += 1
        yield " ".join(head.split()), css[opening + 1 : end - 1]
        position = end


def wanted(selector: str) -> bool:
    """Say whether a selector belongs to a kept component; modes are left out, see `dark`."""
    classes = set(re.findall(r"\.(-?[a-zA-Z_][\w-]*)", selector))
    return bool(classes) and classes <= CLASSES and "[data-" not in selector


def select(css: str) -> list[tuple[str, list[Rule]]]:
    """Kept rules as (media query or "", rules) in the order of the stylesheet, which the cascade needs."""
    kept: list[tuple[str, list[Rule]]] = []
    for head, body in rules(css):
        nested = head.startswith("@media")
        if head.startswith("@") and not nested:
            continue
        found = [
            (", ".join(chosen), inner)
            for selectors, inner in (rules(body) if nested else [(head, body)])
            if (chosen := [part.strip() for part in selectors.split(",") if wanted(part)])
        ]
        if found:
            kept.append((head if nested else "", found))
    return kept


def declarations(body: str) -> list[tuple[str, str]]:
    """Declarations of a rule as (property, value)."""
    pairs = (part.split(":", 1) for part in body.split(";") if ":" in part)
    return [(name.strip(), " ".join(value.split())) for name, value in pairs]


def used(text: str) -> set[str]:
    """Names of the custom properties a text reads."""
    return set(re.findall(r"var\(\s*(--[\w-]+)", text))


def closure(start: set[str], values: Mapping[str, str]) -> set[str]:
    """`start` and everything its values read in turn."""
    found, waiting = set[str](), set(start)
    while waiting:
        name = waiting.pop()
        found.add(name)
        waiting |= used(values.get(name, "")) - found
    return found


def without_comments(data: bytes) -> str:
    return re.sub(r"/\*.*?\*/", "", data.decode("utf-8-sig"), flags=re.DOTALL)


def dark(tokens: Mapping[str, str], names: set[str]) -> dict[str, str]:
    """For people who prefer dark: each used light token takes its high-contrast value.

    KRDS repeats every component for that mode; changing the tokens says the same in a twentieth of the size.
    """
    twins = {name: name.replace("--krds-light-color-", "--krds-high-contrast-color-") for name in names}
    return {name: f"var({twin})" for name, twin in sorted(twins.items()) if twin != name and twin in tokens}


def block(selector: str, pairs: list[tuple[str, str]]) -> str:
    return f"{selector}{{{';'.join(f'{name}:{value}' for name, value in pairs)}}}"


def krds_css(files: Files) -> bytes:
    """Tokens and component rules we use, as one stylesheet.

    Left out: the select's arrow as a file (`background-image`, drawn in civicvote.css for both schemes) and masks.
    """
    tokens = dict(
        pair
        for head, body in rules(without_comments(files["resources/css/token/krds_tokens.css"]))
        if head == ":root"
        for pair in declarations(body)
    )
    component = without_comments(files["resources/css/component/output.css"])
    groups = [
        (media, [(selector, declarations(body)) for selector, body in found]) for media, found in select(component)
    ]
    globals_ = {
        name: value
        for head, body in rules(component)
        if head == ":root"
        for name, value in declarations(body)
        if name.startswith("--") and name not in tokens
    }
    tokens = globals_ | tokens
    local: dict[str, str] = {}  # a component sets the same property for several variants: what any of them reads counts
    for name, value in (
        pair for _, found in groups for _, pairs in found for pair in pairs if pair[0].startswith("--")
    ):
        local[name] = f"{local.get(name, '')} {value}"
    read = {
        name
        for _, found in groups
        for _, pairs in found
        for prop, value in pairs
        if not prop.startswith("--")
        for name in used(value)
    }
    names = closure(read | used(OWN_CSS.read_text("utf-8")), tokens | local)
    at_night = dark(tokens, names)
    names = closure(names | used(" ".join(at_night.values())), tokens | local)

    def keep(prop: str, value: str) -> bool:
        if "url(" in value or "mask" in prop:
            return False
        return not prop.startswith("--") or prop in names

    out = [block(":root", [(name, tokens[name]) for name in tokens if name in names])]
    for media, found in groups:
        inner = [block(selector, kept) for selector, pairs in found if (kept := [p for p in pairs if keep(*p)])]
        if inner:
            out.append(f"{media}{{{''.join(inner)}}}" if media else "\n".join(inner))
    out.append(f"@media screen and (prefers-color-scheme: dark){{{block(':root', list(at_night.items()))}}}")
    notice = "/* KRDS 1.1.0 (krds-uiux), 공공누리 제1유형. Made by vendor.py: don't edit. */\n"
    return (notice + "\n".join(out) + "\n").encode()


FONTS = "static/vendor/krds/fonts/PretendardGOV"
PACKAGES = (
    Package(
        "krds-uiux",
        "1.1.0",
        "sha512-4cjL3cpnlTaDrkivVceDpWhHxUYgV2AhiRRbO74I8ZKlnM17BcutEjPOlMOz9RQGAmdEubTsSYoyKFhvD1/g+A==",
        "공공누리 제1유형(출처표시); PretendardGOV: OFL-1.1",
        {
            "static/vendor/krds/krds.css": krds_css,
            f"{FONTS}-Regular.woff2": "resources/fonts/PretendardGOV-Regular.subset.woff2",
            f"{FONTS}-Bold.woff2": "resources/fonts/PretendardGOV-Bold.subset.woff2",
        },
    ),
    Package(
        "htmx.org",
        "4.0.1",
        "sha512-oF7JgXhDW9UXCy/k1ZYFUQgzu/rm19ORWPSPNL91vPluB2PB9+MV55tyQdH/w7o2EAbTYUG5SDW1R60mdkdqGg==",
        "0BSD",
        {
            "static/vendor/htmx/htmx.min.js": "dist/htmx.min.js",
            "static/vendor/htmx/hx-csp.min.js": "dist/ext/hx-csp.min.js",
            "static/vendor/htmx/LICENSE": "LICENSE",
        },
    ),
    Package(
        "axe-core",
        "4.14.1",
        "sha512-FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ==",
        "MPL-2.0",
        {"tests/assets/axe.min.js": "axe.min.js", "tests/assets/axe.LICENSE": "LICENSE"},
    ),
)


def fetch(package: Package) -> Files:
    """Files of a package by their path in it; raises SystemExit when the archive isn't the pinned one."""
    with tempfile.TemporaryDirectory() as folder:
        wish = f"{package.name}@{package.version}"
        command = ["npm", "pack", wish, "--silent", "--pack-destination", folder]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        (archive,) = Path(folder).glob("*.tgz")
        digest = "sha512-" + base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
        if digest != package.integrity:
            raise SystemExit(f"{wish}: the archive is {digest}, pinned is {package.integrity}")
        files: dict[str, bytes] = {}
        with tarfile.open(archive) as tar:
            for member in tar:
                if member.isfile() and (handle := tar.extractfile(member)):
                    files[member.name.partition("/")[2]] = handle.read()
        return files


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def vendor() -> None:
    """Fetch everything, write the files and the manifest."""
    manifest = []
    for package in PACKAGES:
        files = fetch(package)
        for target, source in package.take.items():
            path = ROOT / target
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(source(files) if callable(source) else files[source])
        manifest.append(
            {
                "name": package.name,
                "version": package.version,
                "licence": package.licence,
                "integrity": package.integrity,
                "files": {target: sha256(ROOT / target) for target in sorted(package.take)},
            }
        )
    MANIFEST.write_text(json.dumps(manifest, ensure_ascii=False, indent=2) + "\n", "utf-8")


def check() -> list[str]:
    """What differs from the manifest, one line each; empty when all is well."""
    wrong = []
    for package in json.loads(MANIFEST.read_text("utf-8")):
        for target, digest in package["files"].items():
            path = ROOT / target
            if not path.is_file():
                wrong.append(f"{target}: missing")
            elif sha256(path) != digest:
                wrong.append(f"{target}: changed since {package['name']} {package['version']} was vendored")
    return wrong


def main() -> int:
    parser = argparse.ArgumentParser(description="Vendor front-end files.")
    parser.add_argument("--check", action="store_true", help="only compare the files with VENDOR.json")
    if not parser.parse_args().check:
        vendor()
    wrong = check()
    print("\n".join(wrong) or "VENDOR.json holds.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
