"""The grid-locked mean pattern of a map: its lines, as they are, in the map's own units."""

from __future__ import annotations

from collections.abc import Sequence
from math import log10

import torch
from torch import Tensor

from spectra.errors import ParameterError

MARGIN = 8  # the border left out is 1 / MARGIN of each side


def mean_pattern(maps: Tensor, period: Sequence[int]) -> Tensor:
    """Return the mean over one period of the grid, shape (channel, *period), float64.

    Parameters
    ----------
    maps : Tensor, shape (B, C, *spatial)
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
    inner, split = maps, list(maps.shape[:2])
    for axis, (n, s) in enumerate(zip(sides, period, strict=True), start=2):
        first = n // MARGIN // s * s
        count = (n - 2 * first) // s
        inner = inner.narrow(axis, first, count * s)
        split += [count, s]
    places = range(2, len(split), 2)
    return inner.double().reshape(split).mean((0, *places))


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
