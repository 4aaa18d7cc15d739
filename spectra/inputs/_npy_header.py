"""The header of an array in NumPy's format, read as far as it may reach."""

import struct
from io import BytesIO
from typing import IO, Any

import numpy as np

_MAGIC_BYTES = 8
_MOST_BYTES = 10_000  # as NumPy, which looks at the length after it has read so much

Header = tuple[tuple[int, ...], bool, "np.dtype[Any]"]


def read_header(file: IO[bytes]) -> Header:
    """Return the shape, the Fortran order and the dtype of the array that begins here.

    Raises
    ------
    ValueError
        If it is damaged, or its header longer than any array needs.
    """
    start = file.read(_MAGIC_BYTES)
    version = np.lib.format.read_magic(BytesIO(start))
    kind = "<H" if version == (1, 0) else "<I"
    counted = file.read(struct.calcsize(kind))
    if len(counted) < struct.calcsize(kind):
        raise ValueError("its header ends early")
    (length,) = struct.unpack(kind, counted)
    if length > _MOST_BYTES:
        raise ValueError(f"its header has {length} bytes, expected at most {_MOST_BYTES}")
    text = BytesIO(counted + file.read(length))
    read = (
        np.lib.format.read_array_header_1_0
        if version == (1, 0)
        else np.lib.format.read_array_header_2_0
    )
    shape, fortran, dtype = read(text)
    if any(side < 0 for side in shape):
        raise ValueError(f"its shape is {shape}")
    return shape, fortran, dtype
