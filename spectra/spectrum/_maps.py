"""Any array of maps, in chunks that stay in the cache."""

from collections.abc import Iterator
from math import prod
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from spectra.errors import ParameterError
from spectra.spectrum._periodogram import CHUNK_BYTES, CHUNK_BYTES_CUDA

LEAST_SIDE = 4
Source = Tensor | NDArray[Any]


def check_maps(x: Any, spatial: int) -> Source:
    """Return ``x`` as a tensor or an array of real maps, without reading it.

    Parameters
    ----------
    x : Tensor, ndarray, DataArray or nested lists, shape (..., *spatial)
    spatial : int
        Number of spatial axes, the last ones.

    Raises
    ------
    ParameterError
        If ``x`` does not hold floating-point maps of at least 4 pixels a side.
    """
    if spatial not in (1, 2, 3) or isinstance(spatial, bool):
        raise ParameterError(f"spatial={spatial!r} is not a number of axes: expected 1, 2 or 3")
    source: Source = x.detach() if isinstance(x, Tensor) else np.asarray(x)
    kind = source.dtype.name if isinstance(source, np.ndarray) else str(source.dtype)
    if "complex" in kind:
        raise ParameterError(f"x is {kind}: expected real maps, such as x.real or abs(x)")
    if "float" not in kind:
        raise ParameterError(
            f"x is {kind}: expected floating point, such as x / 255 of 8-bit pixels"
        )
    shape = tuple(source.shape)
    if len(shape) < spatial:
        message = f"x has shape {shape}: expected {spatial} spatial axes; see spatial={len(shape)}"
        raise ParameterError(message)
    if min(shape[-spatial:]) < LEAST_SIDE:
        message = (
            f"x has maps of shape {shape[-spatial:]}: expected at least {LEAST_SIDE} pixels a side"
        )
        raise ParameterError(message)
    if prod(shape) == 0:
        raise ParameterError(f"x has shape {shape}: it holds no map")
    return source


def chunks(source: Source, axes: int, most: int = CHUNK_BYTES) -> Iterator[Tensor]:
    """Yield the items of ``source``, its last ``axes`` axes, so many bytes at a time on a CPU.

    Yields
    ------
    Tensor, shape (b, *item)
        In float32; double precision stays. May share memory with ``source``.
    """
    if source.ndim == axes:
        source = source[None]
    item = tuple(source.shape[-axes:])
    on_device = isinstance(source, Tensor) and source.device.type != "cpu"
    budget = CHUNK_BYTES_CUDA if on_device else most
    length = max(budget // (4 * prod(item)), 1)
    length += -length % 3  # logs are taken of products of three
    if source.ndim > axes + 1 and not _is_contiguous(source):
        for part in source:
            yield from chunks(part, axes, most)
        return
    flat = source.reshape(-1, *item)
    for start in range(0, len(flat), length):
        yield _real(flat[start : start + length])


def centred_chunks(source: Source, spatial: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield the maps of ``source`` without their mean, a chunk at a time.

    Yields
    ------
    Tensor, float32, shape (b, *spatial)
        Centred maps, free to be overwritten; gone with the next chunk.
    Tensor, float64, shape (b,)
        Their means.
    """
    room: Tensor | None = None
    for maps in chunks(source, spatial):
        if room is None:
            room = torch.empty_like(maps, dtype=torch.float32)
        yield centred(maps, spatial, out=room[: len(maps)])


def centred(maps: Tensor, spatial: int, *, out: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Return float32 maps without their mean, and the means in float64, shape (b,).

    Raises
    ------
    ParameterError
        If a map holds NaN or infinite values.
    """
    mean = maps.mean(tuple(range(-spatial, 0)), keepdim=True)
    if not bool(mean.isfinite().all()):
        bad = int((~maps.isfinite().flatten(1).all(1)).sum())
        message = (
            f"x holds NaN or infinite values (seen in {bad} of {len(maps)} maps): drop them first"
            if bad
            else "x is too large for its precision: expected values whose sum is finite"
        )
        raise ParameterError(message)
    if out is None:
        out = torch.empty_like(maps, dtype=torch.float32)
    return torch.sub(maps, mean, out=out), mean.flatten().double()


def _is_contiguous(source: Source) -> bool:
    return source.is_contiguous() if isinstance(source, Tensor) else source.flags.c_contiguous


def _real(part: Source) -> Tensor:
    """Return a part of the source as float32 or float64 tensor."""
    if isinstance(part, Tensor):
        return part if part.dtype in (torch.float32, torch.float64) else part.float()
    dtype = np.float64 if part.dtype.itemsize >= 8 else np.float32
    return torch.from_numpy(np.require(part, dtype, ["C", "W"]))
