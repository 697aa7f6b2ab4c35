"""Tables as files that no spreadsheet takes for formulas."""

import csv
import io
from collections.abc import Iterable, Sequence

#: What begins a formula, full-width forms included.
_LIVE = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%", "＝", "＋", "－", "＠", "−", "﹢", "﹣", "﹦", "﹫")
#: What a program may pass over before it, besides blanks: marks without width, quotes.
_UNSEEN = "\x00\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\ufeff\"'"


def safe_cell(value: object) -> str:
    """Text with an apostrophe before what a spreadsheet would run; numbers stay numbers."""
    text = str(value)
    if isinstance(value, int | float):
        return text
    bare = text
    while bare != (bare := bare.lstrip().lstrip(_UNSEEN)):
        pass
    return f"'{text}" if text.startswith(_LIVE) or bare.startswith(_LIVE) else text


def plain_cell(text: str) -> str:
    """What `safe_cell` was given."""
    return text[1:] if text.startswith("'") and safe_cell(text[1:]) == text else text


def csv_bytes(header: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """UTF-8 with BOM, so that Excel reads Korean."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([safe_cell(cell) for cell in header])
    writer.writerows([safe_cell(cell) for cell in row] for row in rows)
    return b"\xef\xbb\xbf" + out.getvalue().encode()
