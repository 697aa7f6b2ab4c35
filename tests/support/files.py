"""Files as people send them, and as attackers do."""

import io
import zipfile
from collections.abc import Callable, Iterator

import pikepdf
from PIL import Image


def picture(kind: str = "JPEG", size: tuple[int, int] = (64, 48), **options: object) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, (20, 120, 80)).save(out, kind, **options)
    return out.getvalue()


def picture_with_place() -> bytes:
    """A JPEG that says where it was taken."""
    exif = Image.Exif()
    exif[0x010E] = "우리 집"
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (37.0, 33.0, 59.0)
    return picture(exif=exif)


def pdf(*, script: bool = False) -> bytes:
    document = pikepdf.new()
    document.add_blank_page()
    if script:
        action = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert(1)")
        document.Root.OpenAction = action
        document.Root.Names = pikepdf.Dictionary(JavaScript=pikepdf.Dictionary(Names=["x", action]))
        note = pikepdf.Dictionary(Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Link, Rect=[0, 0, 9, 9], A=action)
        note.AA = pikepdf.Dictionary(E=action)
        link = pikepdf.Dictionary(S=pikepdf.Name.URI, URI="https://seoul.go.kr")
        kept = pikepdf.Dictionary(Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Link, Rect=[0, 0, 9, 9], A=link)
        document.pages[0].Annots = pikepdf.Array([note, document.make_indirect(note), kept])
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def archive(*names: str, mimetype: str = "", body: bytes = b"x") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        if mimetype:
            made.writestr("mimetype", mimetype)
        for name in names:
            made.writestr(name, body)
    return out.getvalue()


HWP = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 500 + b"HWP Document File V5.00" + b"\0" * 500

GOOD: dict[str, Callable[[], bytes]] = {
    "jpeg": picture,
    "png": lambda: picture("PNG"),
    "webp": lambda: picture("WEBP"),
    "gif": lambda: picture("GIF"),
    "pdf": pdf,
    "hwp": lambda: HWP,
    "hwpx": lambda: archive("Contents/section0.xml", mimetype="application/hwp+zip"),
    "docx": lambda: archive("[Content_Types].xml", "word/document.xml"),
    "xlsx": lambda: archive("[Content_Types].xml", "xl/workbook.xml"),
    "pptx": lambda: archive("[Content_Types].xml", "ppt/presentation.xml"),
}


def bad() -> Iterator[tuple[str, bytes]]:
    """Three hundred files nobody should have to open: other types, broken, cut short, disguised, with macros, bombs."""
    script = b"<script>alert(1)</script>"
    yield from (
        ("svg", b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'),
        ("html", b"<!doctype html>" + script),
        ("xml", b"<?xml version='1.0'?><!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><x>&a;</x>"),
        ("elf", b"\x7fELF" + b"\0" * 200),
        ("exe", b"MZ" + b"\0" * 200),
        ("sh", b"#!/bin/sh\nrm -rf /"),
        ("zip", archive("a.txt")),
        ("nested zip", archive("a.zip", body=archive("b.txt"))),
        ("jar", archive("META-INF/MANIFEST.MF", "A.class")),
        ("docm", archive("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin")),
        ("xlsm", archive("[Content_Types].xml", "xl/workbook.xml", "xl/vbaProject.bin")),
        ("hwpx with script", archive("Scripts/a.js", mimetype="application/hwp+zip")),
        ("ole", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 1000),
        ("gif with html", b"GIF89a" + script),
        ("jpeg with html", b"\xff\xd8\xff\xe0" + script),
        ("png with html", b"\x89PNG\r\n\x1a\n" + script),
        ("pdf with html", b"%PDF-1.7\n" + script),
        ("webp with html", b"RIFF\0\0\0\0WEBP" + script),
        ("large png", picture("PNG", (6000, 5000))),
        ("text", "안녕하세요".encode()),
        ("nul", b"\0" * 5000),
        ("many members", archive(*(f"word/{n}" for n in range(5001)))),
    )
    for name, make in GOOD.items():
        if name == "hwp":
            continue
        whole = make()
        for place in range(14):
            yield f"{name} cut at {place}", whole[: 3 + place * len(whole) // 60]
        for place in range(18):
            at = min(len(whole) - 1, place % 3)
            yield f"{name} head {place}", whole[:at] + bytes([(whole[at] + 1 + place) % 256]) + whole[at + 1 :]
