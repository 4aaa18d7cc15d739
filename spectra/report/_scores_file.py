"""``scores.csv`` at a place of one's own: complete, or not written."""

from __future__ import annotations

import os
from os import PathLike
from pathlib import Path
from secrets import token_hex

from spectra._files import read_head
from spectra.errors import ParameterError, SpectraError

OURS = b"source,width,height"


def check_scores(path: str | PathLike[str]) -> None:
    """Raise ParameterError unless a file can be written at ``path``, before a long run."""
    file = Path(path)
    if file.is_dir():
        raise ParameterError(f"{path}: is a folder: expected a file such as scores.csv")
    if file.exists() and not (file.is_file() and read_head(file, len(OURS)) == OURS):
        raise ParameterError(
            f"{path}: holds no scores of pictures, and is not replaced: expected another name"
        )
    if not file.parent.is_dir():
        raise ParameterError(f"{path}: cannot be written: there is no folder {file.parent}")
    if not os.access(file.parent, os.W_OK | os.X_OK):
        raise ParameterError(f"{path}: cannot be written: {file.parent} is not writable")


def write_scores(path: str | PathLike[str], text: str) -> None:
    """Write scores to a file, which then holds all of them, or what it held before.

    Raises
    ------
    SpectraError
        If the file cannot be written.
    """
    file = Path(path)
    new = file.with_name(f".{file.name}.{token_hex(4)}.new")
    try:
        new.write_text(text, encoding="utf-8")
        new.replace(file)
    except OSError as error:
        new.unlink(missing_ok=True)
        raise SpectraError(f"{path}: cannot be written: {error.strerror or error}") from error
