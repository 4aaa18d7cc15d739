"""The grid-locked mean pattern of a map, and what is left beside it."""

from collections.abc import Sequence
from math import prod
from typing import NamedTuple

import torch
from torch import Tensor

from spectra.spectrum import by_phase, phase_mean


class Locked(NamedTuple):
    """A map split into level, grid-locked pattern and rest, as powers summed over channels.

    At period 1 there is no telling a pattern from the rest: both are all structure.
    ``periods`` is the number of periods that the map holds along its shortest axis, and
    ``eps`` the relative rounding of its dtype.
    """

    level: float
    line: float
    rest: float
    periods: int
    eps: float


def locked_power(tensor: Tensor, period: Sequence[int]) -> Locked | None:
    """Split the central part of a map by its mean over each grid phase.

    By Parseval's relation the variance of the phase means is the summed power of all lines
    ``k / period`` but DC, so no transform is needed.

    Parameters
    ----------
    tensor : Tensor, shape (B, C, *spatial)
        The map.
    period : sequence of int
        Period in pixels of each axis.

    Returns
    -------
    Locked or None
        None where the map does not hold two periods along each axis.
    """
    central = _central(tensor, period)
    if central is None:
        return None
    central = central.real if central.is_complex() else central
    phases = by_phase(central, period)
    pattern = phase_mean(phases, keepdim=True)
    level = pattern.mean(tuple(range(2, pattern.ndim)), keepdim=True)
    rest = float((phases - pattern).square().sum()) / (phases.numel() / phases.shape[1])
    line = float((pattern - level).square().sum()) / prod(period)
    return Locked(
        level=float(level.square().sum()),
        line=line if max(period) > 1 else rest,
        rest=rest,
        periods=min(n // p for n, p in zip(tensor.shape[2:], period, strict=True)),
        eps=torch.finfo(tensor.dtype).eps,
    )


def tile_pattern(pattern: Tensor, size: Sequence[int]) -> Tensor:
    """Repeat a pattern (C, *period) over a map (C, *size), starting at its first pixel."""
    for axis, n in enumerate(size, start=1):
        index = torch.arange(n, device=pattern.device) % pattern.shape[axis]
        pattern = pattern.index_select(axis, index)
    return pattern


def _central(tensor: Tensor, period: Sequence[int]) -> Tensor | None:
    """Return the central quarter of each axis, at least two periods, on the period's grid."""
    for axis, p in enumerate(period, start=2):
        available = tensor.shape[axis] // p
        if available < 2:
            return None
        kept = max(2, available // 4)
        tensor = tensor.narrow(axis, (available - kept) // 2 * p, kept * p)
    return tensor
