"""The base band of maps, shifted by whole periods: what a grid makes its replicas from."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from math import prod

import torch
from torch import Tensor
from torch.nn import functional

PERIODS = 12  # of the low-pass, on each side of its centre
# Of half the grid's frequency. At 1 the base band would hold what an earlier step leaves at
# 1 / (2 * period), which is its own replica there, and would be charged with it.
CUTOFF = 0.93
BETA = 5.0  # of its Kaiser window


def shifts(reach: int, axes: int) -> list[tuple[int, ...]]:
    """Return all shifts of up to ``reach`` periods along each axis, the nearest first.

    Examples
    --------
    >>> shifts(1, 1)
    [(0,), (-1,), (1,)]
    """
    every = product(range(-reach, reach + 1), repeat=axes)
    return sorted(every, key=lambda shift: (sum(m * m for m in shift), shift))


def phases_of_base_band(one: Tensor, period: Sequence[int], reach: int) -> Tensor:
    """Return the base band of a map, the pixels of each phase of the grid apart.

    Beyond its borders a map goes on with its last value, and so there is a base band.

    Parameters
    ----------
    one : Tensor, shape (C, *spatial)
    period : sequence of int
        Period of the grid in pixels along each axis.
    reach : int
        Periods that are added at each border.

    Returns
    -------
    Tensor, shape (C, *period, *block)
        ``block`` counts periods, ``2 * reach`` more than the map has.
    """
    pads = [(reach * s, reach * s + -n % s) for n, s in zip(one.shape[1:], period, strict=True)]
    return phases_apart(base_band(with_borders(one[None], pads), period)[0], period)


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
    n = torch.arange(-reach, reach + 1, dtype=maps.dtype, device=maps.device)
    window = torch.kaiser_window(
        2 * reach + 1, periodic=False, beta=BETA, dtype=maps.dtype, device=maps.device
    )
    taps = torch.sinc(CUTOFF * n / period) * window
    circle = torch.zeros(length, dtype=maps.dtype, device=maps.device)
    circle[torch.arange(-reach, reach + 1) % length] = taps / taps.sum()
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
