"""The English catalogue: `python -m tests.catalogue update` after changing texts, `check` in `make test`."""

import io
import sys
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
PO = ROOT / "civicvote" / "translations" / "en" / "LC_MESSAGES" / "messages.po"
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
KEYWORDS = {"_": None, "_l": None, "gettext": None, "lazy_gettext": None, "ngettext": (1, 2), "msg": None}
PYTHON = [("**.py", "python")]
HTML = [("**.html", "jinja2"), ("**.txt", "jinja2"), ("**.xml", "jinja2")]
OPTIONS = {"**.html": {"trimmed": "true", "silent": "false"}, "**.txt": {"trimmed": "false", "silent": "false"}}


def extracted() -> Catalog:
    """Every Korean sentence of the source, with the files it stands in."""
    found = Catalog(project="civicvote", charset="utf-8")
    for folder, methods in ((ROOT / "civicvote", PYTHON), (ROOT / "templates", HTML)):
        rows = extract_from_dir(str(folder), methods, OPTIONS, keywords=KEYWORDS)
        for name, _line, message, _comments, context in rows:
            if "demo/content" not in name:
                found.add(message, None, [(f"{folder.name}/{name}", 0)], context=context)
    return found


def stored() -> Catalog:
    """The catalogue as it is."""
    if not PO.is_file():
        return Catalog(locale="en", project="civicvote", charset="utf-8")
    with PO.open("rb") as file:
        return read_po(file, locale="en")


def text_of(catalogue: Catalog) -> bytes:
    """A catalogue as its file: sorted, without lines and dates that change by themselves."""
    out = io.BytesIO()
    write_po(out, catalogue, sort_output=True, omit_header=True, no_location=True, include_previous=False, width=0)
    header = b'msgid ""\nmsgstr ""\n"Language: en\\n"\n"MIME-Version: 1.0\\n"\n"Content-Type: text/plain; charset=utf-8\\n"\n'
    return (
        header
        + b'"Content-Transfer-Encoding: 8bit\\n"\n"Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n\n'
        + out.getvalue()
    )


def compiled(catalogue: Catalog) -> bytes:
    """What gettext reads. Its header tells no time, or the same texts would compile differently a minute later."""
    catalogue.creation_date = catalogue.revision_date = EPOCH
    out = io.BytesIO()
    write_mo(out, catalogue)
    return out.getvalue()


def _empty(string: str | tuple[str, ...] | list[str] | None) -> bool:
    return not string or (not isinstance(string, str) and not all(string))


def update() -> None:
    """Merge what the source says now, and compile."""
    merged = stored()
    merged.update(extracted(), no_fuzzy_matching=True)
    merged.obsolete.clear()
    PO.parent.mkdir(parents=True, exist_ok=True)
    PO.write_bytes(text_of(merged))
    PO.with_suffix(".mo").write_bytes(compiled(stored()))
    missing = [message.id for message in merged if message.id and _empty(message.string)]
    print(f"{len(merged)} messages, {len(missing)} without English")


def problems() -> list[str]:
    """What is wrong with the catalogue; empty when all is well."""
    now, kept = extracted(), stored()
    texts, known = {message.id for message in now if message.id}, {message.id for message in kept if message.id}
    found = [f"not in the catalogue: {text!r}" for text in sorted(texts - known, key=str)]
    found += [f"no longer in the source: {text!r}" for text in sorted(known - texts, key=str)]
    for message in kept:
        if not message.id:
            continue
        if _empty(message.string):
            found.append(f"without English: {message.id!r}")
        found += [f"{error}: {message.id!r}" for error in message.check()]
        if message.fuzzy:
            found.append(f"fuzzy: {message.id!r}")
    mo = PO.with_suffix(".mo")
    if not found and (not mo.is_file() or mo.read_bytes() != compiled(kept)):
        found.append("messages.mo is not compiled from messages.po: make translations")
    return found


def main() -> None:
    """Entry."""
    if sys.argv[1:] == ["update"]:
        update()
        return
    found = problems()
    print("\n".join(found[:40]) or "complete")
    if found:
        sys.exit(f"{len(found)} problems; run: make translations")


if __name__ == "__main__":
    main()
