"""Volumes: one in each of several files, NIfTI, NumPy arrays, or the pages of a TIFF."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from spectra._files import check_packed, open_regular
from spectra._names import times
from spectra._text import brief, listed
from spectra.errors import InputError, NothingToAnalyseError
from spectra.inputs._arrays import Stack, check_dtype, to_tensor
from spectra.inputs._field import Field
from spectra.inputs._field_query import typed
from spectra.inputs._held import Coordinate
from spectra.inputs._nifti import nifti_facts, read_nifti
from spectra.inputs._npy_header import read_header
from spectra.inputs._prepare import Preparation, centre
from spectra.inputs._tiff import read_pages, shape_of_pages
from spectra.inputs._volume_files import VolumeFiles, VolumeFormat

FEW_PLANES = 4  # up to which a first axis may as well be channels of a picture
ALIKE = 0.01  # sizes of voxels that differ by less are one
NAMES = ("z", "y", "x")
for _library in ("nibabel", "tifffile"):  # they print what is told here as a reason
    logging.getLogger(_library).addHandler(logging.NullHandler())


@dataclass(frozen=True)
class _Volume:
    """What a file says of its volumes: ``shape`` is (channel, *spatial), ``count`` how many."""

    path: Path
    format: VolumeFormat
    count: int
    shape: tuple[int, ...]
    dtype: str
    spacing: tuple[float, ...] = ()
    unit: str = ""


def volume_stack(found: VolumeFiles, how: Preparation) -> Stack:
    """Return the volumes in some files as a stack; those of other sizes are cut to the smallest.

    Raises
    ------
    InputError
        If what axes are is not clear: the question names both answers.
    NothingToAnalyseError
        If no file can be read.
    """
    volumes, unread = _looked_at(found)
    if not volumes:
        raise NothingToAnalyseError(
            f"{found.source} holds no volume that can be read: {listed(unread, 3)}"
        )
    axes = {(v.shape[0], len(v.shape)) for v in volumes}
    if len(axes) > 1:
        texts = listed([f"{v.path.name} {v.shape}" for v in volumes], 4)
        raise InputError(
            f"{found.source} holds volumes of different axes or channels ({texts}): expected equal "
            "ones"
        )
    sides = tuple(min(side) for side in zip(*(v.shape[1:] for v in volumes), strict=True))
    shape = (volumes[0].shape[0], *sides)

    def read() -> Iterator[Tensor]:
        for volume in volumes:
            window = (slice(None), *centre(volume.shape[1:], sides))
            for values in _values(volume, how):
                yield values[window]

    def rows(first: int = 0) -> Iterator[Tensor]:
        return islice(read(), first, None)

    return Stack(
        sum(volume.count for volume in volumes),
        shape=shape,
        dtype="float32",
        rows=rows,
        notes=tuple(_notes(found, volumes, unread, shape=shape)),
        named=_named(volumes, shape),
        decoded=True,
    )


def _looked_at(found: VolumeFiles) -> tuple[list[_Volume], list[str]]:
    """Return what each file says, and of those that cannot be read why."""
    volumes, unread = [], []
    for path, kind in found.files:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                volumes.append(_LOOK[kind](path, found))
        except InputError:
            raise
        except Exception as error:
            unread.append(f"{path.name} cannot be read ({brief(error)})")
    return volumes, unread


def _look_npy(path: Path, found: VolumeFiles) -> _Volume:
    with open_regular(path) as file:
        shape, _, dtype = read_header(file)
    if not dtype.hasobject:
        check_dtype(dtype.name, str(path))
    check_packed(4 * int(np.prod(shape, dtype=object)), path.stat().st_size, str(path))
    sample = _sample(shape, path, found)
    return _Volume(path, "npy", count=1, shape=sample, dtype=dtype.name)


def _sample(shape: tuple[int, ...], path: Path, found: VolumeFiles) -> tuple[int, ...]:
    """Return ``(channel, *spatial)`` of the array in one file."""
    query = found.query
    if len(shape) == 4 and not query.maps:
        return shape
    if len(shape) == 3 and (query.maps or query.volume or shape[0] > FEW_PLANES):
        return shape if query.maps else (1, *shape)
    if len(shape) == 2 and query.maps:
        return (1, *shape)
    maps, volume = (typed(found.source, [path], flag) for flag in ("maps", "volume"))
    question = {
        2: f"one map? type {maps}; signals (C, L) are saved as one array (N, C, L)",
        3: f"{shape[0]} channels of a map, or planes of a volume? type {maps} or {volume}",
    }
    raise InputError(
        f"{path} has shape {shape}: "
        + question.get(len(shape), "expected a volume (D, H, W) or (C, D, H, W) in each file")
    )


def _look_nifti(path: Path, found: VolumeFiles) -> _Volume:
    facts = nifti_facts(path)
    count = facts.shape[0] if len(facts.shape) == 4 else 1
    shape = (1, *facts.shape[-3:])
    return _Volume(
        path,
        "nifti",
        count=count,
        shape=shape,
        dtype=facts.dtype,
        spacing=facts.spacing,
        unit=facts.unit,
    )


def _look_tiff(path: Path, found: VolumeFiles) -> _Volume:
    with open_regular(path) as file:
        pages, dtype = shape_of_pages(file, path)
    return _Volume(path, "tiff", count=1, shape=(1, *pages), dtype=dtype)


_LOOK = {"npy": _look_npy, "nifti": _look_nifti, "tiff": _look_tiff}


def _values(volume: _Volume, how: Preparation) -> Iterator[Tensor]:
    """Yield the volumes of one file, float32 (channel, *spatial)."""
    try:
        for values in partial(_READ[volume.format], volume, how)():
            yield _checked(values, volume)
    except Exception as error:
        raise InputError(f"{volume.path} cannot be read ({brief(error)})") from error


def _checked(values: Tensor, volume: _Volume) -> Tensor:
    """Return a volume; raise ValueError where it is not what its file told."""
    if tuple(values.shape) != volume.shape:
        raise ValueError(f"it holds {times(values.shape)}, declared {times(volume.shape)}")
    return values


def _read_npy(volume: _Volume, how: Preparation) -> Iterator[Tensor]:
    values = np.load(volume.path, mmap_mode="r", allow_pickle=False)
    yield to_tensor(values.reshape(volume.shape))


def _read_nifti(volume: _Volume, how: Preparation) -> Iterator[Tensor]:
    for values in read_nifti(volume.path):
        yield torch.from_numpy(values)[None]


def _read_tiff(volume: _Volume, how: Preparation) -> Iterator[Tensor]:
    with open_regular(volume.path) as file:
        pixels = read_pages(file, volume.path)
    low, high = how.range or (0.0, 1.0)
    white = np.iinfo(pixels.dtype).max if pixels.dtype.kind == "u" else None
    values = pixels.astype(np.float32)
    if white is not None:
        values = values / np.float32(white) * np.float32(high - low) + np.float32(low)
    yield torch.from_numpy(values)[None]


_READ = {"npy": _read_npy, "nifti": _read_nifti, "tiff": _read_tiff}


def _notes(
    found: VolumeFiles, volumes: Sequence[_Volume], unread: Sequence[str], *, shape: tuple[int, ...]
) -> Iterator[str]:
    first, read_as = volumes[0], "maps" if len(shape) == 3 else "volumes"
    spatial = times(shape[1:])
    yield f"{len(volumes)} files of {read_as}: {shape[0]} channel(s) of {spatial} each"
    if first.format == "npy" and len(shape) == 4 and not found.query.volume and shape[0] == 1:
        maps = typed(found.source, [first.path], "maps")
        yield f"three axes read as a volume; for channels of maps type {maps}"
    if first.format == "nifti":
        yield f"{first.dtype} values as they are; axes reversed to z, y, x"
    if first.format == "tiff":
        yield f"the pages of each TIFF are the planes of a volume, {first.dtype} scaled as pictures"
    sizes = {volume.shape[1:] for volume in volumes}
    if len(sizes) > 1:
        yield f"cut to the middle {spatial} of {times(min(sizes))} to {times(max(sizes))}"
    if found.skipped:
        yield f"{found.skipped} other files skipped"
    if unread:
        yield f"left out: {listed(unread, 3)}"


def _named(volumes: Sequence[_Volume], shape: tuple[int, ...]) -> Field | None:
    """Return the axes of volumes with their places, where all files tell the same."""
    first = volumes[0]
    if not first.spacing or not first.unit or len(shape) != 4:
        return None
    for volume in volumes:
        pairs = zip(volume.spacing, first.spacing, strict=True)
        if volume.unit != first.unit or any(abs(a - b) > ALIKE * abs(b) for a, b in pairs):
            return None
    places = {
        dim: Coordinate(dim, tuple(i * step for i in range(side)), units=first.unit)
        for dim, step, side in zip(NAMES, first.spacing, shape[1:], strict=True)
    }
    return Field(NAMES, names=("volume",), units=("",), coordinates=places)
