"""A picture with a title, 1200 × 630, for whoever shows a shared link. Drawn with Pillow, which is loaded when needed."""

import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Final

from civicvote.domain.text import normalise
from civicvote.settings import ROOT

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

WIDTH: Final = 1200
HEIGHT: Final = 630
#: Part of every cached copy's tag: another design is another picture.
DESIGN: Final = 1
_FONTS: Final = ROOT / "static" / "vendor" / "krds" / "fonts"
_MARGIN: Final = 80
_ROOM: Final = WIDTH - 2 * _MARGIN
#: Sizes of the title from large to small, with the lines each may take.
_SIZES: Final = ((76, 3), (64, 4), (52, 5))
_GROUND, _PAPER, _INK, _QUIET = "#0b50d0", "#ffffff", "#1e2124", "#464c53"
#: Faces for what ours doesn't hold (Hanja), where the machine has one.
_OTHERS: Final = (
    Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Bold.ttc"),
    Path("/usr/share/fonts/opentype/noto/NotoSerifCJK-Bold.ttc"),
    Path("/usr/share/fonts/truetype/nanum/NanumGothicBold.ttf"),
)


@dataclass(frozen=True, slots=True)
class Words:
    """What stands on the picture: the site, a line above the title, the title, a line below."""

    site: str
    head: str
    title: str
    foot: str


@lru_cache(maxsize=16)
def _font(name: str, size: int) -> "FreeTypeFont":
    from PIL import ImageFont

    return ImageFont.truetype(str(_FONTS / f"PretendardGOV-{name}.woff2"), size)


@lru_cache(maxsize=8)
def _other(size: int) -> "FreeTypeFont | None":
    from PIL import ImageFont

    found = next((path for path in _OTHERS if path.exists()), None)
    return ImageFont.truetype(str(found), size) if found else None


@lru_cache(maxsize=4096)
def _held(name: str, character: str) -> bool:
    """Whether our face has the character: what it lacks looks like a character that doesn't exist."""
    font = _font(name, 24)
    return bytes(font.getmask(character)) != bytes(font.getmask("\U0010ffff")) or character.isspace()


def _drawable(text: str) -> str:
    """Without emoji and what belongs to them: no face of ours has them, and boxes would say nothing."""
    plain = normalise(unicodedata.normalize("NFC", text))
    kept = (c for c in plain if unicodedata.category(c) not in {"So", "Sk", "Cs", "Co", "Cn", "Cf", "Mn", "Me"})
    return " ".join("".join(kept).split())


def _runs(text: str, name: str, size: int) -> list[tuple[str, "FreeTypeFont"]]:
    """Stretches of the text with the face each is drawn in."""
    own, other = _font(name, size), _other(size)
    runs: list[tuple[str, FreeTypeFont]] = []
    for character in text:
        font = own if other is None or _held(name, character) else other
        if runs and runs[-1][1] is font:
            runs[-1] = (runs[-1][0] + character, font)
        else:
            runs.append((character, font))
    return runs


def _length(text: str, name: str, size: int) -> float:
    return sum(font.getlength(part) for part, font in _runs(text, name, size))


def _wrapped(text: str, name: str, size: int) -> list[str]:
    """Lines that fit, broken at blanks; a word longer than a line is broken within."""
    lines = [""]
    for word in text.split():
        candidate = f"{lines[-1]} {word}".strip()
        if _length(candidate, name, size) <= _ROOM:
            lines[-1] = candidate
            continue
        if lines[-1]:
            lines.append("")
        for character in word:
            if lines[-1] and _length(lines[-1] + character, name, size) > _ROOM:
                lines.append("")
            lines[-1] += character
    return lines


def _fitted(text: str) -> tuple[list[str], int]:
    """The title's lines and size: as large as fits, in the smallest size cut with an ellipsis."""
    for size, most in _SIZES:
        lines = _wrapped(text, "Bold", size)
        if len(lines) <= most:
            return lines, size
    lines = lines[:most]
    while lines[-1] and _length(lines[-1] + "…", "Bold", size) > _ROOM:
        lines[-1] = lines[-1][:-1]
    lines[-1] = lines[-1].rstrip() + "…"
    return lines, size


@lru_cache(maxsize=64)
def draw(words: Words) -> bytes:
    """The picture as PNG."""
    from PIL import Image, ImageDraw

    image = Image.new("RGB", (WIDTH, HEIGHT), _PAPER)
    pen = ImageDraw.Draw(image)

    def write(text: str, place: tuple[float, float], style: tuple[str, int, str]) -> None:
        name, size, colour = style
        x, y = place
        for part, font in _runs(text, name, size):
            pen.text((x, y), part, font=font, fill=colour, anchor="ls")
            x += font.getlength(part)

    pen.rectangle((0, 0, WIDTH, 24), fill=_GROUND)
    write(_cut(_drawable(words.head), "Bold", 36), (_MARGIN, 122), ("Bold", 36, _GROUND))
    lines, size = _fitted(_drawable(words.title) or words.head)
    for number, line in enumerate(lines):
        write(line, (_MARGIN, 160 + size + number * size * 1.32), ("Bold", size, _INK))
    pen.line((_MARGIN, 520, WIDTH - _MARGIN, 520), fill="#cdd1d5", width=2)
    site = _cut(_drawable(words.site), "Bold", 34)
    write(site, (WIDTH - _MARGIN - _length(site, "Bold", 34), 574), ("Bold", 34, _GROUND))
    write(_cut(_drawable(words.foot), "Regular", 32, _ROOM / 2), (_MARGIN, 574), ("Regular", 32, _QUIET))
    out = BytesIO()
    image.quantize(64).save(out, "PNG", optimize=True)
    return out.getvalue()


def _cut(text: str, name: str, size: int, room: float = _ROOM / 2) -> str:
    """One line, at most `room` wide."""
    if _length(text, name, size) <= room:
        return text
    while text and _length(text + "…", name, size) > room:
        text = text[:-1]
    return text.rstrip() + "…"
