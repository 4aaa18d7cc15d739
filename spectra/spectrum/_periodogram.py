"""Windowed spectra of tiles."""

from collections.abc import Sequence
from functools import lru_cache
from math import prod

import torch
from torch import Tensor

from spectra.errors import ParameterError

CHUNK_BYTES = 2 << 20


@lru_cache(maxsize=64)
def hann(sides: tuple[int, ...], dtype: torch.dtype, device: torch.device) -> Tensor:
    """Return the periodic Hann window of a tile, of unit mean square."""
    window = torch.ones((), dtype=torch.float64)
    for side in sides:
        one = torch.hann_window(side, periodic=True, dtype=torch.float64)
        window = window[..., None] * one / one.square().mean().sqrt()
    return window.to(device=device, dtype=dtype)


def tile_spectra(tiles: Tensor, axes: int) -> Tensor:
    """Return the half-plane spectra of tiles seen through a Hann window without their mean.

    Parameters
    ----------
    tiles : Tensor, shape (..., *spatial)
        Real tiles.
    axes : int
        Number of spatial axes.

    Returns
    -------
    Tensor, complex, shape (..., *spatial[:-1], spatial[-1] // 2 + 1)
        Scaled such that the squared magnitudes of the full plane sum to the mean square of
        the windowed tile: a power spectrum in the maps' unit squared per bin.
    """
    sides = tuple(tiles.shape[-axes:])
    dims = tuple(range(-axes, 0))
    centred = tiles - tiles.mean(dims, keepdim=True)
    spectra: Tensor = torch.fft.rfftn(
        centred.mul_(hann(sides, tiles.dtype, tiles.device)), dim=dims, norm="forward"
    )
    return spectra


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
    inner = window(maps, start, [t * n for t, n in zip(tile, tiles, strict=True)])
    split = inner.reshape(
        *maps.shape[:2], *(v for pair in zip(tiles, tile, strict=True) for v in pair)
    )
    axes = len(tile)
    order = [0, 1, *(2 + 2 * i for i in range(axes)), *(3 + 2 * i for i in range(axes))]
    return split.permute(order)


def window(maps: Tensor, start: Sequence[int], sides: Sequence[int]) -> Tensor:
    """Return the part of maps (B, C, *spatial) that starts at a pixel and has these sides."""
    for axis, (first, length) in enumerate(zip(start, sides, strict=True), start=2):
        maps = maps.narrow(axis, first, length)
    return maps


def power(spectra: Tensor) -> Tensor:
    """Return squared magnitudes; real and imaginary part apart, which is the fast order."""
    return spectra.real.square().addcmul_(spectra.imag, spectra.imag)


def chunk_length(item: Tensor) -> int:
    """Return how many items like this make a chunk that stays in the cache."""
    return max(CHUNK_BYTES // max(prod(item.shape) * 4, 1), 1)
