"""The base band of maps, shifted by whole periods: what a grid makes its replicas from."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import product
from math import prod
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

PERIODS = 12  # of the low-pass, on each side of its centre
# Of half the grid's frequency. At 1 the base band would hold what an earlier step leaves at
# 1 / (2 * period), which is its own replica there, and would be charged with it.
CUTOFF = 0.93
BETA = 5.0  # of its Kaiser window
# A product with a band matrix beats a transform where its taps are few and lines share them.
LONGEST_PRODUCT, LEAST_LINES = 16, 32


def shifts(reach: int, axes: int) -> list[tuple[int, ...]]:
    """Return all shifts of up to ``reach`` periods along each axis, the nearest first.

    Examples
    --------
    >>> shifts(1, 1)
    [(0,), (-1,), (1,)]
    """
    every = product(range(-reach, reach + 1), repeat=axes)
    return sorted(every, key=lambda shift: (sum(m * m for m in shift), shift))


def phases_of_base_band(
    one: Tensor, period: Sequence[int], reach: int, *, blocks: Sequence[slice] | None = None
) -> Tensor:
    """Return the base band of a map, the pixels of each phase of the grid apart.

    Beyond its borders a map goes on with its last value, and so there is a base band.

    Parameters
    ----------
    one : Tensor, shape (C, *spatial)
    period : sequence of int
        Period of the grid in pixels along each axis.
    reach : int
        Periods that are added at each border.
    blocks : sequence of slice, optional
        Periods of the map that are wanted along each axis; all by default, a last one that is not
        whole included.

    Returns
    -------
    Tensor, shape (C, *period, *block)
        ``block`` counts periods, ``2 * reach`` more than are wanted.
    """
    sides = one.shape[1:]
    if blocks is None:
        blocks = [slice(0, -(-n // s)) for n, s in zip(sides, period, strict=True)]
    least = min(one.numel() // n for n in sides)
    if max(period) <= LONGEST_PRODUCT and least >= LEAST_LINES:
        return _by_products(one, period, reach, blocks)
    pads = [(reach * s, reach * s + -n % s) for n, s in zip(sides, period, strict=True)]
    bands = phases_apart(base_band(with_borders(one[None], pads), period)[0], period)
    for axis, wanted in enumerate(blocks, start=1 + len(period)):
        bands = bands.narrow(axis, wanted.start, wanted.stop - wanted.start + 2 * reach)
    return bands


def phases_apart(one: Tensor, period: Sequence[int]) -> Tensor:
    """Return a map (C, *spatial) of whole periods as (C, *period, *block): a map for each phase."""
    sizes = [n for side, s in zip(one.shape[1:], period, strict=True) for n in (side // s, s)]
    split = one.reshape(len(one), *sizes)
    return split.permute(0, *range(2, split.ndim, 2), *range(1, split.ndim, 2)).contiguous()


def phases_joined(apart: Tensor) -> Tensor:
    """Return the map (C, *spatial) of what `phases_apart` returned."""
    axes = (apart.ndim - 1) // 2
    order = [0, *(a for i in range(axes) for a in (1 + axes + i, 1 + i))]
    sides = [n * s for n, s in zip(apart.shape[1 + axes :], apart.shape[1:], strict=False)]
    return apart.permute(order).reshape(len(apart), *sides)


def base_band(maps: Tensor, period: Sequence[int]) -> Tensor:
    """Return maps without what lies from ``1 / (2 * period)`` on, along each axis with a period.

    Parameters
    ----------
    maps : Tensor, shape (B, C, *spatial)
        Beyond its borders a map goes on with its last value.
    period : sequence of int
        Period of the grid in pixels along each axis.
    """
    for axis, s in enumerate(period, start=2):
        if s > 1:
            maps = _low_pass(maps, axis, s)
    return maps


def _low_pass(maps: Tensor, axis: int, period: int) -> Tensor:
    """Convolve one axis with a windowed sinc.

    Its spectrum is real, as it is symmetric about pixel 0. What the transform wraps around lands in
    the borders that were added, and is cut off with them.
    """
    reach, side = PERIODS * period, maps.shape[axis]
    pads = [(reach, reach) if a == axis else (0, 0) for a in range(2, maps.ndim)]
    padded = with_borders(maps, pads)
    length = padded.shape[axis]
    circle = torch.zeros(length, dtype=maps.dtype, device=maps.device)
    circle[torch.arange(-reach, reach + 1) % length] = _taps(period).to(circle)
    gain = torch.fft.rfft(circle).real
    gain = gain.reshape([-1 if a == axis else 1 for a in range(maps.ndim)])
    spectrum = torch.fft.rfft(padded, dim=axis) * gain
    smooth: Tensor = torch.fft.irfft(spectrum, n=length, dim=axis)
    return smooth.narrow(axis, reach, side)


def with_borders(maps: Tensor, pads: Sequence[tuple[int, int]]) -> Tensor:
    """Return maps that go on with their last value, for some pixels before and after each axis."""
    widths = [width for pad in reversed(pads) for width in pad]
    # One channel a sample, as the padding of a large map in three dimensions is the only batch.
    flat = maps.reshape(prod(maps.shape[:2]), 1, *maps.shape[2:])
    grown = functional.pad(flat, widths, mode="replicate")
    return grown.reshape(*maps.shape[:2], *grown.shape[2:])


def _taps(period: int) -> Tensor:
    """Return the taps of the low-pass, in double precision."""
    reach = PERIODS * period
    n = torch.arange(-reach, reach + 1, dtype=torch.float64)
    window = torch.kaiser_window(2 * reach + 1, periodic=False, beta=BETA, dtype=torch.float64)
    taps = torch.sinc(CUTOFF * n / period) * window
    return taps / taps.sum()


def _by_products(one: Tensor, period: Sequence[int], reach: int, blocks: Sequence[slice]) -> Tensor:
    """Return the wanted blocks by products with band matrices, which know the borders."""
    axes = len(period)
    # The last axis first: its lines lie together, and all other axes see what is wanted of it.
    for axis in reversed(range(axes)):
        s, first, last = period[axis], blocks[axis].start, blocks[axis].stop + 2 * reach
        side = one.shape[1 + axis]
        if s == 1:
            place = torch.arange(first - reach, last - reach, device=one.device)
            one = one.index_select(1 + axis, place.clamp(0, side - 1))
        else:
            bands = _bands(side, s, reach, first=first, last=last, dtype=one.dtype)
            one = _filtered(one, 1 + axis, [band.to(one.device) for band in bands])
    sizes = [
        n
        for s, wanted in zip(period, blocks, strict=True)
        for n in (s, wanted.stop - wanted.start + 2 * reach)
    ]
    split = one.reshape(len(one), *sizes)
    return split.permute(0, *range(1, split.ndim, 2), *range(2, split.ndim, 2)).contiguous()


class _Band(NamedTuple):
    """Some rows of the low-pass as a matrix: blocks of the result from pixels of a line.

    Attributes
    ----------
    blocks, pixels : slice
        What comes out, and of what.
    matrix : Tensor, shape (period, block, pixel)
    """

    blocks: slice
    pixels: slice
    matrix: Tensor

    def to(self, device: torch.device) -> _Band:
        """Return the band on a device."""
        return self._replace(matrix=self.matrix.to(device))


@lru_cache(maxsize=64)
def _bands(
    side: int, period: int, reach: int, *, first: int, last: int, dtype: torch.dtype
) -> tuple[_Band, ...]:
    """Return the matrices that take lines to their base band, phases apart, for some blocks.

    Row ``p`` of block ``b`` is pixel ``(b - reach) * period + p``; what the taps would read beyond
    the borders is the last value. Bands half as wide as the taps are long cost least.
    """
    taps = _taps(period)
    half, bands = len(taps) // 2, []
    # Of a short line each of two bands would read most.
    width = last - first if side <= 3 * half else PERIODS * 2
    for start in range(first, last, width):
        stop = min(start + width, last)
        row = torch.arange((start - reach) * period, (stop - reach) * period)
        column = (row[:, None] + torch.arange(-half, half + 1)).clamp(0, side - 1)
        low, high = int(column.min()), int(column.max()) + 1
        matrix = torch.zeros(len(row), high - low, dtype=torch.float64)
        matrix.scatter_add_(1, column - low, taps.expand(len(row), -1))
        apart = matrix.reshape(stop - start, period, -1).transpose(0, 1).contiguous()
        bands.append(_Band(slice(start - first, stop - first), slice(low, high), apart.to(dtype)))
    return tuple(bands)


def _filtered(one: Tensor, axis: int, bands: Sequence[_Band]) -> Tensor:
    """Return a map with one axis low-passed: all blocks of its first phase, then of the next."""
    period, count = bands[0].matrix.shape[0], bands[-1].blocks.stop
    before, after = one.shape[:axis], one.shape[axis + 1 :]
    lines = one.reshape(prod(before), one.shape[axis], prod(after))
    if len(bands) == 1:
        (band,) = bands
        return _times(band, lines).reshape(*before, period * count, *after)
    split = (len(lines), period, -1, lines.shape[2])
    parts = [_times(band, lines).reshape(split) for band in bands]
    return torch.cat(parts, dim=2).reshape(*before, period * count, *after)


def _times(band: _Band, lines: Tensor) -> Tensor:
    """Return the rows of a band for lines (before, pixel, after): (before, row, after)."""
    matrix, some = band.matrix.flatten(0, 1), lines[:, band.pixels]
    return (some[..., 0] @ matrix.mT)[..., None] if lines.shape[2] == 1 else matrix @ some
