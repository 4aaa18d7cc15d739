"""The mean over a period where a grid stands: each output by itself, without any other."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, prod

import torch
from torch import Tensor
from torch.nn import functional

from spectra.severity import grid_weight

WIDER, SOFT = 2, 1.5  # pixels by which a place is widened, and of the Gaussian at its border
MOST = 3  # standard deviations of that Gaussian that are kept


def calmed_by_mean(
    maps: Tensor, periods: Sequence[tuple[int, ...]], *, span: tuple[float, float]
) -> tuple[Tensor, Tensor]:
    """Return outputs in whose places the mean over one period of the grid stands, and the places.

    That mean is zero at every lattice point, and reads no farther than half a period. A local line
    that is subtracted leaves the sharp border of its patch behind; so nothing is left. Of several
    periods the shortest comes first: where it is all that stands, a longer one takes nothing.

    Parameters
    ----------
    maps, periods, span
        As `spectra.severity.grid_weight` takes them.

    Returns
    -------
    outputs, places : Tensor, shape (B, C, *spatial) and (B, *spatial)
    """
    places = torch.zeros_like(maps[:, 0])
    for period in sorted(periods, key=prod):
        weight = widened(grid_weight(maps, [period], span=span)).to(maps)
        maps = maps + weight[:, None] * (period_mean(maps, period) - maps)
        places = torch.maximum(places, weight)
    return maps, places


def period_mean(maps: Tensor, period: Sequence[int]) -> Tensor:
    """Return the mean of maps (B, C, *spatial) over one period around each pixel.

    Of an even period the two outermost pixels count half.
    """
    for axis, s in enumerate(period, start=2):
        taps = torch.ones(s | 1) / s
        if s % 2 == 0:
            taps[[0, -1]] /= 2
        maps = _along(maps, axis, taps)
    return maps


def widened(weight: Tensor) -> Tensor:
    """Return a weight (B, *spatial) that reaches a few pixels farther, with soft borders."""
    pool = (functional.max_pool1d, functional.max_pool2d, functional.max_pool3d)[weight.ndim - 2]
    wide = pool(weight[:, None], 2 * WIDER + 1, stride=1, padding=WIDER)
    n = torch.arange(-ceil(MOST * SOFT), ceil(MOST * SOFT) + 1)
    taps = torch.exp(-n.square() / (2 * SOFT**2))
    for axis in range(2, wide.ndim):
        wide = _along(wide, axis, taps / taps.sum())
    return wide[:, 0]


def _along(maps: Tensor, axis: int, taps: Tensor) -> Tensor:
    """Convolve one axis of maps, which go on with their last value, with symmetric taps."""
    if len(taps) == 1:
        return maps
    lines = maps.movedim(axis, -1)
    far = len(taps) // 2
    flat = functional.pad(lines.reshape(-1, 1, lines.shape[-1]), (far, far), mode="replicate")
    smooth = functional.conv1d(flat, taps.to(flat)[None, None])
    return smooth.reshape(lines.shape).movedim(-1, axis)
