"""PFM: rows of floats behind three short lines of text, the bottom row first."""

from __future__ import annotations

import re
from math import isfinite
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spectra._files import read_whole
from spectra.errors import InputError

_HEAD = re.compile(
    rb"(?P<kind>P[fF])\s+(?P<width>\d{1,9})\s+(?P<height>\d{1,9})\s+(?P<scale>[-+.\deE]+)\s"
)
MOST_BYTES = 1 << 30


def read_pfm(path: Path) -> NDArray[np.float32]:
    """Return the values of a PFM picture, the top row first.

    A negative scale says that the bytes are little endian; nobody multiplies by its size, and
    neither does this.

    Parameters
    ----------
    path : Path
        A gray (``Pf``) or colour (``PF``) picture.

    Returns
    -------
    ndarray of float32, shape (y, x) or (y, x, 3)

    Raises
    ------
    InputError
        If the file cannot be read, is no PFM, or has too few or too many bytes.
    """
    try:
        content = read_whole(path, most=MOST_BYTES)
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}): expected a PFM") from error
    head = _HEAD.match(content)
    if head is None:
        raise InputError(f"{path} is no PFM: expected 'Pf', a width and a height, and a scale")
    scale = _scale(head["scale"], path)
    shape = (int(head["height"]), int(head["width"]), 3 if head["kind"] == b"PF" else 1)
    begin, expected = head.end(), 4 * shape[0] * shape[1] * shape[2]
    if len(content) - begin == expected + 1 and content[begin - 1 : begin + 1] == b"\r\n":
        begin += 1  # lines that end as on Windows
    found = len(content) - begin
    if expected != found or not expected:
        raise InputError(
            f"{path} has {found} bytes of pixels: expected {expected} for {shape[1]}x{shape[0]}; "
            "get the file again"
        )
    order = "<f4" if scale < 0 else ">f4"
    rows = np.frombuffer(content, order, offset=begin).reshape(shape)[::-1]
    values = np.ascontiguousarray(rows, dtype=np.float32)
    return values if shape[2] == 3 else values[..., 0]


def _scale(text: bytes, path: Path) -> float:
    """Return the scale, whose sign tells the order of the bytes."""
    try:
        scale = float(text)
    except ValueError:
        scale = 0.0
    if not scale or not isfinite(scale):
        raise InputError(
            f"{path} has scale {text.decode()!r}: expected a number other than 0, such as -1.0, "
            "whose sign tells the order of the bytes"
        )
    return scale
