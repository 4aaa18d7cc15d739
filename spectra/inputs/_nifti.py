"""NIfTI: a header of fixed size, and the numbers behind it, which may be packed by gzip."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from math import inf, prod
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from spectra._files import check_packed, open_regular
from spectra.errors import InputError

HEADER_BYTES = {348: 348, 540: 540}  # of NIfTI-1 and NIfTI-2, by what they begin with
MOST_BETWEEN = 1 << 24  # bytes of extensions between the header and the numbers
GZIP = b"\x1f\x8b"
AXES = {3: ("z", "y", "x"), 4: ("t", "z", "y", "x")}


@dataclass(frozen=True)
class NiftiFacts:
    """What the header of a NIfTI file says.

    Attributes
    ----------
    shape : tuple of int
        ``(z, y, x)``, or ``(t, z, y, x)`` of several: the file's axes in reversed order.
    spacing : tuple of float
        Distance of neighbouring voxels along z, y and x.
    unit : str
        Such as ``"mm"``; empty where the file tells none, or a distance that is none.
    dtype : str
        Of the numbers as they are stored.
    """

    shape: tuple[int, ...]
    spacing: tuple[float, ...]
    unit: str
    dtype: str


def nifti_facts(path: Path) -> NiftiFacts:
    """Return what the header of a NIfTI file says.

    Raises
    ------
    InputError
        If nibabel is not installed, or the file holds other things than one number a voxel.
    Exception
        Whatever nibabel raises of a damaged header.
    """
    with _stream(path) as stream:
        return _facts(_header(stream), path)


def read_nifti(path: Path) -> Iterator[NDArray[np.float32]]:
    """Yield the volumes (z, y, x) of a NIfTI file, scaled as its header says."""
    with _stream(path) as stream:
        header = _header(stream)
        facts = _facts(header, path)
        stream.read(_between(header))
        dtype, slope = header.get_data_dtype(), header.get_slope_inter()
        scale, offset = (1.0 if slope[0] is None else slope[0]), slope[1] or 0.0
        sides = facts.shape[-3:]
        for _ in range(prod(facts.shape[:-3])):
            data = stream.read(prod(sides) * dtype.itemsize)
            if len(data) < prod(sides) * dtype.itemsize:
                raise ValueError("it ends early")
            values = np.frombuffer(data, dtype).reshape(sides)  # x runs fastest in the file
            yield np.asarray(values * np.float64(scale) + offset, np.float32)


@contextmanager
def _stream(path: Path) -> Iterator[IO[bytes]]:
    with open_regular(path) as file:
        packed = file.read(2) == GZIP
        file.seek(0)
        if not packed:
            yield file
            return
        with gzip.GzipFile(fileobj=file) as unpacked:
            yield unpacked  # type: ignore[misc]


def _header(stream: IO[bytes]) -> Any:
    try:
        import nibabel
    except ImportError as error:
        raise InputError(
            "NIfTI is read by nibabel, which is not installed: pip install "
            "'spectra-artifacts[medical]', or save the volumes as .npy"
        ) from error
    start = stream.read(4)
    size = next((n for n in HEADER_BYTES if n in (_integer(start, "<"), _integer(start, ">"))), 348)
    kind = nibabel.Nifti2Header if size == 540 else nibabel.Nifti1Header
    # its own check would mend what it finds, and tell the terminal
    return kind.from_fileobj(BytesIO(start + stream.read(size - 4)), check=False)


def _integer(data: bytes, order: str) -> int:
    return int.from_bytes(data, "little" if order == "<" else "big")


def _between(header: Any) -> int:
    """Return the bytes between the header and the numbers: at least the four that tell of more."""
    told, size = float(header["vox_offset"]), len(header.binaryblock)
    if not told - size <= MOST_BETWEEN:  # not a number, perhaps
        raise ValueError(f"its numbers begin at byte {told:g}")
    return max(int(told) - size, 4)


def _facts(header: Any, path: Path) -> NiftiFacts:
    shape = tuple(int(n) for n in header.get_data_shape())
    while len(shape) > 3 and shape[-1] == 1:
        shape = shape[:-1]
    dtype = header.get_data_dtype()
    if len(shape) not in AXES or dtype.kind not in "iuf" or min(shape) < 1:
        raise InputError(
            f"{path} holds {dtype} of shape {shape}: expected one number a voxel, (x, y, z) or "
            "(x, y, z, t)"
        )
    if bytes(header["magic"]).rstrip(b"\0").strip() in (b"ni1", b"ni2"):
        raise InputError(f"{path} has its numbers in another file (.img): expected one file .nii")
    check_packed(8 * prod(shape[:3]), path.stat().st_size, str(path))
    zooms = tuple(abs(float(zoom)) for zoom in header.get_zooms()[:3])
    unit = header.get_xyzt_units()[0] if all(0 < zoom < inf for zoom in zooms) else "unknown"
    return NiftiFacts(
        shape=shape[::-1],
        spacing=zooms[::-1],
        unit={"unknown": "", "meter": "m", "micron": "um"}.get(unit, unit),
        dtype=dtype.name,
    )
