"""The grid-locked mean pattern of a map: its lines, as they are, in the map's own units."""

from __future__ import annotations

from collections.abc import Sequence
from math import log10

import torch
from torch import Tensor

from spectra._room import usual_margin
from spectra.errors import ParameterError
from spectra.spectrum import by_phase, phase_mean


def inside(sides: Sequence[int], period: Sequence[int]) -> tuple[slice, ...]:
    """Return what the usual margin leaves of a map, in whole periods from a grid's first phase."""
    found = []
    for side, p in zip(sides, period, strict=True):
        margin = usual_margin(side, p)
        found.append(slice(margin, margin + (side - 2 * margin) // p * p))
    return tuple(found)


def mean_pattern(maps: Tensor, period: Sequence[int]) -> Tensor:
    """Return the mean over one period of the grid, shape (channel, *period), float64.

    Parameters
    ----------
    maps : Tensor, shape (B, C, *spatial)
        Maps whose first pixel has phase 0.
    period : sequence of int
        Period of the grid, in pixels along each axis.

    Raises
    ------
    ParameterError
        If the map is smaller than one period.
    """
    sides = maps.shape[2:]
    if any(n < s for n, s in zip(sides, period, strict=True)):
        raise ParameterError(f"a map of {tuple(sides)} holds no period of {tuple(period)}")
    return phase_mean(by_phase(maps[:, :, *inside(sides, period)], period))


def line_db(maps: Tensor, period: Sequence[int]) -> float | None:
    """Return the power of a map's lines over that of all it varies, in dB.

    None where there is no line at all, or the map is constant.
    """
    pattern = mean_pattern(maps, period).flatten(1)
    lines = float(pattern.var(1, correction=0).sum())
    channels = maps.double().transpose(0, 1).flatten(1)
    total = float(channels.var(1, correction=0).sum())
    # A pattern below the rounding of the sums is none.
    floor = torch.finfo(maps.dtype).eps ** 2 * float(channels.square().mean(1).sum())
    return 10 * log10(lines / total) if lines > floor and total > 0 else None
