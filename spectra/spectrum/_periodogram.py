"""Windowed spectra of tiles."""

from collections.abc import Sequence
from functools import lru_cache
from math import prod
from typing import Literal

import torch
from torch import Tensor

from spectra.errors import ParameterError

CHUNK_BYTES = 2 << 20
CHUNK_BYTES_CUDA = 64 << 20

Norm = Literal["backward", "ortho", "forward"]


@lru_cache(maxsize=64)
def hann(
    sides: tuple[int, ...], dtype: torch.dtype, device: torch.device, norm: Norm = "backward"
) -> Tensor:
    """Return the periodic Hann window of a tile, of unit mean square.

    It is multiplied by the factor that a transform of ``norm`` applies, so that a transform
    without it does the same.
    """
    factor = {"backward": 1.0, "ortho": prod(sides) ** -0.5, "forward": 1 / prod(sides)}[norm]
    window = torch.tensor(factor, dtype=torch.float64)
    for side in sides:
        one = torch.hann_window(side, periodic=True, dtype=torch.float64)
        window = window[..., None] * one / one.square().mean().sqrt()
    return window.to(device=device, dtype=dtype)


def windowed_spectra(centred: Tensor, axes: int, *, norm: Norm) -> Tensor:
    """Return the half-plane spectra of tiles without a mean, through a Hann window.

    Parameters
    ----------
    centred : Tensor, shape (..., *spatial)
        Real tiles, their means taken out; they are overwritten.
    axes : int
        Number of spatial axes.
    norm : {"backward", "ortho", "forward"}
        Scale of the transform. With "forward" the squared magnitudes of the full plane sum to the
        mean square of the windowed tile: a power spectrum in the maps' unit squared per bin. With
        "ortho" white noise of unit variance has unit power in every bin.

    Returns
    -------
    Tensor, complex, shape (..., *spatial[:-1], spatial[-1] // 2 + 1)
    """
    sides = tuple(centred.shape[-axes:])
    seen = centred.mul_(hann(sides, centred.dtype, centred.device, norm))
    spectra: Tensor = torch.fft.rfftn(seen, dim=tuple(range(-axes, 0)))
    return spectra


def standardised_power(tiles: Tensor, rate: Tensor, axes: int) -> Tensor:
    """Return the power of tiles of maps of unit variance: of white noise 1 in every bin.

    Parameters
    ----------
    tiles : Tensor, shape (image, channel, *tiles, *side)
        Tiles of maps without a mean; they may be overwritten.
    rate : Tensor, shape (image, channel)
        One over the standard deviation of each map.
    axes : int
        Number of spatial axes.

    Returns
    -------
    Tensor, shape (image, channel * tile, *half of a tile)
    """
    sides = tuple(tiles.shape[-axes:])
    seen = tiles
    if prod(tiles.shape[2:-axes]) > 1:  # a map that is one tile has lost its mean
        seen = tiles - tiles.mean(tuple(range(-axes, 0)), keepdim=True)
    # In the maps, not in their power: that of large or small values would leave single precision.
    seen = seen.mul_(hann(sides, seen.dtype, seen.device, "ortho"))
    seen = seen.mul_(rate.view(*rate.shape, *[1] * (seen.ndim - 2)))
    spectra = torch.fft.rfftn(seen, dim=tuple(range(-axes, 0)))
    return power(spectra).flatten(1, -1 - axes)


def cut(maps: Tensor, start: Sequence[int], tile: Sequence[int], tiles: Sequence[int]) -> Tensor:
    """Return tiles of maps.

    Parameters
    ----------
    maps : Tensor, shape (B, C, *spatial)
    start : sequence of int
        First pixel of the first tile.
    tile, tiles : sequence of int
        Side and number of tiles along each axis.

    Returns
    -------
    Tensor, shape (B, C, *tiles, *tile)
    """
    if any(
        s + t * n > side for s, t, n, side in zip(start, tile, tiles, maps.shape[2:], strict=True)
    ):
        raise ParameterError(
            f"tiles={tuple(tiles)} of {tuple(tile)} from {tuple(start)} leave the map"
        )
    tiled = window(maps, start, [t * n for t, n in zip(tile, tiles, strict=True)])
    for axis, side in enumerate(tile, start=2):
        tiled = tiled.unfold(axis, side, side)
    return tiled


def window(maps: Tensor, start: Sequence[int], sides: Sequence[int]) -> Tensor:
    """Return the part of maps (B, C, *spatial) that starts at a pixel and has these sides."""
    for axis, (first, length) in enumerate(zip(start, sides, strict=True), start=2):
        maps = maps.narrow(axis, first, length)
    return maps


def power(spectra: Tensor) -> Tensor:
    """Return squared magnitudes; the spectra are overwritten."""
    squares = torch.view_as_real(spectra).square_()
    return squares[..., 0] + squares[..., 1]


def sum_of_logs(power: Tensor) -> Tensor:
    """Return the sum of ln over maps: one log for three maps, whose product float32 holds.

    Parameters
    ----------
    power : Tensor, shape (image, map, ...)
        Between 1e-12 and 1e12.

    Returns
    -------
    Tensor, shape (image, ...)
    """
    third = power.shape[1] // 3
    if third == 0:
        return power.log().sum(1)
    triples = power[:, :third] * power[:, third : 2 * third]
    triples.mul_(power[:, 2 * third : 3 * third])
    logs = triples.log_().sum(1)
    left = power[:, 3 * third :]
    return logs + left.log().sum(1) if left.shape[1] else logs


def chunk_length(item: Tensor) -> int:
    """Return how many items like this make a chunk that stays in the cache, in threes."""
    length = max(chunk_bytes(item) // max(prod(item.shape) * 4, 1), 1)
    return length + -length % 3


def chunk_bytes(maps: Tensor) -> int:
    """Return how many bytes of maps are worked on at once: on a CPU, what its cache holds."""
    return CHUNK_BYTES if maps.device.type == "cpu" else CHUNK_BYTES_CUDA
