"""Making files anew: pictures without their metadata, PDF documents without scripts. What can't be made anew is refused."""

import io
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from civicvote.domain.files import (
    BROKEN,
    MOST_PIXELS,
    MOST_PIXELS_JPEG,
    SIDE,
    SMALL_SIDE,
    FileKind,
    refused,
)
from civicvote.domain.messages import msg

if TYPE_CHECKING:
    from PIL.Image import Image

#: One picture at a time in a process: a decoded one takes a hundred megabytes.
_ONE = threading.Lock()
_TOO_LARGE = msg("사진이 너무 큽니다. 크기를 줄여 다시 올려 주십시오.")
#: What may make a reader act by itself.
#: Entries that act, and kinds of actions that run or send something, wherever they stand.
_ACTING = frozenset({"/AA", "/JS", "/XFA", "/OpenAction"})
_RUNNING = frozenset({"/JavaScript", "/Launch", "/SubmitForm", "/ImportData", "/Rendition", "/GoToR", "/GoToE"})
_OF_STREAMS = frozenset({"/Length", "/Filter", "/DecodeParms", "/Type", "/Subtype"})
_DEEPEST = 100
_NAMES = ("/JavaScript", "/EmbeddedFiles")


@dataclass(frozen=True, slots=True)
class Made:
    """A file as it is stored; `small` is a picture's smaller copy."""

    content: bytes
    small: bytes | None = None
    width: int | None = None
    height: int | None = None


def make(kind: FileKind, content: bytes) -> Made:
    """The file made anew; InvalidError for a broken or hostile one."""
    if kind.picture:
        with _ONE:
            return _picture(kind, content)
    if kind is FileKind.PDF:
        return Made(_pdf(content))
    return Made(content)


def _picture(kind: FileKind, content: bytes) -> Made:
    from PIL import Image, ImageOps

    try:
        with Image.open(io.BytesIO(content), formats=[kind.value.upper()]) as opened:
            limit = MOST_PIXELS_JPEG if kind is FileKind.JPEG else MOST_PIXELS
            if opened.width * opened.height > limit or min(opened.size) < 1:
                raise refused(_TOO_LARGE)
            opened.draft("RGB", (SIDE, SIDE))
            upright = ImageOps.exif_transpose(opened)
            mode = "RGBA" if "A" in upright.getbands() or "transparency" in upright.info else "RGB"
            plain = upright.convert(mode)
    except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError, MemoryError) as error:
        raise refused(BROKEN) from error
    large = _fitted(plain, SIDE)
    return Made(_webp(large), _webp(_fitted(plain, SMALL_SIDE)), large.width, large.height)


def _fitted(picture: "Image", side: int) -> "Image":
    from PIL.Image import Resampling

    copy = picture.copy()
    copy.thumbnail((side, side), Resampling.LANCZOS)
    return copy


def _webp(picture: "Image") -> bytes:
    out = io.BytesIO()
    picture.save(out, "WEBP", quality=82, method=4, exif=b"", icc_profile=b"", xmp=b"")
    return out.getvalue()


def _disarm(thing: Any, depth: int = 0) -> None:
    """Take away whatever acts by itself or runs: scripts hide in any object, such as a note's or a field's action.

    Indirect objects are visited by themselves; what is nested deeper than anything honest is emptied.
    """
    import pikepdf

    if isinstance(thing, pikepdf.Array):
        inner = list(thing)
    elif isinstance(thing, (pikepdf.Dictionary, pikepdf.Stream)):
        acts = str(thing.get("/S", "")) in _RUNNING or depth > _DEEPEST
        for key in [one for one in thing.keys() if one in _ACTING or (acts and one not in _OF_STREAMS)]:  # noqa: SIM118 — no mapping
            del thing[key]
        inner = [thing[one] for one in thing.keys()]  # noqa: SIM118
    else:
        return
    for one in inner:
        if isinstance(one, (pikepdf.Array, pikepdf.Dictionary)) and not one.is_indirect:
            _disarm(one, depth + 1)


def _pdf(content: bytes) -> bytes:
    import pikepdf

    try:
        with pikepdf.open(io.BytesIO(content)) as document:
            root: Any = document.Root
            if "/Names" in root:
                for name in _NAMES:
                    if name in root.Names:
                        del root.Names[name]
            for thing in document.objects:
                _disarm(thing)
            out = io.BytesIO()
            document.save(out)
    except (pikepdf.PdfError, OSError, ValueError, RuntimeError, TypeError, AttributeError) as error:
        raise refused(BROKEN) from error
    return out.getvalue()
