"""Which files people may attach, told by their content, never by their name."""

import io
import zipfile
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from civicvote.domain.errors import InvalidError
from civicvote.domain.messages import msg

#: Bytes of one file, files of one thing, and pixels of one picture (a JPEG is read at a fraction of its size).
MOST_BYTES: Final = 10 * 1024 * 1024
MOST_FILES: Final = 5
MOST_PIXELS: Final = 24_000_000
MOST_PIXELS_JPEG: Final = 64_000_000
#: Longer side of a stored picture and of its small copy, in pixels.
SIDE: Final = 1600
SMALL_SIDE: Final = 480

_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_MOST_ENTRIES: Final = 5000
_OFFICE: Final = {"word/": "docx", "xl/": "xlsx", "ppt/": "pptx"}


class FileKind(StrEnum):
    """What a file turned out to be."""

    JPEG = "jpeg"
    PNG = "png"
    WEBP = "webp"
    GIF = "gif"
    PDF = "pdf"
    HWP = "hwp"
    HWPX = "hwpx"
    DOCX = "docx"
    XLSX = "xlsx"
    PPTX = "pptx"

    @property
    def picture(self) -> bool:
        """Whether it is shown on the page."""
        return self in _PICTURES

    @property
    def media_type(self) -> str:
        """How it is sent. Pictures are stored as WebP."""
        return "image/webp" if self.picture else _MEDIA[self]


_PICTURES = frozenset({FileKind.JPEG, FileKind.PNG, FileKind.WEBP, FileKind.GIF})
_OPEN_XML = "application/vnd.openxmlformats-officedocument"
_MEDIA = {
    FileKind.PDF: "application/pdf",
    FileKind.HWP: "application/x-hwp",
    FileKind.HWPX: "application/hwp+zip",
    FileKind.DOCX: f"{_OPEN_XML}.wordprocessingml.document",
    FileKind.XLSX: f"{_OPEN_XML}.spreadsheetml.sheet",
    FileKind.PPTX: f"{_OPEN_XML}.presentationml.presentation",
}

#: What a file field accepts; a hint to the browser, the content decides.
ACCEPT: Final = ".jpg,.jpeg,.png,.webp,.gif,.pdf,.hwp,.hwpx,.docx,.xlsx,.pptx"
UNKNOWN: Final = msg(
    "올릴 수 없는 형식입니다. 사진(JPG·PNG·WebP·GIF)이나 문서(PDF·HWP·HWPX·DOCX·XLSX·PPTX)를 골라 주십시오."
)
BROKEN: Final = msg("파일을 열 수 없습니다. 파일이 상했거나 암호가 걸려 있지 않은지 확인해 주십시오.")
ACTIVE: Final = msg("매크로가 든 문서는 올릴 수 없습니다. 매크로 없이 저장하거나 PDF로 바꾸어 올려 주십시오.")


def refused(words: object = UNKNOWN) -> InvalidError:
    """The refusal beside the file field."""
    return InvalidError(words, field="file")  # type: ignore[arg-type]  # one of the messages above


@dataclass(frozen=True, slots=True)
class Inside:
    """Names in a ZIP archive and its first member's text."""

    names: frozenset[str]
    mimetype: str


def _inside(content: bytes) -> Inside:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            if len(members) > _MOST_ENTRIES:
                raise refused(BROKEN)
            named = next((m for m in members if m.filename == "mimetype" and m.file_size < 100), None)
            text = archive.read(named).decode("ascii", "replace") if named else ""
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, OSError, EOFError) as error:
        raise refused(BROKEN) from error
    return Inside(frozenset(m.filename for m in members), text.strip())


def _zipped(content: bytes) -> FileKind:
    inside = _inside(content)
    if any(name.lower().endswith(("vbaproject.bin", ".exe", ".js", ".vbs")) for name in inside.names):
        raise refused(ACTIVE)
    if inside.mimetype == "application/hwp+zip":
        return FileKind.HWPX
    if "[Content_Types].xml" in inside.names:
        for folder, kind in _OFFICE.items():
            if any(name.startswith(folder) for name in inside.names):
                return FileKind(kind)
    raise refused()


def kind_of(content: bytes) -> FileKind:
    """What the bytes are; InvalidError for anything not on the list, broken, or with macros."""
    head = content[:16]
    starts = {
        b"\xff\xd8\xff": FileKind.JPEG,
        b"\x89PNG\r\n\x1a\n": FileKind.PNG,
        b"GIF87a": FileKind.GIF,
        b"GIF89a": FileKind.GIF,
        b"%PDF-": FileKind.PDF,
    }
    for start, kind in starts.items():
        if head.startswith(start):
            return kind
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return FileKind.WEBP
    if head.startswith(_OLE) and b"HWP Document File" in content:
        return FileKind.HWP
    if head.startswith(b"PK\x03\x04"):
        return _zipped(content)
    raise refused()
