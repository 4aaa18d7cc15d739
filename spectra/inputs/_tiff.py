"""Pages of a TIFF, none of whose parts unpacks to more than it declares."""

import lzma
import zlib
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from spectra._files import PICTURE_HEAD_BYTES, check_pixels, open_regular, picture_format

_PLAIN, _LZW = 1, 5  # LZW: by imagecodecs, which fills a buffer of known size, or not at all
_PACKBITS, _LZMA = 32773, 34925
_DEFLATE = (8, 32946)
_CONVERTED = (3, 5, 6, 8, 9, 10)  # palette, CMYK, YCbCr and Lab, which Pillow turns into RGB
_STEP = 1 << 16
MOST_PAGES = 100_000


class OtherDecoderError(Exception):
    """The pixels are packed in a way that Pillow unpacks within bounds, and tifffile does not.

    Or they are colours that Pillow converts: the fourth of CMYK is black and no alpha.
    """


class DamagedError(ValueError):
    """The pixels cannot be unpacked, and no other decoder need try."""


def read_tiff(file: BinaryIO, path: Path) -> NDArray[Any]:
    """Return the pixels (y, x) or (y, x, channel) of the first page, of their own type.

    Raises
    ------
    OtherDecoderError
        If the page is packed in another way than plain, deflate, LZMA, LZW or PackBits, or its
        samples are no grey levels and no RGB.
    DamagedError
        If it declares, or would unpack to, more than a file of its size may, or is damaged.
    Exception
        Whatever tifffile raises of a damaged file.
    """
    import tifffile

    with tifffile.TiffFile(file, name=path.name) as tiff:
        page: Any = tiff.pages.first
        if int(page.photometric) in _CONVERTED:
            check_pixels(page.nbytes, path.stat().st_size)
            raise OtherDecoderError
        return _pixels(page, file, path.stat().st_size)


def count_pages(path: Path) -> int:
    """Return how many pages a file has, at most 1000; 1 of what is no TIFF, or a damaged one."""
    import tifffile

    try:
        with open_regular(path) as file:
            if picture_format(file.read(PICTURE_HEAD_BYTES)) != "TIFF":
                return 1
            file.seek(0)
            with tifffile.TiffFile(file, name=path.name) as tiff:
                return sum(1 for _ in islice(tiff.pages, 1000))
    except Exception:  # whatever is damaged is told by who reads its pixels
        return 1


def shape_of_pages(file: BinaryIO, path: Path) -> tuple[tuple[int, int, int], str]:
    """Return the shape (page, y, x) and the type of a TIFF whose pages are planes of a volume.

    Raises
    ------
    DamagedError
        If its pages have colours or different sizes, or are more than a file of its size may hold.
    Exception
        Whatever tifffile raises of a damaged file.
    """
    import tifffile

    with tifffile.TiffFile(file, name=path.name) as tiff:
        pages = _pages(tiff, path.stat().st_size)
        first = pages[0]
        y, x = first.shape
        return (len(pages), y, x), str(first.dtype)


def read_pages(file: BinaryIO, path: Path) -> NDArray[Any]:
    """Return the pixels (page, y, x) of a TIFF, see `shape_of_pages`."""
    import tifffile

    with tifffile.TiffFile(file, name=path.name) as tiff:
        size = path.stat().st_size
        return np.stack([_pixels(page, file, size) for page in _pages(tiff, size)])


def _pages(tiff: Any, size: int) -> list[Any]:
    """Return the pages of a volume, which are alike, and together no more than a file may hold."""
    pages: list[Any] = []
    declared = 0
    for page in tiff.pages:
        declared += page.nbytes
        check_pixels(declared, size)
        if len(pages) == MOST_PAGES:
            raise DamagedError(f"it has more than {MOST_PAGES} pages")
        if len(page.shape) != 2:
            raise DamagedError(f"page {len(pages)} has shape {page.shape}, expected gray planes")
        if pages and (page.shape, page.dtype) != (pages[0].shape, pages[0].dtype):
            raise DamagedError(f"page {len(pages)} is not like the first: expected equal planes")
        pages.append(page)
    return pages


def _pixels(page: Any, file: BinaryIO, size: int) -> NDArray[Any]:
    """Return the pixels of a page, once it is known that no part unpacks to more than it says."""
    check_pixels(page.nbytes, size)
    piece = int(np.prod(page.chunks)) * page.dtype.itemsize if page.dtype else 0
    check_pixels(piece, size)
    compression = int(page.compression)
    if compression not in (_PLAIN, _LZW, _PACKBITS, _LZMA, *_DEFLATE):
        raise OtherDecoderError
    if compression not in (_PLAIN, _LZW):
        for start, count in zip(page.dataoffsets, page.databytecounts, strict=True):
            file.seek(start)
            _check_part(file.read(min(count, size)), compression, piece)
    file.seek(0)
    pixels = np.asarray(page.asarray())
    return np.moveaxis(pixels, 0, -1) if page.axes == "SYX" else pixels


def _check_part(data: bytes, compression: int, piece: int) -> None:
    try:
        fits = _unpacked(data, compression, piece) <= piece
    except (zlib.error, lzma.LZMAError) as error:
        raise DamagedError(f"a part of it cannot be unpacked: {error}") from error
    if not fits:
        raise DamagedError(f"a part of it unpacks to more than its {piece} bytes")


def _unpacked(data: bytes, compression: int, most: int) -> int:
    """Return the bytes to which ``data`` unpacks; of more than ``most``, some number above it."""
    if compression == _PACKBITS:
        return _unpacked_runs(data, most)
    made, found, held = zlib.decompressobj(), 0, data
    if compression == _LZMA:
        made = lzma.LZMADecompressor(memlimit=1 << 26)  # type: ignore[assignment]
    while found <= most and not made.eof:
        part = made.decompress(held, _STEP)
        held = made.unconsumed_tail if compression != _LZMA else b""
        found += len(part)
        if not part and not held:
            break
    return found


def _unpacked_runs(data: bytes, most: int) -> int:
    """Return the length of PackBits: n, then n + 1 bytes, or one that comes 257 - n times."""
    at = found = 0
    while at < len(data) and found <= most:
        head = data[at]
        at += 2 if head > 128 else 1 if head == 128 else head + 2
        found += 257 - head if head > 128 else 0 if head == 128 else head + 1
    return found
