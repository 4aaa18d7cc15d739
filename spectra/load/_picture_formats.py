"""The formats of pictures that are decoded, told by their first bytes."""

from typing import Literal

PictureFormat = Literal["PNG", "JPEG", "GIF", "TIFF", "JPEG2000", "WEBP", "BMP", "PPM"]
HEAD_BYTES = 32
SUFFIXES = (
    *(".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".bmp", ".gif", ".tif", ".tiff", ".webp"),
    *(".ppm", ".pgm", ".pbm", ".pnm", ".jp2"),
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
