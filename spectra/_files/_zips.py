"""Opening a zip archive whose directory is no longer than what is read from it needs."""

import os
import struct
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path

from spectra._files._regular import open_regular

_END, _END_64 = b"PK\x05\x06", b"PK\x06\x06"
_TAIL = (1 << 16) + 22 + 76  # the longest comment, and both records of the end
_MOST_DIRECTORY = 8 << 20  # bytes; Python makes some 15 of one, and of most entries there are few


def is_zip(path: Path) -> bool:
    """Tell whether ``path`` ends as a zip archive does."""
    with open_regular(path) as file:
        return zipfile.is_zipfile(file)


@contextmanager
def open_zip(path: Path) -> Iterator[zipfile.ZipFile]:
    """Open the zip archive ``path`` to read it.

    Raises
    ------
    BadZipFile
        If it is none, or lists more than a file of arrays or weights could.
    """
    with open_regular(path) as file:
        listed = _directory_bytes(file)
        if listed > _MOST_DIRECTORY:
            raise zipfile.BadZipFile(f"a list of {listed} bytes of what is in it")
        with zipfile.ZipFile(file) as archive:
            yield archive


def _directory_bytes(file: BufferedReader) -> int:
    """Return the length of the archive's directory, as the record at its end says."""
    size = os.fstat(file.fileno()).st_size
    file.seek(max(0, size - _TAIL))
    tail = file.read()
    file.seek(0)
    lengths = [0]
    for magic, form, at in ((_END, "<I", 12), (_END_64, "<Q", 40)):
        start = tail.rfind(magic)
        field = tail[start + at : start + at + struct.calcsize(form)] if start >= 0 else b""
        if len(field) == struct.calcsize(form):
            (length,) = struct.unpack(form, field)
            lengths.append(0 if length == 0xFFFFFFFF else length)
    return max(lengths)
