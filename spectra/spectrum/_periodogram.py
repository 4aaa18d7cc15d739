"""Windowed spectra of tiles."""

from collections.abc import Sequence
from functools import lru_cache
from math import prod
from typing import Literal

import torch
from torch import Tensor

from spectra.errors import ParameterError

CHUNK_BYTES = 2 << 20

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
        Real tiles, their means taken out.
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
    seen = centred * hann(sides, centred.dtype, centred.device, norm)
    spectra: Tensor = torch.fft.rfftn(seen, dim=tuple(range(-axes, 0)))
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
    power : Tensor, shape (map, ...)
        Between 1e-12 and 1e12.
    """
    third = len(power) // 3
    triples = power[:third] * power[third : 2 * third]
    triples.mul_(power[2 * third : 3 * third])
    return triples.log_().sum(0) + power[3 * third :].log().sum(0)


def chunk_length(item: Tensor) -> int:
    """Return how many items like this make a chunk that stays in the cache, in threes."""
    length = max(CHUNK_BYTES // max(prod(item.shape) * 4, 1), 1)
    return length + -length % 3
