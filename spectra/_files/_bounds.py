"""What a file declares, against what it can hold: archives that swell, views that repeat."""

import os
from pathlib import Path

from spectra._files._zips import is_zip, open_zip
from spectra._text import gigabytes
from spectra.errors import InputError, LoadError, SpectraError

SLACK = 64 << 20  # bytes that nobody needs to account for
MOST_SWELLING = 2  # weights that a zip packs closer than that were not trained
MOST_PACKING = 20  # arrays of floats that are packed closer than that were not measured
MOST_PIXELS = 32  # bytes of pixels for one of a file: JPEG of a clear sky has 25


def memory_bytes() -> int:
    """Return the memory of this machine; where it does not tell, more than any."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return 1 << 62


def check_size(path: Path, error: type[SpectraError] = LoadError) -> None:
    """Raise ``error`` if opening the file ``path`` would take more memory than it should.

    A file larger than the memory cannot be loaded, and an archive that unpacks to many times
    its size holds something else than weights.
    """
    size, most = path.stat().st_size, memory_bytes()
    if size > most:
        raise error(
            f"{path} has {gigabytes(size)}, but this machine's memory is {gigabytes(most)}: "
            "expected a file that fits; give one of its parts, or use a larger machine"
        )
    if not is_zip(path):
        return
    try:
        with open_zip(path) as archive:
            unpacked = sum(item.file_size for item in archive.infolist())
    except Exception:  # a damaged archive is reported by who reads it
        return
    if unpacked > MOST_SWELLING * size + SLACK:
        raise error(
            f"{path} has {gigabytes(size)} and would unpack to {gigabytes(unpacked)}: expected "
            "weights, which cannot be packed so closely; get the file from its author again"
        )


def check_pixels(declared: int, size: int) -> None:
    """Raise ValueError if a picture of ``size`` bytes declares more pixels than it can hold."""
    if declared > max(SLACK, MOST_PIXELS * size):
        raise ValueError(f"declares {gigabytes(declared)} of pixels in {gigabytes(size)}")


def largest_unpacked(size: int) -> int:
    """Return to how many bytes numbers in a file of ``size`` bytes may unpack."""
    return max(SLACK // 2, MOST_PACKING * size)


def check_packed(declared: int, size: int, source: str) -> None:
    """Raise InputError if a file of ``size`` bytes holds ``declared`` bytes in one piece.

    One piece, a sample or a chunk, is what has to be in memory at once.
    """
    if declared > largest_unpacked(size):
        raise InputError(
            f"{source} has {gigabytes(size)} and would unpack to {gigabytes(declared)} at once: "
            "expected samples, which cannot be packed so closely; save it again without zeros"
        )
