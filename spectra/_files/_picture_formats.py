"""The formats of pictures that are decoded, told by their first bytes."""

from os.path import splitext
from pathlib import Path
from typing import Literal

from spectra._files._regular import read_head

PictureFormat = Literal["PNG", "JPEG", "GIF", "TIFF", "JPEG2000", "WEBP", "BMP", "PPM"]
PICTURE_HEAD_BYTES = 32
_SUFFIXES = frozenset(
    {
        ".bmp",
        ".gif",
        ".jfif",
        ".jp2",
        ".jpe",
        ".jpeg",
        ".jpg",
        ".pbm",
        ".pgm",
        ".png",
        ".pnm",
        ".ppm",
        ".tif",
        ".tiff",
        ".webp",
    }
)
_MAGIC: tuple[tuple[bytes, PictureFormat], ...] = (
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"II*\x00", "TIFF"),
    (b"MM\x00*", "TIFF"),
    (b"II+\x00", "TIFF"),
    (b"MM\x00+", "TIFF"),
    (b"\x00\x00\x00\x0cjP  ", "JPEG2000"),
)


def picture_format(head: bytes) -> PictureFormat | None:
    """Return the format of a picture that starts with ``head``, by Pillow's name for it.

    Only these are ever handed to a decoder. Pillow knows forty others, among them EPS, for
    which it starts Ghostscript on a program in the file.

    Examples
    --------
    >>> picture_format(b"GIF89a..."), picture_format(b"%!PS-Adobe-3.0 EPSF-3.0")
    ('GIF', None)
    """
    for magic, name in _MAGIC:
        if head.startswith(magic):
            return name
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "WEBP"
    if head.startswith(b"BM") and head[6:10] == bytes(4):
        return "BMP"
    if head[:1] == b"P" and head[1:2] in b"123456" and head[2:3].isspace():
        return "PPM"
    return None


def has_picture_suffix(name: str) -> bool:
    """Tell whether a file pretends to be a picture by its name."""
    return splitext(name)[1].lower() in _SUFFIXES


def looks_like_picture(path: Path) -> bool:
    """Tell whether ``path`` is a picture by content, or pretends to be one by its suffix."""
    if has_picture_suffix(path.name):
        return True
    try:
        return picture_format(read_head(path, PICTURE_HEAD_BYTES)) is not None
    except OSError:
        return False
