"""Opening files that others made: regular ones only, and none larger than what asks for it."""

import os
from errno import EINVAL
from io import BufferedReader
from pathlib import Path
from stat import S_ISREG

from spectra._names import near
from spectra.errors import SpectraError

TEXT_BYTES = 1 << 23  # a JSON text that is larger describes something else


def is_regular(path: Path) -> bool:
    """Tell whether ``path`` is, or leads to, a file that can be read without waiting for it."""
    try:
        return S_ISREG(path.stat().st_mode)
    except (OSError, ValueError):
        return False


def open_regular(path: Path, *, most: int | None = None) -> BufferedReader:
    """Open the regular file ``path`` for reading.

    Pipes, devices, sockets and folders are never opened: reading them waits for ever, gives
    bytes without end, or changes something.

    Parameters
    ----------
    path : Path
        The file.
    most : int, optional
        Bytes that the file may have.

    Raises
    ------
    OSError
        With the reason in ``strerror``, if it is missing, something else, or larger.
    """
    _check(path, path.stat(), most)
    file = open(path, "rb", opener=_without_waiting)  # noqa: SIM115
    try:
        _check(path, os.fstat(file.fileno()), most)  # it may be another one by now
    except OSError:
        file.close()
        raise
    return file


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _check(path: Path, about: os.stat_result, most: int | None) -> None:
    if not S_ISREG(about.st_mode):
        raise OSError(EINVAL, "no regular file but a folder, a pipe or a device", str(path))
    if most is not None and about.st_size > most:
        raise OSError(EINVAL, f"{about.st_size} bytes, expected at most {most}", str(path))


def read_head(path: Path, count: int) -> bytes:
    """Return the first ``count`` bytes of a regular file.

    Files that the kernel makes up (in ``/proc``) say that they are empty, and count as that.
    """
    with open_regular(path) as file:
        return file.read(min(count, os.fstat(file.fileno()).st_size))


def read_whole(path: Path, *, most: int = TEXT_BYTES) -> bytes:
    """Return all bytes of a regular file that has at most ``most``; see `open_regular`."""
    with open_regular(path, most=most) as file:
        return file.read(os.fstat(file.fileno()).st_size)


def check_regular(path: Path, what: str, error: type[SpectraError]) -> None:
    """Raise ``error`` if ``path`` exists and is neither a regular file nor a folder."""
    if path.exists() and not path.is_dir() and not is_regular(path):
        raise error(
            f"{path} is no regular file but a pipe or a device: expected {what}; copy what it "
            "gives to a file"
        )


def check_readable(path: Path, what: str, error: type[SpectraError]) -> Path:
    """Return ``path`` if it exists and can be opened; else raise ``error`` naming near misses."""
    if not path.exists():
        raise error(f"{path} does not exist: expected {what}{_beside(path)}")
    check_regular(path, what, error)
    if path.is_file():
        try:
            open_regular(path).close()
        except OSError as failure:
            message = f"{path} cannot be read ({failure.strerror}): expected {what}"
            raise error(message) from failure
    return path


def _beside(path: Path) -> str:
    """Return the names beside ``path`` that resemble it, as the end of a sentence."""
    folder = path.parent
    if not folder.is_dir():
        return f"; the folder {folder} does not exist either"
    close = near(path.name, (file.name for file in folder.iterdir()))
    return f"; did you mean {' or '.join(str(folder / name) for name in close)}?" if close else ""
